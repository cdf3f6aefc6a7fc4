// explained.c - the formulas that `mdlc explain` shows, computed line by line as a reader would: the loss and its gradient, held
// against the oracles.  Their text is printed.c's.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "derive/derive.h"
#include "explained.h"
#include "graph/text.h"
#include "simplify/simplify.h"

// Formulas are rounded in their own way: 1 - tanh(x)^2 loses what sech(x)^2 keeps.
static const double gate = 1e-9, lost = 1e-13;

enum { RANK = 16, TABLE = 1 << 14, DEPTH = 2000 };

// An entry of a line that is known.
typedef struct Known {
  struct Known *next;
  const Line *line;
  int64_t at[RANK];
  double value;
} Known;

struct Reader {
  Case *c;
  Arena *arena;
  const Dims *dims;
  const int64_t *size; // by dimension
  const Explanation *x;
  int64_t *index; // by id: where it stands
  bool *bound;    // by id: does it stand anywhere?
  size_t nindex;
  Known **known; // TABLE of them
  int depth;
  bool wrong;
};

static double fail(Reader *r, const char *what, const char *name) {
  if (!r->wrong) case_fail(r->c, "explain: %s: %s", name, what);
  r->wrong = true;
  return NAN;
}

static double eval(Reader *r, const Form *e);

static int64_t integer(Reader *r, const Form *e) {
  const double x = eval(r, e);
  return fabs(x) < 1e15 ? (int64_t)x : INT64_MIN;
}

// ---- indices ----

typedef struct Place {
  int64_t at;
  bool bound;
} Place;

static Place stand(Reader *r, const FormIndex *index, Place place) {
  const size_t id = (size_t)index->id;
  if (id >= r->nindex) {
    const size_t room = 2 * id + 64;
    int64_t *at = arena_array(r->arena, int64_t, room);
    bool *bound = arena_array(r->arena, bool, room);
    if (r->nindex) memcpy(at, r->index, r->nindex * sizeof *at);
    if (r->nindex) memcpy(bound, r->bound, r->nindex * sizeof *bound);
    r->index = at;
    r->bound = bound;
    r->nindex = room;
  }
  const Place before = {r->index[id], r->bound[id]};
  r->index[id] = place.at;
  r->bound[id] = place.bound;
  return before;
}

int64_t explained_extent(Reader *r, const Poly *p) {
  int64_t value = 0;
  if (!poly_value(r->dims, p, r->size, &value)) fail(r, "no value", "an extent");
  return value;
}

// ---- what names stand for ----

static double entry_of(Reader *r, const Array *x, const int64_t *at, int n, const char *name) {
  size_t place = 0;
  if (n != x->rank) return fail(r, "another rank", name);
  for (int k = 0; k < n; k++) {
    if (at[k] < 0 || at[k] >= x->extent[k]) return fail(r, "a subscript is out of range", name);
    place = place * (size_t)x->extent[k] + (size_t)at[k];
  }
  return x->number[place].a;
}

// Does the line say what name[at, …] is?  Puts its indices there, and what they were before in `before`.
static bool covers(Reader *r, const Line *line, const int64_t *at, int n, Place *before) {
  bool covered = n == line->nat;
  for (int k = 0; k < line->nindex; k++) before[k] = stand(r, line->index[k], (Place){0, true});
  for (int k = 0; k < n && covered; k++) {
    const int64_t least = integer(r, line->at[k]); // where all indices are 0
    const FormIndex *own = NULL;
    for (int i = 0; i < line->nindex && !own; i++)
      if (form_uses(r->x->forms, line->at[k], &line->index[i], 1)) own = line->index[i];
    if (own) {
      stand(r, own, (Place){at[k] - least, true});
      covered = at[k] >= least && at[k] - least < explained_extent(r, own->extent);
    }
    covered = covered && integer(r, line->at[k]) == at[k];
  }
  return covered;
}

static void leave(Reader *r, const Line *line, const Place *before) {
  for (int k = line->nindex; k-- > 0;) stand(r, line->index[k], before[k]);
}

static Known **slot_of(Reader *r, const Line *line, const int64_t *at, int n) {
  uint64_t h = (uint64_t)(line - r->x->lines);
  for (int k = 0; k < n; k++) h = (h ^ (uint64_t)at[k]) * 0x9e3779b97f4a7c15u;
  Known **k = &r->known[h >> 50];
  while (*k && ((*k)->line != line || memcmp((*k)->at, at, (size_t)n * sizeof *at) != 0)) k = &(*k)->next;
  return k;
}

static double line_entry(Reader *r, const Line *line, const int64_t *at, int n) {
  const Known *k = *slot_of(r, line, at, n);
  if (k) return k->value;
  if (r->depth == DEPTH) return fail(r, "it depends on itself", line->name);
  r->depth++;
  const double value = eval(r, line->value);
  r->depth--;
  Known *made = arena_new_of(r->arena, Known);
  *made = (Known){.line = line, .value = value};
  memcpy(made->at, at, (size_t)n * sizeof *at);
  *slot_of(r, line, at, n) = made;
  return value;
}

static bool defines(const Line *line) {
  return line->role != LINE_GRADIENT;
}

// Of exactly one line.
double explained_entry(Reader *r, const char *name, const int64_t *at, int n) {
  const Line *found = NULL;
  double value = NAN;
  for (size_t k = 0; k < r->x->count; k++) {
    const Line *line = &r->x->lines[k];
    Place before[RANK];
    if (!defines(line) || strcmp(line->name, name) != 0) continue;
    if (line->nindex > RANK) return fail(r, "too many indices", name);
    if (covers(r, line, at, n, before)) {
      if (found) return fail(r, "two lines say what it is", name);
      found = line;
      value = line_entry(r, line, at, n);
    }
    leave(r, line, before);
  }
  return found ? value : fail(r, "no line says what it is", name);
}

static double symbol(Reader *r, const Form *e) {
  const Model *m = r->c->plain;
  int64_t at[RANK];
  if (e->role == SYMBOL_LITERAL) return strcmp(e->name, "true") == 0;
  if (e->role == SYMBOL_DIM) return (double)explained_extent(r, poly_dim(m->dims, dims_find(r->dims, e->name)));
  if (e->npart > RANK) return fail(r, "too many indices", e->name);
  for (int k = 0; k < e->npart; k++) at[k] = integer(r, e->part[k]);
  for (int k = 0; k < m->nparam; k++)
    if (e->role == SYMBOL_PARAM && strcmp(m->param[k].name, e->name) == 0)
      return entry_of(r, &r->c->param[k], at, e->npart, e->name);
  for (int k = 0; k < m->ndata; k++)
    if (e->role == SYMBOL_DATA && strcmp(m->data[k].name, e->name) == 0) {
      if (m->data[k].type == TYPE_REAL) return entry_of(r, &r->c->data[k], at, e->npart, e->name);
      Array x = r->c->data[k];
      x.number = arena_array(r->arena, Number, x.count + 1);
      for (size_t j = 0; j < x.count; j++) x.number[j].a = (double)x.integer[j];
      return entry_of(r, &x, at, e->npart, e->name);
    }
  return explained_entry(r, e->name, at, e->npart);
}

// ---- formulas ----

static double call(Reader *r, const Form *e) {
  double arg[3] = {0};
  if (e->op == PRIM_SELECT) return eval(r, e->part[eval(r, e->part[0]) != 0 ? 1 : 2]);
  if (e->op == PRIM_AND) return eval(r, e->part[0]) != 0 && eval(r, e->part[1]) != 0;
  if (e->op == PRIM_OR) return eval(r, e->part[0]) != 0 || eval(r, e->part[1]) != 0;
  if (e->op == PRIM_STOP) return eval(r, e->part[0]);
  for (int k = 0; k < e->npart; k++) arg[k] = eval(r, e->part[k]);
  return interp_prim(e->op, arg);
}

typedef struct Total {
  double value, sum; // of logsumexp: the greatest, and the sum relative to it
  int64_t place, count;
} Total;

static void add(Total *t, Reduce reduce, double x) {
  const bool first = t->count++ == 0;
  switch (reduce) {
  case REDUCE_PROD: t->value *= x; break;
  case REDUCE_MAX: t->value = first ? x : fmax(t->value, x); break;
  case REDUCE_MIN: t->value = first ? x : fmin(t->value, x); break;
  case REDUCE_ARGMAX:
    if (first || x > t->value) {
      t->value = x;
      t->place = t->count - 1;
    }
    break;
  case REDUCE_LOGSUMEXP:
    t->sum = first ? 1 : x > t->value ? t->sum * exp(t->value - x) + 1 : t->sum + exp(x - t->value);
    t->value = first ? x : fmax(t->value, x);
    break;
  default: t->value += x;
  }
}

static double total(const Total *t, Reduce reduce) {
  if (reduce == REDUCE_ARGMAX) return (double)t->place;
  if (reduce == REDUCE_LOGSUMEXP) return t->count ? t->value + log(t->sum) : -INFINITY;
  if (t->count == 0 && (reduce == REDUCE_MAX || reduce == REDUCE_MIN))
    return reduce == REDUCE_MAX ? -INFINITY : INFINITY;
  return t->value;
}

static void over(Reader *r, const Form *e, int k, Total *t) {
  if (k < e->nbound) {
    const int64_t n = explained_extent(r, e->bound[k]->extent);
    for (int64_t i = 0; i < n && !r->wrong; i++) {
      const Place before = stand(r, e->bound[k], (Place){i, true});
      over(r, e, k + 1, t);
      stand(r, e->bound[k], before);
    }
  } else if (!e->guard || eval(r, e->guard) != 0) {
    add(t, e->reduce, eval(r, e->part[0]));
  } else if (e->reduce == REDUCE_ARGMAX) {
    fail(r, "an argmax with a condition", "argmax");
  }
}

static double eval(Reader *r, const Form *e) {
  if (r->wrong) return NAN;
  double value;
  switch (e->kind) {
  case FORM_NUMBER: return e->number;
  case FORM_INDEX:
    if ((size_t)e->index->id >= r->nindex || !r->bound[e->index->id])
      return fail(r, "nothing says where it stands", e->index->name);
    return (double)r->index[e->index->id];
  case FORM_SYMBOL: return symbol(r, e);
  case FORM_CALL: return call(r, e);
  case FORM_SUM:
    value = 0;
    for (int k = 0; k < e->npart; k++) value += eval(r, e->part[k]);
    return value;
  case FORM_PRODUCT:
    value = e->number;
    for (int k = 0; k < e->npart; k++) {
      if (e->exponent[k] == 0) return fail(r, "a factor to the power of 0, which is printed without it", "a product");
      value *= pow(eval(r, e->part[k]), e->exponent[k]);
    }
    return value;
  case FORM_REDUCE: {
    Total t = {.value = e->reduce == REDUCE_PROD};
    over(r, e, 0, &t);
    return total(&t, e->reduce);
  }
  }
  return NAN;
}

// ---- the lines that are compared ----

bool explained_near(Case *c, const char *what, size_t entry, double ours, double theirs, double scale) {
  const bool near = is_near(ours, theirs, scale + lost / gate, gate);
  if (!near) case_fail(c, "explain: %s[%zu] is %.17g, not %.17g", what, entry, ours, theirs);
  return near;
}

static void compare(Reader *r, const char *what, size_t entry, double ours, double theirs, double scale) {
  if (!r->wrong) explained_near(r->c, what, entry, ours, theirs, scale);
}

static void compare_gradient(Reader *r, const Line *line) {
  size_t at = 0;
  int p = 0;
  while (strcmp(r->c->plain->param[p].name, line->name) != 0) at += r->c->param[p++].count;
  const Array *x = &r->c->param[p];
  const char *what = arena_printf(r->arena, "d loss / d %s", line->name);
  for (size_t j = 0; j < x->count && !r->wrong; j++) {
    size_t rest = j;
    for (int k = x->rank; k-- > 0; rest /= (size_t)x->extent[k])
      stand(r, line->index[k], (Place){(int64_t)(rest % (size_t)x->extent[k]), true});
    compare(r, what, j, eval(r, line->value), r->c->gradient[at + j], r->c->scale[at + j]);
  }
  for (int k = 0; k < x->rank; k++) stand(r, line->index[k], (Place){0, false});
}

// The plain model may have other dimensions that are made of these.
static const int64_t *sizes_of(const Case *c) {
  const Dims *dims = c->plain->dims;
  int64_t *size = arena_array(c->arena, int64_t, (size_t)dims_count(dims) + 1);
  for (int k = 0; k < dims_count(dims); k++) {
    const char *name = dims_get(dims, k)->name;
    const int same = name ? dims_find(c->model->dims, name) : -1;
    if (same >= 0) size[k] = c->dims[same];
  }
  return size;
}

static bool verified(Case *c, const Graph *g) {
  Text why;
  text_init(&why);
  const bool right = graph_verify(c->plain, g, &why);
  if (!right) case_fail(c, "explain: %s", why.s);
  text_free(&why);
  return right;
}

void case_explained(Case *c) {
  if (!graph_root(c->plain->graph, ROOT_LOSS, 0)) return;
  const Graph *derived = derive_plain_gradient(c->arena, c->plain->graph);
  if (!derived || !verified(c, derived)) return;
  const Graph *g = simplify(c->arena, derived, 1u << ROOT_LOSS | 1u << ROOT_GRADIENT);
  if (!verified(c, g)) return;
  const char **names;
  const size_t count = author_names(c->arena, c->ast, &names);
  Explanation x = explain_graph(c->arena, c->plain, g, names, count);
  explain_name_repeated(&x);
  Reader r = {.c = c, .arena = c->arena, .dims = c->plain->dims, .size = sizes_of(c), .x = &x};
  r.known = arena_array(c->arena, Known *, TABLE);
  for (size_t k = 0; k < x.count; k++) {
    if (x.lines[k].role == LINE_LOSS)
      compare(&r, "loss", 0, eval(&r, x.lines[k].value), c->loss, c->loss_magnitude);
    if (x.lines[k].role == LINE_GRADIENT) compare_gradient(&r, &x.lines[k]);
  }
  if (!r.wrong) case_printed(c, &r, &x, g);
}
