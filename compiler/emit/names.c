// names.c - see names.h.
#include "emit/names.h"

#include <string.h>

#include "graph/prim.h"

static const char *const keywords[] = {
    "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern", "float",
    "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed", "sizeof",
    "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while", "asm", "typeof", "linux",
    "unix",
    // C++
    "alignas", "alignof", "and", "and_eq", "bitand", "bitor", "bool", "catch", "char8_t", "char16_t", "char32_t",
    "class", "compl", "concept", "consteval", "constexpr", "constinit", "const_cast", "co_await", "co_return",
    "co_yield", "decltype", "delete", "dynamic_cast", "explicit", "export", "false", "friend", "mutable", "namespace",
    "new", "noexcept", "not", "not_eq", "nullptr", "operator", "or", "or_eq", "private", "protected", "public",
    "reinterpret_cast", "requires", "static_assert", "static_cast", "template", "this", "thread_local", "throw", "true",
    "try", "typeid", "typename", "using", "virtual", "wchar_t", "xor", "xor_eq",
    // object-like macros of the headers that generated code includes, and of common compilers
    "NULL", "INFINITY", "NAN", "HUGE_VAL", "HUGE_VALF", "I", "M_PI", "M_E", "math_errhandling", "isnan", "isinf",
    "isfinite", "signbit", "offsetof", "i386", "errno"};

// What the functions of the contract call their own arguments and locals.
static const char *const reserved[] = {"dims",    "data",    "params",   "work",  "tape",   "grad",
                                       "seed",    "out",     "sizes",    "where", "status", "offsets",
                                       "int64_t", "int32_t", "uint64_t", "size_t"};

static bool listed(const char *const *list, size_t count, const char *name) {
  for (size_t k = 0; k < count; k++)
    if (!strcmp(list[k], name)) return true;
  return false;
}

#define LISTED(list, name) listed(list, sizeof list / sizeof *list, name)

static bool called(const char *name) {
  for (int k = 0; k < PRIM_COUNT; k++)
    if (!strcmp(prim_table[k].c, name) || !strcmp(prim_table[k].c_float, name)) return true;
  return false;
}

void names_init(Names *n, Arena *a) {
  *n = (Names){.arena = a};
}

const char *names_take(Names *n, const char *wanted) {
  const char *name = wanted;
  for (int k = 2;; k++) {
    if (!LISTED(keywords, name) && !LISTED(reserved, name) && !called(name) && strncmp(name, "mdl_", 4) != 0 &&
        !listed(n->taken, n->count, name))
      break;
    name = arena_printf(n->arena, "%s_%d", wanted, k);
  }
  ARENA_PUSH(n->arena, n->taken, n->count, n->room) = name;
  return name;
}

void names_release(Names *n, size_t mark) {
  n->count = mark;
}

const char *names_member(Arena *a, const char *wanted) {
  return LISTED(keywords, wanted) ? arena_printf(a, "%s_", wanted) : wanted;
}
