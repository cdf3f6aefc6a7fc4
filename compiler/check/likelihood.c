// likelihood.c - `y ~ normal(mu, sigma)`, `likelihood`, `normal.log(...)`, and what they make of the loss.
#include <limits.h>
#include <string.h>

#include "check/internal.h"

// Those of integers.
static const char *const discrete[] = {"bernoulli_logit", "binomial_logit", "poisson_log", "categorical_logit"};

static bool is_among(const char *name, const char *const *list, size_t n) {
  for (size_t k = 0; k < n; k++)
    if (strcmp(list[k], name) == 0) return true;
  return false;
}
#define IS_AMONG(name, list) is_among((name), (list), sizeof(list) / sizeof *(list))

static Function *distribution(Walk *w, Name name) {
  Symbol *found = scope_own(w->distributions, name.text);
  if (found) return found->function;
  const char **names = NULL;
  size_t count = 0, room = 0;
  for (size_t k = 0; k < w->distributions->nbucket; k++)
    for (const Symbol *s = w->distributions->bucket[k]; s; s = s->next)
      ARENA_PUSH(w->arena, names, count, room) = s->name;
  diag_error(w->diags, name.span, "unknown distribution `%s`%s", name.text,
             diag_did_you_mean(w->diags, name.text, names, count));
  return NULL;
}

// ---- normal.log(x, mu, sigma) ----

static bool variate_fits(Walk *w, Name name, const Value *v) {
  if (!want_number(w, v)) return false;
  if (v->type == TYPE_INT || !IS_AMONG(name.text, discrete)) return true;
  diag_error(w->diags, v->span,
             "`%s` is a distribution of integers, and this is real: such data are declared with their range, as in "
             "`data y[n] in 0..2`",
             name.text);
  return false;
}

Value log_density(Walk *w, const AstExpr *e, const char *claim) {
  Name name = e->call.function;
  const AstExprs *given = &e->call.args;
  Function *f = distribution(w, name);
  if (!f) return bad_value(e->span);
  if (strcmp(e->call.member.text, "log") != 0) {
    diag_error(w->diags, e->call.member.span, "a distribution has no `%s`: its log density is `%s.log(...)`",
               e->call.member.text, name.text);
    return bad_value(e->span);
  }
  size_t wanted = f->def->def.args.count;
  if (given->count != wanted) {
    diag_error(w->diags, e->span, "`%s.log` takes %zu arguments, the variate first, not %zu", name.text, wanted,
               given->count);
    return bad_value(e->span);
  }
  Value *arg = arena_array(w->arena, Value, given->count + 1);
  bool fine = true;
  for (size_t k = 0; k < given->count; k++) {
    arg[k] = eval(w, given->items[k]);
    fine = (k == 0 ? variate_fits(w, name, &arg[k]) : want_number(w, &arg[k])) && fine;
  }
  Values results = {.items = NULL};
  if (!fine || !expand(w, f, e->span, arg, given->count, claim, &results)) return bad_value(e->span);
  return results.items[0];
}

// ---- terms of the log likelihood ----

static const char sum_name[] = "log_likelihood";

// Called once for each statement, with its sum over all entries, or a bad value.
static void add_term(Walk *w, const Stmt *s, const char *name, Value v) {
  if (w->likelihood_read.source) {
    diag_error(w->diags, s->span, "this comes too late: `log_likelihood` is the sum of the statements above its use");
    diag_note(w->diags, w->likelihood_read, "it is used here");
    v.bad = true;
  }
  if (v.bad) {
    w->likelihood_bad = true;
    return;
  }
  v.expr = make_real(w, v.expr);
  v.type = TYPE_REAL;
  v.span = s->span;
  v = store(w, name, v);
  w->flags[v.expr->u.read.node->id].opaque = true; // a loss in a stable form still reads it
  w->claimed = NULL;
  ARENA_PUSH(w->arena, w->term, w->nterm, w->term_room) = v.expr;
  if (w->nterm == 1) w->likelihood = s->span;
}

// An expression of the statement's own, which the grammar did not read.
static AstExpr *made(Walk *w, AstExprKind kind, Span span) {
  AstExpr *e = arena_new_of(w->arena, AstExpr);
  e->kind = kind;
  e->height = 1;
  e->span = span;
  return e;
}

// The variate as an expression; `y[i]` and `y[i in 1..n]` bind their index.
static AstExpr *variate_of(Walk *w, const Target *t, Binders *binders) {
  AstExpr *name = made(w, AST_NAME, t->name.span);
  name->name = t->name.text;
  if (!t->subscripts.count) return name;
  AstExpr *e = made(w, AST_INDEX, t->span);
  e->index.base = name;
  for (size_t k = 0; k < t->subscripts.count; k++) {
    Subscript s = t->subscripts.items[k];
    if (s.kind == SUB_EACH) {
      ARENA_PUSH(w->arena, binders->items, binders->count, binders->room) = (Binder){s.index, s.low, s.high};
      AstExpr *at = made(w, AST_NAME, s.index.span);
      at->name = s.index.text;
      s = (Subscript){.kind = SUB_AT, .span = s.span, .at = at};
    } else if (s.kind == SUB_AT && s.at->kind == AST_NAME) {
      ARENA_PUSH(w->arena, binders->items, binders->count, binders->room) = (Binder){.name = {s.at->name, s.at->span}};
    }
    ARENA_PUSH(w->arena, e->index.subscripts.items, e->index.subscripts.count, e->index.subscripts.room) = s;
  }
  return e;
}

static Value sampled(Walk *w, const Stmt *s, const char *claim) {
  Name distributed = s->sample.distribution;
  Function *f = distribution(w, distributed);
  if (!f) return bad_value(s->span);
  size_t wanted = f->def->def.args.count - 1;
  if (s->sample.args.count != wanted) {
    diag_error(w->diags, distributed.span, "`%s` takes %zu argument%s after `~`, not %zu", distributed.text, wanted,
               wanted == 1 ? "" : "s", s->sample.args.count);
    return bad_value(s->span);
  }
  Binders binders = {.items = NULL};
  AstExpr *e = made(w, AST_CALL, s->span);
  e->call.function = distributed;
  e->call.member = (Name){"log", distributed.span};
  AstExprs *args = &e->call.args;
  ARENA_PUSH(w->arena, args->items, args->count, args->room) = variate_of(w, &s->sample.target, &binders);
  for (size_t k = 0; k < wanted; k++)
    ARENA_PUSH(w->arena, args->items, args->count, args->room) = s->sample.args.items[k];
  if (binders.count) {
    AstExpr *sum = made(w, AST_REDUCE, s->span);
    sum->reduce.function = (Name){"sum", s->span};
    sum->reduce.binders = binders;
    sum->reduce.body = e;
    e = sum;
    w->claim = claim;
  }
  Value v = eval(w, e);
  return v.bad || v.rank == 0 ? v : reduce_whole(w, s->span, "sum", v, claim);
}

void sample_statement(Walk *w, const Stmt *s) {
  const char *name = arena_printf(w->arena, "%s_%s", sum_name, s->sample.target.name.text);
  w->owner = name;
  w->claimed = NULL;
  Value v = sampled(w, s, name);
  w->owner = NULL;
  add_term(w, s, name, v);
}

void likelihood_statement(Walk *w, const Stmt *s) {
  w->owner = w->claim = sum_name;
  w->claimed = NULL;
  Value v = eval(w, s->value);
  w->owner = NULL;
  if (!want_number(w, &v)) v.bad = true;
  if (!v.bad && v.rank) {
    diag_error(w->diags, s->value->span,
               "the log likelihood is a single number, and this is an array of shape %s: take its `sum`",
               shape_text(w, &v));
    v.bad = true;
  }
  add_term(w, s, sum_name, v);
}

// ---- their sum ----

static const Expr *sum_of_terms(Walk *w) {
  const Expr *sum = w->term[0];
  for (size_t k = 1; k < w->nterm; k++) sum = make2(w, PRIM_ADD, sum, w->term[k]);
  return sum;
}

static bool terms_follow(const Walk *w) {
  for (size_t k = w->pending_done; w->pending && k < w->pending->count; k++)
    if (w->pending->items[k]->kind == STMT_SAMPLE || w->pending->items[k]->kind == STMT_LIKELIHOOD) return true;
  return false;
}

bool log_likelihood(Walk *w, const char *name, Span span, Value *v) {
  if (strcmp(name, sum_name) != 0 || (!w->nterm && !w->likelihood_bad && !terms_follow(w))) return false;
  if (!w->likelihood_read.source) w->likelihood_read = span;
  *v = w->nterm ? scalar_value(TYPE_REAL, sum_of_terms(w), span) : bad_value(span);
  return true;
}

static void mark_read(void *context, const Expr *read) {
  bool *needed = context;
  needed[read->u.read.node->id] = true;
}

// Is every term among what the loss is made of?
static bool loss_uses_terms(Walk *w) {
  const Graph *g = w->graph;
  bool *needed = arena_array(w->arena, bool, g->count + 1);
  needed[graph_root(g, ROOT_LOSS, 0)->node->id] = true;
  for (size_t k = g->count; k-- > 0;)
    if (needed[k] && g->nodes[k]->expr) expr_each_read(g, g->nodes[k]->expr, mark_read, needed);
  for (size_t k = 0; k < w->nterm; k++)
    if (!needed[w->term[k]->u.read.node->id]) return false;
  return true;
}

void finish_likelihood(Walk *w) {
  if (w->likelihood_bad || !w->nterm) return;
  if (w->loss.source) {
    if (!graph_root(w->graph, ROOT_LOSS, 0) || loss_uses_terms(w)) return;
    diag_error(w->diags, w->loss, "this loss leaves out the log likelihood: it uses its sum as `log_likelihood`");
    diag_note(w->diags, w->likelihood, "a term of it is here; without a `loss`, the loss is minus their sum");
    return;
  }
  w->loss = w->likelihood;
  Value v = scalar_value(TYPE_REAL, make1(w, PRIM_NEG, sum_of_terms(w)), w->likelihood);
  v = make_node(w, (NodeForm){"loss", w->likelihood, REDUCE_NONE, w->nlevel, w->npath}, v);
  graph_add_root(w->graph, ROOT_LOSS, "loss", 0, v.expr->u.read.node);
}
