// dispatch.c - one body of a function, compiled for several widths of vectors; the call takes what the processor has.
//
// The operations and their order are those of the body, whatever the width: the same bits.  What the body calls must be inlined
// into it, or it would be compiled for the narrowest.
#include <string.h>

#include "emit/dispatch.h"

static const char *const dispatch_text =
    "#if defined(__GNUC__) && !defined(__TINYC__)\n"
    "#define MDL_INLINE static inline __attribute__((always_inline, unused))\n"
    "#else\n"
    "#define MDL_INLINE static inline\n"
    "#endif\n"
    "\n";

static const char *const width_text =
    "/* Functions are compiled for vectors of several widths; the processor's own is taken when they are called.  g++ has no way to\n"
    " * turn contraction off from within a file: there the baseline, which has nothing to contract into, is the only one. */\n"
    "#if defined(__GNUC__) && !defined(__TINYC__) && defined(__x86_64__) && !defined(__AVX512DQ__) && \\\n"
    "    (defined(__clang__) || !defined(__cplusplus)) && !defined(MDL_NO_DISPATCH)\n"
    "#define MDL_DISPATCH 1\n"
    "#if defined(__clang__)\n"
    "#define MDL_AVX512 __attribute__((target(\"avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,bmi2\"), min_vector_width(512)))\n"
    "#else\n"
    "#define MDL_AVX512 \\\n"
    "  __attribute__((target(\"avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,bmi2,prefer-vector-width=512\")))\n"
    "#endif\n"
    "#define MDL_AVX2 __attribute__((target(\"avx2,fma,bmi2\")))\n"
    "static inline int mdl_vectors(void) {\n"
    "  if (__builtin_cpu_supports(\"avx512dq\") && __builtin_cpu_supports(\"avx512vl\") && __builtin_cpu_supports(\"avx512bw\"))\n"
    "    return 512;\n"
    "  return __builtin_cpu_supports(\"avx2\") && __builtin_cpu_supports(\"fma\") && __builtin_cpu_supports(\"bmi2\") ? 256 : 0;\n"
    "}\n"
    "#endif\n"
    "\n";

void dispatch_print(Text *t, bool widths) {
  text_put(t, dispatch_text);
  if (widths) text_put(t, width_text);
}

bool has_lanes(const Schedule *s) {
  for (size_t k = 0; k < s->nloops; k++)
    if (s->loops[k]->lanes != LANES_NONE) return true;
  return false;
}

// How a body is compiled: the call's name, what attribute the function has, and what mdl_level is in it (mdl/math/fma.h).
static const struct {
  const char *suffix, *attribute;
  int vectors, level;
} variants[] = {{"_avx512", "MDL_AVX512", 512, 2}, {"_avx2", "MDL_AVX2", 256, 1}};
enum { VARIANTS = sizeof variants / sizeof *variants };

// The arguments' names of a prototype, as a call has them: the last word of each.
static void put_arguments(Text *t, const char *prototype) {
  const char *p = strchr(prototype, '(') + 1;
  while (*p) {
    const size_t length = strcspn(p, ",)");
    size_t from = length;
    while (from > 0 && p[from - 1] != ' ' && p[from - 1] != '*') from--;
    text_putn(t, p + from, length - from);
    p += length;
    if (*p == ')') break;
    text_put(t, ", ");
    p++;
  }
  text_put(t, ");\n");
}

// `first`: the text of a first argument, or nothing.
static void put_renamed(Text *t, const char *prototype, const char *name, const char *suffix, const char *first) {
  const char *at = strstr(prototype, name);
  text_putn(t, prototype, (size_t)(at - prototype));
  text_printf(t, "%s%s(%s%s", name, suffix, first, at + strlen(name) + 1);
}

void put_body_signature(Text *t, const char *prototype, const char *name, bool math) {
  text_put(t, "MDL_INLINE ");
  put_renamed(t, prototype, name, "_body", math ? "const int mdl_level, " : "");
}

static void put_body_call(Text *t, const char *prototype, const char *name, const int *level, bool returns) {
  text_printf(t, "  %s%s_body(", returns ? "return " : "", name);
  if (level) text_printf(t, "%d, ", *level);
  put_arguments(t, prototype);
  text_put(t, "}\n");
}

void put_dispatch(Text *t, const char *prototype, const char *name, bool math, bool returns) {
  static const int any = 0;
  text_put(t, "#ifdef MDL_DISPATCH\n");
  for (int k = 0; k < VARIANTS; k++) {
    text_printf(t, "%s static ", variants[k].attribute);
    put_renamed(t, prototype, name, variants[k].suffix, "");
    text_put(t, " {\n");
    put_body_call(t, prototype, name, math ? &variants[k].level : NULL, returns);
  }
  text_printf(t, "#endif\n%s {\n#ifdef MDL_DISPATCH\n  const int vectors = mdl_vectors();\n", prototype);
  for (int k = 0; k < VARIANTS; k++) {
    text_printf(t, "  if (vectors == %d) %s%s%s(", variants[k].vectors, returns ? "return " : "{\n    ", name, variants[k].suffix);
    put_arguments(t, prototype);
    if (!returns) text_put(t, "    return;\n  }\n");
  }
  text_put(t, "#endif\n");
  put_body_call(t, prototype, name, math ? &any : NULL, returns);
}
