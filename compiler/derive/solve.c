// solve.c - from a read A[f(q)] to its contribution to the adjoint of A, as a comprehension over A's own indices.
// Extra indices stand in front of both and equal each other.
//
// The equations f_k(q) = a_k are solved for the q: each solved q disappears, each other one is summed over, and what an
// equation still says becomes a guard.  One that is not affine in a q that is left (a gather) makes it a scatter.
#include "derive/internal.h"

// Positions while solving: the node's own indices 0 … nv-1, then A's indices nv … nv+m-1.
typedef struct Solver {
  Derive *d;
  Graph *g;
  const Node *n, *goal;
  const Index *into;            // the extra indices, then A's
  int nv, m, first;             // indices of the node from `first` on occur: a scatter's output positions do not
  const Expr *const *subscript; // by k
  const Expr **equation;        // by k; null once used up
  const Expr **solved;          // by position of the node: null while it is free
  int *bare;                    // by k: the index that was simply a_k, or -1
  int *same;                    // by position of the node: the extra index that it equals where anything flows, or -1
  int64_t *coefficient;         // scratch, nv + m
  const Expr *guard;
} Solver;

typedef struct Candidate {
  int k, q;
  bool bare;
  int64_t extent; // INT64_MAX where it is not a number
  int64_t coefficient;
} Candidate;

static int64_t magnitude(int64_t c) {
  return c < 0 ? -c : c;
}

// Solve for what would cost the most to sum over: the plain index, then the longest, then an output of the node (a
// kernel's own indices are its reductions, and short), then the one that needs no division.
static bool better(const Solver *s, const Candidate *a, const Candidate *b) {
  if (a->bare != b->bare) return a->bare;
  if (a->extent != b->extent) return a->extent > b->extent;
  bool a_out = a->q < s->n->nout, b_out = b->q < s->n->nout;
  if (a_out != b_out) return a_out;
  if (magnitude(a->coefficient) != magnitude(b->coefficient))
    return magnitude(a->coefficient) < magnitude(b->coefficient);
  return false;
}

static bool find_candidate(Solver *s, Candidate *best) {
  bool found = false;
  for (int k = 0; k < s->m; k++) {
    const Expr *rest;
    if (!s->equation[k] || !expr_affine(s->g, s->equation[k], s->nv + s->m, s->coefficient, &rest)) continue;
    for (int q = s->first; q < s->nv; q++) {
      int64_t extent;
      if (s->solved[q] || s->coefficient[q] == 0) continue;
      if (!poly_is_int(s->n->index[q].extent, &extent)) extent = INT64_MAX;
      Candidate c = {k, q, s->equation[k]->kind == EXPR_INDEX, extent, s->coefficient[q]};
      if (!found || better(s, &c, best)) *best = c;
      found = true;
    }
  }
  return found;
}

static void add_guard(Solver *s, const Expr *condition) {
  s->guard = derive_and(s->g, s->guard, condition);
}

// a_k minus (or minus a_k plus) everything in equation k but index q and, where there is one, the remainder.
static const Expr *numerator(Solver *s, const Candidate *c, int remainder) {
  Graph *g = s->g;
  const Expr *rest, *sum = NULL;
  int64_t value;
  expr_affine(g, s->equation[c->k], s->nv + s->m, s->coefficient, &rest);
  for (int p = 0; p < s->nv + s->m; p++) {
    int64_t f = s->coefficient[p];
    if (f == 0 || p == c->q || p == remainder) continue;
    const Expr *term = expr_index(g, p);
    if (f != 1) term = expr_prim2(g, PRIM_MUL, expr_int(g, f), term);
    sum = sum ? expr_prim2(g, PRIM_ADD, sum, term) : term;
  }
  if (rest && !(expr_is_int(rest, &value) && value == 0)) sum = sum ? expr_prim2(g, PRIM_ADD, sum, rest) : rest;
  const Expr *a = expr_index(g, s->nv + c->k);
  if (!sum) return c->coefficient > 0 ? a : expr_prim1(g, PRIM_NEG, a);
  return c->coefficient > 0 ? expr_prim2(g, PRIM_SUB, a, sum) : expr_prim2(g, PRIM_SUB, sum, a);
}

static const Expr *replace(Solver *s, const Expr *e, int q, const Expr *by) {
  const Expr **sub = arena_array(s->d->arena, const Expr *, (size_t)s->nv);
  sub[q] = by;
  return expr_substitute(s->g, e, sub, s->nv, NULL);
}

static void put_solution(Solver *s, int q, const Expr *value) {
  for (int k = 0; k < s->m; k++)
    if (s->equation[k]) s->equation[k] = replace(s, s->equation[k], q, value);
  for (int p = s->first; p < s->nv; p++)
    if (s->solved[p]) s->solved[p] = replace(s, s->solved[p], q, value);
  if (s->guard) s->guard = replace(s, s->guard, q, value);
  s->solved[q] = value;
}

// Of 3 q + p, where p stays below 3, q is the quotient and p the remainder: the p of q's equation, -1 if none is so.
static int find_remainder(const Solver *s, const Candidate *c) {
  const Expr *rest;
  int64_t extent;
  if (c->coefficient < 2) return -1;
  expr_affine(s->g, s->equation[c->k], s->nv + s->m, s->coefficient, &rest);
  for (int p = s->first; p < s->nv; p++) {
    if (p == c->q || s->solved[p] || s->coefficient[p] != 1 || (rest && expr_uses_index(rest, p))) continue;
    if (poly_is_int(s->n->index[p].extent, &extent) && extent <= c->coefficient) return p;
  }
  return -1;
}

// The equation's value over the divisor, to which what is left is an index, too, or must be nothing.
static const Expr *divided(Solver *s, const Candidate *c, int remainder, int64_t divisor) {
  Graph *g = s->g;
  const Expr *value = numerator(s, c, remainder), *by = expr_int(g, divisor), *left = expr_prim2(g, PRIM_MOD, value, by);
  if (remainder >= 0) {
    const Poly *extent = s->n->index[remainder].extent;
    if (extent != poly_int(g->dims, divisor)) add_guard(s, expr_prim2(g, PRIM_LT, left, expr_poly(g, extent)));
    put_solution(s, remainder, left);
  } else {
    add_guard(s, expr_prim2(g, PRIM_EQ, left, expr_int(g, 0)));
  }
  return expr_prim2(g, PRIM_FLOORDIV, value, by);
}

static void solve_for(Solver *s, const Candidate *c) {
  Graph *g = s->g;
  const Expr *extent = expr_poly(g, s->n->index[c->q].extent);
  const int64_t divisor = magnitude(c->coefficient);
  const Expr *value = divisor > 1 ? divided(s, c, find_remainder(s, c), divisor) : numerator(s, c, -1);
  if (c->bare) s->bare[c->k] = c->q;
  if (!c->bare || s->n->index[c->q].extent != s->into[c->k].extent) {
    if (!c->bare) add_guard(s, expr_prim2(g, PRIM_GE, value, expr_int(g, 0)));
    add_guard(s, expr_prim2(g, PRIM_LT, value, extent));
  }
  s->equation[c->k] = NULL;
  put_solution(s, c->q, value);
}

// An equation is left that a free index still stands in.
static bool needs_scatter(const Solver *s) {
  for (int k = 0; k < s->m; k++)
    for (int q = s->first; s->equation[k] && q < s->nv; q++)
      if (!s->solved[q] && expr_uses_index(s->equation[k], q)) return true;
  return false;
}

static const char *index_name(const Index *index, int position) {
  static const char *const plain[] = {"i", "j", "k", "l"};
  return index->name ? index->name : plain[position % 4];
}

// Marks the indices that the flow's guard lets equal an extra one, and leaves the guard that remains.
static const Expr *settle(Solver *s, const Expr *guard, int extra_at) {
  Derive *d = s->d;
  s->same = arena_array(d->arena, int, (size_t)s->nv + 1);
  for (int q = 0; q < s->nv; q++) s->same[q] = -1;
  for (int k = 0; d->task->diagonal && k < d->task->nextra; k++)
    for (int q = s->first; q < s->nv; q++) {
      const int p = extra_at + k;
      if ((q >= extra_at && q < extra_at + d->task->nextra) || s->same[q] >= 0) continue;
      if (s->n->index[q].extent != s->n->index[p].extent) continue;
      const Expr *a = expr_index(s->g, q), *b = expr_index(s->g, p);
      const Expr *one = derive_and(s->g, expr_prim2(s->g, PRIM_EQ, a, b), expr_prim2(s->g, PRIM_EQ, b, a));
      if (derive_common(d, guard, one) == NULL) continue;
      guard = derive_without(d, guard, one);
      s->same[q] = p;
    }
  return guard;
}

// Index q of the node, where it is summed over: it is the index at `position`.  A sum over the steps of a loop whose adjoint
// runs backwards takes the last one first, so that it can be formed while that runs.
static const Expr *summed(Solver *s, int q, int position) {
  const Expr *index = expr_index(s->g, position);
  if (!derive_is_backward(s->d, s->n, q, s->goal)) return index;
  Dims *dims = s->g->dims;
  const Poly *last = poly_sub(dims, s->n->index[q].extent, poly_int(dims, 1));
  return expr_prim2(s->g, PRIM_SUB, expr_poly(s->g, last), index);
}

// Is index q the step of a loop around the goal, to whose adjoint it is added step by step?
static bool is_step_of_goal(const Solver *s, int q) {
  const LoopTree *loops = s->d->loops;
  for (const GraphLoop *l = loops->inside[s->goal->id]; l; l = l->parent) {
    const Expr *at = s->subscript[s->d->task->nextra + loops->position[l->id][s->goal->id]];
    if (at == expr_index(s->g, q)) return true;
  }
  return false;
}

// Where nothing is solved: over all indices of the node, into the subscripts as they stand.
static Contribution scatter(Solver *s, const Flow *flow) {
  Arena *arena = s->d->arena;
  const Node *n = s->n;
  int nred = 0;
  Index *index = arena_array(arena, Index, (size_t)(s->m + s->nv - s->first));
  const Expr **sub = arena_array(arena, const Expr *, (size_t)s->nv);
  const Expr **target = arena_array(arena, const Expr *, (size_t)s->m);
  for (int k = 0; k < s->m; k++) index[k] = (Index){index_name(&s->into[k], k), s->into[k].extent};
  for (int q = s->first; q < s->nv; q++) {
    if (s->same[q] >= 0) continue;
    index[s->m + nred] = (Index){index_name(&n->index[q], q), n->index[q].extent};
    sub[q] = is_step_of_goal(s, q) ? expr_index(s->g, s->m + nred) : summed(s, q, s->m + nred);
    nred++;
  }
  for (int q = s->first; q < s->nv; q++)
    if (s->same[q] >= 0) sub[q] = sub[s->same[q]];
  for (int k = 0; k < s->m; k++) target[k] = expr_substitute(s->g, s->subscript[k], sub, s->nv, NULL);
  return (Contribution){.via = n->name,
                        .index = index,
                        .nred = nred,
                        .guard = flow->guard ? expr_substitute(s->g, flow->guard, sub, s->nv, NULL) : NULL,
                        .value = expr_substitute(s->g, flow->value, sub, s->nv, NULL),
                        .target = target};
}

static bool uses_solved(const Solver *s, const Expr *e) {
  for (int q = s->first; q < s->nv; q++)
    if (s->solved[q] && expr_uses_index(e, q)) return true;
  return false;
}

// Splits a guard: the conditions on what was solved for come later, and with them what may be read only where those hold.
static void split_guard(const Solver *s, const Expr *guard, const Expr **before, const Expr **after) {
  size_t count;
  const Expr **list = derive_conjuncts(s->d, guard, &count);
  *before = *after = NULL;
  for (size_t k = 0; k < count; k++) {
    const bool waits = uses_solved(s, list[k]) || (*after && !derive_stands_alone(s->d, list[k]));
    const Expr **part = waits ? after : before;
    *part = derive_and(s->g, *part, list[k]);
  }
}

static const Expr *left_equations(Solver *s) {
  Graph *g = s->g;
  const Expr *all = NULL;
  for (int k = 0; k < s->m; k++)
    if (s->equation[k]) all = derive_and(g, all, expr_prim2(g, PRIM_EQ, s->equation[k], expr_index(g, s->nv + k)));
  return all;
}

static const Expr *moved(Solver *s, const Expr *guard, const Expr *const *sub, int nsub) {
  return guard ? expr_substitute(s->g, guard, sub, nsub, NULL) : NULL;
}

// Conditions protect those behind them: what is solved for is read where it is in range, and equations are looked at where
// n is computed at all.
static Contribution comprehension(Solver *s, const Flow *flow) {
  Arena *arena = s->d->arena;
  const Node *n = s->n;
  Index *index = arena_array(arena, Index, (size_t)(s->m + s->nv));
  const Expr **position = arena_array(arena, const Expr *, (size_t)(s->nv + s->m));
  const Expr **sub = arena_array(arena, const Expr *, (size_t)s->nv);
  int nred = 0;
  for (int k = 0; k < s->m; k++) {
    const Index *named = s->bare[k] >= 0 ? &n->index[s->bare[k]] : &s->into[k];
    index[k] = (Index){index_name(named, k), s->into[k].extent};
    position[s->nv + k] = expr_index(s->g, k);
  }
  for (int q = s->first; q < s->nv; q++)
    if (!s->solved[q]) {
      index[s->m + nred] = (Index){index_name(&n->index[q], q), n->index[q].extent};
      position[q] = summed(s, q, s->m + nred++);
    }
  for (int q = s->first; q < s->nv; q++)
    sub[q] = s->solved[q] ? expr_substitute(s->g, s->solved[q], position, s->nv + s->m, NULL) : position[q];
  const Expr *before, *after;
  split_guard(s, flow->guard, &before, &after);
  const Expr *guard = derive_and(s->g, moved(s, before, sub, s->nv), moved(s, s->guard, position, s->nv + s->m));
  guard = derive_and(s->g, guard, moved(s, after, sub, s->nv));
  guard = derive_and(s->g, guard, moved(s, left_equations(s), position, s->nv + s->m));
  return (Contribution){.via = n->name,
                        .index = index,
                        .nred = nred,
                        .guard = guard,
                        .value = expr_substitute(s->g, flow->value, sub, s->nv, NULL),
                        .support = flow->support ? expr_substitute(s->g, flow->support, sub, s->nv, NULL) : NULL};
}

Contribution derive_solve(Derive *d, const Node *n, const Flow *flow, const Goal *goal) {
  Arena *arena = d->arena;
  const int x = d->task->nextra, rank = goal->node->nout;
  Solver s = {.d = d, .g = d->graph, .n = n, .goal = goal->node, .nv = n->nout + n->nred, .m = x + rank};
  const Expr **subscript = arena_array(arena, const Expr *, (size_t)s.m + 1);
  for (int k = 0; k < x; k++) subscript[k] = expr_index(s.g, n->kind == NODE_SCATTER ? n->nout + k : k);
  for (int k = x; k < s.m; k++) subscript[k] = goal->sub[k - x];
  s.subscript = subscript;
  s.into = goal->index;
  s.first = n->kind == NODE_SCATTER ? n->nout : 0;
  s.equation = arena_array(arena, const Expr *, (size_t)s.m + 1);
  s.solved = arena_array(arena, const Expr *, (size_t)s.nv + 1);
  s.bare = arena_array(arena, int, (size_t)s.m + 1);
  s.coefficient = arena_array(arena, int64_t, (size_t)(s.nv + s.m) + 1);
  for (int k = 0; k < s.m; k++) {
    s.equation[k] = subscript[k];
    s.bare[k] = -1;
  }
  const Expr *guard = settle(&s, flow->guard, derive_extra_at(d, n));
  Flow within = *flow;
  within.guard = guard;
  flow = &within;
  for (int k = 0; k < s.m; k++)
    for (int q = s.first; q < s.nv; q++)
      if (s.same[q] >= 0) s.equation[k] = replace(&s, s.equation[k], q, expr_index(s.g, s.same[q]));
  Candidate c;
  while (find_candidate(&s, &c)) solve_for(&s, &c);
  for (int q = s.first; q < s.nv; q++)
    if (s.same[q] >= 0) s.solved[q] = s.solved[s.same[q]];
  // An array that is updated in place is added to entry by entry, where it was read.
  bool whole = s.guard == NULL && flow->guard == NULL;
  for (int q = s.first; q < s.nv; q++) whole = whole && s.solved[q];
  const int last = goal->node->kind == NODE_CARRY ? x + goal->node->axis : -1; // a last state is read at a constant
  for (int k = 0; k < s.m; k++) whole = whole && (!s.equation[k] || (k == last && s.equation[k]->kind == EXPR_POLY));
  if (needs_scatter(&s) || (d->in_place[goal->node->id] && !whole)) return scatter(&s, flow);
  return comprehension(&s, flow);
}
