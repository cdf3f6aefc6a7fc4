// verify.c - everything that graph.h promises of a graph, looked at once more.
#include <string.h>

#include "graph/loops.h"
#include "graph/pool.h"
#include "graph/text.h"

typedef struct Verifier {
  const Model *model;
  const Graph *g;
  Text *why;
  bool *random; // by node: whether it depends on random draws
} Verifier;

static bool fail(Verifier *v, const char *what, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static bool fail(Verifier *v, const char *what, const char *name, const char *format, ...) {
  va_list args;
  va_start(args, format);
  text_printf(v->why, "%s `%s`: ", what, name ? name : "");
  text_vprintf(v->why, format, args);
  va_end(args);
  return false;
}

// ---- expressions ----

typedef struct Scope {
  const char *what, *name; // for messages
  int first, end;          // the indices that may occur
  int before;              // nodes with smaller ids may be read
  bool *random;            // set where a draw is made or read
} Scope;

static bool verify_read(Verifier *v, const Scope *s, const Expr *e) {
  const Node *n = e->u.read.node;
  if (n->id < 0 || (size_t)n->id >= v->g->count || v->g->nodes[n->id] != n)
    return fail(v, s->what, s->name, "reads a node of another graph");
  if (n->id >= s->before) return fail(v, s->what, s->name, "reads `%s`, which does not come earlier", n->name);
  if (e->type != n->type) return fail(v, s->what, s->name, "a read of `%s` has another type than the node", n->name);
  for (int k = 0; k < n->nout; k++)
    if (!e->u.read.sub[k] || e->u.read.sub[k]->type != TYPE_INT)
      return fail(v, s->what, s->name, "a subscript of `%s` is not an integer", n->name);
  *s->random = *s->random || v->random[n->id];
  return true;
}

static bool verify_prim(Verifier *v, const Scope *s, const Expr *e) {
  Type types[3], result;
  const char *name = prim_table[e->u.prim.op].name;
  if (e->u.prim.narg != prim_arity(e->u.prim.op))
    return fail(v, s->what, s->name, "`%s` has %d arguments", name, e->u.prim.narg);
  for (int k = 0; k < e->u.prim.narg; k++) types[k] = e->u.prim.arg[k]->type;
  if (!prim_result(e->u.prim.op, types, e->u.prim.narg, &result) || result != e->type)
    return fail(v, s->what, s->name, "`%s` has arguments or a result of the wrong type", name);
  *s->random = *s->random || e->u.prim.op == PRIM_RANDN || e->u.prim.op == PRIM_RANDU;
  return true;
}

static bool verify_part(Verifier *v, const Scope *s, const Expr *e) {
  static const Type leaf[] = {
      [EXPR_REAL] = TYPE_REAL, [EXPR_BOOL] = TYPE_BOOL, [EXPR_POLY] = TYPE_INT, [EXPR_INDEX] = TYPE_INT};
  if (e->id >= graph_expr_count(v->g) || graph_expr(v->g, e->id) != e)
    return fail(v, s->what, s->name, "has an expression of another graph");
  if (e->height > EXPR_HEIGHT_MAX) return fail(v, s->what, s->name, "has an expression that is nested too deeply");
  if (e->kind == EXPR_READ) return verify_read(v, s, e);
  if (e->kind == EXPR_PRIM) return verify_prim(v, s, e);
  if (e->type != leaf[e->kind]) return fail(v, s->what, s->name, "a leaf has the wrong type");
  if (e->kind == EXPR_POLY && poly_is_too_large(e->u.poly)) return fail(v, s->what, s->name, "an integer is too large");
  if (e->kind == EXPR_INDEX && (e->u.index < s->first || e->u.index >= s->end))
    return fail(v, s->what, s->name, "uses index %d, which it does not have", e->u.index);
  return true;
}

static bool verify_expr(Verifier *v, const Scope *s, const Expr *e) {
  Arena *scratch = arena_new();
  size_t count;
  const Expr **parts = expr_parts(scratch, e, &count);
  bool good = true;
  for (size_t k = 0; k < count && good; k++) good = verify_part(v, s, parts[k]);
  arena_free(scratch);
  return good;
}

static bool verify_typed(Verifier *v, const Scope *s, const Expr *e, Type type, const char *part) {
  if (!e) return fail(v, s->what, s->name, "has no %s", part);
  return verify_expr(v, s, e) &&
         (e->type == type || fail(v, s->what, s->name, "its %s is not %s", part, type_name(type)));
}

// ---- nodes ----

static bool verify_extent(Verifier *v, const char *what, const char *name, const Poly *extent) {
  if (!extent) return fail(v, what, name, "an index has no extent");
  return !poly_is_too_large(extent) || fail(v, what, name, "an extent is too large");
}

static bool is_identifier(const char *s) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
  return *s && !(*s >= '0' && *s <= '9') && s[strspn(s, letters)] == '\0';
}

static bool same_shape(const Node *n, const Poly *const *extent, int rank) {
  bool same = n->nout == rank;
  for (int k = 0; k < rank && same; k++) same = n->index[k].extent == extent[k];
  return same;
}

static bool verify_input(Verifier *v, const Node *n) {
  const Model *m = v->model;
  if (n->expr || n->guard || n->target || n->nred || n->reduce != REDUCE_NONE)
    return fail(v, "node", n->name, "an input computes nothing");
  if (n->kind == NODE_SEED)
    return (n->type == TYPE_REAL && n->which >= 0 && (n->nout == 0 || n->which > 0)) ||
           fail(v, "node", n->name, "a seed is real, and seed 0 a scalar");
  bool data = n->kind == NODE_DATA;
  if (n->which < 0 || n->which >= (data ? m->ndata : m->nparam))
    return fail(v, "node", n->name, "there is no such declaration");
  const Poly *const *extent = data ? m->data[n->which].extent : m->param[n->which].extent;
  if (!same_shape(n, extent, data ? m->data[n->which].rank : m->param[n->which].rank))
    return fail(v, "node", n->name, "has another shape than its declaration");
  return n->type == (data ? m->data[n->which].type : TYPE_REAL) ||
         fail(v, "node", n->name, "has another type than its declaration");
}

static bool verify_reduction(Verifier *v, const Node *n) {
  Type t = n->expr->type;
  if (n->reduce < REDUCE_NONE || n->reduce > REDUCE_ARGMAX) return fail(v, "node", n->name, "has an unknown reduction");
  if ((n->reduce == REDUCE_NONE) != (n->nred == 0))
    return fail(v, "node", n->name, "reduction indices and a reduction come together");
  if (n->reduce != REDUCE_NONE && t == TYPE_BOOL) return fail(v, "node", n->name, "reduces conditions");
  if (n->reduce == REDUCE_LOGSUMEXP && t != TYPE_REAL) return fail(v, "node", n->name, "logsumexp of integers");
  if (n->reduce == REDUCE_ARGMAX && n->nred != 1) return fail(v, "node", n->name, "argmax over more than one index");
  return n->type == (n->reduce == REDUCE_ARGMAX ? TYPE_INT : t) ||
         fail(v, "node", n->name, "has another type than its expression");
}

static bool verify_scatter(Verifier *v, const Node *n, const Scope *s) {
  if (n->reduce != REDUCE_NONE) return fail(v, "node", n->name, "a scatter has a reduction");
  if (n->type != n->expr->type || n->type == TYPE_BOOL)
    return fail(v, "node", n->name, "has another type than its expression");
  if (n->nout && !n->target) return fail(v, "node", n->name, "a scatter has no target");
  for (int k = 0; k < n->nout; k++)
    if (!verify_typed(v, s, n->target[k], TYPE_INT, "target")) return false;
  const Scope before = {"node", n->name, 0, n->nout, n->id, s->random};
  return !n->base || verify_typed(v, &before, n->base, n->type, "base");
}

// Has n the indices of m up to `count`, with `steps` for the extent of the axis?
static bool same_indices(const Node *n, const Node *m, int count, int axis, const Poly *steps) {
  for (int k = 0; k < count; k++)
    if (n->index[k].extent != (k == axis ? steps : m->index[k].extent)) return false;
  return true;
}

static bool verify_later(Verifier *v, const Node *n, const Node *later) {
  if (later->id < 0 || (size_t)later->id >= v->g->count || v->g->nodes[later->id] != later)
    return fail(v, "node", n->name, "takes a node of another graph");
  return later->kind == NODE_COMP || later->kind == NODE_SCATTER || later->kind == NODE_CARRY ||
         fail(v, "node", n->name, "takes an input");
}

static bool verify_carry(Verifier *v, const Node *n) {
  if (n->guard || n->nred || n->reduce != REDUCE_NONE) return fail(v, "node", n->name, "a carry has a guard");
  if (n->axis < 0 || n->axis >= n->nout) return fail(v, "node", n->name, "a carry has no axis");
  if (expr_uses_index(n->expr, n->axis)) return fail(v, "node", n->name, "its start depends on the step");
  if (n->type != n->expr->type) return fail(v, "node", n->name, "has another type than its expression");
  if (!n->next) return fail(v, "node", n->name, "a carry takes nothing");
  if (!verify_later(v, n, n->next) || (n->alive && !verify_later(v, n, n->alive))) return false;
  Dims *dims = v->g->dims;
  const Poly *steps = poly_sub(dims, n->index[n->axis].extent, poly_int(dims, 1));
  if (n->next->type != n->type || n->next->nout != n->nout || !same_indices(n->next, n, n->nout, n->axis, steps))
    return fail(v, "node", n->name, "takes entries of `%s`, which has another type or shape", n->next->name);
  if (n->alive && (n->alive->type != TYPE_BOOL || n->alive->nout != n->axis + 1 ||
                   !same_indices(n->alive, n, n->axis + 1, n->axis, steps)))
    return fail(v, "node", n->name, "lives on `%s`, which is no condition of its steps", n->alive->name);
  return true;
}

static bool verify_node(Verifier *v, size_t k) {
  const Node *n = v->g->nodes[k];
  if (!n->name || !is_identifier(n->name)) return fail(v, "node", n->name, "the name is not an identifier");
  if (n->id != (int)k) return fail(v, "node", n->name, "its id %d is not its position %zu", n->id, k);
  if (graph_find(v->g, n->name) != n) return fail(v, "node", n->name, "the name is not its own");
  if (n->nout < 0 || n->nred < 0 || n->nout > INDEX_MAX || n->nred > INDEX_MAX - n->nout)
    return fail(v, "node", n->name, "has too many indices");
  for (int j = 0; j < n->nout + n->nred; j++)
    if (!verify_extent(v, "node", n->name, n->index[j].extent)) return false;
  if (node_is_input(n)) return verify_input(v, n);
  if (n->kind != NODE_COMP && n->kind != NODE_SCATTER && n->kind != NODE_CARRY)
    return fail(v, "node", n->name, "is of an unknown kind");
  bool scatter = n->kind == NODE_SCATTER;
  const Scope s = {"node", n->name, scatter ? n->nout : 0, n->nout + n->nred, (int)k, &v->random[k]};
  if (!n->expr) return fail(v, "node", n->name, "has no expression");
  if (!verify_expr(v, &s, n->expr)) return false;
  if (n->guard && !verify_typed(v, &s, n->guard, TYPE_BOOL, "guard")) return false;
  if (scatter) return verify_scatter(v, n, &s);
  if (n->base || n->assign) return fail(v, "node", n->name, "only a scatter has a base");
  if (n->kind == NODE_CARRY) return verify_carry(v, n);
  if (n->next || n->alive) return fail(v, "node", n->name, "only a carry takes a later node");
  return verify_reduction(v, n) && (!n->target || fail(v, "node", n->name, "only a scatter has targets"));
}

// ---- roots and checks ----

static bool verify_root(Verifier *v, size_t k) {
  const Root *r = &v->g->roots[k];
  const Node *n = r->node;
  if (r->role < ROOT_LOSS || r->role > ROOT_NAMED) return fail(v, "root", r->name, "has an unknown role");
  const char *what = root_names[r->role];
  if (!n || n->id < 0 || (size_t)n->id >= v->g->count || v->g->nodes[n->id] != n)
    return fail(v, what, r->name, "its node is not of this graph");
  for (size_t j = 0; j < k; j++)
    if (v->g->roots[j].role == r->role && v->g->roots[j].which == r->which)
      return fail(v, what, r->name, "is there twice");
  if (r->role == ROOT_LOSS && (n->nout || n->type != TYPE_REAL)) return fail(v, what, r->name, "is not a real scalar");
  if (r->role == ROOT_START || r->role == ROOT_GRADIENT || r->role == ROOT_AUTHOR) {
    if (r->which < 0 || r->which >= v->model->nparam)
      return fail(v, what, r->name, "there is no parameter %d", r->which);
    const ParamDecl *p = &v->model->param[r->which];
    if (!r->name || strcmp(r->name, p->name) != 0)
      return fail(v, what, r->name, "parameter %d is `%s`", r->which, p->name);
    if (n->type != TYPE_REAL || !same_shape(n, p->extent, p->rank))
      return fail(v, what, r->name, "has not the parameter's shape");
  }
  if (v->random[n->id] && r->role != ROOT_START) return fail(v, what, r->name, "depends on random draws");
  return true;
}

static bool verify_check(Verifier *v, const RangeCheck *c) {
  bool random = false;
  const Scope s = {"check", c->text, 0, c->nindex, (int)v->g->count, &random};
  if (c->nindex < 0 || c->nindex > INDEX_MAX) return fail(v, s.what, s.name, "has too many indices");
  for (int k = 0; k < c->nindex; k++)
    if (!verify_extent(v, s.what, s.name, c->index[k].extent)) return false;
  if (!verify_extent(v, s.what, s.name, c->limit)) return false;
  return verify_typed(v, &s, c->value, TYPE_INT, "value") &&
         (!c->guard || verify_typed(v, &s, c->guard, TYPE_BOOL, "guard"));
}

// Bounds depend on dimensions alone.
static bool verify_param(Verifier *v, const ParamDecl *p) {
  bool random = false, low = p->constraint == CONSTRAINT_ABOVE || p->constraint == CONSTRAINT_BETWEEN,
       high = p->constraint == CONSTRAINT_BELOW || p->constraint == CONSTRAINT_BETWEEN;
  const Scope s = {"parameter", p->name, 0, 0, 0, &random};
  if (low != (p->low != NULL) || high != (p->high != NULL)) return fail(v, s.what, s.name, "has the wrong bounds");
  bool row = p->constraint == CONSTRAINT_SIMPLEX || p->constraint == CONSTRAINT_ORDERED,
       square = p->constraint == CONSTRAINT_CHOLESKY;
  if ((row && p->rank < 1) || (square && (p->rank < 2 || p->extent[p->rank - 1] != p->extent[p->rank - 2])))
    return fail(v, s.what, s.name, "has not the shape of its constraint");
  return (!low || verify_typed(v, &s, p->low, TYPE_REAL, "bound")) &&
         (!high || verify_typed(v, &s, p->high, TYPE_REAL, "bound")) &&
         (!random || fail(v, s.what, s.name, "has a random bound"));
}

bool graph_verify(const Model *m, const Graph *g, Text *why) {
  Arena *scratch = arena_new();
  Verifier v = {.model = m, .g = g, .why = why};
  v.random = arena_array(scratch, bool, g->count + 1);
  bool good = g->dims == m->dims || fail(&v, "graph", g->name, "has other dimensions than its model");
  for (size_t k = 0; k < g->count && good; k++) good = verify_node(&v, k);
  good = good && graph_loops(scratch, g, why);
  for (int k = 0; g == m->graph && k < m->nparam && good; k++) good = verify_param(&v, &m->param[k]);
  for (size_t k = 0; k < g->nroots && good; k++) good = verify_root(&v, k);
  for (int k = 0; g == m->graph && k < m->ncheck && good; k++) good = verify_check(&v, &m->check[k]);
  arena_free(scratch);
  return good;
}
