// dispatch.c - one body of a function, compiled for several processors; the call takes what there is.
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
    "/* Functions are compiled for what processors have, vectors of several widths and fma; the processor's own is taken when they are\n"
    " * called.  Without fma there is little speed, so that small code will do. */\n"
    "#if defined(__GNUC__) && !defined(__TINYC__) && defined(__x86_64__) && !defined(__AVX512DQ__) && \\\n"
    "    !defined(MDL_NO_DISPATCH)\n"
    "#define MDL_DISPATCH 1\n"
    "#if defined(__clang__)\n"
    "#define MDL_AVX512 __attribute__((target(\"avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,bmi2\"), min_vector_width(512)))\n"
    "#else\n"
    "#define MDL_AVX512 \\\n"
    "  __attribute__((target(\"avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,bmi2,prefer-vector-width=512\")))\n"
    "#endif\n"
    "#define MDL_AVX2 __attribute__((target(\"avx2,fma,bmi2\")))\n"
    "#if defined(MDL_NO_FMA)\n"
    "#define MDL_PLAIN\n"
    "#else\n"
    "#define MDL_PLAIN __attribute__((cold))\n"
    "#endif\n"
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

// How a body is compiled: the call's name, what attribute the function has, the vectors that it needs, and what mdl_level is in it
// (mdl/math/fma.h).
static const struct {
  const char *suffix, *attribute;
  int vectors, level;
} variants[] = {{"_avx512", "MDL_AVX512 ", 512, 2}, {"_avx2", "MDL_AVX2 ", 256, 1}, {"_plain", "MDL_PLAIN ", 0, 0}};
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

void put_body_signature(Text *t, const char *prototype, const char *name, Body body) {
  text_put(t, "MDL_INLINE ");
  put_renamed(t, prototype, name, "_body", body.math ? "const int mdl_level, " : "");
}

static void put_body_call(Text *t, const char *prototype, const char *name, const int *level, bool returns) {
  text_printf(t, "  %s%s_body(", returns ? "return " : "", name);
  if (level) text_printf(t, "%d, ", *level);
  put_arguments(t, prototype);
}

void put_dispatch(Text *t, const char *prototype, const char *name, Body body, bool returns) {
  static const int any = 0;
  const int first = body.lanes ? 0 : 1; // without lanes, wider vectors are no faster
  text_put(t, "#ifdef MDL_DISPATCH\n");
  for (int k = first; k < VARIANTS; k++) {
    text_printf(t, "%sstatic ", variants[k].level || body.math ? variants[k].attribute : "");
    put_renamed(t, prototype, name, variants[k].suffix, "");
    text_put(t, " {\n");
    put_body_call(t, prototype, name, body.math ? &variants[k].level : NULL, returns);
    text_put(t, "}\n");
  }
  text_printf(t, "%s {\n  const int vectors = mdl_vectors();\n", prototype);
  for (int k = first; k < VARIANTS; k++) {
    text_put(t, "  ");
    if (k > first) text_put(t, "else ");
    if (variants[k].vectors) text_printf(t, "if (vectors >= %d) ", variants[k].vectors);
    text_printf(t, "%s%s%s(", returns ? "return " : "", name, variants[k].suffix);
    put_arguments(t, prototype);
  }
  text_printf(t, "}\n#else\n%s {\n", prototype);
  put_body_call(t, prototype, name, body.math ? &any : NULL, returns);
  text_put(t, "}\n#endif\n");
}
