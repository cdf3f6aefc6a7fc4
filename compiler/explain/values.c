// values.c - the formula of a node's entry: of what it reads, others' names or their formulas.
#include "explain/internal.h"

const char *explain_index_name(const Node *n, int k) {
  static const char *const usual[] = {"i", "j", "k", "l"};
  return n->index[k].name ? n->index[k].name : usual[k % 4];
}

const Poly *const *explain_extents(Arena *a, const Node *n) {
  const Poly **extent = arena_array(a, const Poly *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++) extent[k] = n->index[k].extent;
  return extent;
}

// ---- reads ----

const Form *explain_symbol(Builder *b, const Node *n, const Form *const *sub) {
  return form_symbol(b->forms, b->entry[n->id].role, n->name, sub, n->nout, explain_extents(forms_arena(b->forms), n));
}

const Form **explain_behind(Forms *f, const Node *carry, const Form *const *sub) {
  const Form **at = arena_array(forms_arena(f), const Form *, (size_t)carry->nout + 1);
  for (int k = 0; k < carry->nout; k++) at[k] = sub[k];
  if (!carry->reverse) at[carry->axis] = form_sum(f, (const Form *[]){sub[carry->axis], form_number(f, 1)}, 2);
  return at;
}

const Form *explain_read(void *builder, const Node *n, const Form *const *sub) {
  Builder *b = builder;
  const Entry *e = &b->entry[n->id];
  if (n->kind == NODE_SEED) return form_number(b->forms, 1);
  if (e->state) return explain_symbol(b, e->state, explain_behind(b->forms, e->state, sub));
  if (e->named) return explain_symbol(b, n, sub);
  return form_substitute(b->forms, e->value, e->index, sub, n->nout);
}

// ---- where a scatter puts ----

typedef struct Conditions {
  Forms *f;
  const Form *all; // null: none
} Conditions;

static void demand(Conditions *c, const Form *condition) {
  if (c->all) condition = form_call(c->f, PRIM_AND, (const Form *[]){c->all, condition});
  c->all = condition;
}

// value in 0..extent, as far as that is not plain.
static void demand_range(Conditions *c, const Form *value, const Poly *extent) {
  if (!form_is_nonnegative(c->f, value))
    demand(c, form_call(c->f, PRIM_GE, (const Form *[]){value, form_number(c->f, 0)}));
  if (!form_is_below(c->f, value, extent))
    demand(c, form_call(c->f, PRIM_LT, (const Form *[]){value, form_poly(c->f, extent)}));
}

// The sign with which a term of a target is one of the indices, *which of them; 0: it is not.
static int sign_of(const Form *term, const FormIndex *const *index, int n, int *which) {
  const bool minus = term->kind == FORM_PRODUCT && term->number == -1 && term->npart == 1 && term->exponent[0] == 1;
  const Form *e = minus ? term->part[0] : term;
  for (int k = 0; k < n && e->kind == FORM_INDEX; k++) {
    if (index[k] != e->index) continue;
    *which = k;
    return minus ? -1 : 1;
  }
  return 0;
}

// The value of one of the indices for which target is `entry`, where the rest of the target depends on none of them;
// null: there is no such index.
static const Form *solve(Forms *f, const Form *target, const Form *entry, const FormIndex *const *index, int n,
                         int *which) {
  const int nterm = target->kind == FORM_SUM ? target->npart : 1;
  const Form *const *term = target->kind == FORM_SUM ? target->part : &target;
  const Form **rest = arena_array(forms_arena(f), const Form *, (size_t)nterm + 1);
  const Form *minus_one = form_number(f, -1);
  int sign = 0, count = 0;
  for (int k = 0; k < nterm; k++) {
    const int its = sign == 0 ? sign_of(term[k], index, n, which) : 0;
    if (its != 0)
      sign = its;
    else if (form_uses(f, term[k], index, n))
      return NULL;
    else
      rest[count++] = form_product(f, (const Form *[]){term[k], minus_one}, 2);
  }
  rest[count++] = entry;
  const Form *value = form_sum(f, rest, count);
  return sign == 0 ? NULL : sign > 0 ? value : form_product(f, (const Form *[]){value, minus_one}, 2);
}

// Which points of a scatter put at the entry in hand: those over the indices left for which both conditions hold.
typedef struct Sources {
  const Form **at;        // by the scatter's index: of the entry, and what that says of the points
  const FormIndex **left; // what it leaves open
  int nleft;
  const Form *whole, *each; // conditions, or null: without the indices left, and with them
} Sources;

static const Form *target_of(Builder *b, const Node *n, const Sources *s, int k) {
  return form_expr(b->forms, b->graph, n->target[k], s->at, explain_read, b);
}

// Settles the indices that the targets say; `settled`, by output, says of which targets nothing is left to demand.
static void settle(Builder *b, const Node *n, Sources *s, bool *settled, Conditions *c) {
  for (int k = 0; k < n->nout; k++) {
    int which;
    const Form *value = settled[k] ? NULL : solve(b->forms, target_of(b, n, s, k), s->at[k], s->left, s->nleft, &which);
    if (!value) continue;
    int q = n->nout;
    while (s->at[q] != form_index(b->forms, s->left[which])) q++;
    s->at[q] = value;
    settled[k] = true;
    demand_range(c, value, s->left[which]->extent);
    for (s->nleft--; which < s->nleft; which++) s->left[which] = s->left[which + 1];
    k = -1; // what is known now may settle another
  }
}

static void split(Builder *b, Sources *s, const Form *condition, Conditions *whole, Conditions *each) {
  if (condition->kind == FORM_CALL && condition->op == PRIM_AND) {
    split(b, s, condition->part[0], whole, each);
    split(b, s, condition->part[1], whole, each);
  } else {
    demand(form_uses(b->forms, condition, s->left, s->nleft) ? each : whole, condition);
  }
}

static Sources sources_of(Builder *b, const Node *n, const FormIndex *const *index, const Form **at) {
  Arena *a = forms_arena(b->forms);
  Sources s = {.at = at, .left = arena_array(a, const FormIndex *, (size_t)n->nred + 1), .nleft = n->nred};
  Conditions all = {.f = b->forms}, whole = all, each = all;
  bool *settled = arena_array(a, bool, (size_t)n->nout + 1);
  for (int q = 0; q < n->nred; q++) s.left[q] = index[n->nout + q];
  settle(b, n, &s, settled, &all);
  if (n->guard) demand(&all, form_expr(b->forms, b->graph, n->guard, at, explain_read, b));
  for (int k = 0; k < n->nout; k++)
    if (!settled[k]) demand(&all, form_call(b->forms, PRIM_EQ, (const Form *[]){target_of(b, n, &s, k), at[k]}));
  if (all.all) split(b, &s, all.all, &whole, &each);
  s.whole = whole.all;
  s.each = each.all;
  return s;
}

static const Form *select_of(Forms *f, const Form *condition, const Form *yes, const Form *no) {
  return condition ? form_call(f, PRIM_SELECT, (const Form *[]){condition, yes, no}) : yes;
}

static const Form *scatter_value(Builder *b, const Node *n, const FormIndex *const *index, const Form **at) {
  Forms *f = b->forms;
  const Form *zero = form_number(f, 0);
  const Form *base = n->base ? form_expr(f, b->graph, n->base, at, explain_read, b) : zero;
  const Sources s = sources_of(b, n, index, at);
  const Form *value = form_expr(f, b->graph, n->expr, at, explain_read, b);
  const Form *sum = s.nleft ? form_reduce(f, REDUCE_SUM, s.left, NULL, s.nleft, s.each, value) : value;
  if (!n->assign) return form_sum(f, (const Form *[]){base, select_of(f, s.whole, sum, zero)}, 2);
  Conditions replaced = {.f = f, .all = s.whole};
  if (s.nleft) { // one point at most puts there: is there one?
    const Form *count = form_reduce(f, REDUCE_SUM, s.left, NULL, s.nleft, s.each, form_number(f, 1));
    demand(&replaced, form_call(f, PRIM_GT, (const Form *[]){count, zero}));
  }
  return select_of(f, replaced.all, sum, base);
}

// ---- values ----

const Form *explain_value(Builder *b, const Node *n, const FormIndex *const *index) {
  Forms *f = b->forms;
  const int count = n->nout + n->nred;
  const Form **at = arena_array(forms_arena(f), const Form *, (size_t)count + 1);
  for (int k = 0; k < count; k++) at[k] = form_index(f, index[k]);
  if (n->kind == NODE_SCATTER) return scatter_value(b, n, index, at);
  const Form *value = form_expr(f, b->graph, n->expr, at, explain_read, b);
  const Form *guard = n->guard ? form_expr(f, b->graph, n->guard, at, explain_read, b) : NULL;
  if (n->reduce != REDUCE_NONE) return form_reduce(f, n->reduce, index + n->nout, NULL, n->nred, guard, value);
  if (guard && n->type == TYPE_BOOL) return form_call(f, PRIM_AND, (const Form *[]){guard, value});
  return select_of(f, guard, value, form_number(f, 0));
}
