// integer_c.c - whole numbers as C: dimensions, and arithmetic that 64 bits may be too few for.
//
// Indices, data and dimensions are taken to be small enough that two of them can be multiplied; a product of more is
// computed in double where a real is wanted, and is held against 64 bits by _check where it is not.
#include "emit/function.h"

static const char *spell_dim(void *context, int dim) {
  Function *f = context;
  f->dim_used[dim] = true;
  return f->dim_name[dim];
}

static void need_division(Function *f, const Poly *p) {
  const PolyTerm *terms;
  int count = poly_terms(p, &terms);
  for (int k = 0; k < count; k++)
    for (int j = 0; j < terms[k].nsym; j++) {
      const Dim *d = dims_get(f->s->task.graph->dims, terms[k].sym[j]);
      if (d->kind != DIM_FLOORDIV && d->kind != DIM_MOD) continue;
      f->unit->helper[d->kind == DIM_MOD ? HELPER_MOD : HELPER_FLOORDIV] = true;
      need_division(f, d->a);
      need_division(f, d->b);
    }
}

void put_poly_here(Function *f, Text *t, const Poly *p, int precedence) {
  need_division(f, p);
  put_poly(t, f->s->task.graph->dims, p, precedence, spell_dim, f);
}

// ---- in double ----

static int larger(int a, int b) {
  return a > b ? a : b;
}

// How many indices, data and dimensions are multiplied in e, up to 3; those of its arguments are known.
int expr_degree(const Function *f, const Expr *e) {
  if (e->type != TYPE_INT) return 0;
  if (e->kind == EXPR_POLY) {
    const PolyTerm *terms;
    int count = poly_terms(e->u.poly, &terms), degree = 0;
    for (int k = 0; k < count; k++) degree = larger(degree, terms[k].nsym);
    return degree < 3 ? degree : 3;
  }
  if (e->kind != EXPR_PRIM) return 1;
  int sum = 0, most = 0;
  for (int k = 0; k < e->u.prim.narg; k++) {
    int degree = f->degree[e->u.prim.arg[k]->id];
    sum += degree;
    most = larger(most, degree);
  }
  int degree = e->u.prim.op == PRIM_MUL ? sum : most;
  return degree < 3 ? degree : 3;
}

static bool needs_reals(const Function *f, const Expr *e) {
  return e->id < f->nexpr && f->degree[e->id] > 2;
}

static void put_double(Function *f, Text *t, const Expr *e, int precedence) {
  static const struct {
    Prim op;
    const char *c;
    int precedence;
  } rows[] = {{PRIM_ADD, " + ", PREC_ADD}, {PRIM_SUB, " - ", PREC_ADD}, {PRIM_MUL, " * ", PREC_MUL}};
  bool open = e->kind == EXPR_PRIM && !let_of(f, e), poly = e->kind == EXPR_POLY && poly_is_product(e->u.poly);
  for (size_t k = 0; open && k < sizeof rows / sizeof *rows; k++) {
    if (rows[k].op != e->u.prim.op) continue;
    if (precedence > rows[k].precedence) text_char(t, '(');
    put_double(f, t, e->u.prim.arg[0], rows[k].precedence);
    text_put(t, rows[k].c);
    put_double(f, t, e->u.prim.arg[1], rows[k].precedence + 1);
    if (precedence > rows[k].precedence) text_char(t, ')');
    return;
  }
  if (poly) {
    need_division(f, e->u.poly);
    if (precedence > PREC_NONE) text_char(t, '(');
    put_poly_real(t, f->s->task.graph->dims, e->u.poly, spell_dim, f);
    if (precedence > PREC_NONE) text_char(t, ')');
    return;
  }
  bool minus = open && e->u.prim.op == PRIM_NEG;
  if (precedence > PREC_UNARY) text_char(t, '(');
  text_put(t, minus ? "-" : "(double)");
  if (minus)
    put_double(f, t, e->u.prim.arg[0], PREC_UNARY + 1);
  else
    put_expr(f, t, e, PREC_UNARY);
  if (precedence > PREC_UNARY) text_char(t, ')');
}

static void put_in_reals(Function *f, Text *t, const Expr *e, int precedence) {
  if (!f->unit->options->use_float) {
    put_double(f, t, e, precedence);
    return;
  }
  text_put(t, "(float)(");
  put_double(f, t, e, PREC_NONE);
  text_char(t, ')');
}

// ---- as a real ----

// Does it differ from lane to lane?  Only AVX-512 has an instruction for a vector of those.
static bool converts_in_lanes(const Function *f, const Expr *e) {
  const Loop *lanes = f->strip ? f->strip : f->tile;
  return f->wide && lanes && !f->unit->options->libm && e->type == TYPE_INT && mentions_loop(e, lanes);
}

bool put_conversion(Function *f, Text *t, const Expr *e, int precedence) {
  const bool use_float = f->unit->options->use_float;
  if (needs_reals(f, e)) {
    put_in_reals(f, t, e, precedence);
    return true;
  }
  if (converts_in_lanes(f, e)) {
    math_use(f->unit, use_float ? "bitsf.h" : "fma.h");
    f->math = true;
    text_printf(t, "mdl_%s%s_at(mdl_level, ", is_narrow(e) ? "narrow_real" : "real", use_float ? "f" : "");
    put_expr(f, t, e, PREC_NONE);
    text_char(t, ')');
    return true;
  }
  if (!use_float || e->kind != EXPR_PRIM) return false;
  if (precedence > PREC_UNARY) text_char(t, '(');
  text_put(t, "(float)(double)"); // as in lanes, where it may have more digits than a float
  put_expr(f, t, e, PREC_UNARY);
  if (precedence > PREC_UNARY) text_char(t, ')');
  return true;
}
