// contract.c - the header, and the functions that do not compute: sizes, layout, check, the descriptor.
#include <string.h>

#include "embed/embedded.h"
#include "emit/functions.h"

// ---- spelling ----

typedef struct Speller {
  const Model *model;
  Arena *arena;
} Speller;

static const char *spell_argument(void *context, int dim) {
  Speller *s = context;
  const Dim *d = dims_get(s->model->dims, dim);
  if (d->kind != DIM_FIXED) return arena_printf(s->arena, "dims->%s", names_member(s->arena, d->name));
  if (d->value > INT32_MAX || d->value < -INT32_MAX) return arena_printf(s->arena, "%lld", (long long)d->value);
  return arena_printf(s->arena, "%s_dim_%s", s->model->name, d->name);
}

static void put_shape_text(Text *t, const Dims *dims, const Poly *const *extent, int rank) {
  for (int k = 0; k < rank; k++) {
    if (k) text_put(t, ", ");
    poly_print(t, dims, extent[k]);
  }
}

static void put_node_shape(Text *t, const Dims *dims, const Node *n) {
  for (int k = 0; k < n->nout; k++) {
    if (k) text_put(t, ", ");
    poly_print(t, dims, n->index[k].extent);
  }
}

// Text inside a comment or a string cannot end it.
static void put_safe(Text *t, const char *s) {
  for (; *s; s++) {
    unsigned char c = (unsigned char)*s;
    text_char(t, c < 32 || c > 126 || c == '"' || c == '\\' || c == '*' || c == '?' ? '_' : (char)c);
  }
}

static int call_dims(const Dims *dims, int *which) {
  int count = 0;
  for (int k = 0; k < dims_count(dims); k++) {
    DimKind kind = dims_get(dims, k)->kind;
    if (kind != DIM_CALL && kind != DIM_BATCH) continue;
    if (which) which[count] = k;
    count++;
  }
  return count;
}

static const Poly *bytes(const Plan *p, const Poly *reals, const Poly *integers) {
  Dims *dims = p->unit->model->dims;
  int64_t size = p->unit->options->use_float ? 4 : 8;
  return poly_add(dims, poly_mul(dims, reals, poly_int(dims, size)), poly_mul(dims, integers, poly_int(dims, 8)));
}

enum { SIZE_PARAMS, SIZE_TAPE, SIZE_FORWARD, SIZE_BACKWARD, SIZE_VALUE_AND_GRAD, SIZE_PREDICT, SIZE_METRICS, SIZE_COUNT };
static const char *const size_names[SIZE_COUNT] = {"params", "tape", "forward_work", "backward_work", "value_and_grad_work", "predict_work", "metrics_work"};

static void all_sizes(const Plan *p, const Poly **size) {
  static const FunctionKind function[SIZE_COUNT] = {[SIZE_FORWARD] = FUNCTION_FORWARD, [SIZE_BACKWARD] = FUNCTION_BACKWARD,
                                                    [SIZE_VALUE_AND_GRAD] = FUNCTION_VALUE_AND_GRAD,
                                                    [SIZE_PREDICT] = FUNCTION_PREDICT, [SIZE_METRICS] = FUNCTION_METRICS};
  const Model *m = p->unit->model;
  const Poly *zero = poly_int(m->dims, 0);
  size[SIZE_PARAMS] = bytes(p, p->param_offset[m->nparam], zero);
  size[SIZE_TAPE] = p->tape.reals ? bytes(p, p->tape.reals, p->tape.integers) : zero;
  for (int k = SIZE_FORWARD; k < SIZE_COUNT; k++) {
    const Scheduled *s = &p->function[function[k]];
    size[k] = s->present ? bytes(p, s->s->work_reals, s->s->work_integers) : zero;
  }
}

// ---- the header ----

static void put_members(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  Arena *a = p->unit->arena;
  int *dims = arena_array(p->unit->arena, int, (size_t)dims_count(m->dims) + 1), ndims = call_dims(m->dims, dims);
  text_printf(t, "/* The dimensions that are known when a function is called. */\ntypedef struct %s_dims {\n", m->name);
  for (int k = 0; k < ndims; k++) {
    const Dim *d = dims_get(m->dims, dims[k]);
    text_printf(t, "  int64_t %s;%s\n", names_member(a, d->name), d->kind == DIM_BATCH ? " /* samples */" : "");
  }
  if (!ndims) text_put(t, "  int64_t none; /* this model has none; a null pointer may be passed */\n");
  text_printf(t, "} %s_dims;\n\n/* Data arrays, row-major. */\ntypedef struct %s_data {\n", m->name, m->name);
  for (int k = 0; k < m->ndata; k++) {
    const DataDecl *d = &m->data[k];
    text_printf(t, "  const %s *%s; /* [", d->type == TYPE_REAL ? p->unit->real : "int32_t", names_member(a, d->name));
    put_shape_text(t, m->dims, d->extent, d->rank);
    text_char(t, ']');
    if (d->ranged) {
      text_put(t, ", in 0..");
      if (d->limit) poly_print(t, m->dims, d->limit);
    }
    text_put(t, " */\n");
  }
  if (!m->ndata) text_printf(t, "  const %s *none; /* this model has none; a null pointer may be passed */\n", p->unit->real);
  text_printf(t, "} %s_data;\n\n", m->name);
}

static void put_enumerators(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  bool any = false;
  for (int k = 0; k < dims_count(m->dims); k++) {
    const Dim *d = dims_get(m->dims, k);
    if (d->kind != DIM_FIXED || d->value > INT32_MAX || d->value < -INT32_MAX) continue;
    text_printf(t, "%s%s_dim_%s = %lld", any ? ",\n  " : "/* Dimensions fixed when the model was compiled. */\nenum {\n  ", m->name, d->name, (long long)d->value);
    any = true;
  }
  if (any) text_put(t, "\n};\n\n");
  text_printf(t, "/* Where each parameter starts in the flat vector of %ss%s. */\nenum {\n", p->unit->real,
              param_at(p->unit->arena, p, m->nparam) ? ", and their number" : ": the others are given by _layout");
  for (int k = 0; k <= m->nparam; k++) {
    const char *at = param_at(p->unit->arena, p, k);
    int64_t value;
    if (!at || !poly_value(m->dims, p->param_offset[k], NULL, &value)) continue;
    text_printf(t, "  %s = %lld%s", at, (long long)value, k < m->nparam ? "," : "");
    if (k < m->nparam) {
      text_put(t, " /* [");
      put_shape_text(t, m->dims, m->param[k].extent, m->param[k].rank);
      text_put(t, "] */");
    }
    text_char(t, '\n');
  }
  text_put(t, "};\n\n");
}

// Floating-point operations of each function: constants where the dimensions are fixed, else formulas.
static void put_operation_counts(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  bool any = false;
  for (int k = 0; k <= FUNCTION_VALUE_AND_GRAD; k++) {
    if (!p->function[k].present) continue;
    Text body;
    text_init(&body);
    FunctionCost cost = function_print(&body, p, (FunctionKind)k);
    text_free(&body);
    int64_t value;
    if (!any) text_put(t, "/* Floating-point operations; a call of <math.h> counts as one. */\n");
    any = true;
    if (poly_is_fixed(m->dims, cost.flops) && poly_value(m->dims, cost.flops, NULL, &value) && value <= INT32_MAX) {
      text_printf(t, "enum { %s_%s_flops = %lld };%s\n", m->name, function_names[k], (long long)value, cost.bound ? " /* at most */" : "");
    } else {
      text_printf(t, "/* %s: %s", function_names[k], cost.bound ? "at most " : "");
      poly_print(t, m->dims, cost.flops);
      text_put(t, " */\n");
    }
  }
  if (any) text_char(t, '\n');
}

// What is known of memory and operations when the model is compiled.
static void put_constants(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  const Poly *size[SIZE_COUNT];
  all_sizes(p, size);
  text_put(t, "/* Bytes of memory that the caller provides");
  bool fixed = false;
  for (int k = 0; k < SIZE_COUNT; k++) {
    int64_t value;
    if (poly_is_fixed(m->dims, size[k]) && poly_value(m->dims, size[k], NULL, &value) && value <= INT32_MAX) {
      fixed = true;
      continue;
    }
    text_printf(t, "\n   %s: ", size_names[k]);
    poly_print(t, m->dims, size[k]);
  }
  text_put(t, fixed ? "\n   and, where they are fixed: */\nenum {\n" : " */\n");
  bool any = false;
  for (int k = 0; k < SIZE_COUNT && fixed; k++) {
    int64_t value;
    if (!poly_is_fixed(m->dims, size[k]) || !poly_value(m->dims, size[k], NULL, &value) || value > INT32_MAX) continue;
    text_printf(t, "%s  %s_%s_bytes = %lld", any ? ",\n" : "", m->name, size_names[k], (long long)value);
    any = true;
  }
  text_put(t, fixed ? "\n};\n\n" : "\n");
  put_operation_counts(t, p);
}

static const char *const function_comments[FUNCTION_COUNT] = {
    "Returns the loss and fills the tape for backward.",
    "Adds seed * d loss / d params to grad. The tape stays as it was: backward may be called again.",
    "Returns the loss and writes its gradient to grad, both in one pass.",
    "What inference computes; data that it does not read may be null.",
    "The metrics.",
    "The start values; random ones are functions of the seed."};

void emit_header(Text *t, const Model *m, const EmitOptions *options) {
  Arena *a = arena_new();
  Unit u = {.arena = a, .model = m, .options = options, .real = options->use_float ? "float" : "double"};
  Plan p = plan_functions(&u);
  text_put(t, "/* ");
  put_safe(t, m->name);
  text_put(t, ".h - generated by mdlc from ");
  put_safe(t, options->source);
  text_printf(t, ": change the model, not this file.\n *\n"
                 " * Memory is the caller's, aligned to 64 bytes; ask %s_sizes for how much (where it is 0, null will do). Nothing aliases.\n"
                 " * Call %s_check once for new dimensions and data; after it has returned 0, no function can fail.\n"
                 " * All functions may be called from several threads at once.\n */\n",
              m->name, m->name);
  text_printf(t, "#ifndef MDL_GENERATED_%s_H\n#define MDL_GENERATED_%s_H\n\n#include <stddef.h>\n#include <stdint.h>\n\n"
                 "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n", m->name, m->name);
  put_members(t, &p);
  put_enumerators(t, &p);
  put_constants(t, &p);
  text_put(t, "struct mdl_sizes; /* defined below */\nstruct mdl_where;\nstruct mdl_model;\n\n");
  text_printf(t, "/* The bytes that each function asks for. 0, or MDL_ERROR_EXTENT, MDL_ERROR_OVERFLOW. */\n"
                 "int %s_sizes(const %s_dims *dims, struct mdl_sizes *sizes);\n\n", m->name, m->name);
  text_printf(t, "/* Where each parameter starts: %d offsets, the last one the total. */\n"
                 "int %s_layout(const %s_dims *dims, int64_t *offsets);\n\n", m->nparam + 1, m->name, m->name);
  text_printf(t, "/* Dimensions, integer data and computed subscripts are in range: 0, or a status and where (may be null). */\n"
                 "int %s_check(const %s_dims *dims, const %s_data *data, struct mdl_where *where);\n\n", m->name, m->name, m->name);
  static const FunctionKind order[FUNCTION_COUNT] = {FUNCTION_INIT, FUNCTION_FORWARD, FUNCTION_BACKWARD, FUNCTION_VALUE_AND_GRAD, FUNCTION_PREDICT, FUNCTION_METRICS};
  for (int k = 0; k < FUNCTION_COUNT; k++) {
    if (!p.function[order[k]].present) continue;
    text_printf(t, "/* %s */\n", function_comments[order[k]]);
    function_signature(t, &p, order[k]);
    text_put(t, ";\n\n");
  }
  text_printf(t, "/* All of the above for programs that know the model only by its descriptor. */\nextern const struct mdl_model %s_model;\n\n", m->name);
  text_put(t, "#ifdef __cplusplus\n}\n#endif\n\n");
  text_put(t, embedded_model_h);
  text_put(t, "\n#endif\n");
  arena_free(a);
}

// ---- sizes, layout, check ----

static const char checked_arithmetic[] =
    "/* Arithmetic that says when it does not fit, or does not come out exact. */\n"
    "static int64_t mdl_add(int64_t a, int64_t b, int *status) {\n"
    "  if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b) {\n"
    "    *status = MDL_ERROR_OVERFLOW;\n"
    "    return 0;\n"
    "  }\n"
    "  return a + b;\n"
    "}\n\n"
    "static int64_t mdl_mul(int64_t a, int64_t b, int *status) {\n"
    "  const int64_t limit = INT64_MAX / 2;\n"
    "  const int64_t size_a = a < 0 ? -(a + 1) : a, size_b = b < 0 ? -(b + 1) : b;\n"
    "  if (a != 0 && b != 0 && size_a + 1 > limit / (size_b + 1)) {\n"
    "    *status = MDL_ERROR_OVERFLOW;\n"
    "    return 0;\n"
    "  }\n"
    "  return a * b;\n"
    "}\n\n";
static const char checked_bytes[] =
    "static size_t mdl_bytes(int64_t size, int *status) {\n"
    "  if (size < 0 || (uint64_t)size > (size_t)-1 / 2) {\n"
    "    *status = MDL_ERROR_OVERFLOW;\n"
    "    return 0;\n"
    "  }\n"
    "  return (size_t)size;\n"
    "}\n\n";
static const char checked_exact[] =
    "static int64_t mdl_exact(int64_t a, int64_t b, int *status) {\n"
    "  if (a % b != 0) *status = MDL_ERROR_EXTENT;\n"
    "  return a / b;\n"
    "}\n\n";
static const char checked_division[] =
    "static int64_t mdl_checked_floordiv(int64_t a, int64_t b, int *status) {\n"
    "  if (b == 0) {\n"
    "    *status = MDL_ERROR_EXTENT;\n"
    "    return 0;\n"
    "  }\n"
    "  return a / b - (a % b != 0 && (a % b < 0) != (b < 0));\n"
    "}\n\n"
    "static int64_t mdl_checked_mod(int64_t a, int64_t b, int *status) {\n"
    "  return b == 0 ? mdl_checked_floordiv(a, b, status) : a - b * mdl_checked_floordiv(a, b, status);\n"
    "}\n\n";

typedef struct Extents { // what must not be negative, each once
  const Poly **poly;
  size_t count, room;
} Extents;

static void want_extent(Extents *e, const Plan *p, const Poly *x) {
  int64_t value;
  if (poly_is_int(x, &value) && value >= 0) return;
  for (size_t k = 0; k < e->count; k++)
    if (e->poly[k] == x) return;
  ARENA_PUSH(p->unit->arena, e->poly, e->count, e->room) = x;
}

static Extents all_extents(const Plan *p) {
  const Model *m = p->unit->model;
  Extents e = {NULL, 0, 0};
  for (int k = 0; k < dims_count(m->dims); k++)
    if (dims_get(m->dims, k)->kind == DIM_CALL || dims_get(m->dims, k)->kind == DIM_BATCH) want_extent(&e, p, poly_dim(m->dims, k));
  for (int k = 0; k < m->ndata; k++)
    for (int q = 0; q < m->data[k].rank; q++) want_extent(&e, p, m->data[k].extent[q]);
  for (int k = 0; k < m->nparam; k++)
    for (int q = 0; q < m->param[k].rank; q++) want_extent(&e, p, m->param[k].extent[q]);
  for (int f = 0; f < FUNCTION_COUNT; f++)
    for (size_t k = 0; p->function[f].present && k < p->function[f].graph->count; k++) {
      const Node *n = p->function[f].graph->nodes[k];
      for (int q = 0; q < n->nout + n->nred; q++)
        if (n->kind == NODE_COMP || q < n->nout) want_extent(&e, p, n->index[q].extent);
    }
  return e;
}

static void put_extents(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  Speller s = {m, p->unit->arena};
  Extents e = all_extents(p);
  text_printf(t, "/* No extent is negative, and every division in one is exact. */\nstatic int extents(const %s_dims *dims) {\n", m->name);
  if (!call_dims(m->dims, NULL)) text_put(t, "  (void)dims;\n");
  text_put(t, "  int status = MDL_OK;\n");
  for (size_t k = 0; k < e.count; k++) {
    text_put(t, "  if (");
    put_poly_checked(t, m->dims, e.poly[k], spell_argument, &s);
    text_put(t, " < 0 && status == MDL_OK) status = MDL_ERROR_EXTENT;\n");
  }
  text_put(t, "  return status;\n}\n\n");
}

static void put_sizes(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  Speller s = {m, p->unit->arena};
  const Poly *size[SIZE_COUNT];
  all_sizes(p, size);
  text_printf(t, "int %s_sizes(const %s_dims *dims, struct mdl_sizes *sizes) {\n  int status = extents(dims);\n"
                 "  if (status != MDL_OK) return status;\n", m->name, m->name);
  for (int k = 0; k < SIZE_COUNT; k++) {
    int64_t fixed;
    text_printf(t, "  sizes->%s = ", size_names[k]);
    bool constant = poly_is_fixed(m->dims, size[k]) && poly_value(m->dims, size[k], NULL, &fixed) && fixed <= INT32_MAX;
    if (constant) {
      text_printf(t, "%lld;\n", (long long)fixed);
      continue;
    }
    text_put(t, "mdl_bytes(");
    put_poly_checked(t, m->dims, size[k], spell_argument, &s);
    text_put(t, ", &status);\n");
  }
  text_put(t, "  return status;\n}\n\n");
  text_printf(t, "int %s_layout(const %s_dims *dims, int64_t *offsets) {\n  int status = extents(dims);\n  if (status != MDL_OK) return status;\n", m->name, m->name);
  for (int k = 0; k <= m->nparam; k++) {
    text_printf(t, "  offsets[%d] = ", k);
    put_poly_checked(t, m->dims, p->param_offset[k], spell_argument, &s);
    text_put(t, ";\n");
  }
  text_put(t, "  return status;\n}\n\n");
}

void found_print(Text *t, const char *indent, const char *name, const char *position, const char *value) {
  text_printf(t, "%sif (where) {\n%s  where->name = \"", indent, indent);
  put_safe(t, name);
  text_printf(t, "\";\n%s  where->position = %s;\n%s  where->value = %s;\n%s  where->limit = limit;\n%s}\n%sreturn MDL_ERROR_RANGE;\n",
              indent, position, indent, value, indent, indent, indent);
}

// One integer array against its declared range.
static void put_data_check(Text *t, const Plan *p, int which) {
  const Model *m = p->unit->model;
  const DataDecl *d = &m->data[which];
  Speller s = {m, p->unit->arena};
  const Poly *size = poly_int(m->dims, 1);
  for (int k = 0; k < d->rank; k++) size = poly_mul(m->dims, size, d->extent[k]);
  const char *member = names_member(p->unit->arena, d->name);
  text_put(t, "  {\n    const int64_t count = ");
  put_poly_checked(t, m->dims, size, spell_argument, &s);
  text_put(t, ", limit = ");
  if (d->limit) put_poly_checked(t, m->dims, d->limit, spell_argument, &s);
  else text_put(t, "INT64_C(2147483648)");
  text_printf(t, ";\n    if (data->%s) {\n      for (int64_t k = 0; k < count; k++)\n        if (data->%s[k] < 0 || data->%s[k] >= limit) {\n",
              member, member, member);
  found_print(t, "          ", d->name, "k", arena_printf(p->unit->arena, "data->%s[k]", member));
  text_put(t, "        }\n    }\n  }\n");
}

static void put_check(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  bool uses_data = false;
  for (int k = 0; k < m->ndata; k++) uses_data |= m->data[k].ranged;
  text_printf(t, "int %s_check(const %s_dims *dims, const %s_data *data, struct mdl_where *where) {\n", m->name, m->name, m->name);
  if (!uses_data && !m->ncheck) text_put(t, "  (void)data;\n  (void)where;\n");
  text_put(t, "  int status = extents(dims);\n  if (status != MDL_OK) return status;\n");
  for (int k = 0; k < m->ndata; k++)
    if (m->data[k].ranged) put_data_check(t, p, k);
  for (int k = 0; k < m->ncheck; k++) subscript_check_print(t, p, k);
  text_put(t, "  return status;\n}\n\n");
}

// ---- the descriptor ----

static void put_adapters(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  Arena *a = p->unit->arena;
  int *dims = arena_array(p->unit->arena, int, (size_t)dims_count(m->dims) + 1), ndims = call_dims(m->dims, dims);
  text_printf(t, "/* ---- the descriptor: the same functions for untyped pointers ---- */\n\nstatic %s_dims typed_dims(const int64_t *dims) {\n  %s_dims d;\n", m->name, m->name);
  if (!ndims) text_put(t, "  (void)dims;\n  d.none = 0;\n");
  for (int k = 0; k < ndims; k++) text_printf(t, "  d.%s = dims[%d];\n", names_member(a, dims_get(m->dims, dims[k])->name), k);
  text_printf(t, "  return d;\n}\n\nstatic %s_data typed_data(const void *const *data) {\n  %s_data d;\n", m->name, m->name);
  if (!m->ndata) text_put(t, "  (void)data;\n  d.none = NULL;\n");
  for (int k = 0; k < m->ndata; k++)
    text_printf(t, "  d.%s = (const %s *)data[%d];\n", names_member(a, m->data[k].name), m->data[k].type == TYPE_REAL ? p->unit->real : "int32_t", k);
  text_put(t, "  return d;\n}\n\n");

  const char *n = m->name, *r = p->unit->real;
  text_printf(t, "static int any_sizes(const int64_t *dims, struct mdl_sizes *sizes) {\n  const %s_dims d = typed_dims(dims);\n  return %s_sizes(&d, sizes);\n}\n\n", n, n);
  text_printf(t, "static int any_layout(const int64_t *dims, int64_t *offsets) {\n  const %s_dims d = typed_dims(dims);\n  return %s_layout(&d, offsets);\n}\n\n", n, n);
  text_printf(t, "static void any_init(const int64_t *dims, uint64_t seed, void *params) {\n  const %s_dims d = typed_dims(dims);\n  %s_init(&d, seed, (%s *)params);\n}\n\n", n, n, r);
  text_printf(t, "static int any_check(const int64_t *dims, const void *const *data, struct mdl_where *where) {\n  const %s_dims d = typed_dims(dims);\n  const %s_data x = typed_data(data);\n  return %s_check(&d, &x, where);\n}\n\n", n, n, n);
  static const struct {
    const char *result, *arguments, *call;
  } shapes[FUNCTION_COUNT] = {
      [FUNCTION_FORWARD] = {"double", "void *tape, void *work", "tape, work"},
      [FUNCTION_BACKWARD] = {"void", "const void *tape, void *work, double seed, void *grad", "tape, work, seed, ($R *)grad"},
      [FUNCTION_VALUE_AND_GRAD] = {"double", "void *work, void *grad", "work, ($R *)grad"},
      [FUNCTION_PREDICT] = {"void", "void *work, void *const *out", "work"},
      [FUNCTION_METRICS] = {"void", "void *work, void *const *out", "work"}};
  for (int k = 0; k < FUNCTION_INIT; k++) {
    if (!p->function[k].present) continue;
    text_printf(t, "static %s any_%s(const int64_t *dims, const void *const *data, const void *params, %s) {\n"
                   "  const %s_dims d = typed_dims(dims);\n  const %s_data x = typed_data(data);\n  %s%s_%s(&d, &x, (const %s *)params, ",
                shapes[k].result, function_names[k], shapes[k].arguments, n, n, strcmp(shapes[k].result, "void") ? "return " : "", n, function_names[k], r);
    template_print(t, shapes[k].call, p->unit->options->use_float);
    if (k == FUNCTION_PREDICT || k == FUNCTION_METRICS) {
      const Root **roots = arena_array(a, const Root *, m->graph->nroots);
      int count = plan_outputs(p, k == FUNCTION_PREDICT ? ROOT_PREDICT : ROOT_METRIC, roots);
      for (int j = 0; j < count; j++) text_printf(t, ", (%s *)out[%d]", roots[j]->node->type == TYPE_REAL ? r : "int32_t", j);
    }
    text_put(t, ");\n}\n\n");
  }
}

static void put_array_row(Text *t, const Plan *p, const char *name, Type type, int rank, bool batch, int ranged, const Text *shape) {
  text_printf(t, "    {\"%s\", \"%s\", %s, %d, %d, %d},\n", name, shape->s,
              type == TYPE_REAL ? (p->unit->options->use_float ? "MDL_FLOAT" : "MDL_DOUBLE") : "MDL_INT32", rank, batch, ranged);
}

static void put_tables(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  int *dims = arena_array(p->unit->arena, int, (size_t)dims_count(m->dims) + 1), ndims = call_dims(m->dims, dims);
  Text shape;
  text_init(&shape);
  if (ndims) {
    text_put(t, "static const struct mdl_dim model_dims[] = {\n");
    for (int k = 0; k < ndims; k++)
      text_printf(t, "    {\"%s\", %d},\n", dims_get(m->dims, dims[k])->name, dims_get(m->dims, dims[k])->kind == DIM_BATCH);
    text_put(t, "};\n\n");
  }
  if (m->ndata) text_put(t, "static const struct mdl_array model_data[] = {\n");
  for (int k = 0; k < m->ndata; k++) {
    const DataDecl *d = &m->data[k];
    text_clear(&shape);
    put_shape_text(&shape, m->dims, d->extent, d->rank);
    put_array_row(t, p, d->name, d->type, d->rank, d->batch, !d->ranged ? 0 : d->limit ? 2 : 1, &shape);
  }
  if (m->ndata) text_put(t, "};\n\n");
  if (m->nparam) text_put(t, "static const struct mdl_array model_params[] = {\n");
  for (int k = 0; k < m->nparam; k++) {
    text_clear(&shape);
    put_shape_text(&shape, m->dims, m->param[k].extent, m->param[k].rank);
    put_array_row(t, p, m->param[k].name, TYPE_REAL, m->param[k].rank, false, 0, &shape);
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
    text_printf(t, "static const struct mdl_array model_%s[] = {\n", outputs[j].name);
    for (int k = 0; k < count; k++) {
      const Node *n = roots[k]->node;
      text_clear(&shape);
      put_node_shape(&shape, m->dims, n);
      bool batch = n->nout > 0 && m->batch >= 0 && n->index[0].extent == poly_dim(m->dims, m->batch);
      put_array_row(t, p, roots[k]->name, n->type, n->nout, batch, 0, &shape);
    }
    text_put(t, "};\n\n");
  }
  if (m->ndata && p->function[FUNCTION_PREDICT].present) {
    const Graph *g = p->function[FUNCTION_PREDICT].graph;
    text_put(t, "static const unsigned char model_predict_reads[] = {");
    for (int k = 0; k < m->ndata; k++) {
      bool reads = false;
      for (size_t j = 0; j < g->count; j++) reads |= g->nodes[j]->kind == NODE_DATA && g->nodes[j]->which == k;
      text_printf(t, "%s%d", k ? ", " : "", reads);
    }
    text_put(t, "};\n\n");
  }
  text_free(&shape);
}

static void put_shape_function(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  Speller s = {m, p->unit->arena};
  const Root **roots = arena_array(p->unit->arena, const Root *, m->graph->nroots + 1);
  text_printf(t, "static int any_shape(const int64_t *dimensions, int role, int which, int64_t *extents_out) {\n"
                 "  const %s_dims d = typed_dims(dimensions), *const dims = &d;\n  int status = extents(dims);\n", m->name);
  static const struct {
    const char *role;
    RootRole root;
  } roles[] = {{"MDL_DATA", ROOT_NAMED}, {"MDL_PARAM", ROOT_NAMED}, {"MDL_PREDICT", ROOT_PREDICT}, {"MDL_METRIC", ROOT_METRIC}};
  text_put(t, "  if (status != MDL_OK) return status;\n  switch (role * 65536 + which) {\n");
  for (int j = 0; j < 4; j++) {
    int count = j == 0 ? m->ndata : j == 1 ? m->nparam : plan_outputs(p, roles[j].root, roots);
    for (int k = 0; k < count; k++) {
      int rank = j == 0 ? m->data[k].rank : j == 1 ? m->param[k].rank : roots[k]->node->nout;
      if (!rank) continue;
      text_printf(t, "  case %s * 65536 + %d:\n", roles[j].role, k);
      for (int q = 0; q < rank; q++) {
        text_printf(t, "    extents_out[%d] = ", q);
        put_poly_checked(t, m->dims, j == 0 ? m->data[k].extent[q] : j == 1 ? m->param[k].extent[q] : roots[k]->node->index[q].extent, spell_argument, &s);
        text_put(t, ";\n");
      }
      text_put(t, "    break;\n");
    }
  }
  text_put(t, "  default: break;\n  }\n  return status;\n}\n\n");
}

static void put_descriptor(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  put_adapters(t, p);
  put_tables(t, p);
  put_shape_function(t, p);
  int npredict = plan_outputs(p, ROOT_PREDICT, NULL), nmetric = plan_outputs(p, ROOT_METRIC, NULL), ndims = call_dims(m->dims, NULL);
  text_printf(t, "const struct mdl_model %s_model = {\n    MDL_MODEL_VERSION, \"%s\", %s, %d,\n", m->name, m->name,
              p->unit->options->use_float ? "MDL_FLOAT" : "MDL_DOUBLE", p->function[FUNCTION_FORWARD].present);
  text_printf(t, "    %d, %s,\n    %d, %s,\n    %d, %s,\n    %d, %s,\n    %d, %s,\n", ndims, ndims ? "model_dims" : "NULL", m->ndata,
              m->ndata ? "model_data" : "NULL", m->nparam, m->nparam ? "model_params" : "NULL", npredict,
              npredict ? "model_predicts" : "NULL", nmetric, nmetric ? "model_metrics" : "NULL");
  text_put(t, "    any_shape, any_layout, any_sizes, any_init, any_check,\n    ");
  for (int k = 0; k < FUNCTION_INIT; k++) {
    if (p->function[k].present) text_printf(t, "any_%s, ", function_names[k]);
    else text_put(t, "NULL, ");
  }
  text_printf(t, "%s};\n", m->ndata && npredict ? "model_predict_reads" : "NULL");
}

// ---- the file ----

static bool contains(const Text *t, const char *what) {
  return strstr(t->s, what) != NULL;
}

void emit_source(Text *t, const Model *m, const EmitOptions *options) {
  Arena *a = arena_new();
  Unit u = {.arena = a, .model = m, .options = options, .real = options->use_float ? "float" : "double"};
  Plan p = plan_functions(&u);
  Text sizes, functions;
  text_init(&sizes);
  text_init(&functions);
  put_extents(&sizes, &p);
  put_sizes(&sizes, &p);
  put_check(&sizes, &p);
  static const FunctionKind order[FUNCTION_COUNT] = {FUNCTION_INIT, FUNCTION_FORWARD, FUNCTION_BACKWARD, FUNCTION_VALUE_AND_GRAD, FUNCTION_PREDICT, FUNCTION_METRICS};
  for (int k = 0; k < FUNCTION_COUNT; k++) {
    if (!p.function[order[k]].present) continue;
    text_printf(&functions, "/* %s */\n", function_comments[order[k]]);
    function_print(&functions, &p, order[k]);
    text_char(&functions, '\n');
  }
  text_put(t, "/* ");
  put_safe(t, m->name);
  text_put(t, ".c - generated by mdlc from ");
  put_safe(t, options->source);
  text_printf(t, ": change the model, not this file. */\n#include \"%s.h\"\n\n#include <math.h>\n\n"
                 "#if defined(__FAST_MATH__)\n#error \"generated code needs IEEE arithmetic: compile it without -ffast-math\"\n#endif\n"
                 "/* Every rounding is as written: no contraction into fused multiply-add. */\n"
                 "#if defined(__clang__)\n#pragma STDC FP_CONTRACT OFF\n#elif defined(__GNUC__) && !defined(__cplusplus)\n#pragma GCC optimize(\"fp-contract=off\")\n#endif\n\n",
              m->name);
  text_printf(t, "/* The sizes in the header hold on this machine. */\ntypedef char %s_real_size_holds[sizeof(%s) == %d ? 1 : -1];\n", m->name, u.real,
              options->use_float ? 4 : 8);
  int64_t reals;
  if (param_at(a, &p, m->nparam) && poly_value(m->dims, p.param_offset[m->nparam], NULL, &reals) && reals < INT32_MAX / 8)
    text_printf(t, "typedef char %s_params_size_holds[sizeof(%s) * (size_t)%s_nparams == (size_t)%s_params_bytes ? 1 : -1];\n", m->name, u.real, m->name, m->name);
  text_char(t, '\n');
  if (contains(&sizes, "mdl_add(") || contains(&sizes, "mdl_mul(")) {
    // Either may be left alone by a small model.
    const char *mul = strstr(checked_arithmetic, "static int64_t mdl_mul");
    if (contains(&sizes, "mdl_add(")) text_putn(t, checked_arithmetic, (size_t)(mul - checked_arithmetic));
    if (contains(&sizes, "mdl_mul(")) text_put(t, mul);
  }
  if (contains(&sizes, "mdl_bytes(")) text_put(t, checked_bytes);
  if (contains(&sizes, "mdl_exact(")) text_put(t, checked_exact);
  if (contains(&sizes, "mdl_checked_")) text_put(t, checked_division);
  helpers_print(t, &u);
  put_wrapped(t, sizes.s);
  text_put(t, functions.s);
  put_descriptor(t, &p);
  text_free(&sizes);
  text_free(&functions);
  arena_free(a);
}

void emit_schedule(Text *t, const Model *m, const EmitOptions *options) {
  Arena *a = arena_new();
  Unit u = {.arena = a, .model = m, .options = options, .real = options->use_float ? "float" : "double"};
  Plan p = plan_functions(&u);
  for (int k = 0; k < FUNCTION_COUNT; k++) {
    if (!p.function[k].present) continue;
    text_printf(t, "%s\n", function_names[k]);
    schedule_print(t, p.function[k].s);
  }
  arena_free(a);
}

Cost emit_cost(Arena *a, const Model *m, const EmitOptions *options) {
  Unit u = {.arena = a, .model = m, .options = options, .real = options->use_float ? "float" : "double"};
  Plan p = plan_functions(&u);
  const Poly *zero = poly_int(m->dims, 0);
  Cost cost = {.params = p.param_offset[m->nparam], .tape = zero};
  const Poly **flops[] = {&cost.forward_flops, &cost.backward_flops, &cost.value_and_grad_flops};
  const Poly **work[] = {&cost.forward_work, &cost.backward_work, &cost.value_and_grad_work};
  for (int k = 0; k < 3; k++) {
    *flops[k] = *work[k] = zero;
    if (!p.function[k].present) continue;
    Text t;
    text_init(&t);
    FunctionCost c = function_print(&t, &p, (FunctionKind)k);
    text_free(&t);
    *flops[k] = c.flops;
    cost.bound |= c.bound;
    *work[k] = poly_add(m->dims, p.function[k].s->work_reals, p.function[k].s->work_integers);
  }
  if (p.tape.reals) cost.tape = poly_add(m->dims, p.tape.reals, p.tape.integers);
  return cost;
}
