// sums.c - sums in lanes: their partial sums, the terms that these take, and how they are joined.
#include "emit/tile.h"

static bool is_extreme(const Node *n) {
  return n->reduce == REDUCE_MAX || n->reduce == REDUCE_MIN;
}

const char *partial_sums(Function *f, const Node *n) {
  if (!f->part_name[n->id])
    f->part_name[n->id] = names_take(&f->names, arena_printf(f->s->arena, "%s_part", f->node_name[n->id]));
  return f->part_name[n->id];
}

static const char *powers_of_two(Function *f, const Node *n) {
  if (!f->twos_name[n->id])
    f->twos_name[n->id] = names_take(&f->names, arena_printf(f->s->arena, "%s_twos", f->node_name[n->id]));
  return f->twos_name[n->id];
}

int log_values(const Function *f, const Node *n, const Expr **value) {
  if (!f->s->order[n->id].logs || !log_term(f->expr[n->id], &value[0], &value[1])) return 0;
  return value[1] ? 2 : 1;
}

const Expr *guard_within(const Function *f, const Node *n) {
  const bool outside = (f->guarded && f->s->place[n->id].guard == f->guarded) || (f->tile && guard_stands_outside(f->s, n, f->tile));
  return outside ? NULL : f->s->place[n->id].guard;
}

// The text, in the arena.
static const char *taken(Function *f, Text *t) {
  const char *text = arena_strdup(f->s->arena, t->s);
  text_free(t);
  return text;
}

static const char *text_of(Function *f, const Expr *e, int precedence) {
  Text t;
  text_init(&t);
  put_expr(f, &t, e, precedence);
  return taken(f, &t);
}

// A condition as what stands before a `?`, or as an argument.
static const char *condition_of(Function *f, const Expr *e) {
  f->bound = true;
  if (!selects_bits(f)) return text_of(f, e, PREC_SELECT + 1);
  Text t;
  text_init(&t);
  put_truth(f, &t, e);
  return taken(f, &t);
}

static const char *choice(Function *f, const char *condition, const char *value, const char *otherwise) {
  Arena *a = f->s->arena;
  if (selects_bits(f)) return arena_printf(a, "%s%s, %s, %s)", select_call(f), condition, value, otherwise);
  return arena_printf(a, "%s ? %s : %s", condition, value, otherwise);
}

// The value where both the mask (C, or null) and the guard (or null) hold.  Of two conditions one choice is made behind the other:
// compilers make vectors of those.
static const char *chosen(Function *f, const char *mask, const Expr *guard, const char *value, const char *otherwise) {
  if (guard) value = choice(f, condition_of(f, guard), value, otherwise);
  if (guard && mask) {
    const char *name = names_take(&f->names, "term");
    line_start(f);
    text_printf(&f->body, "const %s %s = %s;\n", f->unit->real, name, value);
    value = name;
  }
  return mask ? choice(f, mask, value, otherwise) : value;
}

// mdl_max, mdl_min, of either type
static const char *extreme_call(Function *f, const Node *n) {
  static const struct {
    const char *call;
    Helper helper;
  } calls[2][2] = {{{"mdl_min", HELPER_MIN}, {"mdl_max", HELPER_MAX}},
                   {{"mdl_min_integer", HELPER_MIN_INTEGER}, {"mdl_max_integer", HELPER_MAX_INTEGER}}};
  const bool integer = n->type != TYPE_REAL, max = n->reduce == REDUCE_MAX;
  f->unit->helper[calls[integer][max].helper] = true;
  return calls[integer][max].call;
}

// In one rounding, and then chosen or not.
static void put_fused_term(Function *f, const Fused *term, const char *entry, const char *mask, const Expr *guard) {
  Text *t = &f->body;
  if (guard) prepare_expr(f, guard);
  prepare_expr(f, term->x);
  prepare_expr(f, term->y);
  const char *more = mask || guard ? names_take(&f->names, "more") : NULL;
  line_start(f);
  text_printf(t, more ? "const %s %s = " : "%s%s = ", more ? f->unit->real : "", more ? more : entry);
  put_fused(f, t, term, entry);
  text_put(t, ";\n");
  if (!more) return;
  const char *value = chosen(f, mask, guard, more, entry);
  line_start(f);
  text_printf(t, "%s = %s;\n", entry, value);
}

static const char *neutral_text(Function *f, const Node *n) {
  Text t;
  text_init(&t);
  if (f->s->order[n->id].logs)
    put_real(&t, 1, f->unit->options->use_float);
  else
    put_neutral(f, &t, n);
  return taken(f, &t);
}

void put_term(Function *f, const Node *n, const char *entry, const char *mask, const Expr *guard) {
  Text *t = &f->body;
  const Expr *value = f->expr[n->id];
  const bool extreme = is_extreme(n);
  Fused term;
  if (fused_term(f, n, &term)) {
    put_fused_term(f, &term, entry, mask, guard);
    return;
  }
  if (guard) prepare_expr(f, guard);
  if (mask || guard)
    prepare_side(f, value);
  else
    prepare_expr(f, value);
  const bool side = (mask || guard) && !selects_bits(f);
  const char *text = chosen(f, mask, guard, text_of(f, value, side ? PREC_SELECT + 1 : PREC_NONE), neutral_text(f, n));
  line_start(f);
  if (extreme) {
    text_printf(t, "%s = %s(%s, %s);\n", entry, extreme_call(f, n), entry, text);
  } else {
    text_printf(t, "%s %s %s;\n", entry, n->assign ? "=" : n->reduce == REDUCE_PROD ? "*=" : "+=", text);
    if (n->type == TYPE_REAL && !n->assign) count_flops(f, 1);
  }
}

// ---- sums of logarithms ----

// mdl_log_take(&l_part[lane], &l_twos[lane], x, times);  times: C, or null
static void put_log_taken(Function *f, const Node *n, const char *lane, const char *x, const char *times) {
  const bool use_float = f->unit->options->use_float;
  Text *t = &f->body;
  math_use(f->unit, use_float ? "logsf.h" : "logs.h");
  line_start(f);
  text_printf(t, "mdl_log_take%s%s(", f->s->order[n->id].from_1 ? "_from_1" : "", use_float ? "f" : "");
  text_printf(t, "&%s[%s], &%s[%s], %s, ", partial_sums(f, n), lane, powers_of_two(f, n), lane, x);
  if (times)
    text_put(t, times);
  else
    put_real(t, 1, use_float);
  text_put(t, ");\n");
  count_flops(f, 2);
}

void put_lane_term(Function *f, const Node *n, const char *lane, const char *mask, const Expr *guard) {
  const Expr *value[2];
  const int count = log_values(f, n, value);
  if (!count) {
    put_term(f, n, arena_printf(f->s->arena, "%s[%s]", partial_sums(f, n), lane), mask, guard);
    return;
  }
  const bool side = (mask || guard) && !selects_bits(f);
  if (guard) prepare_expr(f, guard);
  for (int k = 0; k < count; k++) mask || guard ? prepare_side(f, value[k]) : prepare_expr(f, value[k]);
  const char *x = text_of(f, value[0], side ? PREC_SELECT + 1 : PREC_NONE);
  x = chosen(f, mask, guard, x, neutral_text(f, n));
  put_log_taken(f, n, lane, x, count > 1 ? text_of(f, value[1], PREC_NONE) : NULL);
}

// ---- terms that are kept, and added later ----

static void keep_value(Function *f, const Node *n, int factor, const Expr *value, const Expr *guard) {
  const char *text = text_of(f, value, guard && !selects_bits(f) ? PREC_SELECT + 1 : PREC_NONE);
  line_start(f);
  text_printf(&f->body, "%s = %s;\n", record_lane(f, n, factor), chosen(f, NULL, guard, text, neutral_text(f, n)));
}

// One factor is kept for both.
static bool is_square(const Fused *term) {
  return term->x == term->y && !term->minus_product;
}

void keep_lane_term(Function *f, const Node *n) {
  const Expr *guard = guard_within(f, n), *value[2] = {f->expr[n->id], NULL};
  Fused term;
  const bool logs = log_values(f, n, value) > 0;
  if (!logs && fused_term(f, n, &term)) {
    value[0] = term.minus_product ? expr_prim1(f->s->pool, PRIM_NEG, term.x) : term.x;
    value[1] = term.y;
    count_flops(f, 1);
  }
  count_flops(f, 1);
  if (guard) prepare_expr(f, guard);
  for (int k = 0; k < 2 && value[k]; k++) guard ? prepare_side(f, value[k]) : prepare_expr(f, value[k]);
  for (int k = 0; k < 2 && value[k]; k++)
    if (k == 0 || logs || !is_square(&term)) keep_value(f, n, k, value[k], guard);
}

// Read before it is chosen, or compilers branch.
void add_lane_term(Function *f, const Node *n) {
  Text *t = &f->body;
  Fused term;
  const bool masked = !is_multiple(f, f->tile->extent);
  const Expr *value[2];
  const int logs = log_values(f, n, value);
  if (logs) {
    const char *x = names_take(&f->names, "more");
    line_start(f);
    text_printf(t, "const %s %s = %s;\n", f->unit->real, x, record_lane(f, n, 0));
    if (masked) x = arena_printf(f->s->arena, "%s < %s ? %s : %s", f->lane, f->lanes_name, x, neutral_text(f, n));
    put_log_taken(f, n, f->lane_name, x, logs > 1 ? record_lane(f, n, 1) : NULL);
    return;
  }
  const bool fused = fused_term(f, n, &term);
  const char *part = arena_printf(f->s->arena, "%s[%s]", partial_sums(f, n), f->lane_name), *more = names_take(&f->names, "more");
  line_start(f);
  text_printf(t, "const %s %s = ", f->unit->real, more);
  if (fused)
    text_printf(t, "%s%s, %s, %s);\n", fma_call(f), record_lane(f, n, 0), record_lane(f, n, is_square(&term) ? 0 : 1), part);
  else
    text_printf(t, "%s;\n", record_lane(f, n, 0));
  line_start(f);
  if (fused)
    text_printf(t, "%s = ", part);
  else if (is_extreme(n))
    text_printf(t, "%s = %s(%s, ", part, extreme_call(f, n), part);
  else
    text_printf(t, "%s += ", part);
  if (masked) text_printf(t, "%s < %s ? ", f->lane, f->lanes_name);
  text_put(t, more);
  if (masked) text_put(t, " : ");
  if (masked && fused) text_put(t, part);
  if (masked && !fused) put_neutral(f, t, n);
  text_put(t, is_extreme(n) ? ");\n" : ";\n");
}

void put_partial_sums(Function *f, const Node *n, const char *part) {
  Text *t = &f->body;
  line_start(f);
  const bool logs = f->s->order[n->id].logs;
  text_printf(t, "%s %s[%d] = {", f->unit->real, part, lanes_of(f));
  for (int k = 0; k < (is_extreme(n) || logs ? lanes_of(f) : 1); k++) text_printf(t, "%s%s", k ? ", " : "", neutral_text(f, n));
  text_put(t, "};\n");
  if (!logs) return;
  line_start(f);
  text_printf(t, "%s %s[%d] = {", f->unit->real, powers_of_two(f, n), lanes_of(f));
  put_neutral(f, t, n);
  text_put(t, "};\n");
}

void put_join(Function *f, Text *t, const Node *n, const char *part) {
  if (f->s->order[n->id].logs) {
    f->math = true;
    text_printf(t, "mdl_join_logs%s(mdl_level, %s, %s)", f->unit->options->use_float ? "f" : "", part, powers_of_two(f, n));
    return;
  }
  const Helper helper = n->reduce == REDUCE_MAX ? HELPER_JOIN_MAX : n->reduce == REDUCE_MIN ? HELPER_JOIN_MIN : HELPER_JOIN;
  if (is_extreme(n)) extreme_call(f, n);
  f->unit->helper[helper] = true;
  text_printf(t, "mdl_join%s(%s)", helper == HELPER_JOIN ? "_sum" : helper == HELPER_JOIN_MAX ? "_max" : "_min", part);
}

const char *open_block(Function *f, const Node *n) {
  const char *part = names_take(&f->names, arena_printf(f->s->arena, "%s_part", n->name));
  put_partial_sums(f, n, part);
  return part;
}

void close_block(Function *f, const Node *n, const char *part) {
  Text sum;
  text_init(&sum);
  put_join(f, &sum, n, part);
  if (f->record) {
    line_start(f);
    text_printf(&f->body, "%s = %s;\n", record_entry(f, n), sum.s);
  } else {
    add_block(f, n, sum.s);
  }
  text_free(&sum);
}

void add_block(Function *f, const Node *n, const char *sum) {
  if (guard_within(f, n) && adds_lazily(f->s, n)) {
    const char *name = names_take(&f->names, arena_printf(f->s->arena, "%s_block", n->name));
    line_start(f);
    text_printf(&f->body, "const %s %s = %s;\n", f->unit->real, name, sum);
    line_start(f);
    text_printf(&f->body, "if (%s != 0.0%s) ", name, f->unit->options->use_float ? "f" : "");
    sum = name;
  } else {
    line_start(f);
  }
  text_printf(&f->body, "%s += %s;\n", own_entry(f, n), sum);
}

// Where the lanes of a sum are taken one by one: the number of the partial sum that the term goes to.
const char *term_lane(Function *f, const Node *n) {
  const Loop *loop = f->s->place[n->id].loop[f->s->order[n->id].index];
  if (f->strip == loop) return f->strip_lane;
  Text t;
  text_init(&t);
  const Expr *index = expr_index(f->s->pool, loop->id);
  if (f->s->place[n->id].mirrored[f->s->order[n->id].index]) {
    Dims *dims = f->s->task.graph->dims;
    index = expr_prim2(f->s->pool, PRIM_SUB, expr_poly(f->s->pool, poly_sub(dims, loop->extent, poly_int(dims, 1))), index);
  }
  put_expr(f, &t, index, PREC_MUL);
  const char *lane = arena_printf(f->s->arena, "%s %% %d", t.s, lanes_of(f));
  text_free(&t);
  return lane;
}
