// contract.c - what the printers of the header, the sizes and the descriptor share.
#include "emit/contract.h"

#include <string.h>

const char *spell_argument(void *context, int dim) {
  Speller *s = context;
  const Dim *d = dims_get(s->model->dims, dim);
  if (d->kind != DIM_FIXED) return arena_printf(s->arena, "dims->%s", names_member(s->arena, d->name));
  if (d->value > INT32_MAX || d->value < -INT32_MAX) return arena_printf(s->arena, "%lld", (long long)d->value);
  return arena_printf(s->arena, "%s_dim_%s", s->model->name, d->name);
}

void put_shape_text(Text *t, const Dims *dims, const Poly *const *extent, int rank) {
  for (int k = 0; k < rank; k++) {
    if (k) text_put(t, ", ");
    poly_print(t, dims, extent[k]);
  }
}

void put_node_shape(Text *t, const Dims *dims, const Node *n) {
  for (int k = 0; k < n->nout; k++) {
    if (k) text_put(t, ", ");
    poly_print(t, dims, n->index[k].extent);
  }
}

// Text inside a comment or a string cannot end it.
void put_safe(Text *t, const char *s) {
  for (; *s; s++) {
    unsigned char c = (unsigned char)*s;
    text_char(t, c < 32 || c > 126 || c == '"' || c == '\\' || c == '*' || c == '?' ? '_' : (char)c);
  }
}

void put_constraint(Text *t, const Model *m, const ParamDecl *p) {
  Text words;
  text_init(&words);
  constraint_print_written(&words, m, p);
  put_safe(t, words.s);
  text_free(&words);
}

int call_dims(const Dims *dims, int *which) {
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

const char *const size_names[SIZE_COUNT] = {
    "params", "tape", "forward_work", "backward_work", "value_and_grad_work", "predict_work", "metrics_work", "free"};

void all_sizes(const Plan *p, const Poly **size) {
  static const FunctionKind function[SIZE_COUNT] = {[SIZE_FORWARD] = FUNCTION_FORWARD,
                                                    [SIZE_BACKWARD] = FUNCTION_BACKWARD,
                                                    [SIZE_VALUE_AND_GRAD] = FUNCTION_VALUE_AND_GRAD,
                                                    [SIZE_PREDICT] = FUNCTION_PREDICT,
                                                    [SIZE_METRICS] = FUNCTION_METRICS};
  const Model *m = p->unit->model;
  const Poly *zero = poly_int(m->dims, 0);
  size[SIZE_PARAMS] = bytes(p, p->param_offset[m->nparam], zero);
  size[SIZE_TAPE] = p->tape.reals ? bytes(p, p->tape.reals, p->tape.integers) : zero;
  size[SIZE_FREE] = bytes(p, p->free_offset[m->nparam], zero);
  for (int k = SIZE_FORWARD; k <= SIZE_METRICS; k++) {
    const Scheduled *s = &p->function[function[k]];
    size[k] = s->present ? function_bytes(p, s) : zero;
  }
}

const Poly *function_bytes(const Plan *p, const Scheduled *f) {
  return bytes(p, f->s->work_reals, f->s->work_integers);
}
