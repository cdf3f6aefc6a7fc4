// statements.c - `gradient` statements of a model: as numbers against dual numbers, and what the prover says of them.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "case.h"
#include "derive/derive.h"
#include "prove/prove.h"
#include "simplify/simplify.h"

static const double gate = 1e-10;

// Of the parameters called so it says what is not their gradient.
static bool is_wrong(const char *param) {
  return !strncmp(param, "wrong", 5);
}

// Whether numbers tell the statement from the gradient, whose entries begin at `at`.
static bool differs(const Case *c, const Array *author, size_t at, double tolerance) {
  for (size_t j = 0; j < author->count; j++) {
    const double scale = fmax(c->scale[at + j], fabs(author->number[j].b));
    if (!is_near(author->number[j].a, c->gradient[at + j], scale, tolerance)) return true;
  }
  return false;
}

static const Root *first_statement(const Graph *g) {
  for (size_t k = 0; k < g->nroots; k++)
    if (g->roots[k].role == ROOT_AUTHOR) return &g->roots[k];
  return NULL;
}

static Proofs prove(Case *c) {
  const Model *m = c->model;
  const Graph *g =
      prune(c->arena, derive_gradient(c->arena, m->graph, true, NULL), 1u << ROOT_GRADIENT | 1u << ROOT_AUTHOR);
  int64_t *open = arena_array(c->arena, int64_t, (size_t)dims_count(m->dims) + 1);
  for (int k = 0; k < dims_count(m->dims); k++) open[k] = -1;
  return prove_gradients(c->arena, &(ProofInput){.model = m, .graph = g, .given = open, .seed = c->seed, .work = 5e6});
}

// A right one is never refuted; what numbers refute is never proven.
void case_statements(Case *c) {
  static const char *const verdicts[] = {"none", "identical", "differs", "undecided"};
  const Model *m = c->model;
  if (!first_statement(m->graph)) return;
  const Graph *g = prune(c->arena, m->graph, 1u << ROOT_AUTHOR);
  Array *values = arena_array(c->arena, Array, g->count + 1);
  if (!case_interpret(c, g, NUMBER_MAGNITUDE, values)) return;
  const Proofs proofs = prove(c);
  size_t at = 0;
  for (int p = 0; p < m->nparam; at += c->param[p++].count) {
    const Root *r = graph_root(g, ROOT_AUTHOR, p);
    if (!r) continue;
    const char *name = m->param[p].name, *verdict = verdicts[proofs.param[p].verdict];
    const Array *author = &values[r->node->id];
    const bool apart = differs(c, author, at, gate), far = differs(c, author, at, 1e-3);
    if (apart && !is_wrong(name)) case_fail(c, "the gradient statement of %s is not what dual numbers say", name);
    if (proofs.param[p].verdict == (is_wrong(name) ? far ? PROOF_IDENTICAL : PROOF_NONE : PROOF_DIFFERS) ||
        proofs.param[p].verdict == PROOF_NONE)
      case_fail(c, "the gradient statement of %s is said to be: %s", name, verdict);
  }
}
