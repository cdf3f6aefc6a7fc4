// header.c - the generated header.
#include "embed/embedded.h"
#include "emit/contract.h"

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
  if (!m->ndata)
    text_printf(t, "  const %s *none; /* this model has none; a null pointer may be passed */\n", p->unit->real);
  text_printf(t, "} %s_data;\n\n", m->name);
}

static void put_enumerators(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  bool any = false;
  for (int k = 0; k < dims_count(m->dims); k++) {
    const Dim *d = dims_get(m->dims, k);
    if (d->kind != DIM_FIXED || d->value > INT32_MAX || d->value < -INT32_MAX) continue;
    text_printf(t, "%s%s_dim_%s = %lld",
                any ? ",\n  " : "/* Dimensions fixed when the model was compiled. */\nenum {\n  ", m->name, d->name,
                (long long)d->value);
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
      text_put(t, "]");
      if (m->param[k].constraint != CONSTRAINT_NONE) text_char(t, ' ');
      put_constraint(t, m, &m->param[k]);
      text_put(t, " */");
    }
    text_char(t, '\n');
  }
  text_put(t, "};\n\n");
  constrain_enumerators_print(t, p);
}

// Floating-point operations of each function: constants where the dimensions are fixed, else formulas.
static void put_operation_counts(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  bool any = false;
  for (int k = 0; k < p->nfunction; k++) {
    const Scheduled *f = &p->function[k];
    if (!f->present || (k > FUNCTION_VALUE_AND_GRAD && k < FUNCTION_COUNT)) continue;
    const Printed cost = f->printed;
    int64_t value;
    if (!any) text_put(t, "/* Floating-point operations; a call of <math.h> counts as one. */\n");
    any = true;
    if (poly_fixed(m->dims, cost.flops, &value) && value <= INT32_MAX) {
      text_printf(t, "enum { %s_%s_flops = %lld };%s\n", m->name, f->name, (long long)value,
                  cost.bound ? " /* at most */" : "");
    } else {
      text_printf(t, "/* %s: %s", f->name, cost.bound ? "at most " : "");
      poly_print(t, m->dims, cost.flops);
      text_put(t, " */\n");
    }
  }
  if (any) text_char(t, '\n');
}

static bool is_constant(const Dims *dims, const Poly *p, int64_t *value) {
  return poly_fixed(dims, p, value) && *value <= INT32_MAX;
}

// What is known of memory and operations when the model is compiled.
static void put_constants(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  const Poly *size[SIZE_COUNT];
  all_sizes(p, size);
  text_put(t, "/* Bytes of memory that the caller provides:");
  bool any = false;
  for (int k = 0; k < SIZE_COUNT; k++) {
    int64_t value;
    if (is_constant(m->dims, size[k], &value)) {
      any = true;
      continue;
    }
    text_printf(t, "\n   %s: ", size_names[k]);
    poly_print(t, m->dims, size[k]);
  }
  text_put(t, " */\n");
  if (any) text_put(t, "enum {\n");
  for (int k = 0, first = 1; k < SIZE_COUNT; k++) {
    int64_t value;
    if (!is_constant(m->dims, size[k], &value)) continue;
    text_printf(t, "%s  %s_%s_bytes = %lld", first ? "" : ",\n", m->name, size_names[k], (long long)value);
    first = 0;
  }
  text_put(t, any ? "\n};\n\n" : "\n");
  put_operation_counts(t, p);
}

void header_print(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  text_put(t, "/* ");
  put_safe(t, m->name);
  text_put(t, ".h - generated by mdlc from ");
  put_safe(t, p->unit->options->source);
  text_printf(
      t,
      ": change the model, not this file.\n *\n"
      " * Tape and work are the caller's memory, aligned to 64 bytes: ask %s_sizes for how much (for 0, null will\n"
      " * do). Nothing aliases.\n"
      " * Call %s_check once for new dimensions and data; after it has returned 0, no function can fail.\n"
      " * All functions may be called from several threads at once.\n */\n",
      m->name, m->name);
  text_printf(t,
              "#ifndef MDL_GENERATED_%s_H\n#define MDL_GENERATED_%s_H\n\n#include <stddef.h>\n#include <stdint.h>\n\n"
              "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n",
              m->name, m->name);
  put_members(t, p);
  put_enumerators(t, p);
  put_constants(t, p);
  text_put(t, "struct mdl_sizes; /* defined below */\nstruct mdl_where;\nstruct mdl_model;\n\n");
  text_printf(t,
              "/* The bytes that each function asks for. 0, or MDL_ERROR_EXTENT, MDL_ERROR_OVERFLOW. */\n"
              "int %s_sizes(const %s_dims *dims, struct mdl_sizes *sizes);\n\n",
              m->name, m->name);
  derivative_sizes_declare(t, p);
  text_printf(t,
              "/* Where each parameter starts: %d offsets, the last one the total. */\n"
              "int %s_layout(const %s_dims *dims, int64_t *offsets);\n\n",
              m->nparam + 1, m->name, m->name);
  text_printf(
      t,
      "/* Dimensions, integer data and computed subscripts are in range: 0, or a status and where (may be null).\n"
      "   Data arrays that are null are passed over: predict may do without them. */\n"
      "int %s_check(const %s_dims *dims, const %s_data *data, struct mdl_where *where);\n\n",
      m->name, m->name, m->name);
  for (int k = 0; k < p->nfunction; k++) {
    const Scheduled *f = &p->function[plan_order(k)];
    if (!f->present) continue;
    text_printf(t, "/* %s */\n", f->comment);
    function_signature(t, p, f);
    text_put(t, ";\n\n");
  }
  constrain_prototypes_print(t, p);
  text_printf(t,
              "/* All of the above for programs that know the model only by its descriptor. */\nextern const struct "
              "mdl_model %s_model;\n\n",
              m->name);
  text_put(t, "#ifdef __cplusplus\n}\n#endif\n\n");
  text_put(t, embedded_model_h);
  text_put(t, "\n#endif\n");
}
