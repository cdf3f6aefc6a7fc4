// kinds_run.c - the derivatives that generated C was asked for: against the interpreter's, against dual numbers, and against
// each other: <u, J v> = <J' u, v>, <u, H v> = <H u, v>.
#include <math.h>
#include <string.h>

#include "kinds.h"
#include "mdl/model.h"

static const double gate = 1e-10;

typedef struct Runner {
  Case *c;
  const struct mdl_model *m;
  const void *const *data;
  const void *params;
  size_t *work, *result; // bytes, by derivative
} Runner;

// One call.  With `grad` the values, else the row starts and columns; the sizes are right.
static double *run(const Runner *r, int at, const double *vector, size_t nvector, double *returned) {
  Case *c = r->c;
  const Asked *asked = &c->kinds->asked[at];
  const Request *q = &asked->request;
  const struct mdl_derivative *d = &r->m->derivatives[at];
  void **out = arena_array(c->arena, void *, (size_t)q->ndata + 1);
  size_t *count = arena_array(c->arena, size_t, (size_t)q->ndata + 1);
  int nout = 0;
  if (q->kind != DERIVATIVE_GRADIENT) count[nout++] = r->result[at] / sizeof(double);
  for (int k = 0; k < q->ndata && !derive_by_data(q); k++) count[nout++] = c->data[q->data[k]].count;
  for (int k = 0; k < nout; k++) out[k] = case_array(c, count[k] * sizeof(double));
  void *work = case_work(c, r->work[at]), *v = NULL;
  if (vector) {
    v = case_array(c, nvector * sizeof *vector);
    memcpy(v, vector, nvector * sizeof *vector);
  }
  *returned = d->at(c->call, r->data, r->params, v, work, out);
  case_intact(c, work, r->work[at], "the work of a derivative");
  double *all = arena_array(c->arena, double, asked->count + 1);
  size_t n = 0;
  for (int k = 0; k < nout; k++) {
    case_intact(c, out[k], count[k] * sizeof(double), "what a derivative writes");
    for (size_t e = 0; e < count[k] && n < asked->count; e++) all[n++] = ((double *)out[k])[e];
  }
  if (n == asked->count && (nout == 0 || q->ndata > 0 || count[0] == n)) return all;
  case_fail(c, "%s has %zu entries, in the interpreter %zu", d->kind, n, asked->count);
  return NULL;
}

// Said, or looked for.
static bool differs(const Runner *r, int at, const double *value, bool say) {
  const Asked *asked = &r->c->kinds->asked[at];
  const char *kind = r->m->derivatives[at].kind, *of = r->m->derivatives[at].of;
  bool any = false;
  for (size_t e = 0; e < asked->count; e++) {
    if (!isfinite(asked->value[e]) || is_near(value[e], asked->value[e], asked->scale[e], gate)) continue;
    if (say) case_fail(r->c, "%s:%s[%zu] is %.17g, in the interpreter %.17g", kind, of, e, value[e], asked->value[e]);
    any = true;
  }
  return any;
}

static void compare(const Runner *r, int at, const double *value, double returned) {
  Case *c = r->c;
  Asked *asked = &c->kinds->asked[at];
  if (differs(r, at, value, false)) {
    kinds_raise(c, asked);
    differs(r, at, value, true);
  }
  kinds_check(c, asked, value, "generated C");
  if (asked->request.kind == DERIVATIVE_JVP && !asked->predict && !is_near(returned, c->loss, c->loss_magnitude, gate))
    case_fail(c, "jvp returns a loss of %.17g, in the interpreter %.17g", returned, c->loss);
}

static void compare_structure(const Runner *r, int at) {
  Case *c = r->c;
  const Asked *values = &c->kinds->asked[at - 1]; // the entries that it is of
  const size_t columns = r->result[at] / sizeof(int64_t), bytes = (values->rows + 1) * sizeof(int64_t);
  int64_t *start = case_array(c, bytes), *column = case_array(c, r->result[at]);
  void *out[] = {start, column}, *work = case_work(c, r->work[at]);
  if (columns != values->count) {
    case_fail(c, "%zu columns of %zu entries", columns, values->count);
    return;
  }
  r->m->derivatives[at].at(c->call, r->data, NULL, NULL, work, out);
  case_intact(c, work, r->work[at], "the work of a structure");
  case_intact(c, start, bytes, "where rows start");
  case_intact(c, column, r->result[at], "the columns");
  if (memcmp(start, values->start, bytes) != 0) case_fail(c, "rows start at other places than in the interpreter");
  if (memcmp(column, values->column, columns * sizeof *column) != 0)
    case_fail(c, "columns are others than in the interpreter");
}

// ---- of two that generated C computed ----

static double dot(const double *x, const double *y, size_t count) {
  double sum = 0;
  for (size_t k = 0; k < count; k++) sum += x[k] * y[k];
  return sum;
}

static double terms(const Asked *asked, const double *along) {
  double sum = 0;
  for (size_t k = 0; k < asked->count; k++) sum += asked->scale[k] * fabs(along[k]);
  return sum;
}

// `back` is a vjp along its cotangent, `forth` a jvp of the same prediction.
static void dot_product(Case *c, const Asked *back, const double *pulled, const Asked *forth, const double *pushed) {
  double ours = dot(pulled, forth->vector, c->total), theirs = dot(pushed, back->vector, back->rows);
  const double scale = terms(forth, back->vector) + terms(back, forth->vector); // of both: what one mode cancels the other may round
  if (isfinite(theirs) && !is_near(ours, theirs, scale, gate))
    case_fail(c, "of %s: <J' u, v> is %.17g, <u, J v> %.17g", back->predict->name, ours, theirs);
}

static void symmetry(const Runner *r, int at, const double *product) {
  const Kinds *k = r->c->kinds;
  double unused, *other = run(r, at, k->other, r->c->total, &unused);
  if (!other) return;
  double ours = dot(other, k->direction, r->c->total), theirs = dot(product, k->other, r->c->total);
  double scale = terms(&k->asked[at], k->other) + terms(&k->asked[at], k->direction);
  if (isfinite(theirs) && !is_near(ours, theirs, scale, gate))
    case_fail(r->c, "<H u, v> is %.17g, <u, H v> %.17g", ours, theirs);
}

static void compare_pairs(Case *c, double *const *value) {
  const Kinds *k = c->kinds;
  for (int i = 0; i < k->count; i++)
    for (int j = 0; j < k->count; j++) {
      const Asked *back = &k->asked[i], *forth = &k->asked[j];
      if (back->request.kind == DERIVATIVE_VJP && forth->request.kind == DERIVATIVE_JVP && forth->request.ndata == 0 &&
          back->predict == forth->predict && value[i] && value[j])
        dot_product(c, back, value[i], forth, value[j]);
    }
}

void kinds_run(Case *c, const struct mdl_model *m, const void *const *data, const void *params) {
  const Kinds *k = c->kinds;
  Runner r = {.c = c, .m = m, .data = data, .params = params};
  r.work = arena_array(c->arena, size_t, (size_t)k->count + 1);
  r.result = arena_array(c->arena, size_t, (size_t)k->count + 1);
  if (k->count == 0) return;
  if (m->nderivatives != k->count || m->derivative_sizes(c->call, r.work, r.result) != MDL_OK) {
    case_fail(c, "%d derivatives of %d, or they have no sizes", m->nderivatives, k->count);
    return;
  }
  double **value = arena_array(c->arena, double *, (size_t)k->count);
  for (int at = 0; at < k->count; at++) {
    const Asked *asked = &k->asked[at];
    if (asked->request.kind == DERIVATIVE_STRUCTURE) {
      compare_structure(&r, at);
      continue;
    }
    double returned;
    value[at] = run(&r, at, asked->vector, asked->request.kind == DERIVATIVE_VJP ? asked->rows : asked->total, &returned);
    if (!value[at]) continue;
    compare(&r, at, value[at], returned);
    if (asked->request.kind == DERIVATIVE_HVP && asked->request.ndata == 0) symmetry(&r, at, value[at]);
  }
  compare_pairs(c, value);
}
