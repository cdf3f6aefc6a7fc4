// dispatch.c - one body of a function, compiled for several processors; the call takes what there is.
//
// The operations and their order are those of the body, whatever the width: the same bits.  What the body calls must be inlined
// into it, or it would be compiled for the narrowest; without optimization that gains nothing and takes the compiler's time.
#include <string.h>

#include "emit/dispatch.h"

static const char *const dispatch_text =
    "#if defined(__GNUC__) && defined(__OPTIMIZE__)\n"
    "#define MDL_INLINE static inline __attribute__((always_inline, unused))\n"
    "#elif defined(__GNUC__)\n"
    "#define MDL_INLINE static inline __attribute__((unused))\n"
    "#else\n"
    "#define MDL_INLINE static inline\n"
    "#endif\n"
    "\n";

static const char *const width_text =
    "/* Functions are compiled for what processors have, vectors of several widths and fma; the processor's own is taken when they are\n"
    " * called.  Without fma there is little speed, so that small code will do, and gcc need not look for more in each function by\n"
    " * itself; what it finds out about all of them stays.  A loop that copies or clears a few numbers would be instructions of 16 bytes, and a\n"
    " * vector of 32 that is read behind these waits until they are in memory: with AVX2 it stays a loop, which is vectors. */\n"
    "#if defined(__GNUC__) && !defined(__TINYC__) && defined(__x86_64__) && !defined(__AVX512DQ__) && \\\n"
    "    !defined(MDL_NO_DISPATCH)\n"
    "#define MDL_DISPATCH 1\n"
    "#if defined(__clang__)\n"
    "#define MDL_AVX512 __attribute__((target(\"avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,bmi2\"), min_vector_width(512)))\n"
    "#define MDL_AVX2 __attribute__((target(\"avx2,fma,bmi2\")))\n"
    "#else\n"
    "#define MDL_AVX512 \\\n"
    "  __attribute__((target(\"avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,bmi2,prefer-vector-width=512\")))\n"
    "#define MDL_AVX2 __attribute__((target(\"avx2,fma,bmi2\"), optimize(\"no-tree-loop-distribute-patterns\")))\n"
    "#endif\n"
    "#if defined(MDL_NO_FMA)\n"
    "#define MDL_PLAIN\n"
    "#elif defined(__clang__)\n"
    "#define MDL_PLAIN __attribute__((cold))\n"
    "#else\n"
    "#define MDL_PLAIN \\\n"
    "  __attribute__((cold, optimize(\"no-tree-loop-optimize\", \"no-tree-ccp\", \"no-tree-pre\", \"no-tree-vrp\", \\\n"
    "                                \"no-tree-dominator-opts\", \"no-gcse\", \"no-schedule-insns2\", \"no-expensive-optimizations\")))\n"
    "#endif\n"
    "MDL_INLINE int mdl_vectors(void) {\n"
    "  if (__builtin_cpu_supports(\"avx512dq\") && __builtin_cpu_supports(\"avx512vl\") && __builtin_cpu_supports(\"avx512bw\"))\n"
    "    return 512;\n"
    "  return __builtin_cpu_supports(\"avx2\") && __builtin_cpu_supports(\"fma\") && __builtin_cpu_supports(\"bmi2\") ? 256 : 0;\n"
    "}\n"
    "#elif defined(__AVX512F__) && defined(__AVX512VL__) && defined(__AVX512DQ__) && defined(__AVX512BW__) && defined(__FMA__)\n"
    "#define MDL_LEVEL 2\n"
    "#elif defined(__AVX2__) && defined(__FMA__)\n"
    "#define MDL_LEVEL 1\n"
    "#else\n"
    "#define MDL_LEVEL 0\n"
    "#endif\n"
    "\n";

static const char *const team_text =
    "/* The threads of a team run a function together, each part of its loops; one of them alone does the rest.  Without OpenMP there is\n"
    " * one thread.  The results are the same bits, whatever their number. */\n"
    "#if defined(_OPENMP)\n"
    "#include <omp.h>\n"
    "#endif\n"
    "#ifndef MDL_WORTH_THREADS\n"
    "#define MDL_WORTH_THREADS 100000 /* operations, for which it takes several */\n"
    "#endif\n"
    "enum { MDL_THREADS = %d }; /* at most */\n"
    "typedef struct mdl_team {\n"
    "  int number, count; /* of this thread, of all */\n"
    "} mdl_team;\n"
    "\n"
    "/* until all threads are here */\n"
    "MDL_INLINE void mdl_wait(mdl_team thread) {\n"
    "#if defined(_OPENMP)\n"
    "  if (thread.count > 1) {\n"
    "#pragma omp barrier\n"
    "  }\n"
    "#else\n"
    "  (void)thread;\n"
    "#endif\n"
    "}\n"
    "\n"
    "/* Where the part of a thread begins, in whole units. */\n"
    "MDL_INLINE int64_t mdl_part(int64_t extent, int64_t unit, int64_t number, int64_t count) {\n"
    "  const int64_t units = (extent + unit - 1) / unit, rest = units %% count;\n"
    "  const int64_t at = (units / count * number + (number < rest ? number : rest)) * unit;\n"
    "  return at < extent ? at : extent;\n"
    "}\n"
    "\n";

void dispatch_print(Text *t, bool widths, int threads) {
  text_put(t, dispatch_text);
  if (threads) text_printf(t, team_text, threads);
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
  int vectors;
  const char *level;
} variants[] = {{"_avx512", "MDL_AVX512 ", 512, "2"}, {"_avx2", "MDL_AVX2 ", 256, "1"}, {"_plain", "MDL_PLAIN ", 0, "0"}};
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
  static const char *const first[2][2] = {{"", "const mdl_team mdl_thread, "},
                                          {"const int mdl_level, ", "const int mdl_level, const mdl_team mdl_thread, "}};
  text_put(t, "MDL_INLINE ");
  put_renamed(t, prototype, name, "_body", first[body.math][body.team]);
}

static void put_body_call(Text *t, const char *prototype, const char *name, const char *level, Body body, bool returns) {
  text_printf(t, "  %s%s_body(", returns ? "return " : "", name);
  if (body.math) text_printf(t, "%s, ", level);
  if (body.team) text_put(t, "mdl_thread, ");
  put_arguments(t, prototype);
}

void put_dispatch(Text *t, const char *prototype, const char *name, Body body, bool returns) {
  const int first = body.lanes ? 0 : 1; // without lanes, wider vectors are no faster
  const char *team = body.team ? "const mdl_team mdl_thread, " : "", *thread = body.team ? "mdl_thread, " : "";
  Text chosen; // the prototype of what chooses
  text_init(&chosen);
  if (body.team) text_put(&chosen, "static ");
  put_renamed(&chosen, prototype, name, body.team ? "_thread" : "", team);
  text_put(t, "#ifdef MDL_DISPATCH\n");
  for (int k = first; k < VARIANTS; k++) {
    text_printf(t, "%sstatic ", variants[k].vectors || body.math ? variants[k].attribute : "");
    put_renamed(t, prototype, name, variants[k].suffix, team);
    text_put(t, " {\n");
    put_body_call(t, prototype, name, variants[k].level, body, returns);
    text_put(t, "}\n");
  }
  text_printf(t, "%s {\n  const int vectors = mdl_vectors();\n", chosen.s);
  for (int k = first; k < VARIANTS; k++) {
    text_put(t, "  ");
    if (k > first) text_put(t, "else ");
    if (variants[k].vectors) text_printf(t, "if (vectors >= %d) ", variants[k].vectors);
    text_printf(t, "%s%s%s(%s", returns ? "return " : "", name, variants[k].suffix, thread);
    put_arguments(t, prototype);
  }
  text_printf(t, "}\n#else\n%s {\n", chosen.s);
  put_body_call(t, prototype, name, "MDL_LEVEL", body, returns);
  text_put(t, "}\n#endif\n");
  text_free(&chosen);
}

void put_team_call(Text *t, const char *prototype, const char *name, const char *operations, bool returns) {
  text_printf(t, "%s {\n  const mdl_team alone = {0, 1};\n#if defined(_OPENMP)\n", prototype);
  text_printf(t, "  const int most = omp_get_max_threads();\n  if (most > 1 && (%s) > MDL_WORTH_THREADS) {\n", operations);
  if (returns) text_put(t, "    double result = 0.0;\n");
  text_put(t, "#pragma omp parallel num_threads(most < MDL_THREADS ? most : MDL_THREADS)\n    {\n"
              "      const mdl_team thread = {omp_get_thread_num(), omp_get_num_threads()};\n");
  text_printf(t, "      %s%s_thread(thread, ", returns ? "const double value = " : "", name);
  put_arguments(t, prototype);
  if (returns) text_put(t, "      if (thread.number == 0) result = value;\n");
  text_printf(t, "    }\n    return%s;\n  }\n#endif\n  %s%s_thread(alone, ", returns ? " result" : "", returns ? "return " : "", name);
  put_arguments(t, prototype);
  text_put(t, "}\n");
}
