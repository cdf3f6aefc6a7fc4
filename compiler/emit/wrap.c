// wrap.c - long lines of generated C broken before an operator, as far outside of brackets as can be.
#include <string.h>

#include "emit/function.h"

enum { LINE_WIDTH = 110 };

// How loosely the operator behind a space binds: the looser, the better a place to break; 0: no operator.
static int looseness(const char *s) {
  static const char *const by_looseness[] = {"", "*/", "+-", "", "?:"};
  if (!strncmp(s, "&& ", 3) || !strncmp(s, "|| ", 3)) return 3;
  for (int k = 1; k <= 4 && *s && s[1] == ' '; k++)
    if (strchr(by_looseness[k], *s)) return k;
  return 0;
}

// Where to break s: at the last of the outermost spaces before the loosest operator (or behind a comma), outside of
// string literals, after `from` and before `room`; 0 where there is none.
static size_t break_at(const char *s, size_t from, size_t room) {
  size_t best = 0;
  int depth = 0, best_depth = 0, best_looseness = 0;
  bool quoted = false; // a literal has no quote within: put_safe
  for (size_t k = 0; k < room && s[k] && s[k] != '\n'; k++) {
    if (s[k] == '"') quoted = !quoted;
    if (quoted) continue;
    if (s[k] == '(' || s[k] == '[') depth++;
    if (s[k] == ')' || s[k] == ']') depth--;
    if (s[k] != ' ' || k <= from) continue;
    int loose = k && s[k - 1] == ',' ? 5 : looseness(s + k + 1);
    if (!loose) continue;
    if (!best || depth < best_depth || (depth == best_depth && loose >= best_looseness)) {
      best = k;
      best_depth = depth;
      best_looseness = loose;
    }
  }
  return best;
}

void put_wrapped(Text *t, const char *s) {
  while (*s) {
    const char *end = strchr(s, '\n');
    size_t length = end ? (size_t)(end - s) : strlen(s), indent = strspn(s, " "), room = LINE_WIDTH;
    bool comment = !strncmp(s + indent, "/*", 2);
    size_t from = indent + 12; // not right behind the beginning
    while (!comment && length > room) {
      size_t at = break_at(s, from, room);
      if (!at) break;
      text_putn(t, s, at);
      text_char(t, '\n');
      text_repeat(t, ' ', (int)indent + 4);
      s += at + 1;
      length -= at + 1;
      room = LINE_WIDTH - indent - 4;
      from = 0;
    }
    text_putn(t, s, length + (end ? 1 : 0));
    if (!end) return;
    s = end + 1;
  }
}
