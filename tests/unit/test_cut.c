// test_cut.c - minimum cuts of random graphs against every set of values that there is.
#include "schedule/cut.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

enum { NODES = 10, GRAPHS = 400 };

static unsigned draw(unsigned *state, unsigned below) {
  *state = *state * 1664525u + 1013904223u;
  return (*state >> 16) % below;
}

typedef struct Drawn {
  Graph *g;
  bool reads[NODES][NODES], part[NODES], again[NODES], wanted[NODES];
  double size[NODES];
} Drawn;

// Sums of up to three of the nodes before.
static Drawn draw_graph(Arena *a, unsigned seed) {
  Drawn d = {.g = graph_new(a, dims_new(a), "t")};
  for (int k = 0; k < NODES; k++) {
    const Expr *e = expr_real(d.g, k);
    for (int r = (int)draw(&seed, 4); k > 0 && r > 0; r--) {
      const int from = (int)draw(&seed, (unsigned)k);
      d.reads[k][from] = true;
      e = expr_prim2(d.g, PRIM_ADD, e, expr_read(d.g, d.g->nodes[from], NULL));
    }
    graph_add(d.g, &(Node){.kind = NODE_COMP, .name = "v", .type = TYPE_REAL, .expr = e});
    d.part[k] = draw(&seed, 8) > 0;
    d.again[k] = draw(&seed, 2) > 0;
    d.wanted[k] = draw(&seed, 3) == 0;
    d.size[k] = 1 + draw(&seed, 5);
  }
  return d;
}

// Does the set do: can all that is wanted be had from what is kept?
static bool does(const Drawn *d, unsigned set) {
  bool had[NODES];
  for (int k = 0; k < NODES; k++) {
    had[k] = !d->part[k] || (set >> k & 1) || d->again[k];
    for (int r = 0; r < k && d->part[k] && !(set >> k & 1); r++) had[k] = had[k] && (!d->reads[k][r] || had[r]);
    if (d->part[k] && d->wanted[k] && !had[k]) return false;
  }
  return true;
}

static double size_of(const Drawn *d, unsigned set) {
  double size = 0;
  for (int k = 0; k < NODES; k++) size += set >> k & 1 ? d->size[k] : 0;
  return size;
}

START_TEST(test_least) {
  Arena *a = arena_new();
  const Drawn d = draw_graph(a, (unsigned)_i * 7919u + 1u);
  bool kept[NODES];
  unsigned set = 0;
  cut_minimum(a, d.g, &(CutInput){d.part, d.again, d.wanted, d.size}, kept);
  for (int k = 0; k < NODES; k++) set |= (unsigned)kept[k] << k;
  ck_assert(does(&d, set));
  for (unsigned other = 0; other < 1u << NODES; other++)
    if (does(&d, other)) ck_assert_double_le(size_of(&d, set), size_of(&d, other));
  arena_free(a);
}
END_TEST

int main(void) {
  Suite *s = suite_create("cut");
  TCase *c = tcase_create("least");
  tcase_add_loop_test(c, test_least, 0, GRAPHS);
  suite_add_tcase(s, c);
  SRunner *runner = srunner_create(s);
  srunner_set_fork_status(runner, CK_NOFORK);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
