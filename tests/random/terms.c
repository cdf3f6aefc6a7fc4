// terms.c - a grammar of terms whose values stay within a limit, over names whose shapes are known.
#include <string.h>

#include "generator.h"

// ---- choices ----

int gen_below(Generator *g, int n) {
  g->state += 0x9e3779b97f4a7c15u; // splitmix64
  uint64_t z = g->state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (int)((z ^ (z >> 31)) % (uint64_t)n);
}

bool gen_chance(Generator *g, int percent) {
  return gen_below(g, 100) < percent;
}

const char *gen_fresh(Generator *g, const char *stem) {
  return format("%s%d", stem, g->names++);
}

const char *gen_constant(Generator *g) {
  int tenths = 1 + gen_below(g, 19);
  return format("%d.%d", tenths / 10, tenths % 10);
}

const char *gen_extent_text(const Generator *g, int extent) {
  return g->extent[extent].text;
}

int gen_add_extent(Generator *g, Extent e) {
  g->extent[g->nextent] = e;
  return g->nextent++;
}

int gen_plain_extent(Generator *g) {
  int e;
  do e = gen_below(g, g->nextent);
  while (g->extent[e].kind != EXTENT_PLAIN);
  return e;
}

int gen_any_extent(Generator *g) {
  return gen_chance(g, 80) ? gen_plain_extent(g) : gen_below(g, g->nextent);
}

const char *gen_shape_text(Generator *g, int rank, const int *extent) {
  if (rank == 0) return "";
  const char *s = "[";
  for (int k = 0; k < rank; k++) s = format("%s%s%s", s, k ? ", " : "", gen_extent_text(g, extent[k]));
  return format("%s]", s);
}

void gen_add_value(Generator *g, const char *name, int rank, const int *extent, int under) {
  if (g->nvalue == VALUES_MAX) return;
  Value v = {.name = name, .rank = rank, .under = under, .bound = g->limit};
  for (int k = 0; k < rank; k++) v.extent[k] = extent[k];
  g->value[g->nvalue++] = v;
}

void gen_add_bounded(Generator *g, const char *name, int rank, const int *extent, double bound) {
  if (g->nvalue == VALUES_MAX) return;
  gen_add_value(g, name, rank, extent, -1);
  g->value[g->nvalue - 1].bound = bound;
}

void gen_fuel(Generator *g, int operations) {
  g->fuel = !g->small ? operations : gen_chance(g, 60) ? 1 : 2;
}

// A term within `bound`.
const char *gen_within(Generator *g, Term t, double bound) {
  static const char *const squash[] = {"tanh", "sin", "erf", "cos"};
  if (t.bound <= bound) return t.s;
  if (t.bound <= 4 * bound && gen_chance(g, 50)) return format("(%.3g * %s)", bound / t.bound * 0.999, t.s);
  return bound < 1 ? format("(%.3g * %s(%s))", bound, squash[gen_below(g, 4)], t.s)
                   : format("%s(%s)", squash[gen_below(g, 4)], t.s);
}

static Term made(Generator *g, const char *s, double bound) {
  Term t = {s, bound};
  if (bound > g->limit) t = (Term){gen_within(g, t, g->limit), g->limit};
  return t;
}

// ---- subscripts and conditions ----

static Loop *loop_over(Generator *g, int extent) {
  int first = g->nloop > 0 ? gen_below(g, g->nloop) : 0;
  for (int k = 0; k < g->nloop; k++) {
    Loop *l = &g->loop[(first + k) % g->nloop];
    if (l->extent == extent) return l;
  }
  return NULL;
}

const char *gen_read_value(Generator *g, const Value *v, int depth) {
  if (v->rank == 0) return v->name;
  const char *s = format("%s[", v->name);
  for (int k = 0; k < v->rank; k++) s = format("%s%s%s", s, k ? ", " : "", gen_subscript(g, v->extent[k], depth));
  return format("%s]", s);
}

const Value *gen_labels_under(Generator *g, int extent) {
  int first = g->nvalue > 0 ? gen_below(g, g->nvalue) : 0;
  for (int k = 0; k < g->nvalue; k++) {
    const Value *v = &g->value[(first + k) % g->nvalue];
    if (v->under == extent) return v;
  }
  return NULL;
}

const char *gen_subscript(Generator *g, int extent, int depth) {
  const char *e = gen_extent_text(g, extent);
  Loop *l = loop_over(g, extent);
  const Value *labels = depth > 0 ? gen_labels_under(g, extent) : NULL;
  int way = gen_below(g, 20);
  if (labels && way >= 16) return gen_read_value(g, labels, depth - 1);
  if (!l) {
    if (g->nloop > 0 && way < 6) return format("min(%s, %s - 1)", g->loop[gen_below(g, g->nloop)].name, e);
    return way < 12 ? "0" : format("%s - 1", e);
  }
  switch (way) {
  case 11: return format("%s // 2", l->name);
  case 12: return format("(%s + 1) %% %s", l->name, e);
  case 13: return format("%s - 1 - %s", e, l->name);
  case 14: return format("if %s > 0 then %s - 1 else 0", l->name, l->name);
  case 15: return format("min(%s + 1, %s - 1)", l->name, e);
  default: l->alone = true; return l->name;
  }
}

const char *gen_condition(Generator *g, int depth) {
  static const char *const compare[] = {"<", "<=", ">", ">=", "==", "!="};
  int at = g->nloop > 0 ? gen_below(g, g->nloop) : 0;
  const char *is = compare[gen_below(g, 6)];
  const char *l = g->nloop > 0 ? g->loop[at].name : NULL, *m = g->nloop > 1 ? g->loop[(at + 1) % g->nloop].name : NULL;
  switch (gen_below(g, 10)) {
  case 0:
  case 1: {
    if (depth <= 0) return "1 < 2";
    const char *x = gen_condition(g, depth - 1), *y = gen_condition(g, depth - 1);
    return format(gen_chance(g, 50) ? "(%s and %s)" : "(%s or %s)", x, y);
  }
  case 2: return depth > 0 ? format("(not %s)", gen_condition(g, depth - 1)) : "not 1 < 2";
  case 3:
  case 4:
    if (m) return format("%s %s %s", l, is, m);
    break;
  case 5:
    if (l) return format("%s %% 2 == %d", l, gen_below(g, 2));
    break;
  case 6:
    if (l) return format("%s %s %d", l, is, 1 + gen_below(g, 2));
    break;
  default: break;
  }
  const char *x = gen_scalar(g, depth - 1).s, *order = compare[gen_below(g, 4)];
  return format("%s %s %s3", x, order, gen_constant(g)); // a multiple of a tenth is not compared with one
}

// ---- scalars ----

// Functions of a term within `domain`, whose result is within `bound`.
typedef struct Unary {
  const char *before, *after;
  double domain, bound;
} Unary;
static const Unary unaries[] = {
    {"exp(", ")", 1.2, 3.4},
    {"log(", " + 2.5)", 1.5, 1.4},
    {"log1p(", ")", 0.7, 1.3},
    {"expm1(", ")", 1.2, 2.4},
    {"sqrt(", " + 2.5)", 1.5, 2},
    {"abs(", ")", 4, 4},
    {"sin(", ")", 4, 1},
    {"cos(", ")", 4, 1},
    {"tan(", ")", 1, 1.6},
    {"asin(", ")", 0.9, 1.2},
    {"acos(", ")", 0.9, 2.8},
    {"atan(", ")", 4, 1.4},
    {"sinh(", ")", 1.5, 2.2},
    {"cosh(", ")", 1.5, 2.4},
    {"tanh(", ")", 4, 1},
    {"erf(", ")", 4, 1},
    {"erfc(", ")", 4, 2},
    {"lgamma(", " + 2.5)", 1.5, 1.8},
    {"digamma(", " + 2.5)", 1.5, 1.3},
    {"polygamma(1, ", " + 2.5)", 1.5, 1.7},
    {"polygamma(2, ", " + 2.5)", 1.5, 2.5},
    {"(1 + erf(", "))", 4, 2},
    {"(sqrt(", " + 2.5)^2)", 1.5, 4},
    {"sigmoid(", ")", 4, 1},
    {"softplus(", ")", 4, 4.1},
    {"relu(", ")", 4, 4},
    {"silu(", ")", 4, 4},
    {"gelu(", ")", 4, 4},
    {"elu(", ")", 4, 4},
    {"leaky_relu(", ", 0.1)", 4, 4},
    {"clamp(", ", -0.5, 0.7)", 4, 0.7},
    {"square(", ")", 2, 4},
    {"huber(", ", 0.3, 0.5)", 4, 2.2},
    {"mse(", ", 0.4)", 1.5, 3.7},
    {"binary_cross_entropy_with_logits(", ", 0.3)", 3, 4},
    {"(0.3 * sign(", "))", 4, 0.3},
    {"(0.1 * floor(", "))", 4, 0.5},
    {"(", "^2)", 2, 4},
    {"(", "^3)", 1.5, 3.4},
    {"(", "^0)", 4, 1},
    {"((", " + 2.5)^-1)", 1.5, 1},
    {"((", " + 2.5)^-2)", 1.5, 1},
    {"((", " + 2.5)^0.7)", 1.5, 2.7},
    {"pow(", " + 2.5, 1.2)", 1.5, 5.3},
    {"(1 - sigmoid(", "))", 4, 1},
    {"log(1 + exp(", "))", 4, 4.1},
    {"log1p(exp(", "))", 4, 4.1},
    {"(1 / (1 + exp(", ")))", 4, 1},
    {"log(sigmoid(", "))", 4, 4.1},
    {"(-", ")", 4, 4},
    {"(-", "^2)", 2, 4},
    {"stop(", ")", 4, 4},
};
enum { UNARIES = sizeof unaries / sizeof *unaries };

Term gen_unary(Generator *g, Term x) {
  const Unary *u = &unaries[gen_below(g, UNARIES)];
  return made(g, format("%s%s%s", u->before, gen_within(g, x, u->domain), u->after), u->bound);
}

static Term binary(Generator *g, Term x, Term y) {
  switch (gen_below(g, 14)) {
  case 0:
  case 1: return made(g, format("(%s - %s)", x.s, y.s), x.bound + y.bound);
  case 2:
  case 3:
  case 4: return made(g, format("(%s * %s)", x.s, y.s), x.bound * y.bound);
  case 5: return made(g, format("(%s / (%s + 2.5))", x.s, gen_within(g, y, 1.5)), x.bound);
  case 6: return made(g, format("max(%s, %s)", x.s, y.s), g->limit);
  case 7: return made(g, format("min(%s, %s)", x.s, y.s), g->limit);
  case 8: return made(g, format("hypot(%s, %s)", x.s, y.s), x.bound + y.bound);
  case 9: return made(g, format("atan2(%s, %s + 2.5)", x.s, gen_within(g, y, 1.5)), 1.6);
  case 11: {
    static const char *const densities[] = {"normal", "cauchy", "laplace"};
    const char *density = densities[gen_below(g, 3)];
    if (gen_chance(g, 30))
      return made(g, format("student_t.log(%s, 2.5, 0.3, %s + 2.5)", x.s, gen_within(g, y, 1.5)), 20);
    return made(g, format("%s.log(%s, 0.3, %s + 2.5)", density, x.s, gen_within(g, y, 1.5)), 20);
  }
  case 10: {
    const char *base = gen_within(g, x, 1.5);
    return made(g, format("pow(%s + 2.5, %s)", base, gen_within(g, y, 0.9)), 3.5);
  }
  default: return made(g, format("(%s + %s)", x.s, y.s), x.bound + y.bound);
  }
}

// An entry at a loop's index, which may run beyond the array's end: it is read on a condition.
static Term read_on_condition(Generator *g, const Value *v, int depth) {
  Loop *l = &g->loop[gen_below(g, g->nloop)];
  const int axis = gen_below(g, v->rank);
  const char *e = gen_extent_text(g, v->extent[axis]), *read = format("%s[", v->name), *other = gen_constant(g);
  l->beyond = true;
  for (int k = 0; k < v->rank; k++)
    read = format("%s%s%s", read, k ? ", " : "", k == axis ? l->name : gen_subscript(g, v->extent[k], depth));
  if (gen_chance(g, 70)) return (Term){format("(if %s < %s then %s] else %s)", l->name, e, read, other), g->limit};
  return (Term){format("(if %s >= %s then %s else %s])", l->name, e, other, read), g->limit};
}

static Term leaf(Generator *g, int depth) {
  int way = gen_below(g, 10);
  if (way == 0) return (Term){gen_constant(g), 2};
  if (way == 1 && g->nloop > 0) return (Term){format("(0.1 * %s)", g->loop[gen_below(g, g->nloop)].name), 0.2 * g->terms};
  if (g->nvalue == 0) return (Term){"0.7", 1};
  const Value *v = &g->value[gen_below(g, g->nvalue)];
  if (v->under >= 0 && gen_chance(g, 20))
    return made(g, format("(0.1 * lgamma(%s + %d))", gen_read_value(g, v, depth), 1 + gen_below(g, 2)), 0.4 * g->terms);
  if (v->under >= 0) return made(g, format("(0.2 * %s)", gen_read_value(g, v, depth)), 0.2 * g->terms);
  if (v->rank > 0 && g->nloop > 0 && gen_chance(g, 10)) return read_on_condition(g, v, depth > 0 ? 1 : 0);
  return (Term){gen_read_value(g, v, depth > 0 ? 1 : 0), v->bound};
}

int gen_push_loop(Generator *g, int extent) {
  static const char *const stems[] = {"i", "j", "k", "s", "t"};
  g->loop[g->nloop] = (Loop){gen_fresh(g, stems[gen_below(g, 5)]), extent, false, false};
  return g->nloop++;
}

// The range of the innermost loop as written, and whether it may be empty.
static const char *range(Generator *g, bool *empty) {
  const Loop *l = &g->loop[g->nloop - 1];
  const char *e = gen_extent_text(g, l->extent);
  *empty = false;
  int outer = gen_below(g, g->nloop);
  bool same = outer < g->nloop - 1 && g->loop[outer].extent == l->extent;
  if (same && gen_chance(g, 60)) {
    const char *o = g->loop[outer].name;
    switch (gen_below(g, 4)) {
    case 0: return format("%s in 0..%s + 1", l->name, o);
    case 1: *empty = true; return format("%s in 0..%s", l->name, o);
    case 2: return format("%s in %s..%s", l->name, o, e);
    default: *empty = true; return format("%s in %s + 1..%s", l->name, o, e);
    }
  }
  bool longer = g->extent[l->extent].kind != EXTENT_SLICE && !g->extent[l->extent].argument; // than 1
  if (longer && gen_chance(g, 10)) return format("%s in 1..%s", l->name, e);
  return l->alone && !l->beyond && gen_chance(g, 70) ? l->name : format("%s in 0..%s", l->name, e);
}

static Term reduction(Generator *g, int depth) {
  static const char *const kinds[] = {"sum", "sum", "sum", "mean", "prod", "max", "min", "logsumexp"};
  if (g->nloop + 2 > INDICES_MAX || g->nloop > 5) return leaf(g, depth);
  const char *kind = kinds[gen_below(g, 8)];
  int before = g->nloop, count = gen_chance(g, 20) ? 2 : 1;
  const char *ranges = "";
  bool empty = false;
  for (int k = 0; k < count; k++) gen_push_loop(g, gen_any_extent(g));
  Term body = gen_scalar(g, depth - 1);
  const int after = g->nloop;
  const bool sums = !strcmp(kind, "sum") || !strcmp(kind, "prod"), some = !sums && count == 1 && gen_chance(g, 30);
  const char *guard = some || (sums && gen_chance(g, 35)) ? gen_condition(g, 1) : NULL;
  for (g->nloop = before + 1; g->nloop <= after; g->nloop++) {
    bool e;
    ranges = format("%s%s%s", ranges, *ranges ? ", " : "", range(g, &e));
    empty = empty || e;
  }
  if (some) { // of one entry at least
    const Loop *l = &g->loop[before];
    ranges = format("%s in 0..%s", l->name, gen_extent_text(g, l->extent));
    guard = format("%s == 0 or %s", l->name, guard);
    empty = false;
  }
  guard = guard ? format(" if %s", guard) : "";
  g->nloop = before;
  if (empty && !sums) kind = "sum";
  double terms = count == 1 ? g->terms : (double)g->terms * g->terms, bound = body.bound;
  if (!strcmp(kind, "sum")) bound *= terms;
  if (!strcmp(kind, "prod")) {
    body.s = gen_within(g, body, 1);
    bound = 1;
  }
  if (!strcmp(kind, "logsumexp")) bound += 4.7;
  return made(g, format("%s[%s%s](%s)", kind, ranges, guard, body.s), bound);
}

// sum over a window: an offset subscript, its guard a condition of the sum or an `if`.
static Term window(Generator *g, int depth) {
  const Value *v = g->nvalue > 0 ? &g->value[gen_below(g, g->nvalue)] : NULL;
  if (!v || v->rank == 0 || v->under >= 0 || g->nloop > 5) return leaf(g, depth);
  const char *e = gen_extent_text(g, v->extent[0]);
  Loop *l = loop_over(g, v->extent[0]);
  const char *rest = "";
  if (!l) return leaf(g, depth);
  for (int k = 1; k < v->rank; k++) rest = format("%s, %s", rest, gen_subscript(g, v->extent[k], 0));
  switch (gen_below(g, 4)) {
  case 0: return (Term){format("(if %s + 1 < %s then %s[%s + 1%s] else 0)", l->name, e, v->name, l->name, rest), g->limit};
  case 1: return (Term){format("(if %s >= 1 then %s[%s - 1%s] else 0.5)", l->name, v->name, l->name, rest), g->limit};
  case 2: return (Term){format("(if 2 * %s < %s then %s[2 * %s%s] else 0)", l->name, e, v->name, l->name, rest), g->limit};
  default: break;
  }
  const char *at = l->name;
  gen_push_loop(g, gen_plain_extent(g));
  const char *k = g->loop[g->nloop - 1].name, *ke = gen_extent_text(g, g->loop[g->nloop - 1].extent);
  Term body = gen_scalar(g, depth - 2);
  g->nloop--;
  return made(g,
              format("sum[%s in 0..%s if %s + %s >= 1 and %s + %s - 1 < %s](%s[%s + %s - 1%s] * %s)", k, ke, at, k, at,
                     k, e, v->name, at, k, rest, body.s),
              g->terms * g->limit * body.bound);
}

// A function of the model's own, of scalars or of one array axis; its result of rank `rank`.
static const Function *function_of(Generator *g, int arguments, int rank) {
  int first = g->nfunction > 0 ? gen_below(g, g->nfunction) : 0;
  for (int k = 0; k < g->nfunction; k++) {
    const Function *f = &g->function[(first + k) % g->nfunction];
    if (f->rank == arguments && f->nresult == 1 && f->results[0] == rank) return f;
  }
  return NULL;
}

const char *gen_call(Generator *g, const Function *f, int rank, const int *extent, int depth) {
  const char *s = format("%s(", f->name);
  for (int k = 0; k < f->narg; k++) {
    Term t = rank > 0 ? gen_array(g, rank, extent, depth - 1) : gen_scalar(g, depth - 1);
    s = format("%s%s%s", s, k ? ", " : "", t.s);
  }
  return format("%s)", s);
}

// A scalar made of whole arrays.
static Term whole(Generator *g, int depth) {
  static const char *const kinds[] = {"sum", "mean", "max", "min", "logsumexp", "prod"};
  int extent[2], way = gen_below(g, 10);
  for (int k = 0; k < 2; k++) extent[k] = gen_any_extent(g);
  if (way == 0 || way == 2) {
    const Term x = gen_array(g, 1, extent, depth - 1), y = gen_array(g, 1, extent, depth - 1);
    return made(g, format(way == 0 ? "dot(%s, %s)" : "(%s @ %s)", x.s, y.s), g->terms * x.bound * y.bound);
  }
  if (way == 1) return made(g, format("norm(%s)", gen_array(g, 1, extent, depth - 1).s), 3 * g->limit);
  if (way == 3) {
    const Value *labels = gen_labels_under(g, extent[0]);
    const char *label = labels ? gen_read_value(g, labels, 0) : "0";
    return made(g, format("cross_entropy(%s, %s)", gen_array(g, 1, extent, depth - 1).s, label), 3 * g->limit);
  }
  if (way == 4) {
    const Function *f = function_of(g, 1, 0);
    if (f) return (Term){gen_call(g, f, 1, extent, depth), g->limit};
  }
  if (way == 5) { // which tells no range where the array itself is made of the index
    Loop loops[INDICES_MAX];
    const char *x = gen_array(g, 1, extent, depth - 1).s;
    memcpy(loops, g->loop, sizeof loops);
    const char *at = gen_subscript(g, extent[0], 1);
    memcpy(g->loop, loops, sizeof loops);
    return (Term){format("(%s)[%s]", x, at), g->limit};
  }
  int kind = gen_below(g, 6);
  int rank = 1 + gen_below(g, 2);
  Term x = gen_array(g, rank, extent, depth - 1);
  if (kind == 5) return made(g, format("prod(%s)", gen_within(g, x, 1)), 1);
  return made(g, format("%s(%s)", kinds[kind], x.s), kind == 0 ? g->terms * g->terms * x.bound : x.bound + 5);
}

Term gen_scalar(Generator *g, int depth) {
  if (depth <= 0 || g->fuel-- <= 0) return leaf(g, depth);
  switch (gen_below(g, 16)) {
  case 0:
  case 1:
  case 2: return gen_unary(g, gen_scalar(g, depth - 1));
  case 3:
  case 4:
  case 5:
  case 6: {
    Term x = gen_scalar(g, depth - 1);
    return binary(g, x, gen_scalar(g, depth - 1));
  }
  case 7:
  case 8:
  case 9: return reduction(g, depth);
  case 10: {
    const char *c = gen_condition(g, 1), *x = gen_scalar(g, depth - 1).s;
    return (Term){format("(if %s then %s else %s)", c, x, gen_scalar(g, depth - 1).s), g->limit};
  }
  case 11: return whole(g, depth);
  case 12: return window(g, depth);
  case 13: {
    const Function *f = function_of(g, 0, 0);
    if (f) return (Term){gen_call(g, f, 0, NULL, depth), g->limit};
    return gen_unary(g, leaf(g, depth));
  }
  default: return leaf(g, depth);
  }
}

// ---- arrays ----

static bool same_shape(int rank, const int *extent, const int *other) {
  for (int k = 0; k < rank; k++)
    if (extent[k] != other[k]) return false;
  return true;
}

// An array of this very shape, from what there is: a value, or a part of one.
static Term array_leaf(Generator *g, int rank, const int *extent, int depth) {
  int first = g->nvalue > 0 ? gen_below(g, g->nvalue) : 0;
  for (int n = 0; n < g->nvalue; n++) {
    const Value *v = &g->value[(first + n) % g->nvalue];
    if (v->under >= 0 || v->rank < rank) continue;
    int more = v->rank - rank;
    if (same_shape(rank, extent, v->extent + more)) { // rows
      if (more == 0) return (Term){v->name, v->bound};
      const char *s = format("%s[", v->name);
      for (int k = 0; k < more; k++) s = format("%s%s%s", s, k ? ", " : "", gen_subscript(g, v->extent[k], 1));
      return (Term){format("%s]", s), v->bound};
    }
    if (rank == 1 && v->rank == 2 && v->extent[0] == extent[0]) // a column
      return (Term){format("%s[:, %s]", v->name, gen_subscript(g, v->extent[1], 0)), v->bound};
  }
  const char *shape = gen_shape_text(g, rank, extent);
  if (rank == 2 && extent[0] == extent[1] && gen_chance(g, 50))
    return (Term){format("eye[%s]", gen_extent_text(g, *extent)), 1};
  if (gen_chance(g, 50)) return (Term){format("(ones%s * %s)", shape, gen_scalar(g, depth - 1).s), g->limit};
  return (Term){format("(zeros%s + %s)", shape, gen_scalar(g, depth - 1).s), g->limit};
}

static Term product(Generator *g, int rank, const int *extent, int depth) {
  int inner = gen_any_extent(g), left[RANK_MAX] = {inner}, right[2] = {inner, extent[rank - 1]};
  const bool turned = rank == 1 && gen_chance(g, 50); // vector @ matrix, else matrix @ vector
  if (!turned) {
    for (int k = 0; k < rank; k++) left[k] = extent[k];
    left[rank == 1 ? 1 : rank - 1] = inner;
  }
  const Term x = gen_array(g, rank > 1 ? rank : turned ? 1 : 2, left, depth - 1);
  const Term y = gen_array(g, rank > 1 || turned ? 2 : 1, right, depth - 1);
  return made(g, format("(%s @ %s)", x.s, y.s), g->terms * x.bound * y.bound);
}

static Term composite(Generator *g, int rank, const int *extent, int depth) {
  const Extent *e = &g->extent[extent[0]];
  int part[RANK_MAX];
  for (int k = 0; k < rank; k++) part[k] = extent[k];
  part[0] = e->from;
  const char *x = gen_array(g, rank, part, depth - 1).s;
  if (e->kind == EXTENT_SLICE) {
    const char *whole_extent = gen_extent_text(g, e->from);
    if (gen_chance(g, 50)) return (Term){format("(%s)[1..%s]", x, whole_extent), g->limit};
    return (Term){format("(%s)[0..%s - 1]", x, whole_extent), g->limit};
  }
  part[0] = e->with;
  return (Term){format("concat(%s, %s)", x, gen_array(g, rank, part, depth - 1).s), g->limit};
}

static Term gather(Generator *g, int rank, const int *extent, int depth) {
  for (int k = 0; k < g->nvalue; k++) {
    const Value *labels = &g->value[k];
    if (labels->under < 0 || labels->rank != 1 || labels->extent[0] != extent[0]) continue;
    int from[RANK_MAX] = {labels->under};
    for (int r = 1; r < rank; r++) from[r] = extent[r];
    return (Term){format("(%s)[%s]", gen_array(g, rank, from, depth - 1).s, labels->name), g->limit};
  }
  return array_leaf(g, rank, extent, depth);
}

// Along the last axis.
static Term row_function(Generator *g, int rank, const int *extent, int depth) {
  const Function *f = gen_chance(g, 30) ? function_of(g, 1, 1) : NULL;
  if (f) return (Term){gen_call(g, f, rank, extent, depth), g->limit};
  const Term x = gen_array(g, rank, extent, depth - 1);
  const int *last = extent + rank - 1;
  switch (gen_below(g, 6)) {
  case 0: return (Term){format("softmax(%s)", x.s), 1};
  case 1: return made(g, format("log_softmax(%s)", x.s), 2 * x.bound + 5);
  case 2: return made(g, format("cumsum(%s)", x.s), g->terms * x.bound);
  case 3: {
    const char *gain = gen_array(g, 1, last, depth - 2).s, *shift = gen_array(g, 1, last, depth - 2).s;
    return made(g, format("layernorm(%s, %s, %s)", x.s, gain, shift), 12 * g->limit);
  }
  case 4:
    if (rank == 1) return made(g, format("(%s / (0.5 + norm(%s)))", x.s, x.s), 1);
    break;
  default: break;
  }
  return gen_unary(g, x);
}

// A function of one axis, mapped over those in front of it.
static Term rows_to_numbers(Generator *g, int rank, const int *extent, int depth) {
  const Function *f = function_of(g, 1, 0);
  if (!f || rank == RANK_MAX) return row_function(g, rank, extent, depth);
  int longer[RANK_MAX];
  for (int k = 0; k < rank; k++) longer[k] = extent[k];
  longer[rank] = gen_any_extent(g);
  return (Term){gen_call(g, f, rank + 1, longer, depth), g->limit};
}

const char *gen_slope(Generator *g, const Value *x, int depth) {
  const char *of = gen_unary(g, (Term){x->name, x->bound}).s, *way = gen_chance(g, 80)   ? ""
                                                                  : gen_chance(g, 50) ? ".forward"
                                                                                      : ".reverse";
  if (x->rank > 0) of = format("mean(%s)", of);
  const char *u = gen_chance(g, 30) ? of : format("%s * %s", gen_scalar(g, depth).s, of);
  if (gen_chance(g, 20)) u = gen_scalar(g, depth).s;
  return format("tanh(0.2 * grad%s(%s, %s))", way, u, x->name);
}

Term gen_array(Generator *g, int rank, const int *extent, int depth) {
  if (rank == 0) return gen_scalar(g, depth);
  if (depth <= 0 || g->fuel-- <= 0) return array_leaf(g, rank, extent, depth);
  if (g->extent[extent[0]].kind != EXTENT_PLAIN && gen_chance(g, 50)) return composite(g, rank, extent, depth);
  if (!strcmp(gen_extent_text(g, extent[0]), "2") && gen_chance(g, 40)) {
    const char *x = gen_array(g, rank - 1, extent + 1, depth - 1).s,
               *y = gen_array(g, rank - 1, extent + 1, depth - 1).s;
    return (Term){format(rank > 1 && gen_chance(g, 50) ? "stack(%s, %s)" : "[%s, %s]", x, y), g->limit};
  }
  switch (gen_below(g, 14)) {
  case 0:
  case 1: return gen_unary(g, gen_array(g, rank, extent, depth - 1));
  case 2:
  case 3:
  case 4: { // a missing leading axis is repeated
    int missing = gen_chance(g, 50) ? 0 : gen_below(g, rank + 1);
    Term x = gen_array(g, rank, extent, depth - 1), y = gen_array(g, rank - missing, extent + missing, depth - 1);
    return gen_chance(g, 50) ? binary(g, x, y) : binary(g, y, x);
  }
  case 5:
  case 6: return product(g, rank, extent, depth);
  case 7: {
    if (rank != 2) return row_function(g, rank, extent, depth);
    int turned[2] = {extent[1], extent[0]};
    return (Term){format("(%s)'", gen_array(g, 2, turned, depth - 1).s), g->limit};
  }
  case 8: {
    const char *x = gen_array(g, rank, extent, depth - 1).s;
    const char *c = gen_chance(g, 50) ? gen_condition(g, 1) : format("%s > %s3", x, gen_constant(g));
    return (Term){format("(if %s then %s else %s)", c, x, gen_array(g, rank, extent, depth - 1).s), g->limit};
  }
  case 9: return gather(g, rank, extent, depth);
  case 10: return row_function(g, rank, extent, depth);
  case 11: {
    const Function *f = function_of(g, 0, 0);
    if (f && gen_chance(g, 60)) return (Term){gen_call(g, f, rank, extent, depth), g->limit};
    return rows_to_numbers(g, rank, extent, depth);
  }
  default: return array_leaf(g, rank, extent, depth);
  }
}
