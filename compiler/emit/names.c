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
    "NULL", "INFINITY", "NAN", "HUGE_VAL", "HUGE_VALF", "I", "math_errhandling", "isnan", "isinf", "isfinite",
    "isnormal", "fpclassify", "isgreater", "isgreaterequal", "isless", "islessequal", "islessgreater", "isunordered",
    "signbit", "offsetof", "i386", "errno", "signgam", "HUGE_VALL", "MAXFLOAT", "FP_NAN", "FP_INFINITE", "FP_ZERO",
    "FP_SUBNORMAL", "FP_NORMAL", "FP_ILOGB0", "FP_ILOGBNAN", "FP_FAST_FMA", "FP_FAST_FMAF", "MATH_ERRNO",
    "MATH_ERREXCEPT", "WCHAR_MIN", "WCHAR_MAX", "PTRDIFF_MIN", "PTRDIFF_MAX", "SIZE_MAX", "UINT64_MAX", "INT64_MIN",
    "INT64_MAX", "INT32_MIN", "INT32_MAX", "M_E", "M_LOG2E", "M_LOG10E", "M_LN2", "M_LN10", "M_PI", "M_PI_2", "M_PI_4",
    "M_1_PI", "M_2_PI", "M_2_SQRTPI", "M_SQRT2", "M_SQRT1_2"};

// What the functions of the contract call their own arguments and locals.
static const char *const reserved[] = {
    "dims", "data", "params", "work", "tape", "grad", "seed", "out", "sizes", "where", "status", "offsets", "int64_t",
    "int32_t", "uint64_t", "size_t",
    // types of the headers that generated code includes
    "int8_t", "int16_t", "uint8_t", "uint16_t", "uint32_t", "int_least8_t", "int_least16_t", "int_least32_t",
    "int_least64_t", "uint_least8_t", "uint_least16_t", "uint_least32_t", "uint_least64_t", "int_fast8_t",
    "int_fast16_t", "int_fast32_t", "int_fast64_t", "uint_fast8_t", "uint_fast16_t", "uint_fast32_t", "uint_fast64_t",
    "intptr_t", "uintptr_t", "intmax_t", "uintmax_t", "ptrdiff_t", "max_align_t", "nullptr_t", "float_t", "double_t"};

#define LENGTH(list) (sizeof list / sizeof *list)

struct Name {
  const char *text;
  bool taken;
  Name *wanted; // of text_2: text
  int suffix;   // of text_2: 2
  int next;     // suffix to try first where this name is wanted again: all below are taken
};

static size_t hash(const char *s) {
  size_t h = 5381;
  for (; *s; s++) h = h * 33 + (unsigned char)*s;
  return h;
}

static Name **slot(const Names *n, const char *text) {
  size_t k = hash(text) & (n->size - 1);
  while (n->table[k] && strcmp(n->table[k]->text, text) != 0) k = (k + 1) & (n->size - 1);
  return &n->table[k];
}

static void make_room(Names *n) {
  if (2 * n->used < n->size) return;
  Name **old = n->table;
  size_t size = n->size;
  n->size = size ? 2 * size : 1024;
  n->table = arena_array(n->arena, Name *, n->size);
  for (size_t k = 0; k < size; k++)
    if (old[k]) *slot(n, old[k]->text) = old[k];
}

static Name *find(Names *n, const char *text) {
  make_room(n);
  Name **s = slot(n, text);
  if (*s) return *s;
  *s = arena_new_of(n->arena, Name);
  **s = (Name){.text = text, .next = 2};
  n->used++;
  return *s;
}

void names_reserve(Names *n, const char *name) {
  find(n, name)->taken = true;
}

void names_init(Names *n, Arena *a, const char *model) {
  *n = (Names){.arena = a, .model = model};
  for (size_t k = 0; k < LENGTH(keywords); k++) names_reserve(n, keywords[k]);
  for (size_t k = 0; k < LENGTH(reserved); k++) names_reserve(n, reserved[k]);
  for (int k = 0; k < PRIM_COUNT; k++) {
    names_reserve(n, prim_table[k].c);
    names_reserve(n, prim_table[k].c_float);
  }
}

// _Bool, __LINE__: names that C keeps for itself.
static bool is_implementation(const char *text) {
  return text[0] == '_' && (text[1] == '_' || (text[1] >= 'A' && text[1] <= 'Z'));
}

// Is it what a generated header declares, or may declare?
static bool is_declared(const Names *n, const char *text) {
  size_t length = strlen(n->model);
  if (!strncmp(text, n->model, length) && text[length] == '_') return true;
  return !strncmp(text, "mdl_", 4) || !strncmp(text, "MDL_", 4);
}

const char *names_take(Names *n, const char *text) {
  while (is_declared(n, text) || is_implementation(text)) text = arena_printf(n->arena, "own%s", text);
  Name *wanted = find(n, text), *name = wanted;
  int suffix = wanted->next;
  while (name->taken) name = find(n, arena_printf(n->arena, "%s_%d", text, suffix++));
  if (name != wanted) {
    name->wanted = wanted;
    name->suffix = suffix - 1;
    wanted->next = suffix;
  }
  name->taken = true;
  ARENA_PUSH(n->arena, n->taken, n->count, n->room) = name;
  return name->text;
}

const char *names_taken(const Names *n, size_t k) {
  return n->taken[k]->text;
}

void names_release(Names *n, size_t mark) {
  while (n->count > mark) {
    Name *name = n->taken[--n->count];
    name->taken = false;
    if (name->wanted && name->suffix < name->wanted->next) name->wanted->next = name->suffix;
    name->wanted = NULL;
  }
}

// int is int_, so that int_ is int__.
const char *names_member(Arena *a, const char *wanted) {
  size_t length = strlen(wanted);
  while (length && wanted[length - 1] == '_') length--;
  bool taken = is_implementation(wanted);
  for (size_t k = 0; k < LENGTH(keywords) && !taken; k++)
    taken = strlen(keywords[k]) == length && !strncmp(keywords[k], wanted, length);
  return taken ? arena_printf(a, "%s%s_", is_implementation(wanted) ? "own" : "", wanted) : wanted;
}
