// kinds.c - see kinds.h.
#include "derive/kinds.h"

#include <string.h>

#include "derive/kind.h"

const DerivativeRow derivative_table[DERIVATIVE_COUNT] = {
    [DERIVATIVE_GRADIENT] = {"gradient", true, false},
    [DERIVATIVE_JVP] = {"jvp", true, true},
    [DERIVATIVE_VJP] = {"vjp", false, true},
    [DERIVATIVE_HVP] = {"hvp", true, false},
    [DERIVATIVE_JACOBIAN] = {"jacobian", false, true},
    [DERIVATIVE_HESSIAN] = {"hessian", true, false},
    [DERIVATIVE_DIAGONAL] = {"hessian_diagonal", true, false},
    [DERIVATIVE_GRADIENT_AND_DIAGONAL] = {"gradient_and_diagonal", true, false},
    [DERIVATIVE_SPARSE] = {"sparse_jacobian", false, true},
    [DERIVATIVE_STRUCTURE] = {"sparse_jacobian_structure", false, false},
};

// ---- what it is by ----

bool derive_by_data(const Request *r) {
  return r->ndata > 0 && r->kind != DERIVATIVE_GRADIENT && r->kind != DERIVATIVE_VJP;
}

const char *derive_kind_name(Arena *a, const Request *r) {
  const char *name = derivative_table[r->kind].name;
  return derive_by_data(r) ? arena_printf(a, "%s_by_data", name) : name;
}

const Model *derive_variables(Arena *a, const Model *m, const Request *r) {
  if (!derive_by_data(r)) return m;
  ParamDecl *variable = arena_array(a, ParamDecl, (size_t)r->ndata);
  for (int k = 0; k < r->ndata; k++) {
    const DataDecl *d = &m->data[r->data[k]];
    variable[k] = (ParamDecl){.name = d->name, .span = d->span, .rank = d->rank, .extent = d->extent};
  }
  Model *seen = arena_new_of(a, Model);
  *seen = *m;
  seen->nparam = r->ndata;
  seen->param = variable;
  return seen;
}

// The parameter, as the request sees it, that the node is; -1: none.
static int variable_of(const Request *r, const Node *n) {
  if (!derive_by_data(r)) return n->kind == NODE_PARAM ? n->which : -1;
  for (int k = 0; k < r->ndata; k++)
    if (n->kind == NODE_DATA && n->which == r->data[k]) return k;
  return -1;
}

// ---- inputs and outputs ----

static const Node *find_output(const Graph *g, const char *predict) {
  for (size_t k = 0; k < g->nroots; k++) {
    const Root *r = &g->roots[k];
    if (predict ? r->role == ROOT_PREDICT && !strcmp(r->name, predict) : r->role == ROOT_LOSS) return r->node;
  }
  return NULL;
}

static void find_params(Kind *k) {
  int *at = arena_array(k->arena, int, (size_t)k->model->nparam + 1);
  k->param = arena_array(k->arena, const Node *, (size_t)k->model->nparam + 1);
  k->input = arena_array(k->arena, const Node *, (size_t)k->model->nparam + 1);
  for (size_t j = 0; j < k->graph->count; j++)
    if (variable_of(k->request, k->graph->nodes[j]) >= 0)
      k->param[variable_of(k->request, k->graph->nodes[j])] = k->graph->nodes[j];
  for (int p = 0; p < k->model->nparam; p++)
    if (k->param[p]) {
      at[k->ninput] = p;
      k->input[k->ninput++] = k->param[p];
    }
  k->input_at = at;
}

static const Node *seed_like(Kind *k, const Node *n, const char *what, int which) {
  const Node seed = {.kind = NODE_SEED,
                     .name = arena_printf(k->arena, "%s_%s", what, n->name),
                     .type = TYPE_REAL,
                     .which = which,
                     .nout = n->nout,
                     .index = n->index};
  return graph_add(k->graph, &seed);
}

static Derivation along_direction(Kind *k) {
  DeriveSeed *seed = arena_array(k->arena, DeriveSeed, (size_t)k->ninput + 1);
  for (int j = 0; j < k->ninput; j++)
    seed[j] = (DeriveSeed){k->input[j], seed_like(k, k->input[j], "direction", 1 + k->input_at[j])};
  return (Derivation){.seed = seed, .nseed = k->ninput};
}

// By the entries of n, which become extra indices.
Derivation derive_by_entries(Kind *k, const Node *n) {
  static const char *const usual[] = {"a", "b", "c", "d"};
  DeriveSeed *seed = arena_new_of(k->arena, DeriveSeed);
  Index *extra = arena_array(k->arena, Index, (size_t)n->nout + 1);
  for (int j = 0; j < n->nout; j++)
    extra[j] = (Index){n->index[j].name ? n->index[j].name : usual[j % 4], n->index[j].extent};
  *seed = (DeriveSeed){n, NULL};
  return (Derivation){.seed = seed, .nseed = 1, .extra = extra, .nextra = n->nout};
}

// ---- results ----

static const Poly *product(Dims *dims, const Index *index, int count) {
  const Poly *size = poly_int(dims, 1);
  for (int k = 0; k < count; k++) size = poly_mul(dims, size, index[k].extent);
  return size;
}

const Poly *derive_node_size(Dims *dims, const Node *n) {
  return product(dims, n->index, n->nout);
}

const Poly *derive_params_size(const Model *m) {
  const Poly *size = poly_int(m->dims, 0);
  for (int k = 0; k < m->nparam; k++) {
    const Poly *one = poly_int(m->dims, 1);
    for (int q = 0; q < m->param[k].rank; q++) one = poly_mul(m->dims, one, m->param[k].extent[q]);
    size = poly_add(m->dims, size, one);
  }
  return size;
}

void derive_add_root(Kind *k, int which, const Node *n) {
  graph_add_root(k->graph, ROOT_DERIVATIVE, n->name, which, n);
}

// Zero over the declared shape of parameter p, behind the indices of `row` (null: none).
static const Node *zeros(Kind *k, const char *name, const Index *row, int nrow, int p) {
  const ParamDecl *param = &k->model->param[p];
  Index *index = arena_array(k->arena, Index, (size_t)(nrow + param->rank) + 1);
  for (int j = 0; j < nrow; j++) index[j] = row[j];
  for (int j = 0; j < param->rank; j++) index[nrow + j] = (Index){NULL, param->extent[j]};
  static const char *const usual[] = {"i", "j", "k", "l"};
  for (int j = 0; j < nrow + param->rank; j++)
    if (!index[j].name) index[j].name = usual[j % 4];
  const Node n = {.kind = NODE_COMP,
                  .name = name,
                  .type = TYPE_REAL,
                  .nout = nrow + param->rank,
                  .index = index,
                  .expr = expr_real(k->graph, 0)};
  return graph_add(k->graph, &n);
}

// from[sub…] over the given indices, as a node of its own.
static const Node *view(Kind *k, const Node *from, const char *name, const Index *index, int count,
                        const Expr *const *sub) {
  const Node n = {.kind = NODE_COMP,
                  .name = name,
                  .note = from->note,
                  .type = TYPE_REAL,
                  .nout = count,
                  .index = index,
                  .expr = expr_read(k->graph, from, sub)};
  return graph_add(k->graph, &n);
}

// The gradient of the loss in the graph: by[k] for each parameter that is read.
static bool add_gradient(Kind *k, const Node **by) {
  const Node one = {.kind = NODE_COMP, .name = "one", .type = TYPE_REAL, .expr = expr_real(k->graph, 1)};
  const DeriveSeed seed = {k->output, graph_add(k->graph, &one)};
  const Derivation task = {.seed = &seed, .nseed = 1, .of = k->input, .nof = k->ninput, .what = "loss"};
  return derive_reverse(k->graph, &task, by);
}

// ---- the kinds ----

static bool make_jvp(Kind *k) {
  const Node *tangent;
  Derivation task = along_direction(k);
  task.of = &k->output;
  task.nof = 1;
  if (!derive_forward(k->graph, &task, &tangent)) return false;
  if (!tangent) {
    const Node zero = {.kind = NODE_COMP,
                       .name = "tangent",
                       .type = TYPE_REAL,
                       .nout = k->output->nout,
                       .index = k->output->index,
                       .expr = expr_real(k->graph, 0)};
    tangent = graph_add(k->graph, &zero);
  }
  derive_add_root(k, 0, tangent);
  return true;
}

// By `of`, whose roots are counted by `which`.
static bool pull_back(Kind *k, const Node *seed_value, const Node *const *of, const int *which, int count) {
  const Node **by = arena_array(k->arena, const Node *, (size_t)count + 1);
  const DeriveSeed seed = {k->output, seed_value};
  const Derivation task = {.seed = &seed, .nseed = 1, .of = of, .nof = count, .what = k->output->name};
  if (!derive_reverse(k->graph, &task, by)) return false;
  for (int j = 0; j < count; j++) derive_add_root(k, which[j], by[j]);
  return true;
}

// An input node for a data array, which the graph perhaps does not read.
static const Node *data_node(Kind *k, int which) {
  for (size_t j = 0; j < k->graph->count; j++)
    if (k->graph->nodes[j]->kind == NODE_DATA && k->graph->nodes[j]->which == which) return k->graph->nodes[j];
  const DataDecl *d = &k->model->data[which];
  Index *index = arena_array(k->arena, Index, (size_t)d->rank + 1);
  for (int j = 0; j < d->rank; j++) index[j] = (Index){NULL, d->extent[j]};
  const Node n = {.kind = NODE_DATA, .name = d->name, .type = d->type, .which = which, .nout = d->rank, .index = index};
  return graph_add(k->graph, &n);
}

static bool make_gradient(Kind *k) {
  const Request *r = k->request;
  const Node **of = arena_array(k->arena, const Node *, (size_t)r->ndata + 1);
  const Node one = {.kind = NODE_COMP, .name = "one", .type = TYPE_REAL, .expr = expr_real(k->graph, 1)};
  for (int j = 0; j < r->ndata; j++) of[j] = data_node(k, r->data[j]);
  return pull_back(k, graph_add(k->graph, &one), of, r->data, r->ndata);
}

// A parameter that nothing reads has a derivative, too: 0.
static void add_zeros(Kind *k, const char *format, const Index *row, int nrow, int stride, int offset) {
  for (int p = 0; p < k->model->nparam; p++)
    if (!k->param[p])
      derive_add_root(k, offset + p * stride,
                      zeros(k, arena_printf(k->arena, format, k->model->param[p].name), row, nrow, p));
}

static bool make_vjp(Kind *k) {
  const Request *r = k->request;
  const int count = k->ninput + r->ndata;
  const Node **of = arena_array(k->arena, const Node *, (size_t)count + 1);
  int *which = arena_array(k->arena, int, (size_t)count + 1);
  for (int j = 0; j < k->ninput; j++) {
    of[j] = k->input[j];
    which[j] = k->input_at[j];
  }
  for (int j = 0; j < r->ndata; j++) {
    of[k->ninput + j] = data_node(k, r->data[j]);
    which[k->ninput + j] = k->model->nparam + r->data[j];
  }
  add_zeros(k, "d_%s", NULL, 0, 1, 0);
  return pull_back(k, seed_like(k, k->output, "cotangent", 1), of, which, count);
}

static bool make_hvp(Kind *k) {
  const Node **gradient = arena_array(k->arena, const Node *, (size_t)k->ninput + 1);
  const Node **tangent = arena_array(k->arena, const Node *, (size_t)k->ninput + 1);
  if (!add_gradient(k, gradient)) return false;
  Derivation task = along_direction(k);
  task.of = gradient;
  task.nof = k->ninput;
  if (!derive_forward(k->graph, &task, tangent)) return false;
  for (int j = 0; j < k->ninput; j++)
    derive_add_root(k, k->input_at[j],
                    tangent[j]
                        ? tangent[j]
                        : zeros(k, arena_printf(k->arena, "%s_dot", gradient[j]->name), NULL, 0, k->input_at[j]));
  add_zeros(k, "d_%s_dot", NULL, 0, 1, 0);
  return true;
}

// What costs less: forward mode once for each parameter's entry, or reverse mode once for each of the prediction.  Sizes
// that are known only at call time are taken to be large.
static bool more_outputs(const Kind *k) {
  enum { NOMINAL = 1000 };
  const Dims *dims = k->model->dims;
  int64_t *value = arena_array(k->arena, int64_t, (size_t)dims_count(dims) + 1), outputs, params;
  for (int j = 0; j < dims_count(dims); j++) value[j] = NOMINAL;
  const Poly *size = derive_node_size(k->model->dims, k->output), *all = derive_params_size(k->model);
  if (!poly_value(dims, size, value, &outputs) || !poly_value(dims, all, value, &params)) return true;
  return outputs >= params;
}

static bool jacobian_forward(Kind *k) {
  const int n = k->output->nout;
  for (int j = 0; j < k->ninput; j++) {
    const Node *p = k->input[j], *tangent;
    Derivation task = derive_by_entries(k, p);
    task.of = &k->output;
    task.nof = 1;
    task.what = p->name;
    if (!derive_forward(k->graph, &task, &tangent)) return false;
    const char *name = arena_printf(k->arena, "jacobian_%s", p->name);
    Index *index = arena_array(k->arena, Index, (size_t)(n + p->nout) + 1);
    const Expr **sub = arena_array(k->arena, const Expr *, (size_t)(n + p->nout) + 1);
    for (int q = 0; q < n; q++) {
      index[q] = k->output->index[q];
      sub[p->nout + q] = expr_index(k->graph, q);
    }
    for (int q = 0; q < p->nout; q++) {
      index[n + q] = task.extra[q];
      sub[q] = expr_index(k->graph, n + q);
    }
    derive_add_root(k, k->input_at[j],
                    tangent ? view(k, tangent, name, index, n + p->nout, sub)
                            : zeros(k, name, index, n, k->input_at[j]));
  }
  return true;
}

static bool jacobian_reverse(Kind *k) {
  const Node **by = arena_array(k->arena, const Node *, (size_t)k->ninput + 1);
  Derivation task = derive_by_entries(k, k->output);
  task.of = k->input;
  task.nof = k->ninput;
  task.what = k->output->name;
  if (!derive_reverse(k->graph, &task, by)) return false;
  for (int j = 0; j < k->ninput; j++) derive_add_root(k, k->input_at[j], by[j]);
  return true;
}

static bool make_jacobian(Kind *k) {
  add_zeros(k, "jacobian_%s", k->output->index, k->output->nout, 1, 0);
  return more_outputs(k) ? jacobian_forward(k) : jacobian_reverse(k);
}

// Rows of the Hessian: the tangents of `of`, by the entries of parameter p (of those that are read).
static bool hessian_rows(Kind *k, int p, const Node *const *of, int nof, const Node **tangent) {
  Derivation task = derive_by_entries(k, k->input[p]);
  task.of = of;
  task.nof = nof;
  task.what = k->input[p]->name;
  return derive_forward(k->graph, &task, tangent);
}

static bool make_hessian(Kind *k) {
  const int nparam = k->model->nparam;
  const Node **gradient = arena_array(k->arena, const Node *, (size_t)k->ninput + 1);
  const Node **row = arena_array(k->arena, const Node *, (size_t)k->ninput + 1);
  if (!add_gradient(k, gradient)) return false;
  for (int p = 0; p < nparam; p++) {
    const ParamDecl *param = &k->model->param[p];
    Index *index = arena_array(k->arena, Index, (size_t)param->rank + 1);
    for (int q = 0; q < param->rank; q++) index[q] = (Index){NULL, param->extent[q]};
    add_zeros(k, "hessian_%s", index, param->rank, 1, p * nparam);
    for (int j = 0; !k->param[p] && j < k->ninput; j++)
      derive_add_root(k, p * nparam + k->input_at[j], zeros(k, "hessian", index, param->rank, k->input_at[j]));
  }
  for (int p = 0; p < k->ninput; p++) {
    if (!hessian_rows(k, p, gradient, k->ninput, row)) return false;
    const Node *n = k->input[p];
    for (int q = 0; q < k->ninput; q++)
      derive_add_root(k, k->input_at[p] * nparam + k->input_at[q],
                      row[q] ? row[q] : zeros(k, "hessian", n->index, n->nout, k->input_at[q]));
  }
  return true;
}

// The Hessian's diagonal, whose roots are counted from `first` on.
static bool add_diagonal(Kind *k, const Node *const *gradient, int first) {
  const Node *row;
  add_zeros(k, "diagonal_%s", NULL, 0, 1, first);
  for (int p = 0; p < k->ninput; p++) {
    const Node *n = k->input[p];
    if (!hessian_rows(k, p, &gradient[p], 1, &row)) return false;
    const char *name = arena_printf(k->arena, "diagonal_%s", n->name);
    const Expr **sub = arena_array(k->arena, const Expr *, 2 * (size_t)n->nout + 1);
    for (int q = 0; q < 2 * n->nout; q++) sub[q] = expr_index(k->graph, q % n->nout);
    derive_add_root(k, first + k->input_at[p],
                    row ? view(k, row, name, gradient[p]->index, n->nout, sub)
                        : zeros(k, name, NULL, 0, k->input_at[p]));
  }
  return true;
}

static bool make_diagonal(Kind *k) {
  const Node **gradient = arena_array(k->arena, const Node *, (size_t)k->ninput + 1);
  return add_gradient(k, gradient) && add_diagonal(k, gradient, 0);
}

static bool make_gradient_and_diagonal(Kind *k) {
  const Node **gradient = arena_array(k->arena, const Node *, (size_t)k->ninput + 1);
  if (!add_gradient(k, gradient)) return false;
  add_zeros(k, "d_%s", NULL, 0, 1, 0);
  for (int p = 0; p < k->ninput; p++) derive_add_root(k, k->input_at[p], gradient[p]);
  return add_diagonal(k, gradient, k->model->nparam);
}

static bool (*const makers[DERIVATIVE_COUNT])(Kind *k) = {
    [DERIVATIVE_GRADIENT] = make_gradient,
    [DERIVATIVE_JVP] = make_jvp,
    [DERIVATIVE_VJP] = make_vjp,
    [DERIVATIVE_HVP] = make_hvp,
    [DERIVATIVE_JACOBIAN] = make_jacobian,
    [DERIVATIVE_HESSIAN] = make_hessian,
    [DERIVATIVE_DIAGONAL] = make_diagonal,
    [DERIVATIVE_GRADIENT_AND_DIAGONAL] = make_gradient_and_diagonal,
    [DERIVATIVE_SPARSE] = derive_sparse,
    [DERIVATIVE_STRUCTURE] = derive_sparse,
};

// Derivatives by data run along other ways than those by parameters.
static bool *varying(Kind *k, const Graph *g) {
  bool *from = arena_array(k->arena, bool, g->count + 1);
  for (size_t j = 0; j < g->count; j++) {
    const Node *n = g->nodes[j];
    from[j] = variable_of(k->request, n) >= 0;
    for (int i = 0; i < k->request->ndata; i++)
      from[j] = from[j] || (n->kind == NODE_DATA && n->which == k->request->data[i]);
  }
  return from;
}

Graph *derive_kind(Arena *a, const Model *m, const Request *request) {
  Kind k = {.arena = a, .model = derive_variables(a, m, request), .request = request};
  const Node **map = arena_array(a, const Node *, m->graph->count + 1);
  const Node *output = find_output(m->graph, request->predict);
  k.graph = derive_copy(a, m->graph, varying(&k, m->graph), &output, 1, map);
  k.output = map[output->id];
  find_params(&k);
  return makers[request->kind](&k) ? k.graph : NULL;
}
