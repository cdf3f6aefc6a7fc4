// math.c - the elementary functions that generated C brings along instead of calling <math.h>.
//
// Their texts are the headers in runtime/include/mdl/math.  What a header needs is what it includes: that is printed
// before it, once.
#include <string.h>

#include "embed/embedded.h"
#include "emit/function.h"

static const struct {
  Prim op;
  const char *header, *header_of_float;
  bool inlined, libm;
} own[] = {
#define MATH(ID, function, arguments, header, header_of_float, inlined, libm)                                          \
  {PRIM_##ID, header, header_of_float, inlined, libm},
#include "graph/math.def"
#undef MATH
};

static int math_file(const char *name, size_t length) {
  for (int k = 0; k < embedded_math_count; k++)
    if (strlen(embedded_math[k].name) == length && !strncmp(embedded_math[k].name, name, length)) return k;
  return -1;
}

// mdl_log or mdl_logf
static const char *own_name(const Unit *u, Prim op) {
  const char *c = prim_table[op].c;
  return arena_printf(u->arena, "%s%s%s", strncmp(c, "mdl_", 4) ? "mdl_" : "", c, u->options->use_float ? "f" : "");
}

bool math_is_function(Prim op) {
  for (size_t k = 0; k < sizeof own / sizeof *own; k++)
    if (own[k].op == op) return true;
  return false;
}

void math_use(Unit *u, const char *header) {
  u->math |= 1u << math_file(header, strlen(header));
}

const char *math_call(Function *f, Prim op) {
  Unit *u = f->unit;
  for (size_t k = 0; k < sizeof own / sizeof *own; k++) {
    if (own[k].op != op || (own[k].libm && u->options->libm)) continue;
    math_use(u, u->options->use_float ? own[k].header_of_float : own[k].header);
    if (f->wide && own[k].inlined) {
      f->math = true;
      return arena_printf(u->arena, "%s_at(mdl_level, ", own_name(u, op));
    }
    math_use(u, "call.h");
    u->math_call[op] = u->dispatched = true;
    return arena_printf(u->arena, "%s(", own_name(u, op));
  }
  return NULL;
}

const char *fma_call(Function *f) {
  math_use(f->unit, "fma.h");
  f->math = true;
  return f->unit->options->use_float ? "mdl_fmaf(" : "mdl_fma(";
}

bool selects_bits(const Function *f) {
  return f->wide && f->long_sides && !f->unit->options->libm;
}

const char *select_call(Function *f) {
  const bool use_float = f->unit->options->use_float;
  math_use(f->unit, use_float ? "bitsf.h" : "fma.h");
  return use_float ? "mdl_selectf(" : "mdl_select(";
}

const char *choose_call(Function *f) {
  select_call(f);
  return f->unit->options->use_float ? "mdl_choosef(" : "mdl_choose(";
}

static const char include[] = "#include \"mdl/math/", include_any[] = "#include \"mdl/";

void math_put_text(Text *t, const char *text) {
  for (const char *end; *text; text = end) {
    end = text + strcspn(text, "\n");
    if (*end) end++;
    if (strncmp(text, include_any, sizeof include_any - 1)) text_putn(t, text, (size_t)(end - text));
  }
  text_char(t, '\n');
}

// One header after those that it includes; these are as deep in one another as their files are.
static void put_file(Text *t, int file, unsigned *done) {
  if (*done >> file & 1) return;
  *done |= 1u << file;
  for (const char *at = embedded_math[file].text; (at = strstr(at, include)); at++) {
    const char *name = at + sizeof include - 1;
    put_file(t, math_file(name, strcspn(name, "\"")), done);
  }
  math_put_text(t, embedded_math[file].text);
}

void math_print(Text *t, const Unit *u) {
  unsigned done = 0;
  if (!u->math) return;
  for (int k = 0; k < embedded_math_count; k++)
    if (u->math >> k & 1) put_file(t, k, &done);
  for (int op = 0; op < PRIM_COUNT; op++) {
    if (!u->math_call[op]) continue;
    const char *name = own_name(u, (Prim)op), *signature = prim_table[op].signature;
    const int count = strlen(signature) == strlen("r>r") ? 1 : 2;
    text_printf(t, "MDL_CALL_%d(%s, %s, %s)\n", count, u->real, name, *signature == 'i' ? "int64_t" : u->real);
  }
  text_char(t, '\n');
}
