// descriptor.c - the model for programs that know it only by its descriptor: adapters, tables, struct mdl_model.
//
// The file's own names end in _untyped, _typed and _table: the header's begin with the model's and end otherwise, so that
// any model's name will do.
#include <string.h>

#include "emit/contract.h"

// One of the functions that every model has, for untyped pointers.
static void put_adapter(Text *t, const Plan *p, const Scheduled *f) {
  const char *n = p->unit->model->name, *r = p->unit->real;
  Text plain, call;
  text_init(&plain);
  text_init(&call);
  for (int k = 0; k < ARGUMENTS_MAX && f->row->argument[k]; k++) {
    const Argument argument = f->row->argument[k];
    const ArgumentRow *row = &argument_table[argument];
    const char *name = row->name ? row->name : f->row->result;
    if (argument <= ARGUMENT_PARAMS) continue;
    if (argument == ARGUMENT_OUTPUTS) {
      text_put(&plain, "void *const *out, ");
      for (int j = 0; j < f->noutput; j++)
        text_printf(&call, "(%s *)out[%d], ", f->output[j].node->type == TYPE_REAL ? r : "int64_t", j);
      continue;
    }
    text_printf(&plain, "%s%s, ", row->plain, name);
    if (argument == ARGUMENT_RESULT) text_printf(&call, "(%s *)", r);
    text_printf(&call, "%s, ", name);
  }
  text_printf(t, "static %s %s_untyped(const int64_t *dims, const void *const *data, const void *params, ",
              f->row->returns_loss ? "double" : "void", f->name);
  text_putn(t, plain.s, plain.length - 2);
  text_printf(t,
              ") {\n  const %s_dims d = dims_typed(dims);\n  const %s_data x = data_typed(data);\n  %s%s_%s(&d, &x, "
              "(const %s *)params, ",
              n, n, f->row->returns_loss ? "return " : "", n, f->name, r);
  text_putn(t, call.s, call.length - 2);
  text_put(t, ");\n}\n\n");
  text_free(&plain);
  text_free(&call);
}

static void put_adapters(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  Arena *a = p->unit->arena;
  int *dims = arena_array(p->unit->arena, int, (size_t)dims_count(m->dims) + 1), ndims = call_dims(m->dims, dims);
  text_printf(t,
              "/* ---- the descriptor: the same functions for untyped pointers ---- */\n\nstatic %s_dims "
              "dims_typed(const int64_t *dims) {\n  %s_dims d;\n",
              m->name, m->name);
  if (!ndims) text_put(t, "  (void)dims;\n  d.none = 0;\n");
  for (int k = 0; k < ndims; k++)
    text_printf(t, "  d.%s = dims[%d];\n", names_member(a, dims_get(m->dims, dims[k])->name), k);
  text_printf(t, "  return d;\n}\n\nstatic %s_data data_typed(const void *const *data) {\n  %s_data d;\n", m->name,
              m->name);
  if (!m->ndata) text_put(t, "  (void)data;\n  d.none = NULL;\n");
  for (int k = 0; k < m->ndata; k++)
    text_printf(t, "  d.%s = (const %s *)data[%d];\n", names_member(a, m->data[k].name),
                m->data[k].type == TYPE_REAL ? p->unit->real : "int32_t", k);
  text_put(t, "  return d;\n}\n\n");

  const char *n = m->name, *r = p->unit->real;
  text_printf(t,
              "static int sizes_untyped(const int64_t *dims, struct mdl_sizes *sizes) {\n  const %s_dims d = "
              "dims_typed(dims);\n  return %s_sizes(&d, sizes);\n}\n\n",
              n, n);
  text_printf(
      t,
      "static int layout_untyped(const int64_t *dims, int64_t *offsets) {\n  const %s_dims d = dims_typed(dims);\n "
      " return %s_layout(&d, offsets);\n}\n\n",
      n, n);
  text_printf(t,
              "static void init_untyped(const int64_t *dims, uint64_t seed, void *params) {\n  const %s_dims d = "
              "dims_typed(dims);\n  %s_init(&d, seed, (%s *)params);\n}\n\n",
              n, n, r);
  text_printf(t,
              "static int check_untyped(const int64_t *dims, const void *const *data, struct mdl_where *where) {\n  "
              "const %s_dims "
              "d = dims_typed(dims);\n  const %s_data x = data_typed(data);\n  return %s_check(&d, &x, where);\n}\n\n",
              n, n, n);
  for (int k = 0; k < FUNCTION_INIT; k++)
    if (p->function[k].present) put_adapter(t, p, &p->function[k]);
}

// `integer`: what it is called where the array is not of reals.
static void put_array_row(Text *t, const Plan *p, const char *name, Type type, const char *integer, int rank,
                          bool batch, int ranged, const Text *shape, const ParamDecl *param) {
  const char *real = p->unit->options->use_float ? "MDL_FLOAT" : "MDL_DOUBLE";
  text_printf(t, "    {\"%s\", \"%s\", %s, %d, %d, %d, \"", name, shape->s, type == TYPE_REAL ? real : integer, rank,
              batch, ranged);
  if (param) put_constraint(t, p->unit->model, param);
  text_put(t, "\"},\n");
}

static void put_tables(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  int *dims = arena_array(p->unit->arena, int, (size_t)dims_count(m->dims) + 1), ndims = call_dims(m->dims, dims);
  Text shape;
  text_init(&shape);
  if (ndims) {
    text_put(t, "static const struct mdl_dim dims_table[] = {\n");
    for (int k = 0; k < ndims; k++)
      text_printf(t, "    {\"%s\", %d},\n", dims_get(m->dims, dims[k])->name,
                  dims_get(m->dims, dims[k])->kind == DIM_BATCH);
    text_put(t, "};\n\n");
  }
  if (m->ndata) text_put(t, "static const struct mdl_array data_table[] = {\n");
  for (int k = 0; k < m->ndata; k++) {
    const DataDecl *d = &m->data[k];
    text_clear(&shape);
    put_shape_text(&shape, m->dims, d->extent, d->rank);
    put_array_row(t, p, d->name, d->type, "MDL_INT32", d->rank, d->batch,
                  !d->ranged ? 0
                  : d->limit ? 2
                             : 1,
                  &shape, NULL);
  }
  if (m->ndata) text_put(t, "};\n\n");
  if (m->nparam) text_put(t, "static const struct mdl_array params_table[] = {\n");
  for (int k = 0; k < m->nparam; k++) {
    text_clear(&shape);
    put_shape_text(&shape, m->dims, m->param[k].extent, m->param[k].rank);
    put_array_row(t, p, m->param[k].name, TYPE_REAL, "", m->param[k].rank, false, 0, &shape, &m->param[k]);
  }
  if (m->nparam) text_put(t, "};\n\n");
  const Root **roots = arena_array(p->unit->arena, const Root *, m->graph->nroots + 1);
  static const struct {
    RootRole role;
    const char *name;
  } outputs[] = {{ROOT_PREDICT, "predicts"}, {ROOT_METRIC, "metrics"}};
  for (int j = 0; j < 2; j++) {
    int count = plan_outputs(p, outputs[j].role, roots);
    if (!count) continue;
    text_printf(t, "static const struct mdl_array %s_table[] = {\n", outputs[j].name);
    for (int k = 0; k < count; k++) {
      const Node *n = roots[k]->node;
      text_clear(&shape);
      put_node_shape(&shape, m->dims, n);
      bool batch = n->nout > 0 && m->batch >= 0 && n->index[0].extent == poly_dim(m->dims, m->batch);
      put_array_row(t, p, roots[k]->name, n->type, "MDL_INT64", n->nout, batch, 0, &shape, NULL);
    }
    text_put(t, "};\n\n");
  }
  if (m->ndata && p->function[FUNCTION_PREDICT].present) {
    const Graph *g = p->function[FUNCTION_PREDICT].graph;
    text_put(t, "static const unsigned char predict_reads_table[] = {");
    for (int k = 0; k < m->ndata; k++) {
      bool reads = false;
      for (size_t j = 0; j < g->count; j++) reads |= g->nodes[j]->kind == NODE_DATA && g->nodes[j]->which == k;
      text_printf(t, "%s%d", k ? ", " : "", reads);
    }
    text_put(t, "};\n\n");
  }
  text_free(&shape);
}

// The lines of `switch` that give the extents of one array.
static void put_shape_case(Text *t, const Plan *p, const char *role, int which, const Poly *const *extent, int rank) {
  Speller s = {p->unit->model, p->unit->arena};
  if (rank) text_printf(t, "  case %s * 65536 + %d:\n", role, which);
  for (int q = 0; q < rank; q++) {
    text_printf(t, "    out[%d] = ", q);
    put_poly_checked(t, p->unit->model->dims, extent[q], spell_argument, &s);
    text_put(t, ";\n");
  }
  if (rank) text_put(t, "    break;\n");
}

static void put_output_cases(Text *t, const Plan *p, const char *role, RootRole root) {
  Arena *a = p->unit->arena;
  const Root **roots = arena_array(a, const Root *, p->unit->model->graph->nroots + 1);
  int count = plan_outputs(p, root, roots);
  for (int k = 0; k < count; k++) {
    const Node *n = roots[k]->node;
    const Poly **extent = arena_array(a, const Poly *, (size_t)n->nout + 1);
    for (int q = 0; q < n->nout; q++) extent[q] = n->index[q].extent;
    put_shape_case(t, p, role, k, extent, n->nout);
  }
}

static void put_shape_function(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  Text cases;
  text_init(&cases);
  for (int k = 0; k < m->ndata; k++) put_shape_case(&cases, p, "MDL_DATA", k, m->data[k].extent, m->data[k].rank);
  for (int k = 0; k < m->nparam; k++) put_shape_case(&cases, p, "MDL_PARAM", k, m->param[k].extent, m->param[k].rank);
  put_output_cases(&cases, p, "MDL_PREDICT", ROOT_PREDICT);
  put_output_cases(&cases, p, "MDL_METRIC", ROOT_METRIC);
  text_printf(t,
              "static int shape_untyped(const int64_t *dimensions, int role, int which, int64_t *out) {\n"
              "  const %s_dims d = dims_typed(dimensions), *const dims = &d;\n",
              m->name);
  if (cases.length)
    text_printf(t,
                "  int status = extents(dims);\n  if (status != MDL_OK) return status;\n"
                "  switch (role * 65536 + which) {\n%s  default: break;\n  }\n  return status;\n}\n\n",
                cases.s);
  else
    text_put(t, "  (void)role;\n  (void)which;\n  (void)out;\n  return extents(dims);\n}\n\n");
  text_free(&cases);
}

void descriptor_print(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  put_adapters(t, p);
  derivative_tables_print(t, p);
  constrain_adapters_print(t, p);
  put_tables(t, p);
  put_shape_function(t, p);
  int npredict = plan_outputs(p, ROOT_PREDICT, NULL), nmetric = plan_outputs(p, ROOT_METRIC, NULL),
      ndims = call_dims(m->dims, NULL);
  text_printf(t, "const struct mdl_model %s_model = {\n    MDL_MODEL_VERSION, \"%s\", %s, %d,\n", m->name, m->name,
              p->unit->options->use_float ? "MDL_FLOAT" : "MDL_DOUBLE", p->function[FUNCTION_FORWARD].present);
  text_printf(t, "    %d, %s,\n    %d, %s,\n    %d, %s,\n    %d, %s,\n    %d, %s,\n", ndims,
              ndims ? "dims_table" : "NULL", m->ndata, m->ndata ? "data_table" : "NULL", m->nparam,
              m->nparam ? "params_table" : "NULL", npredict, npredict ? "predicts_table" : "NULL", nmetric,
              nmetric ? "metrics_table" : "NULL");
  text_put(t, "    shape_untyped, layout_untyped, sizes_untyped, init_untyped, check_untyped,\n    ");
  for (int k = 0; k < FUNCTION_INIT; k++) {
    if (p->function[k].present)
      text_printf(t, "%s_untyped, ", p->function[k].name);
    else
      text_put(t, "NULL, ");
  }
  text_printf(t, "%s,\n    ", m->ndata && npredict ? "predict_reads_table" : "NULL");
  derivative_fields_print(t, p);
  text_printf(t, ",\n    %s};\n",
              has_constraints(m)
                  ? "free_layout_untyped, constrain_untyped, constrain_pullback_untyped, unconstrain_untyped"
                  : "NULL, NULL, NULL, NULL");
}
