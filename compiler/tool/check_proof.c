// check_proof.c - the prover's verdicts on the `gradient` statements, in words.
#include "tool/check_proof.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "tool/check_compare.h"

// The value that -D gives a dimension, or -1.
static int64_t given_value(const ModelOptions *options, const char *name) {
  for (size_t k = 0; name && k < options->ndims; k++)
    if (!strcmp(options->dims[k].name, name)) return options->dims[k].value;
  return -1;
}

void proofs_find(Subject *s, const ModelOptions *options, uint64_t seed, Proofs *proofs) {
  const Dims *dims = s->model->dims;
  *proofs = (Proofs){.param = arena_array(s->arena, Proof, (size_t)s->model->nparam + 1)};
  if (!s->author || s->author->nroots == 0) return;
  int64_t *given = arena_array(s->arena, int64_t, (size_t)dims_count(dims) + 1);
  for (int k = 0; k < dims_count(dims); k++) given[k] = given_value(options, dims_get(dims, k)->name);
  *proofs = prove_gradients(s->arena, &(ProofInput){.model = s->model, .graph = s->derived, .given = given, .seed = seed});
}

bool proofs_agree(const Subject *s, const Proofs *proofs) {
  for (int p = 0; p < s->model->nparam; p++)
    if (proofs->param[p].verdict == PROOF_DIFFERS) return false;
  return true;
}

// ---- sizes ----

static bool is_open(const Dims *dims, int k) {
  const Dim *d = dims_get(dims, k);
  return d->kind == DIM_CALL || d->kind == DIM_BATCH;
}

// "n", or "(n, d)"; its values where they are given.
static const char *tuple_text(Arena *a, const Dims *dims, const int64_t *values) {
  const char *text = "";
  int count = 0;
  for (int k = 0; k < dims_count(dims); k++) {
    if (!is_open(dims, k)) continue;
    const char *one = values ? arena_printf(a, "%" PRId64, values[k]) : dims_get(dims, k)->name;
    text = arena_printf(a, "%s%s%s", text, count++ > 0 ? ", " : "", one);
  }
  return count > 1 ? arena_printf(a, "(%s)", text) : text;
}

const char *proof_sizes_text(Arena *a, const Subject *s, const Proofs *proofs) {
  const Dims *dims = s->model->dims;
  const char *names = tuple_text(a, dims, NULL), *text = "";
  if (!*names) return "";
  for (int k = 0; k < proofs->nsizes; k++)
    text = arena_printf(a, "%s%s%s", text, k > 0 ? ", " : "", tuple_text(a, dims, proofs->sizes[k]));
  return arena_printf(a, "%s = %s", names, text);
}

// ---- verdicts ----

static void put_identical(Text *t, const Subject *s, const Proofs *proofs, const Proof *p) {
  const char *sizes = proof_sizes_text(s->arena, s, proofs);
  text_printf(t, "identical%s%s (chance of error below 1e%d", *sizes ? " at sizes " : "", sizes,
              (int)fmax(ceil(p->chance), -99));
  if (p->combinations > 1) text_printf(t, "; all %d combinations of its conditions", p->combinations);
  if (p->ties) text_put(t, "; where no two reals that are compared are equal");
  if (p->undefined) text_put(t, "; where the statement is finite, which is not everywhere");
  if (p->drawn) text_put(t, "; for integer data as drawn");
  text_put(t, ")\n");
}

static void put_differs(Text *t, const Subject *s, const Proof *p, int param) {
  const Dims *dims = s->model->dims;
  const char *names = tuple_text(s->arena, dims, NULL);
  text_put(t, "differs");
  if (*names) text_printf(t, " at %s = %s", names, tuple_text(s->arena, dims, p->point.dims));
  ParamPlace place = s->param[param];
  for (int k = 0; k < place.rank; k++) place.extent[k] = p->point.extent[k];
  text_printf(t, ": d loss / d %s%s is ", place.name, check_entry_text(s->arena, &place, p->point.entry));
  text_real(t, p->point.ours);
  text_put(t, ", but ");
  text_real(t, p->point.theirs);
  text_put(t, " by the statement\n");
}

static void put_undecided(Text *t, const Proof *p) {
  text_printf(t, "undecided (%s)", p->why);
  if (p->difference < 0)
    text_put(t, ", and there was no real point to compare them at\n");
  else if (p->difference == 0)
    text_put(t, ", numerically equal\n");
  else
    text_printf(t, ", numerically agrees to %.0e\n", p->difference);
}

void report_proofs(Text *t, const Subject *s, const Proofs *proofs) {
  for (int k = 0; k < s->model->nparam; k++) {
    const Proof *p = &proofs->param[k];
    if (p->verdict == PROOF_NONE) continue;
    text_printf(t, "gradient %s: ", s->param[k].name);
    if (p->verdict == PROOF_IDENTICAL) put_identical(t, s, proofs, p);
    if (p->verdict == PROOF_DIFFERS) put_differs(t, s, p, k);
    if (p->verdict == PROOF_UNDECIDED) put_undecided(t, p);
  }
}

// ---- the point that refutes ----

static void put_array(Text *t, const Subject *s, const char *name, const Array *array, bool first) {
  double *real = arena_array(s->arena, double, array->count + 1);
  int32_t *integer = arena_array(s->arena, int32_t, array->count + 1);
  for (size_t k = 0; k < array->count; k++) {
    if (array->number)
      real[k] = array->number[k].a;
    else
      integer[k] = (int32_t)array->integer[k];
  }
  const void *values = array->number ? (const void *)real : integer;
  text_put(t, first ? "{" : ",\n ");
  json_put_string(t, name);
  text_put(t, ": ");
  json_put_array(t, (ArrayView){array->number ? MDL_DOUBLE : MDL_INT32, values, array->rank, array->extent}, 2);
}

bool proof_replay(const Subject *s, const Proofs *proofs, Text *params, Text *data) {
  const Model *m = s->model;
  for (int k = 0; k < m->nparam; k++) {
    const Proof *p = &proofs->param[k];
    if (p->verdict != PROOF_DIFFERS) continue;
    for (int j = 0; j < m->nparam; j++) put_array(params, s, m->param[j].name, &p->point.param[j], j == 0);
    for (int j = 0; j < m->ndata; j++) put_array(data, s, m->data[j].name, &p->point.data[j], j == 0);
    text_put(params, "}\n");
    text_put(data, m->ndata > 0 ? "}\n" : "{}\n");
    return true;
  }
  return false;
}
