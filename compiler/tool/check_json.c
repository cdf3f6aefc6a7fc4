// check_json.c - see check_json.h.
#include "tool/check_json.h"

#include <inttypes.h>
#include <math.h>

static void put_key(Text *t, const char *key, const char *before) {
  text_put(t, before);
  json_put_string(t, key);
  text_put(t, ": ");
}

static void put_named(Text *t, const char *key, double value, const char *before) {
  put_key(t, key, before);
  json_put_real(t, value);
}

// "entry": [2, 1]
static void put_entry(Text *t, const char *key, const ParamPlace *place, size_t entry, const char *before) {
  int64_t at[DATA_MAX_RANK];
  for (int k = place->rank; k-- > 0;) {
    at[k] = (int64_t)(entry % (size_t)place->extent[k]);
    entry /= (size_t)place->extent[k];
  }
  put_key(t, key, before);
  text_char(t, '[');
  for (int k = 0; k < place->rank; k++) text_printf(t, "%s%" PRId64, k > 0 ? ", " : "", at[k]);
  text_char(t, ']');
}

static void put_dims(Text *t, const Dims *dims, const int64_t *values) {
  const char *before = "";
  text_char(t, '{');
  for (int k = 0; k < dims_count(dims); k++) {
    const Dim *d = dims_get(dims, k);
    if (d->kind != DIM_CALL && d->kind != DIM_BATCH) continue;
    put_key(t, d->name, before);
    text_printf(t, "%" PRId64, values[k]);
    before = ", ";
  }
  text_char(t, '}');
}

// ---- the oracles ----

static void put_finding(Text *t, const Comparison *c, int p, Oracle oracle) {
  static const char *const keys[ORACLE_COUNT] = {"complex_step", "dual_numbers", "differences", "statement", "against"};
  const Finding *f = &c->finding[p * ORACLE_COUNT + (int)oracle];
  put_key(t, keys[oracle], ",\n     ");
  if (f->absent) {
    put_key(t, "absent", "{");
    json_put_string(t, f->absent);
    text_char(t, '}');
    return;
  }
  put_key(t, "agrees", "{");
  text_put(t, finding_passes(c->subject, oracle, f) ? "true" : "false");
  put_named(t, "error", f->error, ", ");
  put_named(t, "gate", oracle_gate(c->subject, oracle), ", ");
  text_printf(t, ", \"compared\": %zu, \"point\": %d", f->compared, f->point);
  if (f->left_out.count > 0) {
    text_printf(t, ", \"left_out\": %zu, \"because\": ", f->left_out.count);
    json_put_string(t, f->left_out.why);
  }
  if (!f->along) put_entry(t, "entry", &c->subject->param[p], f->entry, ", ");
  put_named(t, "derivative", f->ours, ", ");
  put_named(t, "theirs", f->theirs, ", ");
  double factor;
  if (oracle >= ORACLE_AUTHOR && f->wrong > 0) {
    put_entry(t, "first_wrong", &c->subject->param[p], f->first, ", ");
    if (finding_factor(f, &factor)) put_named(t, "factor", factor, ", ");
  }
  text_char(t, '}');
}

// ---- the proofs ----

static void put_proof(Text *t, const Subject *s, const Proofs *proofs, int p) {
  static const char *const verdicts[] = {"none", "identical", "differs", "undecided"};
  const Proof *proof = &proofs->param[p];
  if (proof->verdict == PROOF_NONE) return;
  put_key(t, "proof", ",\n     ");
  put_key(t, "verdict", "{");
  json_put_string(t, verdicts[proof->verdict]);
  if (proof->verdict == PROOF_IDENTICAL) {
    put_named(t, "log10_chance_of_error", proof->chance, ", ");
    text_printf(t, ", \"combinations\": %d, \"ties_excluded\": %s, \"undefined_excluded\": %s, \"integers_drawn\": %s", proof->combinations,
                proof->ties ? "true" : "false", proof->undefined ? "true" : "false", proof->drawn ? "true" : "false");
    put_key(t, "sizes", ", ");
    for (int k = 0; k < proofs->nsizes; k++) {
      text_put(t, k > 0 ? ", " : "[");
      put_dims(t, s->model->dims, proofs->sizes[k]);
    }
    text_char(t, ']');
  } else if (proof->verdict == PROOF_DIFFERS) {
    ParamPlace place = s->param[p];
    for (int k = 0; k < place.rank; k++) place.extent[k] = proof->point.extent[k];
    put_key(t, "dims", ", ");
    put_dims(t, s->model->dims, proof->point.dims);
    put_entry(t, "entry", &place, proof->point.entry, ", ");
    put_named(t, "derivative", proof->point.ours, ", ");
    put_named(t, "theirs", proof->point.theirs, ", ");
  } else {
    put_key(t, "why", ", ");
    json_put_string(t, proof->why);
    if (proof->difference >= 0) put_named(t, "difference", proof->difference, ", ");
  }
  text_char(t, '}');
}

// ---- a parameter ----

static void put_digits(Text *t, const Subject *s, const Digits *digits, int p) {
  const ParamPlace *place = &s->param[p];
  put_key(t, "digits", ",\n     ");
  json_put_array(t, (ArrayView){MDL_DOUBLE, digits->entry + place->offset, place->rank, place->extent}, 6);
}

static void put_param(Text *t, const Checked *checked, int p) {
  const Comparison *c = &checked->compared;
  const Subject *s = c->subject;
  const ParamPlace *place = &s->param[p];
  put_key(t, "name", p > 0 ? ",\n    {" : "\n    {");
  json_put_string(t, place->name);
  put_key(t, "shape", ", ");
  text_char(t, '[');
  for (int k = 0; k < place->rank; k++) text_printf(t, "%s%" PRId64, k > 0 ? ", " : "", place->extent[k]);
  text_char(t, ']');
  for (int o = 0; o < ORACLE_COUNT && c->finding; o++)
    if (o < ORACLE_AUTHOR || c->finding[p * ORACLE_COUNT + o].compared > 0) put_finding(t, c, p, (Oracle)o);
  put_proof(t, s, &checked->proofs, p);
  if (checked->digits) put_digits(t, s, checked->digits, p);
  text_char(t, '}');
}

static void put_against(Text *t, const Comparison *c) {
  const Against *a = c->against;
  int point;
  double ours;
  const bool agrees = against_loss_agrees(c, &point, &ours);
  put_key(t, "against", ",\n  ");
  put_key(t, "file", "{");
  json_put_string(t, a->file);
  put_key(t, "function", ", ");
  json_put_string(t, a->function);
  put_named(t, "seconds", a->seconds[1], ", ");
  put_named(t, "seconds_of_value_and_grad", a->seconds[0], ", ");
  put_key(t, "loss_agrees", ", ");
  text_put(t, agrees ? "true" : "false");
  if (!agrees) {
    text_printf(t, ", \"point\": %d", point);
    put_named(t, "loss", ours, ", ");
    put_named(t, "theirs", a->loss[point], ", ");
  }
  text_char(t, '}');
}

static void put_derivatives(Text *t, const Checked *checked) {
  const int count = checked->compared.subject->program->emit.nrequest;
  if (count == 0) return;
  put_key(t, "derivatives", ",\n  ");
  for (int k = 0; k < count; k++) {
    const DerivativeFinding *f = &checked->others[k];
    if (!f->request) continue; // a structure, looked at with the entries
    put_key(t, "kind", k > 0 ? ",\n    {" : "[\n    {");
    json_put_string(t, derive_kind_name(checked->compared.subject->model->arena, f->request));
    if (f->request->predict) {
      put_key(t, "of", ", ");
      json_put_string(t, f->request->predict);
    }
    put_named(t, "error", f->error, ", ");
    text_char(t, '}');
  }
  text_char(t, ']');
}

void report_json(Text *t, const Checked *checked) {
  const Comparison *c = &checked->compared;
  const Subject *s = c->subject;
  put_key(t, "model", "{");
  json_put_string(t, s->model->name);
  put_key(t, "agree", ",\n  ");
  text_put(t, checked->agree ? "true" : "false");
  put_key(t, "gradient_by", ",\n  ");
  json_put_string(t, s->compiled ? "generated C" : "the interpreted graph");
  text_printf(t, ",\n  \"points\": %d, \"random_data\": %s, \"dims\": ", c->npoints, s->made_data ? "true" : "false");
  put_dims(t, s->model->dims, s->bound->dims);
  if (c->against) put_against(t, c);
  put_key(t, "parameters", ",\n  ");
  text_char(t, '[');
  for (int p = 0; p < s->model->nparam; p++) put_param(t, checked, p);
  text_char(t, ']');
  put_derivatives(t, checked);
  text_put(t, "}\n");
}
