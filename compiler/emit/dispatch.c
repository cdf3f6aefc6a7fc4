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

// The arguments' names of a prototype, as a call has them: the last word of each.
static void put_call(Text *t, const char *name, const char *prototype) {
  const char *p = strchr(prototype, '(') + 1;
  text_printf(t, "%s(", name);
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
  text_char(t, ')');
}

static void put_renamed(Text *t, const char *prototype, const char *name, const char *suffix) {
  const char *at = strstr(prototype, name);
  text_putn(t, prototype, (size_t)(at - prototype));
  text_printf(t, "%s%s%s", name, suffix, at + strlen(name));
}

void put_body_signature(Text *t, const char *prototype, const char *name) {
  text_put(t, "MDL_INLINE ");
  put_renamed(t, prototype, name, "_body");
}

static void put_variant(Text *t, const char *prototype, const char *name, const char *suffix, const char *attribute, bool returns) {
  text_printf(t, "%s static ", attribute);
  put_renamed(t, prototype, name, suffix);
  text_printf(t, " {\n  %s%s_", returns ? "return " : "", name);
  put_call(t, "body", prototype);
  text_put(t, ";\n}\n");
}

static void put_choice(Text *t, const char *condition, const char *prototype, const char *name, const char *suffix, bool returns) {
  text_printf(t, "  %s%s", condition, returns ? "return " : "");
  text_put(t, name);
  put_call(t, suffix, prototype);
  text_put(t, ";\n");
}

void put_dispatch(Text *t, const char *prototype, const char *name, bool returns) {
  text_put(t, "#ifdef MDL_DISPATCH\n");
  put_variant(t, prototype, name, "_avx512", "MDL_AVX512", returns);
  put_variant(t, prototype, name, "_avx2", "MDL_AVX2", returns);
  text_put(t, "#endif\n");
  text_printf(t, "%s {\n#ifdef MDL_DISPATCH\n", prototype);
  text_put(t, "  const int vectors = mdl_vectors();\n");
  if (returns) {
    put_choice(t, "if (vectors == 512) ", prototype, name, "_avx512", true);
    put_choice(t, "if (vectors == 256) ", prototype, name, "_avx2", true);
  } else {
    text_put(t, "  if (vectors == 512) {\n  ");
    put_choice(t, "", prototype, name, "_avx512", false);
    text_put(t, "    return;\n  }\n  if (vectors == 256) {\n  ");
    put_choice(t, "", prototype, name, "_avx2", false);
    text_put(t, "    return;\n  }\n");
  }
  text_put(t, "#endif\n");
  put_choice(t, "", prototype, name, "_body", returns);
  text_put(t, "}\n");
}
