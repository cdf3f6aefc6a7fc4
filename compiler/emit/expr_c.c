// expr_c.c - scalar expressions as C, and the variables that they want before them.
//
// A sub-expression that is used twice becomes a variable; one that does not change in a loop is computed before it; a
// branch whose sides are more than a few operations is a real `if`.  Every operation is printed exactly as the graph has
// it, parentheses included, so that the bits are those of the graph.
#include <math.h>
#include <string.h>

#include "emit/lanes.h"

enum { SIMPLE_SIDE = 16 }; // operations and operands that may stand inside ?:

void line_start(Function *f) {
  text_repeat(&f->body, ' ', 2 * f->indent);
}

void count_flops(Function *f, int64_t operations) {
  if (!operations) return;
  Dims *dims = f->s->task.graph->dims;
  f->flops = poly_add(dims, f->flops, poly_mul(dims, f->trips, poly_int(dims, operations)));
}

void put_real(Text *t, double x, bool use_float) {
  if (isnan(x)) {
    text_put(t, "NAN");
    return;
  }
  if (isinf(x)) {
    text_put(t, x < 0 ? "-" : "");
    text_put(t, use_float ? "HUGE_VALF" : "HUGE_VAL");
    return;
  }
  size_t start = t->length;
  if (use_float)
    text_float(t, (float)x);
  else
    text_real(t, x);
  if (!strpbrk(t->s + start, ".e")) text_put(t, ".0");
  if (use_float) text_char(t, 'f');
}

const char *let_of(const Function *f, const Expr *e) {
  return e->id < f->nexpr ? f->let[e->id] : NULL;
}

// How C spells a primitive, and the helper that this needs.
static const char *spelling(Function *f, const Expr *e) {
  static const struct {
    Prim op;
    Helper real, integer;
  } helpers[] = {{PRIM_POWI, HELPER_POWI, HELPER_POWI},
                 {PRIM_SIGN, HELPER_SIGN, HELPER_SIGN},
                 {PRIM_SECH, HELPER_SECH, HELPER_SECH},
                 {PRIM_SIGMOID, HELPER_SIGMOID, HELPER_SIGMOID},
                 {PRIM_SOFTPLUS, HELPER_SOFTPLUS, HELPER_SOFTPLUS},
                 {PRIM_MAX, HELPER_MAX, HELPER_MAX_INTEGER},
                 {PRIM_MIN, HELPER_MIN, HELPER_MIN_INTEGER},
                 {PRIM_FLOORDIV, HELPER_FLOORDIV, HELPER_FLOORDIV},
                 {PRIM_MOD, HELPER_MOD, HELPER_MOD},
                 {PRIM_RANDN, HELPER_RANDOM, HELPER_RANDOM},
                 {PRIM_RANDU, HELPER_RANDOM, HELPER_RANDOM}};
  Prim op = e->u.prim.op;
  for (size_t k = 0; k < sizeof helpers / sizeof *helpers; k++)
    if (helpers[k].op == op) f->unit->helper[e->type == TYPE_INT ? helpers[k].integer : helpers[k].real] = true;
  if (op == PRIM_SIGN) select_call(f); // the helper is made of that
  if (e->type == TYPE_INT && op == PRIM_MAX) return "mdl_max_integer";
  if (e->type == TYPE_INT && op == PRIM_MIN) return "mdl_min_integer";
  return f->unit->options->use_float ? prim_table[op].c_float : prim_table[op].c;
}

static int operator_precedence(const char *c) {
  static const struct {
    const char *c;
    int precedence;
  } table[] = {{"+", PREC_ADD},     {"-", PREC_ADD},      {"*", PREC_MUL},     {"/", PREC_MUL},
               {"==", PREC_EQUAL},  {"!=", PREC_EQUAL},   {"<", PREC_COMPARE}, {"<=", PREC_COMPARE},
               {">", PREC_COMPARE}, {">=", PREC_COMPARE}, {"&&", PREC_AND},    {"||", PREC_OR}};
  for (size_t k = 0; k < sizeof table / sizeof *table; k++)
    if (!strcmp(table[k].c, c)) return table[k].precedence;
  return PREC_ATOM;
}

// Where two indices run in one loop, comparing them is comparing it with itself, of which C compilers warn.
static bool is_settled(const Expr *e, char *digit) {
  const Prim op = e->u.prim.op;
  if (e->type != TYPE_BOOL || e->u.prim.narg != 2 || e->u.prim.arg[0] != e->u.prim.arg[1]) return false;
  if (e->u.prim.arg[0]->type != TYPE_INT) return false;
  *digit = op == PRIM_EQ || op == PRIM_LE || op == PRIM_GE ? '1' : '0';
  return true;
}

static void put_arguments(Function *f, Text *t, const Expr *e) {
  const bool random = e->u.prim.op == PRIM_RANDN || e->u.prim.op == PRIM_RANDU;
  if (random) text_put(t, "seed, (uint64_t)");
  for (int k = 0; k < e->u.prim.narg; k++) {
    if (k) text_put(t, random ? ", (uint64_t)" : ", ");
    put_expr(f, t, e->u.prim.arg[k], random ? PREC_UNARY + 1 : PREC_NONE);
  }
  text_char(t, ')');
}

// Does its text call a function?  To clang a call may do more than to return, and && may have been meant where & of truths is.
static bool writes_call(Function *f, const Expr *e) {
  if (let_of(f, e)) return false;
  const bool reads = e->kind == EXPR_READ, computes = e->kind == EXPR_PRIM;
  if (computes && (math_call(f, e->u.prim.op) || operator_precedence(spelling(f, e)) == PREC_ATOM)) return true;
  const Expr *const *part = reads ? e->u.read.sub : e->u.prim.arg;
  const int count = reads ? e->u.read.node->nout : computes ? e->u.prim.narg : 0;
  for (int k = 0; k < count; k++)
    if (writes_call(f, part[k])) return true;
  return false;
}

static void put_prim(Function *f, Text *t, const Expr *e, int precedence) {
  const Expr *const *arg = e->u.prim.arg;
  const Prim op = e->u.prim.op;
  Fused fused;
  char digit;
  if (is_settled(e, &digit)) {
    text_char(t, digit);
    return;
  }
  if (op == PRIM_STOP) {
    put_expr(f, t, arg[0], precedence);
    return;
  }
  if (op == PRIM_SLOPE) {
    put_real(t, 0.0, f->unit->options->use_float);
    return;
  }
  if (op == PRIM_REAL && put_conversion(f, t, arg[0], precedence)) return;
  if (fused_sum(f, e, &fused)) {
    put_fused(f, t, &fused, NULL);
    return;
  }
  if (op == PRIM_SELECT && e->type == TYPE_REAL && selects_bits(f)) {
    f->bound = true;
    text_put(t, choose_call(f));
    put_truth(f, t, arg[0]);
    for (int k = 1; k < 3; k++) {
      text_put(t, ", ");
      put_expr(f, t, arg[k], PREC_NONE);
    }
    text_char(t, ')');
    return;
  }
  if (op == PRIM_SELECT) {
    f->bound = true;
    if (precedence > PREC_SELECT) text_char(t, '(');
    put_expr(f, t, arg[0], PREC_SELECT + 1);
    text_put(t, " ? ");
    put_expr(f, t, arg[1], PREC_SELECT + 1);
    text_put(t, " : ");
    put_expr(f, t, arg[2], PREC_SELECT);
    if (precedence > PREC_SELECT) text_char(t, ')');
    return;
  }
  if (e->type == TYPE_REAL) count_flops(f, prim_table[op].cost);
  const char *call = math_call(f, op);
  if (call) {
    text_put(t, call);
    put_arguments(f, t, e);
    return;
  }
  const char *c = spelling(f, e);
  if (e->u.prim.narg == 1 && (c[0] == '-' || c[0] == '!' || c[0] == '(')) {
    if (precedence > PREC_UNARY) text_char(t, '(');
    text_put(t, c);
    put_expr(f, t, arg[0], c[0] == '(' ? PREC_UNARY : PREC_UNARY + 1);
    if (precedence > PREC_UNARY) text_char(t, ')');
    return;
  }
  if (f->wide && (op == PRIM_AND || op == PRIM_OR)) { // of both sides: nothing branches
    text_put(t, "((");
    put_truth(f, t, arg[0]);
    text_printf(t, ") %c %s(", c[0], writes_call(f, arg[0]) || writes_call(f, arg[1]) ? "(int)" : "");
    put_truth(f, t, arg[1]);
    text_put(t, "))");
    return;
  }
  int own = operator_precedence(c);
  if (own == PREC_ATOM) {
    text_put(t, c);
    text_char(t, '(');
    put_arguments(f, t, e);
    return;
  }
  bool paren = precedence > own;
  if (paren) text_char(t, '(');
  put_expr(f, t, arg[0], op == PRIM_OR ? PREC_AND + 1 : own);
  text_printf(t, " %s ", c);
  put_expr(f, t, arg[1], op == PRIM_OR ? PREC_AND + 1 : own + 1);
  if (paren) text_char(t, ')');
}

void put_truth(Function *f, Text *t, const Expr *e) {
  if (e->kind == EXPR_PRIM && e->u.prim.op != PRIM_SELECT && !let_of(f, e)) {
    put_expr(f, t, e, PREC_NONE);
  } else {
    put_expr(f, t, e, PREC_EQUAL + 1);
    text_put(t, " != 0");
  }
}

// In lanes an index is a sum: the first one's, and the lane.
static void put_index(Text *t, const char *name, int precedence) {
  const bool paren = precedence > PREC_ADD && strchr(name, ' ');
  text_printf(t, paren ? "(%s)" : "%s", name);
}

void put_expr(Function *f, Text *t, const Expr *e, int precedence) {
  const char *let = let_of(f, e);
  if (let) {
    text_put(t, let);
    return;
  }
  switch (e->kind) {
  case EXPR_REAL: {
    bool paren = signbit(e->u.real) && precedence > PREC_UNARY;
    if (paren) text_char(t, '(');
    put_real(t, e->u.real, f->unit->options->use_float);
    if (paren) text_char(t, ')');
    break;
  }
  case EXPR_BOOL: text_char(t, e->u.boolean ? '1' : '0'); break;
  case EXPR_POLY: put_poly_here(f, t, e->u.poly, precedence); break;
  case EXPR_INDEX: put_index(t, f->loop_name[e->u.index], precedence); break;
  case EXPR_READ:
    if (e->id < f->nexpr && f->staged[e->id]) {
      text_printf(t, "%s[%s]", f->staged[e->id], f->lane);
      break;
    }
    if (e->type == TYPE_INT && e->u.read.node->kind == NODE_DATA && precedence > PREC_NONE) {
      text_put(t, precedence > PREC_UNARY ? "((int64_t)" : "(int64_t)");
      put_entry(f, t, e->u.read.node, e->u.read.sub);
      if (precedence > PREC_UNARY) text_char(t, ')');
    } else {
      put_entry(f, t, e->u.read.node, e->u.read.sub);
    }
    break;
  case EXPR_PRIM: put_prim(f, t, e, precedence); break;
  }
}

const Expr *flat_position(Function *f, const Node *n, const Expr *const *sub, const bool *kept, const SinkPlace *in) {
  Graph *pool = f->s->pool;
  const Expr *flat = NULL, *row = NULL;
  int64_t first;
  for (int k = 0; k < n->nout; k++) {
    if (kept && !kept[k]) continue;
    const Expr *left = flat ? expr_prim2(pool, PRIM_MUL, flat, expr_poly(pool, n->index[k].extent)) : NULL;
    flat = left && !(expr_is_int(left, &first) && first == 0) ? expr_prim2(pool, PRIM_ADD, left, sub[k]) : sub[k];
    if (in && in->stride && k == in->nrow - 1) {
      row = expr_prim2(pool, PRIM_MUL, flat, expr_poly(pool, in->stride));
      flat = NULL;
    }
  }
  return row && flat ? expr_prim2(pool, PRIM_ADD, row, flat) : row ? row : flat;
}

// The entry of a node that stands behind its step in the carry that takes it is an entry of that.
static const Node *entry_of_state(Function *f, const Node *n, const Expr *const **sub) {
  if (f->in_vector && f->in_vector[n->id]) return n; // held in a variable until all is added
  Graph *pool = f->s->pool;
  if (f->s->place[n->id].stored != STORED_STATE) return n;
  const Node *c = f->s->place[n->id].state;
  const Expr **behind = arena_array(f->s->arena, const Expr *, (size_t)n->nout);
  for (int k = 0; k < n->nout; k++) behind[k] = (*sub)[k];
  if (!c->reverse) behind[c->axis] = expr_prim2(pool, PRIM_ADD, behind[c->axis], expr_int(pool, 1));
  *sub = behind;
  return c;
}

const char *array_name(Function *f, const Node *n) {
  const Place *p = &f->s->place[n->id];
  const Node *in = p->in ? p->in : n;
  f->node_used[in->id] = true;
  return f->node_name[in->id];
}

const char *lane_stride(const Function *f, const Node *n) {
  return f->s->place[n->id].blocked ? f->width_name : arena_printf(f->s->arena, "%d", SAMPLE_TILE);
}

// Of an array over a tile.
static void put_lane_entry(Function *f, Text *t, const Node *n, const Expr *const *sub) {
  const Place *p = &f->s->place[n->id];
  text_printf(t, "%s[", p->blocked ? f->blocked_name[n->id] : array_name(f, n));
  bool apart[INDEX_MAX]; // from lane to lane
  for (int k = 0; k < n->nout; k++) apart[k] = p->kept && p->kept[k] && !(p->blocked && k == p->samples);
  const Expr *flat = p->stored == STORED_LOCAL ? NULL : flat_position(f, n, sub, apart, NULL);
  if (flat) {
    put_expr(f, t, flat, PREC_MUL);
    text_printf(t, " * %s + ", lane_stride(f, n));
  }
  text_printf(t, "%s]", f->lane);
}

static bool is_turned(const Function *f, const Node *n, const Expr *const *sub) {
  if (!f->tile || f->singly || n->nout < 2 || sub[0]->kind != EXPR_INDEX || sub[0]->u.index != f->tile->id) return false;
  for (size_t k = 0; k < f->tile->nrows; k++)
    if (f->tile->rows[k] == n) return true;
  return false;
}

bool reads_turned(const Function *f, const Expr *read) {
  return is_turned(f, read->u.read.node, read->u.read.sub);
}

// x_rows[j * 64 + lane]
static void put_turned_entry(Function *f, Text *t, const Node *n, const Expr *const *sub) {
  bool behind[INDEX_MAX];
  for (int k = 0; k < n->nout; k++) behind[k] = k > 0;
  text_printf(t, "%s[", f->rows_name[n->id]);
  put_expr(f, t, flat_position(f, n, sub, behind, NULL), PREC_MUL);
  text_printf(t, " * %d + %s]", SAMPLE_TILE, f->lane);
}

static void put_entry_in_memory(Function *f, Text *t, const Node *n, const Expr *const *sub) {
  const Place *p = &f->s->place[n->id];
  if (is_turned(f, n, sub)) {
    put_turned_entry(f, t, n, sub);
    return;
  }
  if (f->in_vector && f->in_vector[n->id]) {
    text_put(t, f->in_vector[n->id]);
    if (f->vector_lane) text_printf(t, "[%s]", f->vector_lane);
    return;
  }
  if (p->lane) {
    put_lane_entry(f, t, n, sub);
    return;
  }
  text_put(t, array_name(f, n));
  f->unguarded = f->unguarded || p->stored == STORED_WORK || p->stored == STORED_SINK;
  const SinkPlace *in = p->stored == STORED_SINK ? &f->sink[p->sink] : NULL;
  const Expr *flat = p->stored == STORED_LOCAL ? NULL : flat_position(f, n, sub, p->kept, in);
  if (!flat) {
    if (p->stored == STORED_WORK || p->stored == STORED_GIVEN) text_put(t, "[0]");
    return;
  }
  text_char(t, '[');
  put_expr(f, t, flat, PREC_NONE);
  text_char(t, ']');
}

void put_entry(Function *f, Text *t, const Node *n, const Expr *const *sub) {
  const size_t start = t->length;
  n = entry_of_state(f, n, &sub);
  put_entry_in_memory(f, t, n, sub);
  rest_read(f, t, start, n, sub);
}

void put_written_entry(Function *f, Text *t, const Node *n, const Expr *const *sub, bool assigns) {
  const size_t start = t->length;
  n = entry_of_state(f, n, &sub);
  put_entry_in_memory(f, t, n, sub);
  rest_write(f, t, start, n, sub, assigns);
}

// ---- variables before an expression ----

// The size of e written out, up to a limit: shared parts count each time.
static int written_size(const Function *f, const Expr *e, int limit) {
  if (e->kind != EXPR_PRIM || let_of(f, e)) return 1;
  int size = 1;
  for (int k = 0; k < e->u.prim.narg && size <= limit; k++) size += written_size(f, e->u.prim.arg[k], limit - size);
  return size;
}

static bool is_simple(const Function *f, const Expr *e) {
  return written_size(f, e, SIMPLE_SIDE) <= SIMPLE_SIDE;
}

bool is_branch(const Function *f, const Expr *e) {
  return !f->wide && expr_is_prim(e, PRIM_SELECT) && !let_of(f, e) &&
         !(is_simple(f, e->u.prim.arg[1]) && is_simple(f, e->u.prim.arg[2]));
}

static bool is_named_atom(const Function *f, const Expr *e) {
  return e->kind == EXPR_READ || let_of(f, e);
}

static const char *atom_name(const Function *f, const Expr *e) {
  return e->kind == EXPR_READ ? e->u.read.node->name : let_of(f, e);
}

// A name that says what the variable holds.
static const char *describe(Function *f, const Expr *e) {
  static const struct {
    Prim op;
    const char *between, *word;
  } words[] = {{PRIM_ADD, "plus", "total"},       {PRIM_SUB, "minus", "difference"}, {PRIM_MUL, "times", "product"},
               {PRIM_DIV, "over", "quotient"},    {PRIM_NEG, "minus", "negative"},   {PRIM_POWI, "power", "power"},
               {PRIM_SELECT, "choice", "choice"}, {PRIM_POW, "power", "power"},
               {PRIM_FLOORDIV, "over", "whole"},   {PRIM_MOD, "modulo", "remainder"}};
  Arena *a = f->s->arena;
  const Expr *const *arg = e->u.prim.arg;
  if (e->kind == EXPR_READ) return e->u.read.node->name;
  const char *between = prim_table[e->u.prim.op].name, *word = between, *name = NULL;
  for (size_t k = 0; k < sizeof words / sizeof *words; k++)
    if (words[k].op == e->u.prim.op) {
      between = words[k].between;
      word = words[k].word;
    }
  bool scaled = e->u.prim.op == PRIM_MUL && arg[0]->kind == EXPR_REAL && is_named_atom(f, arg[1]);
  if (scaled)
    name = arena_printf(a, "scaled_%s", atom_name(f, arg[1]));
  else if (e->u.prim.narg == 1 && is_named_atom(f, arg[0]))
    name = arena_printf(a, "%s_%s", between, atom_name(f, arg[0]));
  else if (e->u.prim.narg == 2 && is_named_atom(f, arg[0]) && is_named_atom(f, arg[1]))
    name = arena_printf(a, "%s_%s_%s", atom_name(f, arg[0]), between, atom_name(f, arg[1]));
  return name && strlen(name) <= 28 ? name : word;
}

void recall_let(Function *f, uint32_t id, const char *name) {
  f->let[id] = name;
  ARENA_PUSH(f->s->arena, f->stack, f->nstack, f->stack_room) = id;
}

void forget_lets(Function *f, size_t mark) {
  while (f->nstack > mark) f->let[f->stack[--f->nstack]] = NULL;
}

void name_let(Function *f, const Expr *e, const char *name) {
  if ((e->kind != EXPR_PRIM && e->kind != EXPR_READ) || e->id >= f->nexpr || f->let[e->id]) return;
  recall_let(f, e->id, name);
}

void define_let(Function *f, const Expr *e) {
  define_let_as(f, e, describe(f, e));
}

void define_let_as(Function *f, const Expr *e, const char *wish) {
  if (let_of(f, e)) return;
  Text value;
  text_init(&value);
  put_expr(f, &value, e, PREC_NONE);
  const char *name = names_take(&f->names, wish);
  line_start(f);
  text_printf(&f->body, "const %s %s = %s;\n", e->type == TYPE_INT ? "int64_t" : f->unit->real, name, value.s);
  text_free(&value);
  name_let(f, e, name);
}

void open_scope(Function *f, size_t *mark_names, size_t *mark_lets) {
  *mark_names = f->names.count;
  *mark_lets = f->nstack;
  f->indent++;
}

void close_scope(Function *f, size_t mark_names, size_t mark_lets) {
  forget_lets(f, mark_lets);
  names_release(&f->names, mark_names);
  f->indent--;
}

static void branch_side(Function *f, const char *name, const Expr *e) {
  size_t names, lets;
  open_scope(f, &names, &lets);
  prepare_expr(f, e);
  line_start(f);
  text_printf(&f->body, "%s = ", name);
  put_expr(f, &f->body, e, PREC_NONE);
  text_put(&f->body, ";\n");
  close_scope(f, names, lets);
}

void define_branch(Function *f, const Expr *e, const char *name) {
  f->bound = true;
  line_start(f);
  text_printf(&f->body, "%s %s;\n", e->type == TYPE_REAL ? f->unit->real : "int64_t", name);
  line_start(f);
  text_put(&f->body, "if (");
  put_expr(f, &f->body, e->u.prim.arg[0], PREC_NONE);
  text_put(&f->body, ") {\n");
  branch_side(f, name, e->u.prim.arg[1]);
  line_start(f);
  text_put(&f->body, "} else {\n");
  branch_side(f, name, e->u.prim.arg[2]);
  line_start(f);
  text_put(&f->body, "}\n");
  name_let(f, e, name);
}

// Is there arithmetic in e itself that is worth a variable?
static bool worth(const Expr *e) {
  return e->kind == EXPR_PRIM && e->type == TYPE_REAL &&
         (prim_table[e->u.prim.op].cost > 0 || e->u.prim.op == PRIM_SELECT) &&
         !(e->u.prim.op == PRIM_NEG && e->u.prim.arg[0]->kind != EXPR_PRIM);
}

static bool is_variable(const Function *f, const Node *n) {
  return f->s->place[n->id].stored == STORED_LOCAL && !f->s->place[n->id].lane;
}

// In lanes both sides of a condition are computed, and one is chosen: nothing branches.
void prepare_side(Function *f, const Expr *e) {
  prepare_expr(f, e);
  if (let_of(f, e) || e->id >= f->nexpr || e->type != TYPE_REAL) return;
  if (e->kind == EXPR_READ ? !is_variable(f, e->u.read.node) : worth(e)) define_let(f, e);
}

void prepare_parts(Function *f, const Expr *e) {
  if (e->kind != EXPR_PRIM || e->id >= f->nexpr || f->let[e->id]) return;
  const Expr *const *arg = e->u.prim.arg, *operand[3];
  switch (e->u.prim.op) {
  case PRIM_SELECT:
    prepare_expr(f, arg[0]);
    for (int k = 1; f->wide && k < 3; k++) prepare_side(f, arg[k]);
    if (is_branch(f, e)) {
      define_branch(f, e, names_take(&f->names, describe(f, e)));
      return;
    }
    break;
  case PRIM_AND:
  case PRIM_OR:
    prepare_expr(f, arg[0]);
    if (f->wide) prepare_expr(f, arg[1]);
    break;
  case PRIM_SLOPE: break; // its arguments are not computed
  default:
    for (int k = 0, count = written_operands(f, e, operand); k < count; k++) prepare_expr(f, operand[k]);
  }
}

void prepare_expr(Function *f, const Expr *e) {
  prepare_parts(f, e);
  if (e->kind == EXPR_PRIM && e->id < f->nexpr && !f->let[e->id] && f->parents[e->id] > 1 && worth(e)) define_let(f, e);
}

// Compilers make no vectors of a loop with such a call in a subscript, though it be the same for all lanes.
static bool branches_within(const Expr *e) {
  return e->type == TYPE_INT && e->kind == EXPR_PRIM && !e->nodes && (e->u.prim.op == PRIM_FLOORDIV || e->u.prim.op == PRIM_MOD);
}

static void hoist_subscript(Function *f, const Expr *e, const Loop *lanes) {
  if (e->id >= f->nexpr || f->let[e->id] || f->visited[e->id] == f->stamp) return;
  f->visited[e->id] = f->stamp;
  if (branches_within(e) && !mentions_loop(e, lanes)) {
    define_let(f, e);
    return;
  }
  for (int k = 0; e->kind == EXPR_PRIM && k < e->u.prim.narg; k++) hoist_subscript(f, e->u.prim.arg[k], lanes);
}

// One entry of an input.  Compilers take it from memory again wherever something was stored, and may leave a loop over lanes for that.
static bool is_fixed_entry(const Function *f, const Expr *e) {
  if (e->kind != EXPR_READ || e->type != TYPE_REAL || e->id >= f->nexpr || !f->safe[e->id]) return false;
  const Node *n = e->u.read.node;
  bool fixed = n->nout > 0 && f->s->place[n->id].stored == STORED_INPUT;
  for (int k = 0; k < n->nout; k++) fixed = fixed && e->u.read.sub[k]->kind == EXPR_POLY;
  return fixed;
}

// const double a_0_k = a[0 * n + k];
static void name_entry(Function *f, const Expr *e) {
  Text name;
  text_init(&name);
  text_put(&name, f->node_name[e->u.read.node->id]);
  for (int k = 0; k < e->u.read.node->nout; k++) {
    const Expr *sub = e->u.read.sub[k];
    int64_t at = 0;
    if (sub->kind == EXPR_INDEX)
      text_printf(&name, "_%s", f->s->loops[sub->u.index]->name);
    else if (poly_fixed(f->s->task.graph->dims, sub->u.poly, &at))
      text_printf(&name, "_%lld", (long long)at);
  }
  define_let_as(f, e, arena_strdup(f->s->arena, name.s));
  text_free(&name);
}

static const Node *array_of(const Function *f, const Node *n) {
  const Node *in = f->s->place[n->id].in;
  return in ? in : n;
}

static bool writes_array(const Function *f, const Step *step, size_t count, const Node *array) {
  for (size_t k = 0; k < count; k++)
    if (step[k].node && array_of(f, step[k].node) == array) return true;
  return false;
}

// Is it the entry of an array that is the same for all lanes, and that stays as it is while the steps run?
static bool is_shared_entry(const Function *f, const Expr *e, const Step *step, size_t count, const Loop *lanes) {
  if (e->kind != EXPR_READ || e->type != TYPE_REAL || e->id >= f->nexpr || !f->safe[e->id] || mentions_loop(e, lanes)) return false;
  const Node *n = e->u.read.node;
  const Place *p = &f->s->place[n->id];
  const bool array = p->stored == STORED_INPUT || p->stored == STORED_GIVEN || p->stored == STORED_WORK || p->stored == STORED_SINK;
  return array && n->nout > 0 && !p->lane && !writes_array(f, step, count, array_of(f, n));
}

typedef struct Lanes {
  const Loop *loop;
  const Step *step;
  size_t count;
} Lanes;

static void hoist_entries_in(Function *f, const Expr *e, const Lanes *l) {
  if (e->id >= f->nexpr || f->let[e->id] || f->visited[e->id] == f->stamp) return;
  f->visited[e->id] = f->stamp;
  if (is_shared_entry(f, e, l->step, l->count, l->loop)) name_entry(f, e);
  if (e->kind != EXPR_PRIM || e->u.prim.op == PRIM_SLOPE) return;
  const Expr *operand[3];
  const int count = written_operands(f, e, operand);
  for (int k = 0; k < (prim_branches(e->u.prim.op) ? 1 : count); k++) hoist_entries_in(f, operand[k], l);
}

void hoist_entries(Function *f, const Step *step, size_t count, const Loop *lanes) {
  f->stamp++;
  for (size_t k = 0; k < count; k++) {
    const Expr *value[3];
    if (step[k].idle || step[k].kind != STEP_NODE || (node_accumulates(step[k].node) && guard_within(f, step[k].node))) continue;
    for (int j = 0, values = written_values(f, step[k].node, value); j < values; j++)
      hoist_entries_in(f, value[j], &(Lanes){lanes, step, count});
  }
}

// Out of the loops deeper than `depth`, which may not run at all; or out of `lanes`, of which there is always one.
static void hoist(Function *f, const Expr *e, int depth, const Loop *lanes) {
  if (is_fixed_entry(f, e) && !f->let[e->id]) name_entry(f, e);
  for (int k = 0; lanes && e->kind == EXPR_READ && k < e->u.read.node->nout; k++) hoist_subscript(f, e->u.read.sub[k], lanes);
  if (e->kind != EXPR_PRIM || e->u.prim.op == PRIM_SLOPE || f->let[e->id] || f->visited[e->id] == f->stamp) return;
  f->visited[e->id] = f->stamp;
  if (worth(e) && (lanes ? !mentions_loop(e, lanes) : f->safe[e->id] && f->level[e->id] <= depth)) {
    prepare_expr(f, e);
    if (!f->let[e->id]) define_let(f, e);
    return;
  }
  const Expr *operand[3];
  const int count = written_operands(f, e, operand);
  for (int k = 0; k < (prim_branches(e->u.prim.op) ? 1 : count); k++) hoist(f, operand[k], depth, lanes);
}

void hoist_expr(Function *f, const Expr *e, int depth) {
  hoist(f, e, depth, NULL);
}

void hoist_from_lanes(Function *f, const Expr *e) {
  hoist(f, e, 0, f->tile);
}
