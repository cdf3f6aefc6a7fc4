// apart.c - see apart.h.
#include "schedule/apart.h"

Apart apart_any(Arena *a, int count) {
  Apart apart = {.count = count, .least = arena_array(a, int64_t, (size_t)(count * count) + 1)};
  for (int k = 0; k < count * count; k++) apart.least[k] = APART_ANY;
  return apart;
}

Apart apart_never(Arena *a, int count) {
  Apart apart = apart_any(a, count);
  apart.never = true;
  return apart;
}

const Expr *apart_condition(Graph *g, int a, int b, int64_t least) {
  const Expr *other = expr_index(g, b);
  if (least) other = expr_prim2(g, PRIM_ADD, other, expr_int(g, least));
  return expr_prim2(g, PRIM_GE, expr_index(g, a), other);
}

// x - y = index a - index b + plus, or (a = b) plus alone.
typedef struct Difference {
  int a, b;
  int64_t plus;
} Difference;

static bool difference(Graph *pool, const Expr *x, const Expr *y, int count, Difference *d) {
  int64_t cx[INDEX_MAX], cy[INDEX_MAX];
  const Expr *rest_x, *rest_y;
  x = expr_substitute(pool, x, NULL, 0, NULL); // expressions of two graphs never mix
  y = expr_substitute(pool, y, NULL, 0, NULL);
  if (!expr_affine(pool, x, count, cx, &rest_x) || !expr_affine(pool, y, count, cy, &rest_y)) return false;
  if (rest_x->kind != EXPR_POLY || rest_y->kind != EXPR_POLY) return false;
  if (!poly_is_int(poly_sub(pool->dims, rest_x->u.poly, rest_y->u.poly), &d->plus)) return false;
  d->a = d->b = -1;
  for (int k = 0; k < count; k++) {
    const int64_t c = cx[k] - cy[k];
    if (c == 1 && d->a < 0)
      d->a = k;
    else if (c == -1 && d->b < 0)
      d->b = k;
    else if (c != 0)
      return false;
  }
  return (d->a < 0) == (d->b < 0);
}

static void learn(Apart *apart, const Difference *d, int64_t least) {
  if (d->a < 0) {
    apart->never = apart->never || d->plus < least;
    return;
  }
  int64_t *known = &apart->least[d->a * apart->count + d->b];
  if (*known < least - d->plus) *known = least - d->plus;
}

void apart_learn(Apart *apart, Graph *pool, const Expr *condition) {
  static const struct {
    Prim op;
    bool more, less; // is the first operand that much more than the other one, or less
    int64_t by;
  } comparisons[] = {{PRIM_GE, true, false, 0}, {PRIM_GT, true, false, 1}, {PRIM_LE, false, true, 0}, {PRIM_LT, false, true, 1}, {PRIM_EQ, true, true, 0}};
  if (condition->kind != EXPR_PRIM) return;
  const Expr *const *arg = condition->u.prim.arg;
  if (condition->u.prim.op == PRIM_AND) {
    apart_learn(apart, pool, arg[0]);
    apart_learn(apart, pool, arg[1]);
  }
  for (size_t k = 0; k < sizeof comparisons / sizeof *comparisons; k++) {
    Difference d;
    if (condition->u.prim.op != comparisons[k].op || arg[0]->type != TYPE_INT) continue;
    if (comparisons[k].more && difference(pool, arg[0], arg[1], apart->count, &d)) learn(apart, &d, comparisons[k].by);
    if (comparisons[k].less && difference(pool, arg[1], arg[0], apart->count, &d)) learn(apart, &d, comparisons[k].by);
  }
}

void apart_both(Apart *apart, const Apart *more) {
  apart->never = apart->never || more->never;
  for (int k = 0; k < apart->count * apart->count; k++)
    if (apart->least[k] < more->least[k]) apart->least[k] = more->least[k];
}

void apart_either(Apart *apart, const Apart *other) {
  if (other->never) return;
  for (int k = 0; k < apart->count * apart->count; k++)
    if (apart->never || apart->least[k] > other->least[k]) apart->least[k] = other->least[k];
  apart->never = false;
}

void apart_learn_read(Apart *apart, Graph *pool, const Apart *array, const Expr *const *sub) {
  apart->never = apart->never || array->never;
  for (int p = 0; p < array->count; p++)
    for (int q = 0; q < array->count; q++) {
      Difference d;
      const int64_t least = array->least[p * array->count + q];
      if (least != APART_ANY && difference(pool, sub[p], sub[q], apart->count, &d)) learn(apart, &d, least);
    }
}

Apart apart_of_read(Arena *a, Graph *pool, const Apart *apart, const Expr *const *sub, int count) {
  Apart of = apart_any(a, count);
  of.never = apart->never;
  for (int p = 0; p < count; p++)
    for (int q = 0; q < count; q++) {
      Difference d;
      if (p == q || !difference(pool, sub[p], sub[q], apart->count, &d)) continue;
      const int64_t known = d.a < 0 ? 0 : apart->least[d.a * apart->count + d.b];
      if (known != APART_ANY) of.least[p * count + q] = known + d.plus;
    }
  return of;
}
