// test_mutation.c - every derivative in the table of primitives, and every way to get it slightly wrong.
//
// Each row's gradient agrees with dual numbers.  Then each partial derivative is changed in one place: a sign flipped, a
// term, factor, function or condition dropped, operands swapped, an operator exchanged for its inverse, a constant
// changed.  Each such mutant must disagree somewhere, so the tests would notice the mistake.
#include "derive/derive.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"

// Mutants that are right all the same: where the numerator is 0 so is the quotient, and at the origin both conditions
// hold.  That of x^y for y = 0 alone is wrong in its own derivative by y: random/found/exponent_of_zero.mdl.
static const struct {
  Prim op;
  int partial;
  const char *text;
} equivalent[] = {
    {PRIM_POW, 0, "if y == 0.0 then 0.0 else y * x^(y - 1.0)"},
    {PRIM_POW, 0, "if y == 0.0 and x == 0.0 then 0.0 else y * x^(y - 1.0)"},
    {PRIM_ATAN2, 0, "if y == 0.0 then 0.0 else y / hypot(x, y) / hypot(x, y)"},
    {PRIM_ATAN2, 1, "if x == 0.0 then 0.0 else -(x / hypot(x, y) / hypot(x, y))"},
};

enum { DRAWN = 40, SPECIAL = 9, POINTS = DRAWN + SPECIAL, PARTIALS = 2 };

typedef struct Row {
  Lab l;
  Prim op;
  bool real[PARTIALS]; // which arguments are real: parameters x and y; an integer is the data k
  int narg;
  int64_t exponent[POINTS];
  double at[POINTS][PARTIALS];
  double truth[POINTS][PARTIALS]; // NaN: the derivative does not exist there
} Row;

static void set_point(Row *r, int p) {
  for (int k = 0; k < PARTIALS; k++) r->l.param[k].number[0] = (Number){r->at[p][k], 0};
  r->l.data[0].integer[0] = r->exponent[p];
}

static void draw_points(Row *r) {
  const PrimRow *row = &prim_table[r->op];
  static const double special[SPECIAL][2] = {{0, 0}, {0, 2},    {2, 0}, {1, 1}, {0.5, 0.5},
                                             {0, 1}, {-0.5, 3}, {1, 2}, {0, -1}};
  Random random = {(uint64_t)r->op + 1};
  for (int p = 0; p < POINTS; p++) {
    for (int k = 0; k < PARTIALS; k++)
      r->at[p][k] = p < DRAWN ? random_between(&random, row->low, row->high) : special[p - DRAWN][k];
    r->exponent[p] = p < DRAWN ? p % 7 - 3 : (int64_t)special[p - DRAWN][1];
  }
}

// The truth at each point from dual numbers.
static void find_truth(Row *r) {
  const Graph *g = r->l.model->graph;
  const int loss = graph_root(g, ROOT_LOSS, 0)->node->id;
  for (int p = 0; p < POINTS; p++)
    for (int k = 0; k < PARTIALS; k++) {
      set_point(r, p);
      r->l.param[k].number[0].b = 1;
      const Number n = lab_run(&r->l, g, NUMBER_DUAL)[loss].number[0];
      r->truth[p][k] = isfinite(n.a) && isfinite(n.b) ? n.b : (double)NAN;
    }
}

// False where the row has no real argument or no real result: nothing to derive.
static bool open_row(Row *r, Prim op) {
  const char *signature = prim_table[op].signature;
  *r = (Row){.op = op, .narg = prim_arity(op)};
  if (r->narg > PARTIALS || !strpbrk(signature, "rn") || strchr(signature, '>')[1] == 'b') return false;
#define HEAD                                                                                                           \
  "model t\ndata k in 0..9\nparam x\nparam y\ninput k = data 0\ninput x = param 0\ninput y = param 1\nnode loss = "
  Lab blank = lab_open(HEAD "x\nroot loss = loss\n");
  Graph *g = blank.model->graph;
  const Expr *arg[PARTIALS];
  bool any = false;
  for (int k = 0; k < r->narg; k++) {
    r->real[k] = signature[k] != 'i';
    any = any || r->real[k];
    arg[k] = expr_read(g, graph_find(g, !r->real[k] ? "k" : k ? "y" : "x"), NULL);
  }
  Text t;
  text_init(&t);
  text_put(&t, HEAD);
  expr_print(&t, g, expr_prim(g, op, arg), NULL);
  text_put(&t, "\nroot loss = loss\n");
  if (any) {
    r->l = lab_open(t.s);
    draw_points(r);
    find_truth(r);
  }
  text_free(&t);
  lab_close(&blank);
  return any;
}

// Whether the derivative by this table differs from the truth at some point: the point, or -1.
static int disagreement(Row *r, const PrimRow *table) {
  const Graph *d = derive_gradient(r->l.arena, r->l.model->graph, true, table);
  for (int p = 0; p < POINTS; p++) {
    set_point(r, p);
    const Array *values = lab_run(&r->l, d, NUMBER_REAL);
    for (int k = 0; k < r->narg; k++) {
      const double truth = r->truth[p][k], ours = values[graph_root(d, ROOT_GRADIENT, k)->node->id].number[0].a;
      if (!isnan(truth) && !(fabs(ours - truth) <= 1e-12 * fmax(1, fabs(truth)))) return p;
    }
  }
  return -1;
}

START_TEST(test_row) {
  Row r;
  if (!open_row(&r, (Prim)_i)) return;
  const int p = disagreement(&r, NULL);
  ck_assert_msg(p < 0, "%s: its derivative is wrong at (%g, %g)", prim_table[_i].name, r.at[p < 0 ? 0 : p][0],
                r.at[p < 0 ? 0 : p][1]);
  lab_close(&r.l);
}
END_TEST

// ---- mutants ----

typedef struct Mutants {
  Graph *g;
  Arena *arena;
  const Expr *whole;
  int place; // of the part that is changed, counting the parts of the whole as they are written
  char **text;
  size_t count, room;
} Mutants;

// e with the part at *place replaced; counts *place down.
static const Expr *with(Mutants *m, const Expr *e, int *place, const Expr *by) {
  if ((*place)-- == 0) return by;
  if (e->kind != EXPR_PRIM) return e;
  const Expr *arg[3];
  for (int k = 0; k < e->u.prim.narg; k++) arg[k] = with(m, e->u.prim.arg[k], place, by);
  return expr_prim(m->g, e->u.prim.op, arg);
}

static void add_mutant(Mutants *m, const Expr *by) {
  int place = m->place;
  const Expr *mutant = with(m, m->whole, &place, by);
  if (mutant == m->whole) return;
  Text t;
  text_init(&t);
  expr_print(&t, m->g, mutant, NULL);
  char *text = arena_strdup(m->arena, t.s);
  text_free(&t);
  for (size_t k = 0; k < m->count; k++)
    if (strcmp(m->text[k], text) == 0) return;
  ARENA_PUSH(m->arena, m->text, m->count, m->room) = text;
}

static bool commutes(Prim op) {
  return op == PRIM_ADD || op == PRIM_MUL || op == PRIM_EQ || op == PRIM_HYPOT;
}

static void mutate_prim(Mutants *m, const Expr *e) {
  static const struct {
    Prim from, to;
  } exchange[] = {{PRIM_ADD, PRIM_SUB},  {PRIM_SUB, PRIM_ADD}, {PRIM_MUL, PRIM_DIV}, {PRIM_DIV, PRIM_MUL},
                  {PRIM_GT, PRIM_GE},    {PRIM_LT, PRIM_LE},   {PRIM_GT, PRIM_LT},   {PRIM_LT, PRIM_GT},
                  {PRIM_EQ, PRIM_NE},    {PRIM_COS, PRIM_SIN}, {PRIM_SIN, PRIM_COS}, {PRIM_COSH, PRIM_SINH},
                  {PRIM_SINH, PRIM_COSH}};
  const Prim op = e->u.prim.op;
  const Expr *const *arg = e->u.prim.arg;
  for (int k = 0; k < e->u.prim.narg; k++)
    if (arg[k]->type == e->type) add_mutant(m, arg[k]);
  if (e->u.prim.narg == 2 && arg[0]->type == arg[1]->type && !commutes(op))
    add_mutant(m, expr_prim2(m->g, op, arg[1], arg[0]));
  if (op == PRIM_SELECT) add_mutant(m, expr_select(m->g, arg[0], arg[2], arg[1]));
  for (size_t k = 0; k < sizeof exchange / sizeof *exchange; k++)
    if (exchange[k].from == op && (e->type != TYPE_INT || exchange[k].to != PRIM_DIV))
      add_mutant(m, expr_prim(m->g, exchange[k].to, arg));
}

// An even function, or a comparison with zero, does not notice the sign of what it is given: that is no mutant.
static bool sign_matters(const Expr *e, const Expr *user) {
  if (expr_is_real(e, 0)) return false;
  if (!user) return true;
  const Prim op = user->u.prim.op;
  const bool even = op == PRIM_COS || op == PRIM_COSH || op == PRIM_SECH || op == PRIM_HYPOT;
  return !even && !(op == PRIM_EQ && expr_is_real(user->u.prim.arg[1], 0));
}

static void mutate(Mutants *m, const Expr *e, const Expr *user) {
  int64_t n;
  if (e->type == TYPE_REAL && sign_matters(e, user)) add_mutant(m, expr_prim1(m->g, PRIM_NEG, e));
  if (e->kind == EXPR_REAL) {
    add_mutant(m, expr_real(m->g, e->u.real + 1));
    add_mutant(m, expr_real(m->g, e->u.real * (1 + 1e-9)));
  }
  if (expr_is_int(e, &n)) add_mutant(m, expr_int(m->g, n + 1));
  if (e->kind == EXPR_PRIM) mutate_prim(m, e);
  for (int k = 0; e->kind == EXPR_PRIM && k < e->u.prim.narg; k++) {
    m->place++;
    mutate(m, e->u.prim.arg[k], e);
  }
}

// All mutants of a partial derivative of row r.
static Mutants mutants_of(Row *r, int partial) {
  const char *type[PARTIALS];
  for (int k = 0; k < PARTIALS; k++) type[k] = k < r->narg && !r->real[k] ? " in 0..9" : "";
  char text[256];
  snprintf(text, sizeof text,
           "model t\ndata x%s\ndata y%s\ndata f\ninput x = data 0\ninput y = data 1\ninput f = data 2\n"
           "node loss = 1.0\nroot loss = loss\n",
           type[0], type[1]);
  // The graph lives as long as the row.
  Diags diags;
  diags_init(&diags, r->l.arena);
  const Source source = {"mutants", text, strlen(text)};
  Model *model = graph_parse(r->l.arena, &diags, &source);
  ck_assert_ptr_nonnull(model);
  Graph *g = model->graph;
  Binding bind[3];
  static const char *const names[] = {"x", "y", "f"};
  for (int k = 0; k < 3; k++) bind[k] = (Binding){names[k], expr_read(g, graph_find(g, names[k]), NULL)};
  Mutants m = {.g = g, .arena = r->l.arena};
  m.whole = expr_parse(g, prim_table[r->op].partial[partial], bind, 3);
  ck_assert_msg(m.whole != NULL, "%s: cannot read \"%s\"", prim_table[r->op].name, prim_table[r->op].partial[partial]);
  if (m.whole->kind == EXPR_POLY) { // "1", "-1"
    int64_t n = 0;
    expr_is_int(m.whole, &n);
    m.whole = expr_real(g, (double)n);
  }
  mutate(&m, m.whole, NULL);
  ARENA_PUSH(m.arena, m.text, m.count, m.room) = arena_strdup(m.arena, ""); // no derivative at all
  return m;
}

static bool is_equivalent(Prim op, int partial, const char *text) {
  for (size_t k = 0; k < sizeof equivalent / sizeof *equivalent; k++)
    if (equivalent[k].op == op && equivalent[k].partial == partial && strcmp(equivalent[k].text, text) == 0)
      return true;
  return false;
}

START_TEST(test_mutants) {
  PrimRow table[PRIM_COUNT];
  Text alive;
  text_init(&alive);
  int made = 0, killed = 0, same = 0;
  for (int op = 0; op < PRIM_COUNT; op++) {
    Row r;
    if (!open_row(&r, (Prim)op)) continue;
    for (int k = 0; k < r.narg; k++) {
      if (!prim_table[op].partial[k] || !*prim_table[op].partial[k]) continue;
      const Mutants m = mutants_of(&r, k);
      for (size_t j = 0; j < m.count; j++) {
        memcpy(table, prim_table, sizeof table);
        table[op].partial[k] = m.text[j];
        const bool dead = disagreement(&r, table) >= 0, known = is_equivalent((Prim)op, k, m.text[j]);
        made++;
        killed += dead;
        same += known;
        if (dead == known)
          text_printf(&alive, "%s, d/d%c = \"%s\" %s\n", prim_table[op].name, "xy"[k], m.text[j],
                      dead ? "is listed as equivalent, but is not" : "survives");
      }
    }
    lab_close(&r.l);
  }
  printf("mutants: %d made, %d killed, %d equivalent\n", made, killed, same);
  ck_assert_msg(alive.length == 0, "%s", alive.s);
  ck_assert_int_gt(made, 300);
  text_free(&alive);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("mutation");
  TCase *t = tcase_create("mutation");
  tcase_set_timeout(t, 300);
  tcase_add_loop_test(t, test_row, 0, PRIM_COUNT);
  tcase_add_test(t, test_mutants);
  suite_add_tcase(suite, t);
  return lab_main(suite);
}
