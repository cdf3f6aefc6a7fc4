// test_loops.c - carries: their text there and back, the loops that are found, and what the verifier refuses.
#include <check.h>
#include <string.h>

#include "graph/loops.h"
#include "graph/text.h"

static Arena *arena;
static Diags diags;
static Text out, again, why;

static void setup(void) {
  arena = arena_new();
  diags_init(&diags, arena);
  text_init(&out);
  text_init(&again);
  text_init(&why);
}

static void teardown(void) {
  text_free(&out);
  text_free(&again);
  text_free(&why);
  arena_free(arena);
}

static Model *parse(const char *text) {
  Source *source = arena_new_of(arena, Source);
  *source = (Source){"graph", arena_strdup(arena, text), strlen(text)};
  Model *m = graph_parse(arena, &diags, source);
  if (!m) {
    diags_print(&diags, &out, false);
    ck_abort_msg("%s", out.s);
  }
  return m;
}

// "{t: z h_next {back s: u v} } y": loops in braces, nodes by name.
static void put_items(Text *t, const LoopItem *item, size_t n) {
  for (size_t k = 0; k < n; k++) {
    if (item[k].node) {
      if (item[k].node->kind == NODE_COMP || item[k].node->kind == NODE_SCATTER) text_printf(t, "%s ", item[k].node->name);
      continue;
    }
    const GraphLoop *l = item[k].loop;
    text_printf(t, "{%s%s", l->reverse ? "back " : "", l->name);
    for (size_t c = 0; c < l->ncarry; c++) text_printf(t, " %s", l->carry[c]->name);
    if (l->alive) text_printf(t, " while %s", l->alive->name);
    text_put(t, ": ");
    put_items(t, l->item, l->nitem);
    text_put(t, "} ");
  }
}

static const struct Case {
  const char *text, *loops;
} cases[] = {
    // a recurrent network, and what reads its states
    {"dim T\ndim m\ndim k\ndata x[T, k]\nparam W[k, m]\nparam U[m, m]\n"
     "input x[T, k] = data 0\ninput W[k, m] = param 0\ninput U[m, m] = param 1\n"
     "carry h[t:T + 1, i:m] along t from h_step = 0.0\n"
     "node a[t:T, i:m] = sum[j:k](x[t, j] * W[j, i])\n"
     "node b[t:T, i:m] = sum[j:m](h[t, j] * U[j, i])\n"
     "node h_step[t:T, i:m] = tanh(a[t, i] + b[t, i])\n"
     "node loss = sum[i:m](h[T, i])\nroot loss = loss\n",
     "a {t h: b h_step } loss "},
    // two states that need each other, backwards
    {"dim T\ncarry p[t:T + 1] back along t from p_step = 1.0\ncarry q[t:T + 1] back along t from q_step = 0.0\n"
     "node p_step[t:T] = p[t + 1] - 0.1 * q[t + 1]\nnode q_step[t:T] = q[t + 1] + 0.1 * p_step[t]\n"
     "node loss = q[0]\nroot loss = loss\n",
     "{back t p q: p_step q_step } loss "},
    // a loop in a loop, the inner one over what the outer one carries
    {"dim T\ndim S\ncarry c[t:T + 1] along t from c_step = 1.0\n"
     "carry d[t:T, s:S + 1] along s from d_step = c[t]\n"
     "node d_step[t:T, s:S] = 0.5 * d[t, s] + c[t]\n"
     "node c_step[t:T] = d[t, S] - 1.0\nnode loss = c[T]\nroot loss = loss\n",
     "{t c: {s d: d_step } c_step } loss "},
    // under a mapped index; a bound with a condition
    {"dim N = 20\ndim n\ndata a[n]\ninput a[n] = data 0\n"
     "carry x[i:n, k:N + 1] along k from x_step while go = 1.0\n"
     "node go[i:n, k:N] = x[i, k] * x[i, k] - a[i] > 1e-9\n"
     "node x_step[i:n, k:N] = if go[i, k] then 0.5 * (x[i, k] + a[i] / x[i, k]) else x[i, k]\n"
     "node loss = sum[i:n](x[i, N])\nroot loss = loss\n",
     "{k x while go: go x_step } loss "},
    // an array updated in place, step by step
    {"dim n\nparam A[n, n]\ninput A[n, n] = param 0\n"
     "carry L[j:n + 1, i:n, k:n] along j from L_set = 0.0\n"
     "node v[j:n, i:n] = sum[k:n if k < j](L[j, i, k] * L[j, j, k])\n"
     "scatter L_set[j:n, i:n, k:n] = L[j, i, k] then [j_2:n, i_2:n if i_2 >= j_2] (j_2, i_2, j_2) = A[i_2, j_2] - v[j_2, i_2]\n"
     "node loss = sum[i:n](L[n, i, i])\nroot loss = loss\n",
     "{j L: v L_set } loss "},
    // a carry that takes what does not depend on it
    {"dim T\ndata x[T]\ninput x[T] = data 0\ncarry h[t:T + 1] along t from y = 0.0\nnode y[t:T] = 2.0 * x[t]\n"
     "node loss = h[T]\nroot loss = loss\n",
     "y {t h: } loss "},
};

START_TEST(finds_the_loops) {
  const struct Case *c = &cases[_i];
  Model *m = parse(c->text);
  if (!graph_verify(m, m->graph, &why)) ck_abort_msg("%s", why.s);
  const LoopTree *tree = graph_loops(arena, m->graph, &why);
  ck_assert_msg(tree != NULL, "%s", why.s);
  put_items(&out, tree->item, tree->nitem);
  ck_assert_str_eq(out.s, c->loops);
}

START_TEST(reads_back_what_it_prints) {
  Model *m = parse(cases[_i].text);
  graph_print(&out, m, m->graph);
  Model *twice = parse(out.s);
  graph_print(&again, twice, twice->graph);
  ck_assert_str_eq(out.s, again.s);
}

START_TEST(verifier_refuses) {
  static const struct {
    const char *text, *why;
  } wrong[] = {
      {"dim T\ncarry h[t:T + 1] along t from s = 0.0\nnode s[t:T, i:T] = h[t]\n",
       "node `h`: takes entries of `s`, which has another type or shape"},
      {"dim T\ncarry h[t:T + 1] along t from s = 0.0\nnode s[t:T + 1] = 2.0 * h[t]\n",
       "node `h`: takes entries of `s`, which has another type or shape"},
      {"dim T\ncarry h[t:T + 1] along t from s = real(t)\nnode s[t:T] = h[t]\n",
       "node `h`: its start depends on the step"},
      {"dim T\ncarry h[t:T + 1] along t from s = 0.0\nnode s[t:T] = h[t + 1]\n",
       "node `h`: reads itself other than as the state of a loop"},
      {"dim T\ncarry h[t:T + 1] back along t from s = 0.0\nnode s[t:T] = h[t]\n",
       "node `h`: reads itself other than as the state of a loop"},
      {"dim T\ncarry h[t:T + 1] along t from s = 0.0\nscatter s[t:T] = h[t] then [k:T] (T - 1 - k) += real(k)\n",
       "node `h`: reads itself other than as the state of a loop"},
      {"dim T\ncarry h[t:T + 1] along t from s while g = 0.0\nnode g[t:T] = h[t]\nnode s[t:T] = h[t]\n",
       "node `h`: lives on `g`, which is no condition of its steps"},
  };
  Model *m = parse(wrong[_i].text);
  ck_assert(!graph_verify(m, m->graph, &why));
  ck_assert_str_eq(why.s, wrong[_i].why);
}

int main(void) {
  Suite *suite = suite_create("loops");
  TCase *t = tcase_create("loops");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_loop_test(t, finds_the_loops, 0, (int)(sizeof cases / sizeof *cases));
  tcase_add_loop_test(t, reads_back_what_it_prints, 0, (int)(sizeof cases / sizeof *cases));
  tcase_add_loop_test(t, verifier_refuses, 0, 7);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
