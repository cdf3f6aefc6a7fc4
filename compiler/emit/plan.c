// plan.c - the table of functions, their graphs, outputs and schedules.
#include <string.h>

#include "derive/derive.h"
#include "emit/contract.h"
#include "factor/common.h"
#include "factor/factor.h"
#include "factor/reciprocal.h"
#include "schedule/affine.h"
#include "schedule/attained.h"
#include "schedule/calls.h"
#include "schedule/columns.h"
#include "schedule/expand.h"
#include "schedule/factors.h"
#include "schedule/late.h"
#include "schedule/pairs.h"
#include "schedule/pieces.h"
#include "schedule/products.h"
#include "schedule/shares.h"
#include "schedule/unroll.h"
#include "schedule/zeros.h"
#include "simplify/simplify.h"

#define INPUTS ARGUMENT_DATA, ARGUMENT_PARAMS

const FunctionRow function_table[FUNCTION_ROWS] = {
    [FUNCTION_FORWARD] = {"forward",
                          true,
                          ROOT_GRADIENT,
                          {INPUTS, ARGUMENT_TAPE, ARGUMENT_WORK},
                          NULL,
                          "Returns the loss and fills the tape for backward.",
                          false},
    [FUNCTION_BACKWARD] =
        {"backward",
         false,
         ROOT_GRADIENT,
         {INPUTS, ARGUMENT_SAVED, ARGUMENT_WORK, ARGUMENT_SEED, ARGUMENT_RESULT},
         "grad",
         "Adds seed * d loss / d params to grad. The tape stays as it was: backward may be called again.",
         false},
    [FUNCTION_VALUE_AND_GRAD] = {"value_and_grad",
                                 true,
                                 ROOT_GRADIENT,
                                 {INPUTS, ARGUMENT_WORK, ARGUMENT_RESULT},
                                 "grad",
                                 "Returns the loss and writes its gradient to grad, both in one pass.",
                                 false},
    [FUNCTION_PREDICT] = {"predict",
                          false,
                          ROOT_PREDICT,
                          {INPUTS, ARGUMENT_WORK, ARGUMENT_OUTPUTS},
                          NULL,
                          "What inference computes; data that it does not read may be null.",
                          false},
    [FUNCTION_METRICS] =
        {"metrics", false, ROOT_METRIC, {INPUTS, ARGUMENT_WORK, ARGUMENT_OUTPUTS}, NULL, "The metrics.", false},
    [FUNCTION_INIT] = {"init",
                       false,
                       ROOT_START,
                       {ARGUMENT_RANDOM, ARGUMENT_RESULT},
                       "params",
                       "The start values; random ones are functions of the seed.",
                       false},
    [FUNCTION_GRADIENT] = {"gradient",
                           true,
                           ROOT_DERIVATIVE,
                           {INPUTS, ARGUMENT_WORK, ARGUMENT_OUTPUTS},
                           NULL,
                           "Returns the loss and writes its gradient by data.",
                           false},
    [FUNCTION_JVP] =
        {"jvp",
         true,
         ROOT_DERIVATIVE,
         {INPUTS, ARGUMENT_DIRECTION, ARGUMENT_WORK, ARGUMENT_RESULT},
         "tangent",
         "Returns the loss and writes its derivative along `direction`, a vector like $V: one real.",
         false},
    [FUNCTION_JVP_OF] =
        {"jvp",
         false,
         ROOT_DERIVATIVE,
         {INPUTS, ARGUMENT_DIRECTION, ARGUMENT_WORK, ARGUMENT_RESULT},
         "tangent",
         "Writes the Jacobian times `direction`, a vector like $V, to tangent, of the shape of",
         true},
    [FUNCTION_VJP] = {"vjp",
                      false,
                      ROOT_DERIVATIVE,
                      {INPUTS, ARGUMENT_COTANGENT, ARGUMENT_WORK, ARGUMENT_RESULT, ARGUMENT_OUTPUTS},
                      "grad",
                      "Writes the gradient of sum(cotangent * prediction) to grad; cotangent has the shape of",
                      true},
    [FUNCTION_HVP] = {"hvp",
                      false,
                      ROOT_DERIVATIVE,
                      {INPUTS, ARGUMENT_DIRECTION, ARGUMENT_WORK, ARGUMENT_RESULT},
                      "product",
                      "Hessian of the loss times `direction`; direction and product are vectors like $V.",
                      false},
    [FUNCTION_JACOBIAN] =
        {"jacobian",
         false,
         ROOT_DERIVATIVE,
         {INPUTS, ARGUMENT_WORK, ARGUMENT_RESULT},
         "jacobian",
         "Writes the Jacobian by $V, row-major: a row of all these for each entry of",
         true},
    [FUNCTION_HESSIAN] = {"hessian",
                          false,
                          ROOT_DERIVATIVE,
                          {INPUTS, ARGUMENT_WORK, ARGUMENT_RESULT},
                          "hessian",
                          "Hessian of the loss by $V, row-major: as many rows as columns.",
                          false},
    [FUNCTION_DIAGONAL] = {"hessian_diagonal",
                           false,
                           ROOT_DERIVATIVE,
                           {INPUTS, ARGUMENT_WORK, ARGUMENT_RESULT},
                           "diagonal",
                           "Diagonal of the Hessian of the loss: a vector like $V.",
                           false},
    [FUNCTION_GRADIENT_AND_DIAGONAL] =
        {"gradient_and_diagonal",
         true,
         ROOT_DERIVATIVE,
         {INPUTS, ARGUMENT_WORK, ARGUMENT_RESULT},
         "both",
         "Returns the loss and writes its gradient, then the diagonal of its Hessian: two vectors like $V.",
         false},
    [FUNCTION_SPARSE] =
        {"sparse_jacobian",
         false,
         ROOT_DERIVATIVE,
         {INPUTS, ARGUMENT_WORK, ARGUMENT_RESULT},
         "values",
         "Writes the Jacobian's entries by $V in compressed rows (_structure says which; those of one column add up), for",
         true},
    [FUNCTION_STRUCTURE] =
        {"sparse_jacobian_structure",
         false,
         ROOT_DERIVATIVE,
         {ARGUMENT_DATA, ARGUMENT_WORK, ARGUMENT_ROW_START, ARGUMENT_COLUMN},
         "column",
         "Writes where each row starts, one more than there are rows, and the column of each entry among $V, for",
         true},
};

const ArgumentRow argument_table[] = {
    [ARGUMENT_TAPE] = {"tape", "void *", "void *"},
    [ARGUMENT_SAVED] = {"tape", "const void *", "const void *"},
    [ARGUMENT_WORK] = {"work", "void *", "void *"},
    [ARGUMENT_SEED] = {"seed", "double ", "double "},
    [ARGUMENT_RANDOM] = {"seed", "uint64_t ", "uint64_t "},
    [ARGUMENT_DIRECTION] = {"direction", "const $R *", "const void *"},
    [ARGUMENT_COTANGENT] = {"cotangent", "const $R *", "const void *"},
    [ARGUMENT_ROW_START] = {"row_start", "int64_t *", "void *"},
    [ARGUMENT_COLUMN] = {"column", "int64_t *", "void *"},
    [ARGUMENT_RESULT] = {NULL, "$R *", "void *"},
    [ARGUMENT_OUTPUTS] = {NULL, NULL, NULL}, // one for each output
};

int plan_order(int k) {
  return k == 0 ? FUNCTION_INIT : k <= FUNCTION_INIT ? k - 1 : k;
}

// ---- outputs ----

bool by_parameters(const Plan *p, const Scheduled *f) {
  return f->by == p->unit->model;
}

// A part of the row's result that is laid out as the parameters are, or the data by which it is.
static Output like_params(const Plan *p, const Scheduled *f, const Node *n, int param) {
  const char *prefix = f->row->role == ROOT_START ? "start" : f->row->result;
  return (Output){.node = n,
                  .argument = f->row->result,
                  .label = arena_printf(p->unit->arena, "%s_%s", prefix, f->by->param[param].name),
                  .offset = f->offset[param],
                  .at = by_parameters(p, f) ? param : -1};
}

static Output whole(const Plan *p, const Node *n, const char *argument) {
  return (Output){.node = n, .argument = argument, .offset = poly_int(p->unit->model->dims, 0), .at = -1};
}

static Output by_data(const Plan *p, const Node *n, int data) {
  return whole(p, n, arena_printf(p->unit->arena, "grad_%s", p->unit->model->data[data].name));
}

// Rows of as many reals as there are parameters.
static Output in_rows(const Scheduled *f, Output o, int nrow) {
  o.nrow = nrow;
  o.stride = nrow > 0 ? f->offset[f->by->nparam] : NULL;
  return o;
}

static Output hessian_block(const Plan *p, const Scheduled *f, const Root *root) {
  const Model *m = f->by;
  const int above = root->which / m->nparam, left = root->which % m->nparam;
  Output o = like_params(p, f, root->node, left);
  o.label = arena_printf(p->unit->arena, "hessian_%s_%s", m->param[above].name, m->param[left].name);
  o.offset = poly_add(m->dims, poly_mul(m->dims, f->offset[above], f->offset[m->nparam]), o.offset);
  if (above > 0) o.at = -1;
  return in_rows(f, o, m->param[above].rank);
}

static int rank_of_predict(const Plan *p, const Request *r) {
  const Root **roots = arena_array(p->unit->arena, const Root *, p->unit->model->graph->nroots + 1);
  int count = plan_outputs(p, ROOT_PREDICT, roots), k = 0;
  while (k + 1 < count && strcmp(roots[k]->name, r->predict) != 0) k++;
  return roots[k]->node->nout;
}

// Entries of one block in a row: `first` is where the block's own indices begin.
static const Poly *row_part(Dims *dims, const Node *n, int first) {
  const Poly *size = poly_int(dims, 1);
  for (int k = first; k < n->nout; k++) size = poly_mul(dims, size, n->index[k].extent);
  return size;
}

// A block of compressed rows, behind those before it.
static Output sparse_block(const Plan *p, const Scheduled *f, const Root *root) {
  Dims *dims = p->unit->model->dims;
  const bool structure = f->row == &function_table[FUNCTION_STRUCTURE];
  const int nrow = rank_of_predict(p, f->request);
  if (structure && root->which == 0) return whole(p, root->node, "row_start");
  const Poly *length = poly_int(dims, 0);
  Output o = whole(p, root->node, f->row->result);
  for (size_t k = 0; k < f->graph->nroots; k++) {
    const Root *r = &f->graph->roots[k];
    if (r->role != ROOT_DERIVATIVE || (structure && r->which == 0)) continue;
    if (r->which == root->which) o.offset = length;
    length = poly_add(dims, length, row_part(dims, r->node, nrow));
  }
  o.label = arena_printf(p->unit->arena, "%s_of_block_%d", f->row->result, root->which + !structure);
  o.nrow = nrow;
  o.stride = nrow > 0 ? length : NULL;
  return o;
}

// Of two vectors, one behind the other.
static Output one_of_both(const Plan *p, const Scheduled *f, const Root *root) {
  const Model *m = f->by;
  const int param = root->which % m->nparam;
  Output o = like_params(p, f, root->node, param);
  o.label = arena_printf(p->unit->arena, "%s_%s", root->which < m->nparam ? "grad" : "diagonal", m->param[param].name);
  if (root->which < m->nparam) return o;
  o.offset = poly_add(m->dims, o.offset, f->offset[m->nparam]);
  o.at = -1;
  return o;
}

static Output output_of(const Plan *p, const Scheduled *f, const Root *root) {
  const Model *m = p->unit->model;
  Arena *a = p->unit->arena;
  const Node *n = root->node;
  switch ((FunctionKind)(f->row - function_table)) {
  case FUNCTION_PREDICT:
  case FUNCTION_METRICS: return whole(p, n, arena_printf(a, "out_%s", root->name));
  case FUNCTION_GRADIENT: return by_data(p, n, root->which);
  case FUNCTION_JVP:
  case FUNCTION_JVP_OF: return whole(p, n, f->row->result);
  case FUNCTION_VJP:
    return root->which < m->nparam ? like_params(p, f, n, root->which) : by_data(p, n, root->which - m->nparam);
  case FUNCTION_JACOBIAN:
    return in_rows(f, like_params(p, f, n, root->which), n->nout - f->by->param[root->which].rank);
  case FUNCTION_SPARSE:
  case FUNCTION_STRUCTURE: return sparse_block(p, f, root);
  case FUNCTION_HESSIAN: return hessian_block(p, f, root);
  case FUNCTION_GRADIENT_AND_DIAGONAL: return one_of_both(p, f, root);
  default: return like_params(p, f, n, root->which);
  }
}

static void find_outputs(const Plan *p, Scheduled *f) {
  const Graph *g = f->graph;
  Output *list = arena_array(p->unit->arena, Output, g->nroots + 1);
  bool writes = f->row != &function_table[FUNCTION_FORWARD];
  for (size_t k = 0; writes && k < g->nroots; k++)
    if (g->roots[k].role == f->row->role) list[f->noutput++] = output_of(p, f, &g->roots[k]);
  f->output = list;
}

// ---- schedules ----

// What a pass has made of g, tidied up; g itself where it has made nothing.
typedef Graph *Tidying(Arena *a, const Graph *g, unsigned roles);
static Graph *after(const Unit *u, Graph *g, const Graph *made, Tidying *tidy, unsigned roles) {
  return made ? tidy(u->arena, made, roles) : g;
}

static Graph *reduced(const Unit *u, const Graph *g, unsigned roles, const Poly *sample) {
  Arena *a = u->arena;
  const bool factors = !u->options->no_factor && !u->options->no_simplify;
  const bool starts = roles & 1u << ROOT_START; // in loops over whole arrays, without memory of their own
  Graph *small = u->options->no_simplify ? prune(a, g, roles) : simplify(a, drop_single(a, g, roles), roles);
  if (factors) small = simplify(a, share_reciprocals(a, factor(a, small)), roles);
  small = expand_reductions(a, small, u->options->use_float ? NEGLIGIBLE_FLOAT : NEGLIGIBLE_DOUBLE);
  if (!u->options->no_simplify && !starts) {
    small = after(u, small, join_columns(a, small), simplify, roles);
    small = name_calls(a, simplify(a, name_pieces(a, unroll(a, small, sample)), roles));
    small = prune(a, write_out_products(a, small), roles);
    if (factors) small = take_out_factors(a, small);
    small = after(u, small, name_shares(a, small, sample), simplify, roles);
    if (factors) small = after(u, small, part_steps(a, small), simplify, roles);
    if (factors) small = after(u, small, combine_late_last(a, small), prune, roles);
    small = after(u, small, turn_compared_rows(a, small, sample), prune, roles);
  }
  if (!u->options->no_simplify) small = leave_zeros(a, small, sample);
  small = stage_samples(a, name_factors(a, small, sample), sample);
  return factors ? prune(a, place_attained(a, small, sample), roles) : small;
}

// The function's outputs in the order of the contract.
static Task make_task(const Plan *p, const Scheduled *f) {
  const Unit *u = p->unit;
  const Graph *g = f->graph;
  const bool forward = f == &p->function[FUNCTION_FORWARD], backward = f == &p->function[FUNCTION_BACKWARD];
  Sink *sinks = arena_array(u->arena, Sink, g->count + (size_t)f->noutput + 1);
  Task task = {.graph = g, .sinks = sinks, .no_fuse = u->options->no_fuse, .no_contract = u->options->no_contract,
               .no_fma = u->options->no_fma};
  task.sample = p->sample;
  const bool once = f == &p->function[FUNCTION_INIT] || f->row == &function_table[FUNCTION_STRUCTURE];
  task.threads = once ? 0 : u->options->threads;
  for (int k = 0; k < f->noutput; k++)
    sinks[task.nsinks++] = (Sink){.node = f->output[k].node, .accumulate = backward, .output = k};
  if (f->row->returns_loss) task.result = graph_root(g, ROOT_LOSS, 0)->node;
  for (size_t k = 0; k < g->count; k++)
    if (forward && p->tape.stored[k] && !p->tape.in[k])
      sinks[task.nsinks++] = (Sink){.node = g->nodes[k], .tape = true, .output = (int)k};
  if (backward) {
    task.given = p->tape.stored;
    task.given_in = p->tape.in;
  }
  return task;
}

static bool has_role(const Graph *g, RootRole role) {
  for (size_t k = 0; k < g->nroots; k++)
    if (g->roots[k].role == role) return true;
  return false;
}

static unsigned roles_of(const FunctionRow *row) {
  const bool backward = row->role == ROOT_GRADIENT || row->returns_loss; // forward and backward share a graph
  return 1u << row->role | (backward ? 1u << ROOT_LOSS : 0);
}

static void add_function(Plan *p, int at, const FunctionRow *row, const Graph *g) {
  Scheduled *f = &p->function[at];
  f->row = row;
  if (!f->by) {
    f->by = p->unit->model;
    f->offset = p->param_offset;
  }
  if (!f->name) f->name = row->name;
  if (!f->comment) f->comment = row->comment;
  if (!g) return;
  f->present = true;
  f->graph = g;
  if (at == FUNCTION_FORWARD) p->tape = tape_plan(p->unit->arena, g, p->unit->options->thrifty);
  find_outputs(p, f);
  const Task task = make_task(p, f);
  f->s = schedule_task(p->unit->arena, &task);
}

// Entries of the array that a derivative writes: as many as its outputs have places in it.
static const Poly *result_size(const Plan *p, const Scheduled *f) {
  Dims *dims = p->unit->model->dims;
  const Poly *size = poly_int(dims, 0);
  for (int k = 0; k < f->noutput; k++)
    if (f->output[k].argument == f->row->result) size = poly_add(dims, size, derive_node_size(dims, f->output[k].node));
  return size;
}

static FunctionKind function_of(const Request *r) {
  static const FunctionKind kinds[DERIVATIVE_COUNT] = {[DERIVATIVE_GRADIENT] = FUNCTION_GRADIENT,
                                                       [DERIVATIVE_JVP] = FUNCTION_JVP,
                                                       [DERIVATIVE_VJP] = FUNCTION_VJP,
                                                       [DERIVATIVE_HVP] = FUNCTION_HVP,
                                                       [DERIVATIVE_JACOBIAN] = FUNCTION_JACOBIAN,
                                                       [DERIVATIVE_HESSIAN] = FUNCTION_HESSIAN,
                                                       [DERIVATIVE_DIAGONAL] = FUNCTION_DIAGONAL,
                                                       [DERIVATIVE_GRADIENT_AND_DIAGONAL] = FUNCTION_GRADIENT_AND_DIAGONAL,
                                                       [DERIVATIVE_SPARSE] = FUNCTION_SPARSE,
                                                       [DERIVATIVE_STRUCTURE] = FUNCTION_STRUCTURE};
  return r->kind == DERIVATIVE_JVP && r->predict ? FUNCTION_JVP_OF : kinds[r->kind];
}

// Where each parameter starts, and where the last one ends.
static const Poly **param_offsets(Arena *a, const Model *m) {
  const Poly **offset = arena_array(a, const Poly *, (size_t)m->nparam + 1);
  offset[0] = poly_int(m->dims, 0);
  for (int k = 0; k < m->nparam; k++) {
    const Poly *size = poly_int(m->dims, 1);
    for (int q = 0; q < m->param[k].rank; q++) size = poly_mul(m->dims, size, m->param[k].extent[q]);
    offset[k + 1] = poly_add(m->dims, offset[k], size);
  }
  return offset;
}

// "the parameters", or "the data x, then y"
static void put_variables(Text *t, const Plan *p, const Scheduled *f) {
  if (by_parameters(p, f)) text_put(t, "the parameters");
  for (int k = 0; k < f->by->nparam && !by_parameters(p, f); k++)
    text_printf(t, "%s%s", k ? ", then " : "the data ", f->by->param[k].name);
}

static void put_prediction(Text *t, const Plan *p, const char *name) {
  const Root **roots = arena_array(p->unit->arena, const Root *, p->unit->model->graph->nroots);
  int count = plan_outputs(p, ROOT_PREDICT, roots);
  text_printf(t, " %s", name);
  for (int k = 0; k < count; k++) {
    const Node *n = roots[k]->node;
    if (strcmp(roots[k]->name, name) != 0 || n->nout == 0) continue;
    text_char(t, '[');
    put_node_shape(t, p->unit->model->dims, n);
    text_char(t, ']');
  }
  text_char(t, '.');
}

static const char *derivative_comment(const Plan *p, const Scheduled *f, const FunctionRow *row) {
  const char *by = strstr(row->comment, "$V");
  Text t;
  text_init(&t);
  text_putn(&t, row->comment, by ? (size_t)(by - row->comment) : strlen(row->comment));
  if (by) {
    put_variables(&t, p, f);
    text_put(&t, by + 2);
  }
  if (f->request->predict) put_prediction(&t, p, f->request->predict);
  const char *comment = arena_strdup(p->unit->arena, t.s);
  text_free(&t);
  return comment;
}

static void add_derivative(Plan *p, const Request *r) {
  Unit *u = p->unit;
  Arena *a = u->arena;
  const FunctionRow *row = &function_table[function_of(r)];
  Scheduled *f = &p->function[p->nfunction];
  f->request = r;
  f->by = derive_variables(a, u->model, r);
  f->offset = param_offsets(a, f->by);
  f->name = derive_kind_name(a, r);
  if (r->predict) f->name = arena_printf(a, "%s_%s", f->name, r->predict);
  f->comment = derivative_comment(p, f, row);
  add_function(p, p->nfunction, row, reduced(u, derive_kind(a, u->model, r), roles_of(row), p->sample));
  f->result = result_size(p, f);
  p->nfunction++;
}

// The loss and its gradient, by a seed of the caller or by 1.
static Graph *with_gradient(const Plan *p, bool unit_seed) {
  const Unit *u = p->unit;
  const unsigned roles = 1u << ROOT_LOSS | 1u << ROOT_GRADIENT;
  return reduced(u, derive_gradient(u->arena, u->model->graph, unit_seed, NULL), roles, p->sample);
}

static void plan_others(Plan *p, const Graph **graph) {
  Unit *u = p->unit;
  const Graph *g = u->model->graph;
  if (has_role(g, ROOT_LOSS)) graph[FUNCTION_VALUE_AND_GRAD] = with_gradient(p, true);
  for (int k = FUNCTION_PREDICT; k < FUNCTION_COUNT; k++)
    if (k == FUNCTION_INIT || has_role(g, function_table[k].role))
      graph[k] = reduced(u, g, 1u << function_table[k].role, p->sample);
}

Plan plan_functions(Unit *u, bool taped) {
  Plan p = {.unit = u, .nfunction = FUNCTION_COUNT};
  const Model *m = u->model;
  Arena *a = u->arena;
  p.sample = sample_extent(m);
  p.function = arena_array(a, Scheduled, (size_t)(FUNCTION_COUNT + u->options->nrequest));
  p.param_offset = param_offsets(a, m);
  p.free_offset = arena_array(a, const Poly *, (size_t)m->nparam + 1);
  p.free_offset[0] = poly_int(m->dims, 0);
  for (int k = 0; k < m->nparam; k++)
    p.free_offset[k + 1] = poly_add(m->dims, p.free_offset[k], param_free_size(m->dims, &m->param[k]));
  const Graph *graph[FUNCTION_COUNT] = {NULL};
  if (has_role(m->graph, ROOT_LOSS))
    graph[FUNCTION_FORWARD] = graph[FUNCTION_BACKWARD] = name_last_states(a, with_gradient(&p, false));
  if (!taped) plan_others(&p, graph);
  for (int k = 0; k < FUNCTION_COUNT; k++) add_function(&p, k, &function_table[k], graph[k]);
  for (int k = 0; !taped && k < u->options->nrequest; k++) add_derivative(&p, &u->options->request[k]);
  return p;
}

// ---- questions ----

int plan_outputs(const Plan *p, RootRole role, const Root **roots) {
  const Graph *g = p->unit->model->graph;
  int count = 0;
  for (size_t k = 0; k < g->nroots; k++)
    if (g->roots[k].role == role) {
      if (roots) roots[count] = &g->roots[k];
      count++;
    }
  return count;
}

static bool fits_enumerator(const Model *m, const Poly *p) {
  int64_t offset;
  return poly_fixed(m->dims, p, &offset) && offset <= INT32_MAX;
}

const char *free_at(Arena *a, const Plan *p, int which) {
  const Model *m = p->unit->model;
  if (!fits_enumerator(m, p->free_offset[which])) return NULL;
  return which == m->nparam ? arena_printf(a, "%s_nfree", m->name)
                            : arena_printf(a, "%s_free_at_%s", m->name, m->param[which].name);
}

const char *param_at(Arena *a, const Plan *p, int which) {
  const Model *m = p->unit->model;
  if (!fits_enumerator(m, p->param_offset[which])) return NULL;
  return which == m->nparam ? arena_printf(a, "%s_nparams", m->name)
                            : arena_printf(a, "%s_at_%s", m->name, m->param[which].name);
}
