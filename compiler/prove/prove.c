// prove.c - both sides at random points modulo random primes, at several sizes; the verdicts.
#include "prove/prove.h"

#include <math.h>
#include <string.h>

#include "prove/internal.h"
#include "prove/residue.h"

enum {
  PRIMES = 2,
  CONDITIONS = 16,    // that one combination may decide
  COMBINATIONS = 300, // that are tried
  TRIED_SIZES = 8,
  DRAWS = 4, // of integer data, at each size
  ENTRIES_MAX = 1 << 20
};

// Elements of the field that one run may make: 8 bytes each.
#define WORK 3e7
// And all together, after which no further run is begun, unless the input says how many.
#define WORK_ALL 5e8
// Chances of error that are no proof.
#define LEAST_CHANCE (-9)

// ---- shapes and integers ----

bool prover_shape(const Prover *p, const int64_t *dims, int rank, const Poly *const *extent, Array *array) {
  *array = (Array){.rank = rank, .extent = arena_array(p->arena, int64_t, (size_t)rank), .count = 1};
  for (int k = 0; k < rank; k++) {
    if (!poly_value(p->input->model->dims, extent[k], dims, &array->extent[k])) return false;
    if (array->extent[k] < 0 || array->extent[k] > ENTRIES_MAX) return false;
    array->count *= (size_t)array->extent[k];
    if (array->count > ENTRIES_MAX) return false;
  }
  return true;
}

bool prover_integers(const Prover *p, const int64_t *dims, uint64_t seed, int data, Array *array) {
  const DataDecl *d = &p->input->model->data[data];
  int64_t limit = 2; // of integers without a limit of their own
  if (d->limit && !poly_value(p->input->model->dims, d->limit, dims, &limit)) return false;
  array->integer = arena_array(p->arena, int64_t, array->count + 1);
  for (size_t k = 0; k < array->count; k++)
    array->integer[k] = (int64_t)(field_hash(seed, (uint64_t)data, k) >> 2) % (limit > 0 ? limit : 1);
  return true;
}

static const char in_too_many_ways[] = "it depends on the order of reals in too many ways";

// ---- one run ----

typedef struct Outcome { // of a parameter, over the runs at one size
  bool failed;           // the sides differ somewhere
  bool compared;
  const char *why; // one of them has no value, or null
} Outcome;

typedef struct Trial { // the runs at one size, with one number of points
  Prover *p;
  const int64_t *dims;
  int points;
  uint64_t seed;
  Outcome *outcome; // by parameter
  bool crowded, ties, equalities;
  const char *why; // none could be decided
  bool many;       // combinations of conditions, at this size: too many
  bool absent;     // because the model does not exist at this size
  int combinations;
  double chance; // log10, of all
} Trial;

static void draw_reals(Space *s, Array *array, uint64_t stream) {
  array->number = arena_array(s->arena, Number, array->count + 1);
  for (size_t k = 0; k < array->count; k++) array->number[k] = number_of(residue_fresh(s, 1000 + stream, k));
}

static bool draw_inputs(const Trial *t, Space *s, Array *data, Array *param) {
  const Model *m = t->p->input->model;
  for (int k = 0; k < m->ndata; k++) {
    const DataDecl *d = &m->data[k];
    if (!prover_shape(t->p, t->dims, d->rank, d->extent, &data[k])) return false;
    if (d->type == TYPE_REAL)
      draw_reals(s, &data[k], 2 * (uint64_t)k);
    else if (!prover_integers(t->p, t->dims, t->seed, k, &data[k]))
      return false;
  }
  for (int k = 0; k < m->nparam; k++) {
    if (!prover_shape(t->p, t->dims, m->param[k].rank, m->param[k].extent, &param[k])) return false;
    draw_reals(s, &param[k], 2 * (uint64_t)k + 1);
  }
  return true;
}

static void compare(Outcome *o, const Array *ours, const Array *theirs) {
  o->compared = true;
  for (size_t k = 0; k < ours->count; k++) {
    const Residue *x = residue_of(ours->number[k]), *y = residue_of(theirs->number[k]);
    const Residue *gap = x->re && y->re ? residue_sub(x, y) : x->re ? y : x;
    if (!gap->re)
      o->why = gap->infinite ? "an infinite value" : gap->space->why;
    else if (!residue_is_zero(gap))
      o->failed = true;
  }
}

static double add_chances(double x, double y) { // log10 of the sum
  return fmax(x, y) + log10(1 + pow(10, -fabs(x - y)));
}

// log10 of the bound of the chance that one run takes different functions for equal ones.
static double chance_of(const Space *s, double entries) {
  const double pairs = 1 + s->atoms + s->atoms * s->atoms / 2, rest = s->points - s->rank;
  const double conjugates = ldexp(1, s->roots < 900 ? s->roots : 900);
  const double miss = pairs * (1 + s->worst.degree) * conjugates / FIELD_LEAST;
  const double prime = pairs * (1 + s->worst.bits) * conjugates / 61 / FIELD_PRIMES;
  double chance = miss < 0.25 ? rest * log10(miss) + log10(s->lookups + 1) : 0;
  chance = add_chances(chance, log10(prime));
  if (s->ties > 0) chance = add_chances(chance, rest * log10(1 - ldexp(1, -s->ties)));
  return fmin(0, chance + log10(entries + 1));
}

static double entries_of(const Trial *t, const Array *values) {
  double entries = 0;
  for (int k = 0; k < t->p->input->model->nparam; k++)
    if (t->p->sides[k].ours) entries += (double)values[t->p->sides[k].ours->id].count;
  return entries;
}

// False: no more runs at this size.
static bool run(Trial *t, uint64_t seed, bool *decision, int *decided, double *chance) {
  const Prover *p = t->p;
  const Model *m = p->input->model;
  Arena *a = arena_new();
  Space *s = space_new(a, seed, t->points, (size_t)(WORK / t->points), decision, *decided, CONDITIONS);
  const NumberRules rules = residue_rules(s);
  Array *data = arena_array(a, Array, (size_t)m->ndata + 1), *param = arena_array(a, Array, (size_t)m->nparam + 1);
  Array *values = arena_array(a, Array, p->graph->count + 1);
  const InterpInput input = {.kind = NUMBER_OTHER, .rules = &rules, .dims = t->dims, .data = data, .param = param};
  InterpError error = {.node = NULL};
  bool ok = draw_inputs(t, s, data, param);
  if (!ok) {
    t->absent = true;
    t->why = "the shapes of the model do not exist at small sizes";
  } else if (!interp_run(a, m, p->graph, &input, values, &error)) {
    ok = false;
    t->absent = true;
    t->why = arena_strdup(p->arena, error.text);
  } else if (s->stuck) {
    ok = false;
    t->many = s->full;
    t->why = s->full ? in_too_many_ways : s->why;
  }
  for (int k = 0; k < m->nparam && ok; k++)
    if (p->sides[k].ours) compare(&t->outcome[k], &values[p->sides[k].ours->id], &values[p->sides[k].theirs->id]);
  *chance = ok ? chance_of(s, entries_of(t, values)) : 0;
  *decided = s->decisions;
  t->p->spent += (double)s->made * t->points;
  t->crowded = t->crowded || s->crowded;
  t->ties = t->ties || s->ties > 0;
  t->equalities = t->equalities || s->equalities || s->decisions > 0;
  arena_free(a);
  return ok;
}

// The next combination of decisions: the last that was false becomes true.
static bool next_combination(bool *decision, int *decided) {
  while (*decided > 0 && decision[*decided - 1]) --*decided;
  if (*decided == 0) return false;
  decision[*decided - 1] = true;
  return true;
}

// All combinations of conditions, over each of the primes.
static void try_size(Trial *t) {
  t->chance = 0;
  for (int prime = 0; prime < PRIMES; prime++) {
    bool decision[CONDITIONS] = {false};
    int decided = 0, combinations = 0;
    double all = -1000, chance;
    do {
      const double most = t->p->input->work;
      const bool spent = t->p->spent > (most > 0 ? most : WORK_ALL);
      if (++combinations > COMBINATIONS || spent) {
        t->many = true;
        t->why = spent ? "it takes too long" : in_too_many_ways;
        return;
      }
      if (!run(t, field_hash(t->seed, 20, (uint64_t)prime), decision, &decided, &chance)) return;
      all = add_chances(all, chance);
    } while (next_combination(decision, &decided));
    t->chance += fmin(0, all);
    if (combinations > t->combinations) t->combinations = combinations;
  }
}

// ---- sizes ----

static bool is_open(const Prover *p, int dim) {
  const Dim *d = dims_get(p->input->model->dims, dim);
  return (d->kind == DIM_CALL || d->kind == DIM_BATCH) && p->input->given[dim] < 0;
}

// Each dimension another size, and another each time.
static bool sizes_of(const Prover *p, int round, int64_t *dims) {
  static const int64_t sizes[] = {2, 3, 5, 4, 7, 6, 8, 9};
  const Dims *all = p->input->model->dims;
  int open = 0;
  for (int k = 0; k < dims_count(all); k++) {
    const Dim *d = dims_get(all, k);
    dims[k] = d->kind == DIM_FIXED ? d->value : p->input->given[k] >= 0 ? p->input->given[k] : 0;
    if (is_open(p, k)) dims[k] = sizes[(round + open++) % TRIED_SIZES];
  }
  return open > 0;
}

static double points_over(const Prover *p, const Node *n, int from, int to, const int64_t *dims) {
  double points = 1;
  for (int k = from; k < to; k++) {
    int64_t extent = 0;
    if (poly_value(p->graph->dims, n->index[k].extent, dims, &extent)) points *= (double)extent;
  }
  return points;
}

// An upper bound of the operations of one run.
static double operations(const Prover *p, const int64_t *dims) {
  double all = 0;
  for (size_t k = 0; k < p->graph->count; k++) {
    const Node *n = p->graph->nodes[k];
    const bool scatter = n->kind == NODE_SCATTER;
    if (!n->expr) continue; // an input
    Arena *a = arena_new();
    size_t parts;
    expr_parts(a, n->expr, &parts);
    arena_free(a);
    all += (double)parts * points_over(p, n, scatter ? n->nout : 0, n->nout + n->nred, dims);
    if (scatter) all += points_over(p, n, 0, n->nout, dims); // what is there before
  }
  return all;
}

static bool iterates(const Graph *g) {
  for (size_t k = 0; k < g->count; k++)
    if (g->nodes[k]->alive) return true;
  return false;
}

// More points where so few could not tell all apart.
static void prove_at(Prover *p, const int64_t *dims, uint64_t seed, Trial *best) {
  static const int points[] = {16, 64, 192};
  const int nparam = p->input->model->nparam;
  *best = (Trial){.p = p, .dims = dims};
  if (iterates(p->graph)) {
    best->why = "it iterates until a condition on reals fails";
    return;
  }
  for (size_t k = 0; k < sizeof points / sizeof *points; k++) {
    if (operations(p, dims) * points[k] > WORK) {
      if (k == 0) best->why = "the model is too large at small sizes; give its fixed dimensions small ones with -D";
      return;
    }
    *best = (Trial){.p = p, .dims = dims, .points = points[k], .seed = field_hash(seed, 30, k)};
    best->outcome = arena_array(p->arena, Outcome, (size_t)nparam + 1);
    try_size(best);
    bool proven = !best->why && best->chance <= LEAST_CHANCE;
    for (int j = 0; j < nparam; j++) proven = proven && !best->outcome[j].failed && !best->outcome[j].why;
    if (proven) return;
    if (!best->crowded && !best->ties && best->chance <= LEAST_CHANCE) return;
  }
}

// ---- the verdicts ----

static const char *reason(const Trial *t, const Outcome *o) {
  if (t->why) return t->why;
  if (o->why) return o->why;
  if (o->failed && t->combinations > 1) return "it depends on the order of reals";
  if (o->failed) return "no identity that is known makes them equal";
  return "the chance of error has no small bound";
}

// The sides at real points of that size.
static const Gap *gap_at(Prover *p, const int64_t *dims, int param) {
  if (p->gap_dims != dims) p->gap = prover_gaps(p, p->gap_dims = dims);
  return &p->gap[param];
}

// Looks for a real point that tells the sides of a parameter apart.  What an iteration leaves undone when it ends is no rounding.
static bool refute(Prover *p, const Trial *t, int param) {
  static const double left_undone = 1e-12;
  Proof *proof = &p->proofs.param[param];
  if (proof->verdict == PROOF_DIFFERS) return true;
  const Gap *gap = gap_at(p, t->dims, param);
  proof->difference = fmax(proof->difference, gap->difference);
  if (!gap->differs || (iterates(p->graph) && gap->difference <= left_undone)) return false;
  proof->point = gap->point;
  proof->verdict = PROOF_DIFFERS;
  return true;
}

// One parameter at one size.
static void judge(Prover *p, const Trial *t, int param) {
  Proof *proof = &p->proofs.param[param];
  if (proof->verdict == PROOF_DIFFERS) return;
  static const Outcome none = {.failed = false};
  const Outcome *o = t->outcome ? &t->outcome[param] : &none;
  const bool proven = !t->why && !o->why && !o->failed && o->compared && t->chance <= LEAST_CHANCE;
  if (!proven && refute(p, t, param)) return;
  if (!proven) {
    if (proof->verdict != PROOF_UNDECIDED) proof->why = reason(t, o);
    proof->verdict = PROOF_UNDECIDED;
    return;
  }
  if (proof->verdict == PROOF_UNDECIDED) return;
  // An identity such as log(a b) = log(a) + log(b) asks for signs; the first size shows where they are not given.
  if (p->proofs.nsizes == 0 && gap_at(p, t->dims, param)->undefined) proof->undefined = true;
  proof->chance = proof->verdict == PROOF_IDENTICAL ? add_chances(proof->chance, t->chance) : t->chance;
  proof->verdict = PROOF_IDENTICAL;
  proof->ties = proof->ties || t->equalities;
  if (t->combinations > proof->combinations) proof->combinations = t->combinations;
}

static void find_sides(Prover *p) {
  Graph *g = arena_new_of(p->arena, Graph);
  const int nparam = p->input->model->nparam;
  *g = *p->input->graph;
  g->roots = NULL;
  g->nroots = g->roots_room = 0;
  for (int k = 0; k < nparam; k++) {
    const Root *ours = graph_root(p->input->graph, ROOT_GRADIENT, k),
               *theirs = graph_root(p->input->graph, ROOT_AUTHOR, k);
    p->proofs.param[k].difference = -1;
    if (!ours || !theirs) continue;
    p->sides[k] = (Sides){ours->node, theirs->node};
    graph_add_root(g, ours->role, ours->name, k, ours->node);
    graph_add_root(g, theirs->role, theirs->name, k, theirs->node);
  }
  p->graph = g;
}

static bool has_integers(const Model *m) {
  for (int k = 0; k < m->ndata; k++)
    if (m->data[k].type != TYPE_REAL) return true;
  return false;
}

static bool prove_size(Prover *p, int round) {
  const Model *m = p->input->model;
  int64_t *dims = arena_array(p->arena, int64_t, (size_t)dims_count(m->dims) + 1);
  const bool open = sizes_of(p, round, dims);
  // What is right for some integers alone, say where a label that scales both sides is 0, must not pass.
  const int draws = has_integers(m) ? DRAWS : 1;
  for (int draw = 0; draw < draws; draw++) {
    Trial t;
    prove_at(p, dims, field_hash(p->input->seed, 40 + (uint64_t)draw, (uint64_t)round), &t);
    const bool last = !open || (round + 1 == TRIED_SIZES && p->proofs.nsizes == 0);
    if (t.absent && !last) return open; // as a window wider than the data
    if (t.many && !last) {              // another size may have fewer
      for (int k = 0; k < m->nparam; k++)
        if (p->sides[k].ours) refute(p, &t, k);
      return open;
    }
    for (int k = 0; k < m->nparam; k++)
      if (p->sides[k].ours) judge(p, &t, k);
  }
  p->proofs.sizes[p->proofs.nsizes++] = dims;
  return open;
}

Proofs prove_gradients(Arena *a, const ProofInput *input) {
  const size_t nparam = (size_t)input->model->nparam;
  Prover p = {.arena = a, .input = input, .sides = arena_array(a, Sides, nparam + 1)};
  p.proofs.param = arena_array(a, Proof, nparam + 1);
  find_sides(&p);
  if (p.graph->nroots == 0) return p.proofs;
  for (int round = 0; round < TRIED_SIZES && p.proofs.nsizes < PROOF_SIZES; round++)
    if (!prove_size(&p, round)) break;
  for (size_t k = 0; k < nparam; k++) p.proofs.param[k].drawn = has_integers(input->model);
  return p.proofs;
}
