// schedule.c - see schedule.h.
#include "explain/schedule.h"

#include <string.h>

#include "graph/text.h"
#include "schedule/schedule.h"
#include "schedule/tape.h"

enum { LEFT_WIDTH = 52, RIGHT_WIDTH = 66, FORMULA_MAX = 110 };

typedef struct Printer {
  Text *out;
  const FunctionView *f;
  Schedule *s;
  const Graph *g;
  Arena *arena;
  const char **loop; // by id: its index, under a name that no loop around it has
  Text line; // the left side in hand
  Text why;  // the right side: reasons, one a line
  int indent;
} Printer;

// ---- two columns ----

// The next line of a reason, broken between words.
static size_t fitting(const char *s) {
  const size_t length = strcspn(s, "\n");
  if (length <= RIGHT_WIDTH) return length;
  size_t end = RIGHT_WIDTH;
  while (end > 0 && s[end] != ' ') end--;
  return end ? end : length;
}

static void put_right(Printer *p, int from) {
  const char *s = p->why.s;
  bool first = true;
  while (*s) {
    const size_t count = fitting(s);
    text_repeat(p->out, ' ', first ? from : LEFT_WIDTH);
    text_printf(p->out, "# %.*s\n", (int)count, s);
    s += count;
    first = false;
    while (*s == ' ' || *s == '\n') s++;
  }
  text_clear(&p->why);
}

// What was put into the line and, beside it or from the next line on, why.
static void end_line(Printer *p) {
  const int length = (int)p->line.length > FORMULA_MAX ? FORMULA_MAX : (int)p->line.length, used = p->indent + length;
  text_repeat(p->out, ' ', p->indent);
  text_printf(p->out, "%.*s", length, p->line.s);
  if (length < (int)p->line.length) text_put(p->out, "...");
  text_clear(&p->line);
  const bool beside = p->why.length && used + 2 <= LEFT_WIDTH;
  if (!beside) text_char(p->out, '\n');
  put_right(p, beside ? LEFT_WIDTH - used : LEFT_WIDTH);
}

// ---- reasons ----

static void put_why_text(Printer *p, const char *text, const Node *n) {
  for (; *text; text++)
    if (*text == '$')
      text_put(&p->why, n ? n->name : "another value");
    else
      text_char(&p->why, *text);
}

static void end_reason(Printer *p) {
  text_char(&p->why, '\n');
}

static void put_reason(Printer *p, Reason why) {
  if (!reason_text[why.kind][0]) return;
  put_why_text(p, reason_text[why.kind], why.node);
  end_reason(p);
}

static void put_poly(const Printer *p, Text *t, const Poly *poly) {
  poly_print(t, p->g->dims, poly);
}

// ---- loops ----

static bool is_taken(const Printer *p, const Loop *loop, const char *name) {
  for (const Loop *outer = loop->parent; outer; outer = outer->parent)
    if (!strcmp(p->loop[outer->id], name)) return true;
  return false;
}

static void name_loop(Printer *p, const Loop *loop) {
  if (p->loop[loop->id]) return;
  if (loop->parent) name_loop(p, loop->parent);
  const char *name = loop->name;
  for (int again = 2; is_taken(p, loop, name); again++) name = arena_printf(p->arena, "%s_%d", loop->name, again);
  p->loop[loop->id] = name;
}

static void name_loops(Printer *p) {
  p->loop = arena_array(p->arena, const char *, p->s->nloops + 1);
  for (size_t k = 0; k < p->s->nloops; k++) name_loop(p, p->s->loops[k]);
}

// What expressions over loop ids call them.
static const Index *loop_indices(const Printer *p) {
  Index *index = arena_array(p->arena, Index, p->s->nloops + 1);
  for (size_t k = 0; k < p->s->nloops; k++) index[k] = (Index){p->loop[k], p->s->loops[k]->extent};
  return index;
}

static void put_bound(Printer *p, const Poly *plain, const Expr *const *more, size_t count, const char *call) {
  Text *t = &p->line;
  if (count) text_printf(t, "%s(", call);
  put_poly(p, t, plain);
  for (size_t k = 0; k < count; k++) {
    text_put(t, ", ");
    expr_print(t, p->g, more[k], loop_indices(p));
  }
  if (count) text_char(t, ')');
}

static void put_loop_head(Printer *p, const Loop *loop) {
  Text *t = &p->line;
  const char *variable = p->f->loop_variable[loop->id];
  text_printf(t, "for %s in ", p->loop[loop->id]);
  put_bound(p, poly_int(p->g->dims, 0), loop->low, loop->nlow, "max");
  text_put(t, "..");
  put_bound(p, loop->extent, loop->high, loop->nhigh, "min");
  if (loop->reverse) text_put(t, " backwards");
  if (loop->carries) text_put(t, ", steps");
  if (loop->alive) text_printf(t, " while %s", loop->alive->name);
  if (loop->lanes == LANES_ROWS) text_put(t, ", rows");
  if (loop->lanes == LANES_TILE) text_printf(t, ", tiles of %d", SAMPLE_TILE);
  if (loop->lanes == LANES_TURNS) text_printf(t, ", %d by turns", p->f->lanes);
  if (loop->lanes == LANES_STRIP || loop->lanes == LANES_HELD) text_printf(t, ", lanes of %d", p->f->lanes);
  if (p->f->loop_rounds[loop->id]) text_printf(t, ", %d rounds at a time", p->f->loop_rounds[loop->id]);
  if (variable && strcmp(variable, p->loop[loop->id]) != 0) text_printf(t, " (%s)", variable);
}

// ---- why a node stands where it stands ----

static bool same_reason(Reason a, Reason b) {
  return a.kind == b.kind && a.node == b.node;
}

// Did n join the loop of its index q?  What opened a loop is said there.
static bool has_joined(const Printer *p, const Node *n, int q) {
  const Place *place = &p->s->place[n->id];
  return place->loop[q] && place->joined[q].kind && !same_reason(place->joined[q], place->loop[q]->why);
}

// Loops that it joined for one reason together.
static void put_joined(Printer *p, const Node *n) {
  const Place *place = &p->s->place[n->id];
  const int total = n->nout + n->nred;
  for (int q = 0; q < total; q++) {
    bool said = !has_joined(p, n, q);
    for (int k = 0; k < q && !said; k++) said = has_joined(p, n, k) && same_reason(place->joined[k], place->joined[q]);
    if (said) continue;
    const char *comma = "in ";
    for (int k = q; k < total; k++) {
      if (!has_joined(p, n, k) || !same_reason(place->joined[k], place->joined[q])) continue;
      text_printf(&p->why, "%s%s", comma, p->loop[place->loop[k]->id]);
      comma = ", ";
    }
    text_put(&p->why, ": ");
    put_reason(p, place->joined[q]);
  }
}

static void put_group_size(Printer *p, const Node *n, const IndexGroup *group, const Poly **size) {
  Dims *dims = p->g->dims;
  *size = poly_int(dims, 1);
  for (int k = 0; k < group->count; k++) *size = poly_mul(dims, *size, n->index[group->index[k]].extent);
}

static void put_kernel(Printer *p, const Node *n, const Contraction *c) {
  Dims *dims = p->g->dims;
  const IndexGroup *group[] = {&c->rows, &c->columns, &c->terms};
  const Poly *operations = poly_int(dims, 2);
  put_reason(p, (Reason){REASON_KERNEL, n});
  text_put(&p->why, "rows, columns, terms: ");
  for (int k = 0; k < 3; k++) {
    const Poly *size;
    put_group_size(p, n, group[k], &size);
    operations = poly_mul(dims, operations, size);
    if (k) text_put(&p->why, ", ");
    put_poly(p, &p->why, size);
  }
  text_put(&p->why, c->low || c->high ? "; of a triangle, at most " : "; ");
  put_poly(p, &p->why, operations);
  text_put(&p->why, " operations");
  end_reason(p);
}

// ---- where values live ----

static void put_shape(Printer *p, const Node *n, bool whole) {
  const Place *place = &p->s->place[n->id];
  bool any = false;
  for (int q = 0; q < n->nout; q++) {
    if (!place->kept[q] && !whole) continue;
    text_put(&p->why, any ? ", " : "[");
    put_poly(p, &p->why, n->index[q].extent);
    any = true;
  }
  if (any) text_char(&p->why, ']');
}

static const char *index_name(const Printer *p, const Node *n, int q) {
  const Loop *loop = p->s->place[n->id].loop[q];
  return loop ? p->loop[loop->id] : n->index[q].name ? n->index[q].name : "an index";
}

// Why each axis is kept, those of one reason together; which are not.
static void put_axes(Printer *p, const Node *n) {
  const Place *place = &p->s->place[n->id];
  for (int q = 0; q < n->nout; q++) {
    bool said = !place->kept[q] || !place->kept_why[q].kind;
    for (int k = 0; k < q; k++) said = said || (place->kept[k] && same_reason(place->kept_why[k], place->kept_why[q]));
    if (said) continue;
    text_put(&p->why, "; all ");
    const char *comma = "";
    for (int k = q; k < n->nout; k++)
      if (place->kept[k] && same_reason(place->kept_why[k], place->kept_why[q])) {
        text_printf(&p->why, "%s%s", comma, index_name(p, n, k));
        comma = ", ";
      }
    text_put(&p->why, ": ");
    put_why_text(p, reason_text[place->kept_why[q].kind], place->kept_why[q].node);
  }
  const char *comma = "; one entry of ";
  for (int q = 0; q < n->nout; q++)
    if (!place->kept[q]) {
      text_printf(&p->why, "%s%s", comma, index_name(p, n, q));
      comma = ", ";
    }
}

static void put_array(Printer *p, const char *where, const char *name, const Node *n, bool axes) {
  text_printf(&p->why, "%s: %s", where, name ? name : n->name);
  put_shape(p, n, false);
  if (axes) put_axes(p, n);
  end_reason(p);
}

// Of what is the tile's, but wanted on the tape.
static void put_rows_back(Printer *p, const Node *n) {
  const char *name = p->f->put_name[n->id];
  if (!name) return;
  text_printf(&p->why, "on the tape at the tile's end: %s", name);
  put_shape(p, n, true);
  end_reason(p);
}

static void put_storage(Printer *p, const Node *n) {
  const Place *place = &p->s->place[n->id];
  const char *name = p->f->node_name[n->id];
  if (place->lane) {
    if (place->blocked)
      text_put(&p->why, "a part for each tile, its samples side by side: ");
    else
      text_printf(&p->why, "%d lanes of the tile: ", SAMPLE_TILE);
    put_why_text(p, reason_text[place->lane_why], NULL);
    end_reason(p);
  }
  switch (place->stored) {
  case STORED_LOCAL:
    if (!place->lane) text_put(&p->why, n->nout ? "scalar: read within its loops only\n" : "scalar\n");
    break;
  case STORED_SINK: put_array(p, p->s->task.sinks[place->sink].tape ? "on the tape" : "output", name, n, false); break;
  case STORED_STATE: text_printf(&p->why, "written where the state %s has it\n", place->state->name); break;
  case STORED_WORK:
    put_array(p, "work memory", name, n, true);
    put_rows_back(p, n);
    break;
  default: break;
  }
  if (place->in_why.kind) put_reason(p, place->in_why);
}

// ---- steps ----

// The node's indices as the loops around it call them; those within a kernel by names of their own.
static const Index *indices_of(const Printer *p, const Node *n) {
  const Place *place = &p->s->place[n->id];
  Index *index = arena_array(p->arena, Index, INDEX_MAX);
  const Index *own = readable_indices(p->arena, n);
  for (int q = 0; q < n->nout + n->nred; q++) {
    index[q] = own[q];
    if (place->loop && place->loop[q]) index[q].name = p->loop[place->loop[q]->id];
  }
  return index;
}

static bool is_mirrored(const Printer *p, const Node *n) {
  bool any = false;
  for (int q = 0; q < n->nout + n->nred; q++) any = any || p->s->place[n->id].mirrored[q];
  return any;
}

// As it is where the loops stand: over the loops, and from them back over the node's own indices.
static const Expr *as_scheduled(const Printer *p, const Node *n, const Expr *e) {
  const Place *place = &p->s->place[n->id];
  const Expr **back = arena_array(p->arena, const Expr *, p->s->nloops + 1);
  for (int q = 0; q < n->nout + n->nred; q++)
    if (place->loop[q]) back[place->loop[q]->id] = expr_index(p->s->pool, q);
  return e ? expr_substitute(p->s->pool, schedule_expr(p->s, n, e), back, (int)p->s->nloops, NULL) : NULL;
}

static void put_line(Printer *p, const Node *n) {
  Node as = *n;
  if (is_mirrored(p, n)) {
    as.expr = as_scheduled(p, n, n->expr);
    as.guard = as_scheduled(p, n, n->guard);
    text_put(&p->why, "its last term first, since the loop runs backwards\n");
  }
  node_line_print(&p->line, p->g, &as, indices_of(p, n));
}

static void put_node(Printer *p, const Step *step) {
  const Node *n = step->node;
  const Place *place = &p->s->place[n->id];
  put_line(p, n);
  if (n->origin) {
    text_put(&p->why, origin_text[n->origin]);
    end_reason(p);
  }
  put_joined(p, n);
  if (place->contraction) put_kernel(p, n, place->contraction);
  if (n->nred && !place->contraction) {
    put_reason(p, (Reason){place->contraction_why, NULL});
    put_reason(p, (Reason){p->s->order[n->id].why, NULL});
  }
  put_reason(p, (Reason){step->lane_why, NULL});
  put_storage(p, n);
  end_line(p);
}

static void put_start(Printer *p, const Node *n) {
  if (n->kind == NODE_CARRY) {
    start_line_print(&p->line, p->g, n, indices_of(p, n));
    put_storage(p, n);
  } else if (n->base) {
    text_printf(&p->line, "start %s from ", n->name);
    expr_print(&p->line, p->g, n->base, readable_indices(p->arena, n));
  }
  end_line(p);
}

static bool is_plain_start(const Step *step) {
  return step->kind == STEP_INIT && !step->idle && step->node->kind != NODE_CARRY && !step->node->base;
}

// What starts with nothing to be said of it, in lines; how many steps that are.
static size_t put_starts(Printer *p, const Step *body, size_t count) {
  size_t k = 0;
  for (; k < count && is_plain_start(&body[k]); k++) {
    if (p->line.length > FORMULA_MAX / 2) end_line(p);
    text_printf(&p->line, "%s %s", p->line.length ? "," : "start", body[k].node->name);
  }
  if (k) end_line(p);
  return k;
}

static const char *sink_words(const Printer *p, const Step *step) {
  const Sink *sink = &p->s->task.sinks[step->sink];
  return sink->tape ? "the tape" : sink->accumulate ? "the output, which it is added to" : "the output";
}

static void put_steps(Printer *p, const Step *body, size_t count);

static void put_loop(Printer *p, const Loop *loop) {
  put_loop_head(p, loop);
  put_reason(p, loop->why);
  put_reason(p, loop->lanes_why);
  for (size_t k = 0; k < loop->nrows; k++)
    text_printf(&p->why, "rows of %s turned into lanes first: they are long, or walked over more than once\n", loop->rows[k]->name);
  end_line(p);
  p->indent += 2;
  put_steps(p, loop->body, loop->nbody);
  p->indent -= 2;
}

static void put_step(Printer *p, const Step *step) {
  switch (step->kind) {
  case STEP_LOOP: put_loop(p, step->loop); return;
  case STEP_INIT: put_start(p, step->node); return;
  case STEP_NODE: put_node(p, step); return;
  case STEP_FINISH: text_printf(&p->line, "join the partial sums of %s", step->node->name); break;
  case STEP_NEXT: next_line_print(&p->line, step->node, indices_of(p, step->node)); break;
  case STEP_LEAVE: text_printf(&p->line, "leave the loop unless %s", step->node->name); break;
  case STEP_STORE: text_printf(&p->line, "%s goes to %s", step->node->name, sink_words(p, step)); break;
  case STEP_COPY: text_printf(&p->line, "all of %s goes to %s", step->node->name, sink_words(p, step)); break;
  }
  end_line(p);
}

static void put_steps(Printer *p, const Step *body, size_t count) {
  for (size_t k = 0; k < count; k++) {
    const size_t starts = put_starts(p, body + k, count - k);
    if (starts)
      k += starts - 1;
    else if (!body[k].idle)
      put_step(p, &body[k]);
  }
}

// ---- the tape ----

static void put_tape(Printer *p) {
  const Tape *tape = p->f->tape;
  text_put(p->out, "\nbetween forward and backward\n");
  p->indent = 2;
  for (size_t k = 0; k < p->g->count; k++) {
    const Node *n = p->g->nodes[k];
    const TapeReason *why = &tape->why[k];
    if (!why->kind) continue;
    text_printf(&p->line, "%s %s", tape->stored[k] ? "stored:" : "computed again:", n->name);
    for (int q = 0; q < n->nout; q++) {
      text_put(&p->line, q ? ", " : "[");
      put_poly(p, &p->line, n->index[q].extent);
    }
    if (n->nout) text_char(&p->line, ']');
    put_why_text(p, reason_text[why->kind], n);
    if (why->instead > 0) text_printf(&p->why, " (%.0f against %.0f entries, where dimensions are 100)", why->own, why->instead);
    end_reason(p);
    if (tape->in[k]) text_printf(&p->why, "it stands there already, as the state %s\n", tape->in[k]->name);
    end_line(p);
  }
}

// ---- the function ----

static void put_heading(Printer *p) {
  Text *t = p->out;
  text_printf(t, "%s: %s\n", p->f->name, p->f->comment);
  text_put(t, p->f->bound ? "at most " : "");
  put_poly(p, t, p->f->flops);
  text_put(t, " operations, ");
  put_poly(p, t, poly_add(p->g->dims, p->s->work_reals, p->s->work_integers));
  text_put(t, " elements of work memory\n");
  if (p->s->task.sample) {
    text_put(t, "samples are counted by ");
    put_poly(p, t, p->s->task.sample);
    text_char(t, '\n');
  }
  text_char(t, '\n');
}

void explain_schedule(Text *t, const FunctionView *f) {
  Printer p = {.out = t, .f = f, .s = f->schedule, .g = f->schedule->task.graph, .arena = arena_new()};
  text_init(&p.line);
  text_init(&p.why);
  name_loops(&p);
  put_heading(&p);
  put_steps(&p, p.s->body, p.s->nbody);
  if (f->tape) put_tape(&p);
  text_free(&p.line);
  text_free(&p.why);
  arena_free(p.arena);
}
