// derivatives.c - what the functions that --derivatives asks for bring along: their sizes, their rows in the descriptor.
#include "emit/contract.h"

static int count_of(const Plan *p) {
  return p->nfunction - FUNCTION_COUNT;
}

static const Scheduled *derivative(const Plan *p, int k) {
  return &p->function[FUNCTION_COUNT + k];
}

static const Poly *result_bytes(const Plan *p, const Scheduled *f) {
  Dims *dims = p->unit->model->dims;
  const bool small = p->unit->options->use_float && f->row != &function_table[FUNCTION_STRUCTURE];
  return poly_mul(dims, f->result, poly_int(dims, small ? 4 : 8));
}

// ---- sizes ----

void derivative_sizes_declare(Text *t, const Plan *p) {
  const char *m = p->unit->model->name;
  if (!count_of(p)) return;
  text_printf(t,
              "/* Bytes that the derivatives ask of their caller: work memory, and the array that each writes. */\n"
              "typedef struct %s_derivative_bytes {\n",
              m);
  for (int k = 0; k < count_of(p); k++) {
    const Scheduled *f = derivative(p, k);
    text_printf(t, "  size_t %s_work;\n", f->name);
    if (f->row->result) text_printf(t, "  size_t %s_result;\n", f->name);
  }
  text_printf(t,
              "} %s_derivative_bytes;\n\n/* 0, or MDL_ERROR_EXTENT, MDL_ERROR_OVERFLOW. */\n"
              "int %s_derivative_sizes(const %s_dims *dims, %s_derivative_bytes *sizes);\n\n",
              m, m, m, m);
}

static void put_size(Text *t, const Plan *p, const char *place, const Poly *size) {
  Speller s = {p->unit->model, p->unit->arena};
  text_printf(t, "  %s = mdl_bytes(", place);
  put_poly_checked(t, p->unit->model->dims, size, spell_argument, &s);
  text_put(t, ", &status);\n");
}

void derivative_sizes_print(Text *t, const Plan *p) {
  const char *m = p->unit->model->name;
  Arena *a = p->unit->arena;
  if (!count_of(p)) return;
  text_printf(t,
              "int %s_derivative_sizes(const %s_dims *dims, %s_derivative_bytes *sizes) {\n"
              "  int status = extents(dims);\n  if (status != MDL_OK) return status;\n",
              m, m, m);
  for (int k = 0; k < count_of(p); k++) {
    const Scheduled *f = derivative(p, k);
    put_size(t, p, arena_printf(a, "sizes->%s_work", f->name), function_bytes(p, f));
    if (f->row->result) put_size(t, p, arena_printf(a, "sizes->%s_result", f->name), result_bytes(p, f));
  }
  text_put(t, "  return status;\n}\n\n");
}

// ---- the descriptor ----

static void put_adapter(Text *t, const Plan *p, const Scheduled *f) {
  const char *n = p->unit->model->name, *r = p->unit->real;
  bool vector = false;
  Text call;
  text_init(&call);
  int out = 0;
  for (int k = 0; k < ARGUMENTS_MAX && f->row->argument[k]; k++) switch (f->row->argument[k]) {
    case ARGUMENT_DATA: text_put(&call, "&x, "); break;
    case ARGUMENT_PARAMS: text_printf(&call, "(const %s *)params, ", r); break;
    case ARGUMENT_DIRECTION:
    case ARGUMENT_COTANGENT:
      vector = true;
      text_printf(&call, "(const %s *)vector, ", r);
      break;
    case ARGUMENT_ROW_START:
    case ARGUMENT_COLUMN: text_printf(&call, "(int64_t *)out[%d], ", out++); break;
    case ARGUMENT_RESULT: text_printf(&call, "(%s *)out[%d], ", r, out++); break;
    case ARGUMENT_OUTPUTS:
      for (int j = 0; j < f->noutput; j++)
        if (!f->output[j].label) text_printf(&call, "(%s *)out[%d], ", r, out++);
      break;
    default: text_put(&call, "work, ");
    }
  text_printf(t,
              "static double %s_untyped(const int64_t *dims, const void *const *data, const void *params, "
              "const void *vector,\n    void *work, void *const *out) {\n  const %s_dims d = dims_typed(dims);\n"
              "  const %s_data x = data_typed(data);\n%s  %s%s_%s(&d, ",
              f->name, n, n,
              vector                                          ? ""
              : f->row == &function_table[FUNCTION_STRUCTURE] ? "  (void)params;\n  (void)vector;\n"
                                                              : "  (void)vector;\n",
              f->row->returns_loss ? "return " : "", n, f->name);
  text_putn(t, call.s, call.length - 2);
  text_printf(t, ");\n%s}\n\n", f->row->returns_loss ? "" : "  return 0;\n");
  text_free(&call);
}

void derivative_tables_print(Text *t, const Plan *p) {
  const char *m = p->unit->model->name;
  if (!count_of(p)) return;
  for (int k = 0; k < count_of(p); k++) put_adapter(t, p, derivative(p, k));
  text_printf(t,
              "static int derivative_sizes_untyped(const int64_t *dims, size_t *work, size_t *result) {\n"
              "  const %s_dims d = dims_typed(dims);\n  %s_derivative_bytes sizes;\n"
              "  int status = %s_derivative_sizes(&d, &sizes);\n  if (status != MDL_OK) return status;\n",
              m, m, m);
  for (int k = 0; k < count_of(p); k++) {
    const Scheduled *f = derivative(p, k);
    text_printf(t, "  work[%d] = sizes.%s_work;\n  result[%d] = ", k, f->name, k);
    if (f->row->result)
      text_printf(t, "sizes.%s_result;\n", f->name);
    else
      text_put(t, "0;\n");
  }
  text_put(t, "  return MDL_OK;\n}\n\nstatic const struct mdl_derivative derivatives_table[] = {\n");
  for (int k = 0; k < count_of(p); k++) {
    const Scheduled *f = derivative(p, k);
    text_printf(t, "    {\"%s\", \"%s\", %s_untyped},\n", derive_kind_name(p->unit->arena, f->request),
                f->request->predict ? f->request->predict : "", f->name);
  }
  text_put(t, "};\n\n");
}

void derivative_fields_print(Text *t, const Plan *p) {
  if (count_of(p))
    text_printf(t, "%d, derivatives_table, derivative_sizes_untyped", count_of(p));
  else
    text_put(t, "0, NULL, NULL");
}
