// lab.c - see lab.h.
#include "lab.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

double random_between(Random *r, double low, double high) {
  r->state += 0x9E3779B97F4A7C15u; // splitmix64
  uint64_t z = r->state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  z ^= z >> 31;
  return low + (high - low) * ((double)(z >> 11) * 0x1p-53);
}

static Array make_array(Lab *l, int rank, const Poly *const *extent) {
  Array a = {.rank = rank, .extent = arena_array(l->arena, int64_t, (size_t)rank), .count = 1};
  for (int k = 0; k < rank; k++) {
    ck_assert(poly_value(l->model->dims, extent[k], l->dims, &a.extent[k]));
    a.count *= (size_t)a.extent[k];
  }
  return a;
}

static void draw_inputs(Lab *l) {
  const Model *m = l->model;
  Random r = {7};
  l->data = arena_array(l->arena, Array, (size_t)m->ndata + 1);
  l->param = arena_array(l->arena, Array, (size_t)m->nparam + 1);
  for (int k = 0; k < m->ndata; k++) {
    const DataDecl *d = &m->data[k];
    Array *a = &l->data[k];
    int64_t limit = 3;
    *a = make_array(l, d->rank, d->extent);
    if (d->limit) ck_assert(poly_value(m->dims, d->limit, l->dims, &limit));
    a->number = arena_array(l->arena, Number, a->count + 1);
    a->integer = arena_array(l->arena, int64_t, a->count + 1);
    for (size_t j = 0; j < a->count; j++) {
      a->number[j].a = random_between(&r, -2, 2);
      a->integer[j] = (int64_t)random_between(&r, 0, (double)limit);
    }
  }
  for (int k = 0; k < m->nparam; k++) {
    Array *a = &l->param[k];
    *a = make_array(l, m->param[k].rank, m->param[k].extent);
    a->number = arena_array(l->arena, Number, a->count + 1);
    for (size_t j = 0; j < a->count; j++) a->number[j].a = random_between(&r, -2, 2);
  }
}

Lab lab_open(const char *text) {
  static const int64_t sizes[] = {5, 3, 4, 2, 6};
  Lab l = {.arena = arena_new(), .seed = 1};
  Source *source = arena_new_of(l.arena, Source);
  *source = (Source){"test", arena_strdup(l.arena, text), strlen(text)};
  Diags diags;
  diags_init(&diags, l.arena);
  l.model = graph_parse(l.arena, &diags, source);
  if (!l.model) {
    Text t;
    text_init(&t);
    diags_print(&diags, &t, false);
    ck_abort_msg("%s", t.s);
  }
  int next = 0;
  for (int k = 0; k < dims_count(l.model->dims); k++) {
    const Dim *d = dims_get(l.model->dims, k);
    if (d->kind == DIM_CALL || d->kind == DIM_BATCH) l.dims[k] = sizes[next++ % 5];
  }
  draw_inputs(&l);
  lab_verify(&l, l.model->graph);
  return l;
}

void lab_close(Lab *l) {
  arena_free(l->arena);
}

Array *lab_run(Lab *l, const Graph *g, NumberKind kind) {
  InterpInput input = {
      .kind = kind, .dims = l->dims, .data = l->data, .param = l->param, .seed = {l->seed, 0}, .seeds = l->seeds};
  InterpError error = {0};
  Array *values = arena_array(l->arena, Array, g->count + 1);
  if (!interp_run(l->arena, l->model, g, &input, values, &error))
    ck_abort_msg("%s: %s\n%s", error.node ? error.node->name : "", error.text, lab_print(l, g));
  return values;
}

Array *lab_direction(Lab *l) {
  Random r = {11};
  Array *direction = arena_array(l->arena, Array, (size_t)l->model->nparam + 1);
  for (int k = 0; k < l->model->nparam; k++) {
    direction[k] = l->param[k];
    direction[k].number = arena_array(l->arena, Number, direction[k].count + 1);
    for (size_t j = 0; j < direction[k].count; j++) direction[k].number[j].a = random_between(&r, -1, 1);
  }
  return direction;
}

double lab_gradient_error(Lab *l, const Graph *derived) {
  const Array *values = lab_run(l, derived, NUMBER_REAL);
  const Graph *g = l->model->graph;
  const Node *loss = graph_root(g, ROOT_LOSS, 0)->node;
  double worst = 0;
  for (int k = 0; k < l->model->nparam; k++) {
    Array *p = &l->param[k];
    const Number *ours = values[graph_root(derived, ROOT_GRADIENT, k)->node->id].number;
    double scale = 1, difference = 0;
    for (size_t j = 0; j < p->count; j++) {
      p->number[j].b = 1;
      double dual = l->seed * lab_run(l, g, NUMBER_DUAL)[loss->id].number[0].b;
      p->number[j].b = 0;
      if (!isfinite(dual) || !isfinite(ours[j].a)) return INFINITY;
      scale = fmax(scale, fabs(dual));
      difference = fmax(difference, fabs(ours[j].a - dual));
    }
    worst = fmax(worst, difference / scale);
  }
  return worst;
}

void lab_verify(const Lab *l, const Graph *g) {
  Text why;
  text_init(&why);
  if (!graph_verify(l->model, g, &why)) ck_abort_msg("%s\n%s", why.s, lab_print(l, g));
  text_free(&why);
}

char *lab_print(const Lab *l, const Graph *g) {
  Text t;
  text_init(&t);
  graph_print(&t, l->model, g);
  char *s = arena_strdup(l->arena, t.s);
  text_free(&t);
  return s;
}

// ---- passes from graph to graph ----

Lab lab_of(const char *head, const char *nodes) {
  Text t;
  text_init(&t);
  text_printf(&t, "%s%sroot loss = loss\n", head, nodes);
  Lab l = lab_open(t.s);
  text_free(&t);
  return l;
}

// The line behind the last that begins with this word, or `text`.
static const char *behind(const char *text, const char *word) {
  const char *rest = text;
  for (const char *line = text; *line; line = strchr(line, '\n') + 1)
    if (!strncmp(line, word, strlen(word))) rest = strchr(line, '\n') + 1;
  return rest;
}

const char *lab_nodes(const Lab *l, const Graph *g) {
  return behind(behind(lab_print(l, g), "param "), "input ");
}

void lab_expect(const Lab *l, const Graph *g, const char *name, const char *nodes) {
  const char *printed = lab_nodes(l, g), *expected = arena_printf(l->arena, "%sroot loss = loss\n", nodes);
  ck_assert_msg(!strcmp(printed, expected), "%s:\n%s", name, printed);
}

void lab_compare(Lab *l, const Graph *before, const Graph *after, double tolerance) {
  const Array *x = lab_run(l, before, NUMBER_MAGNITUDE), *y = lab_run(l, after, NUMBER_REAL);
  for (size_t k = 0; k < before->nroots; k++) {
    const Array *theirs = &x[before->roots[k].node->id], *ours = &y[after->roots[k].node->id];
    for (size_t j = 0; j < theirs->count; j++)
      ck_assert_msg(fabs(ours->number[j].a - theirs->number[j].a) <= tolerance * theirs->number[j].b ||
                        ours->number[j].a == theirs->number[j].a,
                    "%s: %.17g was %.17g", before->roots[k].node->name, ours->number[j].a, theirs->number[j].a);
  }
}

int lab_main(Suite *suite) {
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
