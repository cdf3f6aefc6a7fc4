// check_compare.c - holds a gradient against its oracles, entry by entry, at every point.
#include "tool/check_compare.h"

#include <math.h>

// ---- gates ----

double oracle_gate(const Subject *s, Oracle oracle) {
  bool single = s->program->emit.use_float;
  if (oracle == ORACLE_DIFFERENCE) return single ? 1e-2 : 1e-8;
  return single ? 5e-4 : 1e-12; // 2^29 times as much, as the roundings are
}

bool finding_passes(const Subject *s, Oracle oracle, const Finding *f) {
  return f->compared == 0 || fabs(f->error) <= oracle_gate(s, oracle);
}

bool finding_factor(const Finding *f, double *factor) {
  if (!isfinite(f->low) || !isfinite(f->high) || f->high - f->low > 1e-9 * fabs(f->high)) return false;
  if (factor) *factor = (f->low + f->high) / 2;
  return fabs(f->low - 1) > 1e-9;
}

bool against_loss_agrees(const Comparison *c, int *point, double *ours) {
  const double gate = c->subject->program->emit.use_float ? 1e-4 : 1e-9;
  for (*point = 0; c->against && *point < c->npoints; ++*point) {
    const double theirs = c->against->loss[*point];
    *ours = subject_loss(c->subject, c->point[*point].params);
    if (!isnan(theirs) && !(fabs(theirs - *ours) <= gate * fmax(1, fabs(*ours)))) return false;
  }
  return true;
}

bool all_agree(const Comparison *c) {
  int point;
  double ours;
  if (!c->finding) return true; // there is no loss
  if (!against_loss_agrees(c, &point, &ours)) return false;
  for (int p = 0; p < c->subject->model->nparam; p++)
    for (int o = 0; o < ORACLE_COUNT; o++)
      if (!finding_passes(c->subject, (Oracle)o, &c->finding[p * ORACLE_COUNT + o])) return false;
  return true;
}

// ---- one value ----

typedef struct Here { // a parameter at a point
  Comparison *c;
  uint64_t seed;
  int point, param;
  int gradients;
  double *gradient[GRADIENTS];
  double scale; // of errors
  double *direction;
} Here;

static Finding *finding_of(const Here *h, Oracle oracle) {
  return &h->c->finding[h->param * ORACLE_COUNT + (int)oracle];
}

static double relative(double ours, double theirs, double scale) {
  if (ours == theirs) return 0; // two infinities too
  double error = (ours - theirs) / scale;
  return isnan(error) ? INFINITY : error; // also what is not finite disagrees
}

// Where ours is nearly 0, theirs must be: else there is no ratio.
static void add_ratio(Finding *found, const Finding *before, double scale) {
  const bool small = fabs(found->ours) <= 1e-6 * scale, both = small && fabs(found->theirs) <= 1e-6 * scale;
  const double ratio = small ? (double)NAN : found->theirs / found->ours;
  found->low = before->compared > 0 ? before->low : INFINITY;
  found->high = before->compared > 0 ? before->high : -INFINITY;
  if (both) return;
  found->low = isnan(ratio) ? -INFINITY : fmin(found->low, ratio);
  found->high = isnan(ratio) ? INFINITY : fmax(found->high, ratio);
}

static void compare(Here *h, Oracle oracle, Finding found, double scale) {
  Finding *f = finding_of(h, oracle);
  found.error = relative(found.ours, found.theirs, scale);
  found.point = h->point;
  found.compared = f->compared + 1;
  add_ratio(&found, f, scale);
  found.left_out = f->left_out;
  found.first = f->wrong > 0 ? f->first : found.entry;
  found.wrong = f->wrong + (fabs(found.error) > oracle_gate(h->c->subject, oracle));
  if (f->compared == 0 || fabs(found.error) > fabs(f->error)) *f = found;
  f->compared = found.compared;
  f->first = found.first;
  f->wrong = found.wrong;
  f->low = found.low;
  f->high = found.high;
}

// ---- along a direction ----

static double dot(const Here *h, int gradient) {
  const ParamPlace *place = &h->c->subject->param[h->param];
  double sum = 0;
  for (size_t k = place->offset; k < place->offset + place->count; k++)
    if (h->direction[k] != 0) sum += h->gradient[gradient][k] * h->direction[k];
  return sum;
}

// What an oracle says of a derivative.
typedef struct Reference {
  double value;
  const char *unknown; // it says nothing: why; null: it does
} Reference;

static bool is_off(const Here *h, Oracle oracle, double ours, double theirs, double scale) {
  return fabs(relative(ours, theirs, scale)) > oracle_gate(h->c->subject, oracle);
}

// The usual complex step, or another where that does not give ours: a number of the model may be below the step, or its
// derivative below the smallest double over the step.
static bool ask_complex(Here *h, const double *ours, double scale, Reference *r) {
  Subject *s = h->c->subject;
  const double *params = h->c->point[h->point].params;
  bool off = false, resolved;
  if (!oracle_along(s, NUMBER_COMPLEX, params, h->direction, &r->value)) return false;
  for (int g = 0; g < h->gradients; g++)
    off = off || (isfinite(ours[g]) && is_off(h, ORACLE_COMPLEX, ours[g], r->value, scale));
  if (!off) return true;
  const double tolerance = oracle_gate(s, ORACLE_COMPLEX) * scale;
  if (!oracle_resolved(s, params, h->direction, tolerance, &r->value, &resolved)) return false;
  if (!resolved) r->unknown = isfinite(r->value) ? "underflow" : "not finite";
  return true;
}

// Where rounding, a kink or the end of the loss's domain nearby leaves the extrapolation uncertain, it proves nothing.
static void ask_differences(Here *h, const Finding *found, double scale, Reference *r) {
  Subject *s = h->c->subject;
  const double *params = h->c->point[h->point].params;
  double error, size = found->along ? 1 : fmax(1, fabs(params[s->param[h->param].offset + found->entry]));
  r->unknown = "uncertain";
  if (h->c->point[h->point].kink) return;
  r->value = oracle_difference(s, params, h->direction, size, &error);
  if (isfinite(error) && error <= 0.1 * oracle_gate(s, ORACLE_DIFFERENCE) * scale) r->unknown = NULL;
}

static void leave_out(Here *h, Oracle oracle, const Finding *found, const char *why) {
  LeftOut *left = &finding_of(h, oracle)->left_out;
  if (left->count == 0) *left = (LeftOut){.why = why, .point = h->point, .along = found->along, .entry = found->entry};
  left->count += found->gradient == 0;
}

// An oracle that is not finite beside a finite derivative has failed itself: it is left out where another one knows.  Where
// none does, nothing confirms the derivative, and that is a disagreement.
static void compare_references(Here *h, Finding found, double scale, const Reference *reference) {
  const bool hidden = h->c->subject->param[h->param].hidden != NULL;
  bool known = false;
  const char *why[ORACLE_AUTHOR];
  for (int o = 0; o < ORACLE_AUTHOR; o++) {
    const bool failed = isfinite(found.ours) && !isfinite(reference[o].value);
    why[o] = !reference[o].unknown && failed ? "not finite" : reference[o].unknown;
    known = known || (!why[o] && !(o == ORACLE_DIFFERENCE && hidden));
  }
  for (int o = 0; o < ORACLE_AUTHOR; o++) {
    found.theirs = reference[o].value;
    if (!why[o] || (!known && o == ORACLE_DUAL))
      compare(h, (Oracle)o, found, scale);
    else if (o != ORACLE_DIFFERENCE)
      leave_out(h, (Oracle)o, &found, why[o]);
  }
}

static bool compare_direction(Here *h, Finding found, double scale) {
  Subject *s = h->c->subject;
  double ours[GRADIENTS];
  Reference reference[ORACLE_AUTHOR] = {{.unknown = NULL}};
  for (int g = 0; g < h->gradients; g++) ours[g] = dot(h, g);
  if (!ask_complex(h, ours, scale, &reference[ORACLE_COMPLEX]) ||
      !oracle_along(s, NUMBER_DUAL, h->c->point[h->point].params, h->direction, &reference[ORACLE_DUAL].value))
    return false;
  ask_differences(h, &found, scale, &reference[ORACLE_DIFFERENCE]);
  for (int g = 0; g < h->gradients; g++) {
    found.gradient = g;
    found.ours = ours[g];
    compare_references(h, found, scale, reference);
  }
  return true;
}

static bool compare_entry(Here *h, size_t entry) {
  size_t at = h->c->subject->param[h->param].offset + entry;
  h->direction[at] = 1;
  bool ok = compare_direction(h, (Finding){.entry = entry}, h->scale);
  h->direction[at] = 0;
  return ok;
}

// Along random signs: the sum of many entries is compared, relative to what so many independent ones come to.
static bool compare_random(Here *h, int number) {
  const ParamPlace *place = &h->c->subject->param[h->param];
  for (size_t k = 0; k < place->count; k++)
    h->direction[place->offset + k] = check_random(h->seed, 1000 + (uint64_t)number, place->offset + k) < 0 ? -1 : 1;
  bool ok = compare_direction(h, (Finding){.along = true}, h->scale * sqrt((double)place->count));
  for (size_t k = 0; k < place->count; k++) h->direction[place->offset + k] = 0;
  return ok;
}

// ---- a parameter at a point ----

static bool compare_author(Here *h) {
  Subject *s = h->c->subject;
  const ParamPlace *place = &s->param[h->param];
  double *value = arena_array(s->arena, double, place->count + 1);
  double *rounding = arena_array(s->arena, double, place->count + 1);
  bool failed;
  if (!oracle_author(s, h->param, h->c->point[h->point].params, value, rounding, &failed)) return !failed;
  double scale = h->scale;
  for (size_t k = 0; k < place->count; k++) scale = fmax(scale, oracle_scale(s, 0, rounding[k]));
  for (int g = 0; g < h->gradients; g++)
    for (size_t k = 0; k < place->count; k++)
      compare(h, ORACLE_AUTHOR,
              (Finding){.gradient = g, .entry = k, .ours = h->gradient[g][place->offset + k], .theirs = value[k]},
              scale);
  return true;
}

// Every entry of the function that was written by hand.
static void compare_against(Here *h) {
  const ParamPlace *place = &h->c->subject->param[h->param];
  if (!h->c->against) return;
  const double *theirs = h->c->against->gradient[h->point];
  for (size_t k = 0; k < place->count; k++)
    compare(h, ORACLE_AGAINST,
            (Finding){.entry = k, .ours = h->gradient[0][place->offset + k], .theirs = theirs[place->offset + k]},
            h->scale);
}

static size_t largest_entry(const Here *h) {
  const ParamPlace *place = &h->c->subject->param[h->param];
  size_t best = 0;
  for (size_t k = 1; k < place->count; k++)
    if (fabs(h->gradient[0][place->offset + k]) > fabs(h->gradient[0][place->offset + best])) best = k;
  return best;
}

static bool compare_entries(Here *h) {
  const ParamPlace *place = &h->c->subject->param[h->param];
  size_t sampled = h->c->sampled;
  if (sampled == 0 || place->count <= sampled) {
    for (size_t k = 0; k < place->count; k++)
      if (!compare_entry(h, k)) return false;
    return true;
  }
  if (!compare_entry(h, largest_entry(h))) return false;
  // The others one from each of as many stretches, so that none is taken twice.
  for (size_t k = 0; k + 1 < sampled; k++) {
    size_t low = k * place->count / (sampled - 1), high = (k + 1) * place->count / (sampled - 1);
    double u = (check_random(h->seed, 500 + (uint64_t)h->point, place->offset + k) + 1) / 2;
    if (!compare_entry(h, low + (size_t)(u * (double)(high - low)))) return false;
  }
  for (int d = 0; d < h->c->directions; d++)
    if (!compare_random(h, d)) return false;
  return true;
}

static bool compare_point(Comparison *c, uint64_t seed, int point) {
  Subject *s = c->subject;
  Here h = {.c = c, .seed = seed, .point = point};
  double *rounding = arena_array(s->arena, double, s->total + 1);
  h.direction = arena_array(s->arena, double, s->total + 1);
  for (int g = 0; g < GRADIENTS; g++) h.gradient[g] = arena_array(s->arena, double, s->total + 1);
  if (!subject_gradients(s, c->point[point].params, h.gradient, &h.gradients) ||
      !oracle_rounding(s, c->point[point].params, rounding))
    return false;
  for (h.param = 0; h.param < s->model->nparam; h.param++) {
    const ParamPlace *place = &s->param[h.param];
    h.scale = 0;
    for (size_t k = place->offset; k < place->offset + place->count; k++)
      h.scale = fmax(h.scale, oracle_scale(s, h.gradient[0][k], rounding[k]));
    if (h.scale == 0) h.scale = 1; // nothing depends on the parameter
    if (!compare_entries(&h) || !compare_author(&h)) return false;
    compare_against(&h);
  }
  return true;
}

// Of a parameter whose influence is hidden in part differences that disagree say nothing; all of what is hidden may cancel.
static void forget_hidden(Comparison *c) {
  const Subject *s = c->subject;
  for (int p = 0; p < s->model->nparam; p++) {
    Finding *f = &c->finding[p * ORACLE_COUNT + ORACLE_DIFFERENCE];
    if (s->param[p].hidden && !finding_passes(s, ORACLE_DIFFERENCE, f)) *f = (Finding){.left_out = f->left_out};
  }
}

bool compare_all(Comparison *c, uint64_t seed) {
  Subject *s = c->subject;
  c->finding = arena_array(s->arena, Finding, (size_t)s->model->nparam * ORACLE_COUNT + 1);
  bool kinks = true;
  for (int point = 0; point < c->npoints; point++) {
    c->point[point].kink = kinks_at(s, c->point[point].params);
    kinks = kinks && c->point[point].kink;
    if (!compare_point(c, seed, point)) return false;
  }
  forget_hidden(c);
  for (int p = 0; p < s->model->nparam; p++)
    for (int o = 0; o < ORACLE_COUNT; o++) {
      Finding *f = &c->finding[p * ORACLE_COUNT + o];
      if (f->compared > 0) continue;
      f->absent = s->param[p].count == 0  ? "n/a: no entries"
                  : f->left_out.count > 0 ? arena_printf(s->arena, "n/a: %s", f->left_out.why)
                  : o >= ORACLE_AUTHOR    ? "none"
                  : s->param[p].hidden    ? arena_printf(s->arena, "n/a: %s", s->param[p].hidden)
                  : kinks                 ? "n/a: kink"
                                          : "n/a: rounding";
    }
  return true;
}
