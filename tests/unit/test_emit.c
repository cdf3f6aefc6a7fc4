// test_emit.c - generated C against the interpreter, and against itself with passes switched off.
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "generated.h"

enum { N = 5 };

// Every construct of the graph at least once; all dimensions known at call time have the value N.
static const char *const models[] = {
    "batch n\ndata t_u[n]\ndata t_c[n]\nparam w\nparam b\n"
    "node t_p[i:n] = w * t_u[i] + b\nnode s = sum[i:n]((t_p[i] - t_c[i])^2)\nnode loss = s / real(n)\n"
    "root loss = loss\nroot predict t_p = t_p\n",

    "batch n\ndim d = 3\ndim h = 4\ndim k = 3\ndata x[n, d]\ndata y[n] in 0..k\nparam W1[d, h]\nparam b1[h]\nparam W2[h, k]\n"
    "node a1[i:n, j:h] = sum[p:d](x[i, p] * W1[p, j])\nnode h1[i:n, j:h] = tanh(a1[i, j] + b1[j])\n"
    "node z[i:n, c:k] = sum[p:h](h1[i, p] * W2[p, c])\nnode lse[i:n] = logsumexp[c:k](z[i, c])\n"
    "node total = sum[i:n](lse[i] - z[i, y[i]])\nnode loss = total / real(n)\nnode best[i:n] = argmax[c:k](z[i, c])\n"
    "root loss = loss\nroot predict best = best\nroot metric total = total\n",

    "dim n\ndim k = 3\nparam x[n]\nparam w[k]\n"
    "node y[i:n] = sum[j:k if i + j >= 1 and i + j <= n](x[i + j - 1] * w[j])\nnode m = max[i:n](y[i])\n"
    "node p = prod[i:n](1.5 + 0.1 * x[i])\nnode q = sum[i:n, j:n if j < i](x[i] * x[j])\n"
    "node loss = m + p * q + sqrt(p * p + 1.0)\nroot loss = loss\nroot predict y = y\n",

    "dim n\ndim v = 4\ndata token[n] in 0..v\nparam E[v, v]\nparam s\n"
    "node e[t:n, i:v] = E[token[t], i] * E[i, token[t]]\nnode g[t:n] = sum[i:v](exp(s * e[t, i]))\n"
    "node f[t:n] = if g[t] > 4.0 then log(g[t]) + sin(g[t]) * sin(g[t]) * cos(g[t]) else g[t]^3 / (1.0 + g[t]^2)\n"
    "node loss = sum[t:n](f[t] * f[n - 1 - t])\nroot loss = loss\nroot predict f = f\n",

    "dim n\nparam a[n, n]\nnode tr = sum[i:n](a[i, i])\nnode u[i:n] = sum[j:n if j <= i](a[i, j] * a[j, i])\n"
    "node c[i:n, j:n] = sum[k:n](a[i, k] * a[k, j])\nnode s = sum[i:n, j:n](c[i, j] * abs(a[j, i]))\n"
    "node small = min[i:n](u[i])\nnode loss = tr * s + small + sigmoid(s) + softplus(tr)\nroot loss = loss\n",

    ("dim n\ndata y[n]\nparam a\nparam x[n]\nnode g[i:n] = lgamma(a + y[i]) - lgamma(x[i]) * polygamma(i, 1.5 + x[i])\n"
     "node loss = sum[i:n](g[i] * digamma(a - 0.3))\nroot loss = loss\n"),

    // Contractions: triangles of rows and of columns, rows of two indices, transposed, in a batch, over two indices; and a
    // sum that is none, since an index is in both factors.
    "dim n\ndim w = 9\nparam L[n, n]\nparam M[n, n, n]\nparam v[n, n + w - 1]\n"
    "node lower[i:n, j:n] = sum[k:n if k <= i](L[i, k] * M[0, k, j])\n"
    "node upper[i:n, j:n] = sum[k:n if k > j](M[1, i, k] * L[k, j])\n"
    "node turned[b:n, i:n, j:n] = sum[k:n](M[b, k, i] * lower[k, j])\n"
    "node both[b:n, i:n, j:n] = sum[k:n](M[b, i, k] * turned[b, j, k])\n"
    "node far[i:n, j:n] = sum[b:n, k:n](M[b, i, k] * both[b, k, j])\n"
    "node slid[i:n, j:n] = sum[l:w](v[i, j + l] * v[j, l])\n"
    "node loss = sum[i:n, j:n](far[i, j] * upper[j, i] + slid[i, j] * lower[i, j] * slid[j, 0])\n"
    "root loss = loss\nroot predict far = far\n",
};

static const int64_t sizes[] = {N, N, N, N};

// More samples than a tile has, and a number of vectors and of rounds with a rest: in lanes, each sum over the samples in a round of a
// loop of its own; added to entries of an array, and to one entry in all rounds.
static const char *const tiled[] = {
    "batch n\ndim d\ndata x[n, d]\ndata y[n] in 0..3\nparam w[d]\nparam b\n"
    "node z[i:n] = sum[j:d](x[i, j] * w[j])\nnode l[i:n] = softplus(z[i] + b) - real(y[i]) * z[i] * sign(z[i])\n"
    "node loss = sum[i:n](l[i])\nroot loss = loss\n",

    "batch n\ndim d\ndata x[n, d]\nparam w[d]\nparam b\n"
    "node z[i:n] = sum[j:d](x[i, j] * x[i, j] * w[j])\nnode loss = sum[i:n](tanh(z[i] + b))\nroot loss = loss\n",

    "batch n\ndim d\ndata x[n, d]\nparam mu[d]\nparam L[d * d]\n"
    "node u[i:n, r:d] = sum[s:d if s < r](L[r + s * d] * (x[i, s] - mu[s]))\n"
    "node loss = sum[i:n, r:d](tanh(u[i, r])^2)\nroot loss = loss\n",

    // states in registers: in vectors by fours, twos and one, forwards and backwards, one entry or all of them; beside sums
    "batch n\ndim d\ndata t[n]\nparam w[d]\ncarry p[i:n, j:d + 1] along j from p_step = w[0]\n"
    "node p_step[i:n, j:d] = p[i, j] * t[i] + w[j]\nnode loss = sum[i:n](tanh(p[i, d]))\nroot loss = loss\n",

    "batch n\ndim d\ndata t[n]\nparam w[d]\ncarry p[i:n, j:d + 1] along j from p_step = 1.0\n"
    "node p_step[i:n, j:d] = p[i, j] * t[i]\nnode f[i:n] = sum[j:d](w[j] * p[i, j])\n"
    "node loss = sum[i:n](tanh(f[i]))\nroot loss = loss\n",

    "batch n\ndim d\ndata x[n, d]\ndata t[n]\nparam a\nparam b\n"
    "carry p[i:n, j:d + 1] back along j from p_step = a * t[i]\ncarry q[i:n, j:d + 1] back along j from q_step = 0.0\n"
    "node p_step[i:n, j:d] = 0.5 * p[i, j + 1] + b * x[i, j]\nnode q_step[i:n, j:d] = q[i, j + 1] - p_step[i, j] * t[i]\n"
    "node loss = sum[i:n](q[i, 0]^2 + p[i, 0])\nroot loss = loss\n",

    ("batch n\ndim d\ndim m = 7\ndata x[n, m + d]\nparam F[d]\n"
    "node a[i:n, r:m] = sum[k:d](F[k] * x[i, r + k])\nnode loss = sum[i:n, r:m](exp(0.1 * a[i, r]))\nroot loss = loss\n"),
};

static const int64_t tiled_sizes[] = {77, 7, N, N};

static void run_generated(Arena *a, const Model *m, const EmitOptions *options, const Inputs *in, Outputs *out) {
  Jit jit = generated_compile(a, m, options);
  generated_run(a, &jit, in, out);
  jit_close(&jit);
}

static void agrees(const EmitOptions *options, int which, const char *text, const int64_t *at) {
  static Outputs out;
  Arena *a = arena_new();
  Model *m = generated_model(a, which, text);
  const Inputs *in = generated_inputs(a, m, at);
  run_generated(a, m, options, in, &out);
  ck_assert_double_eq(out.loss, out.value);
  generated_compare(a, m, in, &out, m->name);
  arena_free(a);
}

START_TEST(test_agrees_with_interpreter) {
  agrees(&(EmitOptions){.source = "test"}, _i, models[_i], sizes);
  agrees(&(EmitOptions){.source = "test", .libm = true}, _i, models[_i], sizes); // not the functions that the file brings along
}
END_TEST

// Loops and storage never change a bit.
START_TEST(test_same_bits_without_passes) {
  static const EmitOptions variants[] = {{.source = "test", .no_fuse = true},
                                         {.source = "test", .no_contract = true},
                                         {.source = "test", .no_fuse = true, .no_contract = true}};
  static Outputs base, other;
  Arena *a = arena_new();
  Model *m = generated_model(a, _i, models[_i]);
  const Inputs *in = generated_inputs(a, m, sizes);
  run_generated(a, m, &(EmitOptions){.source = "test"}, in, &base);
  for (size_t k = 0; k < sizeof variants / sizeof *variants; k++) {
    run_generated(a, m, &variants[k], in, &other);
    ck_assert_msg(memcmp(&base, &other, sizeof base) == 0, "%s: variant %zu differs", m->name, k);
  }
  arena_free(a);
}
END_TEST

START_TEST(test_agrees_without_simplify) {
  agrees(&(EmitOptions){.source = "test", .no_simplify = true}, _i, models[_i], sizes);
}
END_TEST

START_TEST(test_agrees_in_tiles) {
  agrees(&(EmitOptions){.source = "test"}, _i, tiled[_i], tiled_sizes);
  agrees(&(EmitOptions){.source = "test", .libm = true}, _i, tiled[_i], tiled_sizes);
}
END_TEST

static char *value_and_grad_text(Arena *a, const char *source) {
  const char *from = strstr(source, "double m0_value_and_grad_body"), *to = from ? strstr(from, "\n}\n") : NULL;
  ck_assert(to != NULL);
  return arena_strndup(a, from, (size_t)(to - from));
}

static int count_of(const char *text, const char *what) {
  int count = 0;
  for (; (text = strstr(text, what)); text++) count++;
  return count;
}

static const char *source_of(Arena *a, const char *model) {
  Text t, header;
  text_init(&t);
  text_init(&header);
  emit_model(&header, &t, generated_model(a, 0, model), &(EmitOptions){.source = "test"});
  const char *source = arena_strdup(a, t.s);
  text_free(&header);
  text_free(&t);
  return source;
}

static const char *value_and_grad_of(Arena *a, const char *model) {
  return value_and_grad_text(a, source_of(a, model));
}

// What a loop over lanes reads at one entry, and what it computes of that, stand in front of it.
START_TEST(test_fixed_entries_stand_before_lanes) {
  Arena *a = arena_new();
  const char *f = value_and_grad_of(a, "batch n\ndata x[n]\nparam s[2]\nnode l = sum[i:n](exp((x[i] - s[1]) * exp(s[0])))\nroot loss = l\n");
  const char *lanes = strstr(f, "for (int64_t lane");
  ck_assert_ptr_nonnull(lanes);
  ck_assert_int_eq(count_of(f, "const double s_1 = s[1];"), 1);
  ck_assert_int_eq(count_of(f, "mdl_exp(s[0])"), 1);
  ck_assert_int_eq(count_of(lanes, "s[1]"), 0);
  ck_assert_int_eq(count_of(lanes, "s[0]"), 0);
  arena_free(a);
}
END_TEST

// So does what it reads at one entry in each round of a loop around.
START_TEST(test_shared_entries_stand_before_lanes) {
  Arena *a = arena_new();
  const char *f = value_and_grad_of(a, "dim n\ndim k\nparam v[n]\nparam B[k, n]\nparam w[k]\nnode e[j:k, i:n] = exp(B[j, i] * w[j] + v[i])\n"
                                       "node l = sum[j:k, i:n](e[j, i] * w[j])\nroot loss = l\n");
  ck_assert_int_eq(count_of(f, "const double w_j = w[j];"), 1);
  ck_assert_int_ge(count_of(f, "(w_j, ") + count_of(f, ", w_j, "), 2);
  arena_free(a);
}
END_TEST

// What is read on a condition alone, since its index may run beyond the array's end, is read behind that, in lanes, too.
START_TEST(test_nothing_is_read_beyond_an_end) {
  Arena *a = arena_new();
  const char *f = value_and_grad_of(a, "batch n\ndim k = 5\ndata x[n]\nparam w[2]\n"
                                       "node y[i:k, t:n] = exp(x[t] * (if i < 2 then w[i] else 0.3))\n"
                                       "node l = sum[i:k, t:n](y[i, t]^2)\nroot loss = l\n");
  ck_assert_int_ge(count_of(f, "MDL_LANES"), 1);
  ck_assert_int_ge(count_of(f, "i < 2 ? w[i] : 0.3"), 1);
  for (const char *read = f; (read = strstr(read, "= w[i]")); read++) // in the sum that runs to 2
    ck_assert(strstr(f, "i < 2; i++") && strstr(f, "i < 2; i++") < read);
  arena_free(a);
}
END_TEST

// Each round of a loop adds up one sum over the samples: four of them run side by side, and the rest one by one.
START_TEST(test_rounds_run_in_fours) {
  Arena *a = arena_new();
  const char *f = value_and_grad_of(a, tiled[1]);
  ck_assert_int_eq(count_of(f, "; j_round + 4 <= d; j_round += 4)"), 1);
  ck_assert_int_eq(count_of(f, "int64_t j = j_round; j < d; j++)"), 1);
  ck_assert_int_eq(count_of(f, "j_round + 3"), 5); // whole vectors, the last one, twice each; its entry
  arena_free(a);
}
END_TEST

// clang makes no vectors across the loops over a tile's vectors.
START_TEST(test_loops_over_vectors_are_marked) {
  Arena *a = arena_new();
  const char *f = value_and_grad_of(a, tiled[1]);
  const int loops = count_of(f, "for (int64_t v = ");
  ck_assert_int_ge(loops, 4);
  ck_assert_int_eq(count_of(f, "MDL_VECTORS\n"), loops);
  arena_free(a);
}
END_TEST

// A state goes from step to step in registers; of one that all steps leave an entry of, the array is written beside.
START_TEST(test_states_stay_in_registers) {
  Arena *a = arena_new();
  const char *f = value_and_grad_of(a, tiled[4]);
  ck_assert_int_eq(count_of(f, "double p_vector[32];"), 1);
  ck_assert_int_eq(count_of(f, "double p_vector[16];"), 1);
  ck_assert_int_eq(count_of(f, "double p_vector[8];"), 1);
  ck_assert_int_eq(count_of(f, "* 64 + v + u + lane] = p_step;"), 2);
  ck_assert_int_eq(count_of(f, "p_vector[u + lane] = p_step;"), 2);
  ck_assert_int_eq(count_of(f, "p_vector[lane] = p_step;"), 1);
  ck_assert_int_eq(count_of(f, "double t_vector[32];"), 1); // what no step changes, too
  arena_free(a);
}
END_TEST

// What each step of a loop adds far from its own row and column is added behind four steps; where a step reads it all, it is not.
START_TEST(test_far_entries_take_the_terms_of_four_steps) {
  static const char *const reads[] = {"", " + L[t, n - 1, n - 1]"};
  for (int all = 0; all < 2; all++) {
    Arena *a = arena_new();
    const char *text = arena_printf(a,
                                    "dim n\ndata x[n, n]\nparam w\ninput x[n, n] = data 0\ninput w = param 0\n"
                                    "carry L[t:n + 1, i:n, k:n] along t from L_step = x[i, k]\n"
                                    "node f[t:n, i:n] = 0.3 * L[t, t, i]%s\n"
                                    "scatter L_step[t:n, i:n, k:n] = L[t, i, k] then "
                                    "[t_2:n, i_2:n, k_2:n if i_2 >= t_2 + 1 and k_2 >= t_2 + 1] (t_2, i_2, k_2) += f[t_2, k_2] * L[t_2, i_2, t_2]\n"
                                    "node y = sum[i:n, k:n](w * L[n, i, k])\nroot loss y = y\n",
                                    reads[all]);
    const char *f = value_and_grad_of(a, text);
    ck_assert_int_eq(count_of(f, "t_from += 4"), !all);
    ck_assert_int_eq(count_of(f, "if (t_from + 4 == t_to)"), !all);
    arena_free(a);
  }
}
END_TEST

// Products with the rows of an input are calls that take them as they lie.
START_TEST(test_rows_are_taken_as_they_lie) {
  Arena *a = arena_new();
  const char *f = value_and_grad_of(a, tiled[0]);
  ck_assert_int_eq(count_of(f, "mdl_rows_times(mdl_level, n * d > MDL_CACHE, &x[i_tile * d], d, d, lanes, w, z);"), 1);
  ck_assert_int_eq(count_of(f, ", &x[i_tile * d], d, d, lanes, grad_w);"), 1);
  ck_assert_int_eq(count_of(f, "x_rows"), 0);
  arena_free(a);
}
END_TEST

// Products and turns are one function for each kind of processor, which all functions call.
START_TEST(test_rows_are_compiled_once) {
  Arena *a = arena_new();
  const char *source = source_of(a, tiled[0]);
  ck_assert_int_eq(count_of(source, "MDL_LEVELS(mdl_rows_times,"), 1);
  ck_assert_int_eq(count_of(source, "MDL_LEVELS(mdl_rows_sum,"), 1);
  ck_assert_int_ge(count_of(source, "mdl_rows_times(mdl_level, "), 2);
  arena_free(a);
}
END_TEST

// What a tile puts where its samples have it, and the labels that it reads, go by calls.
START_TEST(test_steps_of_tiles_are_calls) {
  Arena *a = arena_new();
  const char *source = source_of(a, "batch n\ndim d\ndata x[n, 2]\ndata y[n] in 0..3\nparam w[d]\nnode z[i:n, j:d] = tanh(x[i, 0] * w[j])\n"
                                    "node l[i:n] = sum[j:d](z[i, j] * real(y[i]))\nnode loss = sum[i:n](l[i])\nroot predict z = z\nroot loss loss = loss\n");
  ck_assert_int_ge(count_of(source, "mdl_tile_put(&out_z[i_tile * d + j], d, lanes, z_lane);"), 1);
  ck_assert_int_ge(count_of(source, "mdl_tile_integers(&y[i_tile], 1, lanes, y_lane"), 1);
  arena_free(a);
}
END_TEST

// What a tile computes for the tape is its own until its end, and backward has the rows back in lanes.
START_TEST(test_rows_go_to_the_tape_at_once) {
  Arena *a = arena_new();
  const char *source = source_of(a, "batch n\ndim h\ndata x[n]\nparam w[h]\nparam V[h, 3]\nnode z[i:n, j:h] = tanh(x[i] * w[j])\n"
                                    "node y[i:n, k:3] = sum[j:h](z[i, j] * V[j, k])\nnode e[i:n, k:3] = exp(y[i, k])\n"
                                    "node loss = sum[i:n, k:3](e[i, k])\nroot loss loss = loss\n");
  ck_assert_int_eq(count_of(source, "mdl_turn_back(mdl_level, z, h, lanes, saved_z + i_tile * h);"), 1);
  ck_assert_int_eq(count_of(source, "mdl_turn_rows(mdl_level, z + i_tile * h, h, lanes, z_rows);"), 1);
  ck_assert_int_eq(count_of(source, "mdl_tile_put(&saved_z"), 0);
  arena_free(a);
}
END_TEST

// Whole numbers of few bits become reals in fewer operations.
START_TEST(test_narrow_numbers) {
  static const struct {
    const char *number;
    bool narrow;
  } cases[] = {{"k[i]", true}, {"1 - k[i]", true}, {"-k[i] + i", true}, {"100 * k[i]", true}, {"k[i] * k[i]", false}, {"n - k[i]", false},
               {"400000000000000 - k[i]", true}, {"4000000000000000 - k[i]", false}};
  Arena *a = arena_new();
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    const char *model = arena_printf(a, "batch n\ndata k[n] in 0..3\nparam w[1]\nnode loss = sum[i:n](exp(w[0] * real(%s)))\n"
                                        "root loss = loss\n", cases[c].number);
    const char *f = value_and_grad_of(a, model);
    ck_assert_int_ge(count_of(f, cases[c].narrow ? "mdl_narrow_real_at(" : "mdl_real_at("), 1);
    ck_assert_int_eq(count_of(f, cases[c].narrow ? "mdl_real_at(" : "mdl_narrow_real_at("), 0);
  }
  arena_free(a);
}
END_TEST

// The iterations behind the last whole vector are marked as few; those that sum are not held up by that.
START_TEST(test_few_iterations_are_marked) {
  Arena *a = arena_new();
  const char *f = value_and_grad_of(a, "dim d\nparam w[d]\nnode loss = sum[i:d](w[i] * w[i] * w[i])\nroot loss = loss\n");
  const char *rest = strstr(f, "int64_t i = i_strip");
  ck_assert(rest != NULL);
  ck_assert_int_ge(count_of(f, "MDL_FEW\n"), 1);
  ck_assert(strstr(rest, "MDL_SINGLY") == NULL || strstr(rest, "MDL_SINGLY") > strstr(rest, "_part["));
  f = value_and_grad_of(a, "dim d\nparam w[d]\nparam v[d]\nnode u[i:d] = w[i] * v[i]\nnode s[i:d, j:d] = u[i] * u[j]\n"
                           "node loss = sum[i:d, j:d](s[i, j] * s[j, i])\nroot loss = loss\n");
  ck_assert_int_ge(count_of(f, "MDL_SINGLY;\n"), 1);
  arena_free(a);
}
END_TEST

// An array that starts from one value is filled by one loop, and start values are drawn by one function for all processors.
START_TEST(test_fills_are_one_loop) {
  Arena *a = arena_new();
  const char *source = source_of(a, "dim d\ndim m\nparam w[d, m]\ndata k[d] in 0..2\n"
                                    "node loss = sum[i:d, j:m](tanh(w[k[i], j]))\nroot loss = loss\n");
  ck_assert_int_ge(count_of(source, "for (int64_t i = 0; i < d * m; i++)\n    grad_w[i] = 0.0;"), 1);
  ck_assert_int_eq(count_of(source, "_init_avx512"), 0);
  arena_free(a);
}
END_TEST

// The thermometer's value_and_grad: one loop, scalars, no memory but the caller's data.
START_TEST(test_thermometer_is_one_loop) {
  Arena *a = arena_new();
  Model *m = generated_model(a, 0, models[0]);
  EmitOptions options = {.source = "test"};
  Text t, header;
  text_init(&t);
  text_init(&header);
  emit_model(&header, &t, m, &options);
  text_free(&header);
  const char *f = value_and_grad_text(a, t.s);
  ck_assert_int_eq(count_of(f, "for ("), 3); // whole vectors, their lanes, the rest
  ck_assert_int_eq(count_of(f, "(void)work"), 1);
  ck_assert_int_eq(count_of(f, "_part[lane] = mdl_fma("), 2);
  ck_assert_int_eq(count_of(f, "_part[lane] +="), 1);
  Cost cost = emit_cost(a, m, &options);
  int64_t tape, flops, dims[1] = {11};
  ck_assert(poly_value(m->dims, cost.tape, dims, &tape) && poly_value(m->dims, cost.value_and_grad_flops, dims, &flops));
  ck_assert_int_eq(tape, 0);
  ck_assert(!cost.bound);
  // In the loop: w * t_u + b, - t_c, its square and sum, times 2/n, times t_u and sum, and sum; outside 1/n, 2/n, the mean.
  ck_assert_int_eq(flops, 9 * 11 + 3);
  text_free(&t);
  arena_free(a);
}
END_TEST

// What a limit of the tape asks for alone is what all of it together says.
START_TEST(test_tape_cost) {
  Arena *a = arena_new();
  Model *m = generated_model(a, 0, models[_i]);
  for (int thrifty = 0; thrifty < 2; thrifty++) {
    const EmitOptions options = {.source = "test", .thrifty = thrifty};
    const Cost all = emit_cost(a, m, &options);
    const TapeCost alone = emit_tape_cost(a, m, &options);
    ck_assert_ptr_eq(alone.tape, all.tape);
    ck_assert_ptr_eq(alone.work, all.backward_work);
  }
  arena_free(a);
}
END_TEST

int main(void) {
  int count = (int)(sizeof models / sizeof *models);
  Suite *s = suite_create("emit");
  TCase *c = tcase_create("emit");
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, test_agrees_with_interpreter, 0, count);
  tcase_add_loop_test(c, test_same_bits_without_passes, 0, count);
  tcase_add_loop_test(c, test_agrees_without_simplify, 0, count);
  tcase_add_test(c, test_fixed_entries_stand_before_lanes);
  tcase_add_test(c, test_shared_entries_stand_before_lanes);
  tcase_add_loop_test(c, test_agrees_in_tiles, 0, (int)(sizeof tiled / sizeof *tiled));
  tcase_add_test(c, test_nothing_is_read_beyond_an_end);
  tcase_add_test(c, test_rounds_run_in_fours);
  tcase_add_test(c, test_loops_over_vectors_are_marked);
  tcase_add_test(c, test_states_stay_in_registers);
  tcase_add_test(c, test_far_entries_take_the_terms_of_four_steps);
  tcase_add_test(c, test_rows_are_taken_as_they_lie);
  tcase_add_test(c, test_rows_are_compiled_once);
  tcase_add_test(c, test_steps_of_tiles_are_calls);
  tcase_add_test(c, test_rows_go_to_the_tape_at_once);
  tcase_add_test(c, test_narrow_numbers);
  tcase_add_test(c, test_few_iterations_are_marked);
  tcase_add_test(c, test_fills_are_one_loop);
  tcase_add_test(c, test_thermometer_is_one_loop);
  tcase_add_loop_test(c, test_tape_cost, 0, count);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
