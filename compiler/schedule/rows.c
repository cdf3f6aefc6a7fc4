// rows.c - loops inside of a tile that multiply its samples' rows, entry by entry, with a vector: x[i, j] w[j] summed over the
// entries, or a[i] x[i, j] summed over the samples.  These take the rows as they lie (mdl/rows.h).
#include "schedule/internal.h"

static bool is_index(const Expr *e, const Loop *loop) {
  return e->kind == EXPR_INDEX && e->u.index == loop->id;
}

// An array of reals whose last subscript is the loop's index, and that no other subscript mentions; nor any `other`, from `from` on.
static bool runs_along(const Expr *e, const Loop *loop, const Loop *other, int from) {
  if (e->kind != EXPR_READ || e->type != TYPE_REAL || e->u.read.node->nout <= from) return false;
  const int last = e->u.read.node->nout - 1;
  for (int k = from; k < last; k++)
    if (mentions_loop(e->u.read.sub[k], loop) || mentions_loop(e->u.read.sub[k], other)) return false;
  return is_index(e->u.read.sub[last], loop);
}

static bool is_input(const Schedule *s, const Node *n) {
  return s->place[n->id].stored == STORED_INPUT || s->place[n->id].stored == STORED_GIVEN;
}

// x[i, …, j]: there is a row for each sample.
static bool is_row(const Schedule *s, const Expr *e, const Loop *tile, const Loop *loop) {
  return runs_along(e, loop, tile, 1) && is_input(s, e->u.read.node) && is_index(e->u.read.sub[0], tile) &&
         e->u.read.node->index[0].extent == tile->extent;
}

// w[…, j], whose entries lie one behind the other.
static bool is_vector(const Schedule *s, const Expr *e, const Loop *tile, const Loop *loop) {
  if (!runs_along(e, loop, tile, 0)) return false;
  const Node *n = e->u.read.node;
  const Place *p = &s->place[n->id];
  return is_input(s, n) || (p->stored == STORED_WORK && !p->lane && p->kept[n->nout - 1]);
}

// a[i, …]: one of each sample, side by side.
static bool is_of_samples(const Schedule *s, const Expr *e, const Loop *tile, const Loop *loop) {
  if (e->kind != EXPR_READ || e->type != TYPE_REAL || mentions_loop(e, loop)) return false;
  const Node *n = e->u.read.node;
  if (s->place[n->id].lane) return true;
  return n->nout == 1 && is_input(s, n) && is_index(e->u.read.sub[0], tile);
}

// The one step of a loop that does nothing else than sum.
static const Node *only_sum(const Schedule *s, const Loop *loop) {
  const Step *only = NULL;
  if (loop->nlow || loop->nhigh || loop->carries || loop->reverse || loop->alive) return NULL;
  for (size_t k = 0; k < loop->nbody; k++) {
    if (loop->body[k].idle) continue;
    if (only) return NULL;
    only = &loop->body[k];
  }
  if (!only || only->kind != STEP_NODE) return NULL;
  const Node *n = only->node;
  const bool sums = n->kind == NODE_COMP && n->reduce == REDUCE_SUM && n->type == TYPE_REAL && n->nred == 1;
  return sums && !n->guard && !s->place[n->id].contraction ? n : NULL;
}

bool row_product(Schedule *s, const Loop *tile, const Loop *loop, RowProduct *p) {
  const Node *n = only_sum(s, loop);
  if (!n || s->task.no_fma) return false; // each multiply-add is one rounding there
  const Place *place = &s->place[n->id];
  const Expr *e = schedule_expr(s, n, n->expr);
  for (int q = 0; q < n->nout + n->nred; q++)
    if (place->mirrored[q]) return false;
  if (!expr_is_prim(e, PRIM_MUL)) return false;
  const bool times = place->loop[n->nout] == loop && place->lane && s->order[n->id].kind == ORDER_TERMS;
  const bool sums = place->loop[n->nout] == tile && n->nout > 0 && place->loop[n->nout - 1] == loop && !place->lane && !s->task.threads &&
                    s->order[n->id].kind == ORDER_BLOCKS &&
                    (place->stored == STORED_SINK || (place->stored == STORED_WORK && place->kept[n->nout - 1]));
  for (int k = 0; k < 2; k++) {
    const Expr *row = e->u.prim.arg[k], *by = e->u.prim.arg[1 - k];
    if (!is_row(s, row, tile, loop)) continue;
    if (!(times && is_vector(s, by, tile, loop)) && !(sums && is_of_samples(s, by, tile, loop))) continue;
    *p = (RowProduct){n, row, by, sums};
    return true;
  }
  return false;
}

typedef struct Fetched {
  const Node **rows;
  size_t count, room;
} Fetched;

// The first product with an array's rows fetches the next tile's.
static bool fetch(Schedule *s, Fetched *fetched, const Node *rows) {
  for (size_t k = 0; k < fetched->count; k++)
    if (fetched->rows[k] == rows) return false;
  ARENA_PUSH(s->arena, fetched->rows, fetched->count, fetched->room) = rows;
  return true;
}

static void find_products(Schedule *s, const Loop *tile, const Step *body, size_t count, Fetched *fetched) {
  RowProduct p;
  for (size_t k = 0; k < count; k++) {
    if (body[k].kind != STEP_LOOP) continue;
    Loop *loop = body[k].loop;
    find_products(s, tile, loop->body, loop->nbody, fetched);
    if (!row_product(s, tile, loop, &p)) continue;
    loop->lanes = LANES_ROWS;
    loop->lanes_why = (Reason){REASON_ROWS, p.row->u.read.node};
    loop->fetches = fetch(s, fetched, p.row->u.read.node);
  }
}

void find_row_products(Schedule *s, const Loop *tile) {
  Fetched fetched = {0};
  find_products(s, tile, tile->body, tile->nbody, &fetched);
}
