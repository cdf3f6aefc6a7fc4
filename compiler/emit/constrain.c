// constrain.c - between the free vector, which an optimizer moves, and constrained parameters: calls of the transforms of
// mdl/constrain.h, one for each parameter.
#include <string.h>

#include "embed/embedded.h"
#include "emit/contract.h"

typedef enum { CONSTRAIN, PULLBACK, UNCONSTRAIN, DIRECTIONS } Direction;

// $M: the model's name, $R: its type of reals.
static const struct {
  const char *verb; // of the transforms
  const char *result, *name, *arguments;
  const char *untyped, *call; // for the descriptor
  const char *comment;
} directions[DIRECTIONS] = {
    [CONSTRAIN] =
        {"constrain", "void", "constrain", "const $R *free, $R *params", "const void *free, void *params",
         "(const $R *)free, ($R *)params",
         "From free reals, which an optimizer moves, parameters that keep their constraints: the transforms of\n"
         "   the Stan Reference Manual, without log Jacobians."},
    [PULLBACK] = {"pullback", "void", "constrain_pullback", "const $R *free, const $R *grad_params, $R *grad_free",
                  "const void *free, const void *grad_params, void *grad_free",
                  "(const $R *)free, (const $R *)grad_params, ($R *)grad_free",
                  "From the gradient by the parameters, writes that by the free reals."},
    [UNCONSTRAIN] = {"unconstrain", "int", "unconstrain", "const $R *params, $R *free, struct mdl_where *where",
                     "const void *params, void *free, struct mdl_where *where", "(const $R *)params, ($R *)free, where",
                     "The inverse of constrain: 0, or MDL_ERROR_CONSTRAINT and where (may be null)."}};

static const char *const kind_names[] = {
    [CONSTRAINT_NONE] = "none",        [CONSTRAINT_ABOVE] = "above",     [CONSTRAINT_BELOW] = "below",
    [CONSTRAINT_BETWEEN] = "between",  [CONSTRAINT_SIMPLEX] = "simplex", [CONSTRAINT_ORDERED] = "ordered",
    [CONSTRAINT_CHOLESKY] = "cholesky"};

static void put_signature(Text *t, const Plan *p, Direction d) {
  const Model *m = p->unit->model;
  text_printf(t, "%s %s_%s(const %s_dims *dims, ", directions[d].result, m->name, directions[d].name, m->name);
  template_print(t, directions[d].arguments, p->unit->options->use_float);
  text_char(t, ')');
}

void constrain_prototypes_print(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  if (!has_constraints(m)) return;
  for (int d = 0; d < DIRECTIONS; d++) {
    text_printf(t, "/* %s */\n", directions[d].comment);
    put_signature(t, p, (Direction)d);
    text_put(t, ";\n\n");
  }
  text_printf(t,
              "/* Where each parameter starts in the free vector: %d offsets, the last one the total. */\n"
              "int %s_free_layout(const %s_dims *dims, int64_t *offsets);\n\n",
              m->nparam + 1, m->name, m->name);
}

void constrain_enumerators_print(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  Arena *a = p->unit->arena;
  if (!has_constraints(m)) return;
  text_printf(t, "/* Where each parameter starts in the free vector%s. */\nenum {\n",
              free_at(a, p, m->nparam) ? ", and its length" : ": the others are given by _free_layout");
  for (int k = 0; k <= m->nparam; k++) {
    const char *at = free_at(a, p, k);
    int64_t value;
    if (!at || !poly_value(m->dims, p->free_offset[k], NULL, &value)) continue;
    text_printf(t, "  %s = %lld%s\n", at, (long long)value, k < m->nparam ? "," : "");
  }
  text_put(t, "};\n\n");
}

// ---- the definitions ----

static void put_place(Text *t, const Plan *p, const char *base, const char *at, const Poly *offset) {
  Speller s = {p->unit->model, p->unit->arena};
  int64_t zero;
  text_printf(t, ", %s", base);
  if (poly_is_int(offset, &zero) && zero == 0) return;
  text_put(t, " + ");
  if (at)
    text_put(t, at);
  else
    put_poly(t, p->unit->model->dims, offset, PREC_ADD, spell_argument, &s);
}

static void put_bound(Text *t, const Plan *p, const Expr *bound) {
  Function f = plain_function(p, 0);
  if (!bound) return;
  text_put(t, ", ");
  put_expr(&f, t, expr_substitute(f.s->pool, bound, NULL, 0, NULL), PREC_NONE);
}

static bool has_length(ConstraintKind kind) {
  return kind == CONSTRAINT_SIMPLEX || kind == CONSTRAINT_ORDERED || kind == CONSTRAINT_CHOLESKY;
}

static void put_call(Text *t, const Plan *p, Direction d, int k) {
  const Model *m = p->unit->model;
  const ParamDecl *decl = &m->param[k];
  Arena *a = p->unit->arena;
  Speller s = {m, a};
  const Poly *length, *rows = param_rows(m->dims, decl, &length);
  const char *in_free = free_at(a, p, k), *in_params = param_at(a, p, k);
  text_printf(t, "mdl_%s_%s(", directions[d].verb, kind_names[decl->constraint]);
  put_poly(t, m->dims, rows, PREC_NONE, spell_argument, &s);
  if (has_length(decl->constraint)) {
    text_put(t, ", ");
    put_poly(t, m->dims, length, PREC_NONE, spell_argument, &s);
  }
  if (d != PULLBACK || decl->constraint == CONSTRAINT_BETWEEN) {
    put_bound(t, p, decl->low);
    put_bound(t, p, decl->high);
  }
  if (d == UNCONSTRAIN) put_place(t, p, "params", in_params, p->param_offset[k]);
  if (d != PULLBACK || decl->constraint != CONSTRAINT_NONE) put_place(t, p, "free", in_free, p->free_offset[k]);
  if (d == CONSTRAIN) put_place(t, p, "params", in_params, p->param_offset[k]);
  if (d == PULLBACK) {
    put_place(t, p, "grad_params", in_params, p->param_offset[k]);
    put_place(t, p, "grad_free", in_free, p->free_offset[k]);
  }
  text_char(t, ')');
}

static void put_parameter(Text *t, const Plan *p, Direction d, int k) {
  const Model *m = p->unit->model;
  const ParamDecl *decl = &m->param[k];
  bool checked = d == UNCONSTRAIN && decl->constraint != CONSTRAINT_NONE;
  text_printf(t, "  /* %s", decl->name);
  if (decl->rank) {
    text_char(t, '[');
    put_shape_text(t, m->dims, decl->extent, decl->rank);
    text_char(t, ']');
  }
  if (decl->constraint != CONSTRAINT_NONE) text_char(t, ' ');
  put_constraint(t, m, decl);
  text_printf(t, " */\n  %s", checked ? "at = " : "");
  put_call(t, p, d, k);
  text_put(t, ";\n");
  if (!checked) return;
  text_put(t, "  if (at >= 0) return broken_constraint(where, \"");
  put_safe(t, decl->name);
  text_put(t, "\", at);\n");
}

static void put_definition(Text *t, const Plan *p, Direction d) {
  const Model *m = p->unit->model;
  Text body;
  text_init(&body);
  for (int k = 0; k < m->nparam; k++) put_parameter(&body, p, d, k);
  text_printf(t, "/* %s */\n", directions[d].comment);
  put_signature(t, p, d);
  text_put(t, " {\n");
  if (!strstr(body.s, "dims->")) text_put(t, "  (void)dims;\n");
  if (d == UNCONSTRAIN) text_put(t, "  int64_t at;\n");
  put_wrapped(t, body.s);
  text_put(t, d == UNCONSTRAIN ? "  return MDL_OK;\n}\n\n" : "}\n\n");
  text_free(&body);
}

void constrain_print(Text *t, const Plan *p) {
  if (!has_constraints(p->unit->model)) return;
  if (p->unit->options->use_float) text_put(t, "#define MDL_CONSTRAIN_FLOAT\n");
  text_put(t, embedded_constrain_h);
  text_put(t, "\nstatic int broken_constraint(struct mdl_where *where, const char *name, int64_t position) {\n"
              "  if (where) {\n"
              "    where->name = name;\n"
              "    where->position = position;\n"
              "  }\n"
              "  return MDL_ERROR_CONSTRAINT;\n"
              "}\n\n");
  for (int d = 0; d < DIRECTIONS; d++) put_definition(t, p, (Direction)d);
}

void constrain_adapters_print(Text *t, const Plan *p) {
  const char *n = p->unit->model->name;
  if (!has_constraints(p->unit->model)) return;
  text_printf(t,
              "static int free_layout_untyped(const int64_t *dims, int64_t *offsets) {\n  const %s_dims d = "
              "dims_typed(dims);\n  return %s_free_layout(&d, offsets);\n}\n\n",
              n, n);
  for (int d = 0; d < DIRECTIONS; d++) {
    text_printf(
        t, "static %s %s_untyped(const int64_t *dims, %s) {\n  const %s_dims d = dims_typed(dims);\n  %s%s_%s(&d, ",
        directions[d].result, directions[d].name, directions[d].untyped, n, d == UNCONSTRAIN ? "return " : "", n,
        directions[d].name);
    template_print(t, directions[d].call, p->unit->options->use_float);
    text_put(t, ");\n}\n\n");
  }
}
