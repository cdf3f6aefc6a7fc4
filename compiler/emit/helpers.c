// helpers.c - the small functions that generated C brings along, when it uses them.
//
// $R is the real type, $F the suffix of <math.h> functions and of literals.  The interpreter's definitions of the same
// primitives are its own.
#include "embed/embedded.h"
#include "emit/function.h"

static const char *const helper_text[HELPER_COUNT] = {
    [HELPER_POWI] = "/* x to an integer power by repeated squaring */\n"
                    "MDL_INLINE $R mdl_powi($R x, int64_t n) {\n"
                    "  uint64_t k = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;\n"
                    "  $R power = 1.0$F;\n"
                    "  for (; k; k >>= 1) {\n"
                    "    if (k & 1) power *= x;\n"
                    "    x *= x;\n"
                    "  }\n"
                    "  return n < 0 ? 1.0$F / power : power;\n"
                    "}\n",
    [HELPER_SIGN] = "/* -1, 0 or 1; not a number stays so */\n"
                    "MDL_INLINE $R mdl_sign($R x) {\n"
                    "  return mdl_select$F(x > 0.0$F, 1.0$F, mdl_select$F(x < 0.0$F, -1.0$F, x + 0.0$F)); /* -0.0 + 0.0 is 0.0 */\n"
                    "}\n",
    [HELPER_SECH] = "/* 1 / cosh(x), without overflow */\n"
                    "static inline $R mdl_sech($R x) {\n"
                    "  const $R e = exp$F(-fabs$F(x));\n"
                    "  return 2.0$F * e / (1.0$F + e * e);\n"
                    "}\n",
    [HELPER_SIGMOID] = "/* 1 / (1 + exp(-x)), without overflow on either side */\n"
                       "MDL_INLINE $R mdl_sigmoid($R x) {\n"
                       "  const $R e = exp$F(-fabs$F(x));\n"
                       "  return (x >= 0.0$F ? 1.0$F : e) / (1.0$F + e);\n"
                       "}\n",
    [HELPER_SOFTPLUS] = "/* log(1 + exp(x)), without overflow and accurate in the tail */\n"
                        "MDL_INLINE $R mdl_softplus($R x) {\n"
                        "  return (x > 0.0$F ? x : 0.0$F) + log1p$F(exp$F(-fabs$F(x)));\n"
                        "}\n",
    [HELPER_MAX] = "/* the larger; not a number where either is not */\n"
                   "MDL_INLINE $R mdl_max($R x, $R y) {\n"
                   "  const $R larger = y > x ? y : x;\n"
                   "  return y == y ? larger : y;\n"
                   "}\n",
    [HELPER_MIN] = "/* the smaller; not a number where either is not */\n"
                   "MDL_INLINE $R mdl_min($R x, $R y) {\n"
                   "  const $R smaller = y < x ? y : x;\n"
                   "  return y == y ? smaller : y;\n"
                   "}\n",
    [HELPER_MAX_INTEGER] = "MDL_INLINE int64_t mdl_max_integer(int64_t x, int64_t y) {\n"
                           "  return x > y ? x : y;\n"
                           "}\n",
    [HELPER_MIN_INTEGER] = "MDL_INLINE int64_t mdl_min_integer(int64_t x, int64_t y) {\n"
                           "  return x < y ? x : y;\n"
                           "}\n",
    [HELPER_LANES] = "/* loops over lanes: no iteration depends on another; they stay loops until they are vectors */\n"
                     "#if defined(__clang__)\n"
                     "#pragma clang diagnostic ignored \"-Wpass-failed\" /* one that stays as it is is as right */\n"
                     "#define MDL_LANES _Pragma(\"clang loop vectorize(assume_safety)\")\n"
                     "#elif defined(__GNUC__) && !defined(__TINYC__)\n"
                     "#define MDL_LANES _Pragma(\"GCC ivdep\") _Pragma(\"GCC unroll 1\")\n"
                     "#else\n"
                     "#define MDL_LANES\n"
                     "#endif\n",
    [HELPER_VECTORS] = "/* loops over a tile's vectors, the loop over whose lanes is written out: clang would make vectors across them, whose\n"
                       " * entries lie apart */\n"
                       "#if defined(__clang__)\n"
                       "#define MDL_VECTORS _Pragma(\"clang loop vectorize(disable)\")\n"
                       "#else\n"
                       "#define MDL_VECTORS\n"
                       "#endif\n",
    [HELPER_UNROLL] = "/* loops of a few iterations, each written out */\n"
                      "#if defined(__clang__)\n"
                      "#define MDL_UNROLL _Pragma(\"clang loop unroll(full)\")\n"
                      "#elif defined(__GNUC__) && !defined(__TINYC__)\n"
                      "#define MDL_UNROLL _Pragma(\"GCC unroll 8\")\n"
                      "#else\n"
                      "#define MDL_UNROLL\n"
                      "#endif\n",
    [HELPER_TURNS] = "/* loops over lanes, one behind the other, each written out */\n"
                     "#if defined(__clang__)\n"
                     "#define MDL_TURNS _Pragma(\"clang loop unroll(full)\")\n"
                     "#elif defined(__GNUC__) && !defined(__TINYC__)\n"
                     "#define MDL_TURNS _Pragma(\"GCC unroll 16\")\n"
                     "#else\n"
                     "#define MDL_TURNS\n"
                     "#endif\n",
    [HELPER_FEW] = "/* loops of a few iterations, taken one by one: before such a loop, and in it where compilers would spend their time on\n"
                   " * vectors of them */\n"
                   "#if defined(__clang__)\n"
                   "#define MDL_FEW _Pragma(\"clang loop vectorize(disable) unroll(disable)\")\n"
                   "#define MDL_SINGLY (void)0\n"
                   "#elif defined(__GNUC__) && !defined(__TINYC__)\n"
                   "#define MDL_FEW _Pragma(\"GCC unroll 1\")\n"
                   "#define MDL_SINGLY __asm__ volatile(\"\")\n"
                   "#else\n"
                   "#define MDL_FEW\n"
                   "#define MDL_SINGLY (void)0\n"
                   "#endif\n",
    [HELPER_CACHE] = "#define MDL_CACHE (524288 / (int64_t)sizeof($R)) /* reals that a core's own cache holds */\n",
    [HELPER_AHEAD] = "/* asks for memory that is wanted soon */\n"
                     "#if defined(__GNUC__) && !defined(__TINYC__)\n"
                     "#define MDL_AHEAD(entry) __builtin_prefetch(&(entry))\n"
                     "#else\n"
                     "#define MDL_AHEAD(entry) (void)0\n"
                     "#endif\n",
    [HELPER_TILE] = "/* what a tile's samples have: where it lies, if whole vectors of it do, or a copy; lanes behind the\n"
                    " * last sample have its value */\n"
                    "MDL_APART const $R *mdl_tile_copy(const $R *from, int64_t step, int64_t lanes, $R *to) {\n"
                    "  for (int64_t k = 0; k < lanes; k++) to[k] = from[k * step];\n"
                    "  for (int64_t k = lanes; k % $L != 0; k++) to[k] = to[lanes - 1];\n"
                    "  return to;\n"
                    "}\n"
                    "MDL_INLINE const $R *mdl_tile_at(const $R *from, int64_t lanes, $R *to) {\n"
                    "  return lanes % $L == 0 ? from : mdl_tile_copy(from, 1, lanes, to);\n"
                    "}\n",
    [HELPER_TILE_INTEGERS] = "/* a copy of the labels that a tile's samples have; lanes behind the last sample have its label */\n"
                             "MDL_APART void mdl_tile_integers(const int32_t *from, int64_t step, int64_t lanes, int64_t *to) {\n"
                             "  for (int64_t k = 0; k < lanes; k++) to[k] = from[k * step];\n"
                             "  for (int64_t k = lanes; k % $L != 0; k++) to[k] = to[lanes - 1];\n"
                             "}\n",
    [HELPER_TILE_PUT] = "/* what a tile has computed, to where its samples have it */\n"
                        "MDL_APART void mdl_tile_put($R *to, int64_t step, int64_t lanes, const $R *from) {\n"
                        "  for (int64_t k = 0; k < lanes; k++) to[k * step] = from[k];\n"
                        "}\n",
    [HELPER_ADD_BLOCK] = "/* what a tile's samples have added up, to the sums over all of them */\n"
                         "MDL_INLINE void mdl_add_block($R *sums, const $R *block, int64_t count) {\n"
                         "  int64_t k = 0;\n"
                         "  for (; k + $L <= count; k += $L)\n"
                         "    MDL_LANES\n"
                         "    for (int64_t lane = 0; lane < $L; lane++) sums[k + lane] += block[k + lane];\n"
                         "  MDL_FEW\n"
                         "  for (; k < count; k++) {\n"
                         "    MDL_SINGLY;\n"
                         "    sums[k] += block[k];\n"
                         "  }\n"
                         "}\n",
    [HELPER_CONTRACT_PART] =
        "/* The axis of a group, where it is longer than what was found before. */\n"
        "MDL_CONTRACT_INLINE void mdl_contract_longest(mdl_contract_axes *axes, mdl_contract_axes **group, int *axis) {\n"
        "  for (int k = 0; k < axes->count; k++)\n"
        "    if (!*group || axes->extent[k] > (*group)->extent[*axis]) {\n"
        "      *group = axes;\n"
        "      *axis = k;\n"
        "    }\n"
        "}\n"
        "/* The rows or columns that are this thread's part.  Each entry is the chain that it is in the whole. */\n"
        "MDL_CONTRACT_FUNCTION void mdl_contract_part(const mdl_contraction *t, mdl_team thread, mdl_contract_real *work) {\n"
        "  enum { ROWS = 12, COLUMNS = 32 }; /* of a tile */\n"
        "  mdl_contraction part = *t;\n"
        "  mdl_contract_axes *group = NULL;\n"
        "  int axis = 0;\n"
        "  if (!t->bounded || t->rows.count == 1) mdl_contract_longest(&part.rows, &group, &axis);\n"
        "  mdl_contract_longest(&part.columns, &group, &axis);\n"
        "  const int rows = group == &part.rows;\n"
        "  const int64_t unit = axis + 1 < group->count ? 1 : rows ? ROWS : COLUMNS;\n"
        "  const int64_t from = mdl_part(group->extent[axis], unit, thread.number, thread.count);\n"
        "  const int64_t to = mdl_part(group->extent[axis], unit, thread.number + 1, thread.count);\n"
        "  if (from == to) return;\n"
        "  group->extent[axis] = to - from;\n"
        "  *(rows ? &part.a : &part.b) += from * group->first[axis];\n"
        "  part.c += from * group->second[axis];\n"
        "  if (rows && t->bounded) {\n"
        "    part.low += part.low_row * from;\n"
        "    part.high += part.high_row * from;\n"
        "  }\n"
        "  mdl_contract(&part, work);\n"
        "}\n",
    [HELPER_FLOORDIV] = "/* division rounded down; by zero: 0 (check has refused such dimensions) */\n"
                        "MDL_INLINE int64_t mdl_floordiv(int64_t a, int64_t b) {\n"
                        "  if (b == 0) return 0;\n"
                        "  return a / b - (a % b != 0 && (a % b < 0) != (b < 0));\n"
                        "}\n",
    [HELPER_MOD] = "/* what division rounded down leaves, of b's sign */\n"
                   "MDL_INLINE int64_t mdl_mod(int64_t a, int64_t b) {\n"
                   "  if (b == 0) return 0;\n"
                   "  return a % b + (a % b != 0 && (a % b < 0) != (b < 0) ? b : 0);\n"
                   "}\n",
};

void template_print(Text *t, const char *text, bool use_float) {
  for (; *text; text++) {
    if (*text != '$')
      text_char(t, *text);
    else if (*++text == 'R')
      text_put(t, use_float ? "float" : "double");
    else if (*text == 'L')
      text_put(t, use_float ? "16" : "8");
    else
      text_put(t, use_float ? "f" : "");
  }
}

// Of `count` partial results from p[at] on, each `step` behind the one before: those of even number with those of odd number.
static void put_joined(Text *t, const char *call, int at, int step, int count) {
  if (count == 1) {
    text_printf(t, "p[%d]", at);
    return;
  }
  text_printf(t, "%s(", call);
  put_joined(t, call, at, 2 * step, count / 2);
  text_put(t, *call ? ", " : " + ");
  put_joined(t, call, at + step, 2 * step, count / 2);
  text_char(t, ')');
}

static void put_join_helper(Text *t, const Unit *u, const char *name, const char *call) {
  template_print(t, "/* the partial results of a vector's lanes, joined in pairs */\nMDL_INLINE $R mdl_join_", u->options->use_float);
  text_put(t, name);
  template_print(t, "(const $R *p) {\n  return ", u->options->use_float);
  put_joined(t, call, 0, 1, u->options->use_float ? 16 : 8);
  text_put(t, ";\n}\n");
}

void helpers_print(Text *t, const Unit *u) {
  for (int k = 0; k < HELPER_COUNT; k++) {
    if (!u->helper[k]) continue;
    if (k == HELPER_RANDOM)
      text_put(t, embedded_random_h);
    else if (k == HELPER_JOIN)
      put_join_helper(t, u, "sum", "");
    else if (k == HELPER_JOIN_MAX)
      put_join_helper(t, u, "max", "mdl_max");
    else if (k == HELPER_JOIN_MIN)
      put_join_helper(t, u, "min", "mdl_min");
    else if (k == HELPER_CONTRACT) {
      text_printf(t, "%s%s", u->options->use_float ? "#define MDL_CONTRACT_FLOAT\n" : "",
                  u->options->blas ? "#define MDL_CONTRACT_BLAS\n" : "");
      math_put_text(t, embedded_contract_h);
    } else if (k == HELPER_TURN) {
      text_put(t, u->options->use_float ? "#define MDL_TURN_FLOAT\n" : "");
      math_put_text(t, embedded_turn_h);
    } else if (k == HELPER_JOIN_FOUR)
      text_printf(t, "%s%s", u->options->use_float ? "#define MDL_JOIN_FLOAT\n" : "", embedded_join_h);
    else if (k == HELPER_ROWS)
      math_put_text(t, embedded_rows_h);
    else
      template_print(t, helper_text[k], u->options->use_float);
    text_char(t, '\n');
  }
}
