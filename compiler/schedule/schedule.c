// schedule.c - schedules one function: need, fuse, bound, place; and prints the loop tree.
#include "schedule/schedule.h"

#include "graph/text.h"
#include "schedule/internal.h"

bool node_accumulates(const Node *n) {
  return n->kind == NODE_SCATTER || n->reduce != REDUCE_NONE;
}

typedef struct Collector {
  Arena *arena;
  Reads reads;
} Collector;

static void collect(void *context, const Expr *read) {
  Collector *c = context;
  for (size_t k = 0; k < c->reads.count; k++)
    if (c->reads.read[k] == read) return;
  ARENA_PUSH(c->arena, c->reads.read, c->reads.count, c->reads.room) = read;
}

Reads node_reads(Arena *a, const Graph *g, const Node *n) {
  Collector c = {.arena = a};
  node_each_read(g, n, collect, &c);
  return c.reads;
}

// An affine subscript as a sum without what cancels: T - 1 - (T - 1 - t) is t.
static const Expr *tidied(Schedule *s, const Expr *e) {
  const int nloops = (int)s->nloops;
  int64_t *coefficient = arena_array(s->arena, int64_t, s->nloops + 1);
  const Expr *sum;
  int64_t zero;
  if (!expr_affine(s->pool, e, nloops, coefficient, &sum)) return e;
  if (expr_is_int(sum, &zero) && zero == 0) sum = NULL;
  for (int k = 0; k < nloops; k++) {
    const int64_t c = coefficient[k], size = c < 0 ? -c : c;
    if (c == 0) continue;
    const Expr *term = expr_index(s->pool, k);
    if (size != 1) term = expr_prim2(s->pool, PRIM_MUL, expr_int(s->pool, size), term);
    if (sum)
      sum = c > 0 && sum->kind != EXPR_POLY ? expr_prim2(s->pool, PRIM_ADD, sum, term)
            : c > 0                         ? expr_prim2(s->pool, PRIM_ADD, term, sum)
                                            : expr_prim2(s->pool, PRIM_SUB, sum, term);
    else
      sum = c > 0 ? term : expr_prim1(s->pool, PRIM_NEG, term);
  }
  return sum ? sum : expr_int(s->pool, 0);
}

static const Expr *tidy_read(void *context, const Node *n, const Expr *const *sub) {
  Schedule *s = context;
  const Expr **tidy = arena_array(s->arena, const Expr *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++) tidy[k] = tidied(s, sub[k]);
  return expr_read(s->pool, n, tidy);
}

// An integer, or the integers that a condition compares.  The recursion is as deep as the expression is high, which is limited.
static const Expr *tidy(Schedule *s, const Expr *e) {
  if (e->type == TYPE_INT) return tidied(s, e);
  if (e->type != TYPE_BOOL || e->kind != EXPR_PRIM) return e;
  const Expr *arg[3];
  for (int k = 0; k < e->u.prim.narg; k++) arg[k] = tidy(s, e->u.prim.arg[k]);
  return expr_prim(s->pool, e->u.prim.op, arg);
}

const Expr *schedule_expr(Schedule *s, const Node *n, const Expr *e) {
  int total = n->nout + n->nred;
  const Place *p = &s->place[n->id];
  const Expr **sub = arena_array(s->arena, const Expr *, (size_t)total + 1);
  Dims *dims = s->task.graph->dims;
  bool mirrored = false;
  for (int k = 0; k < total; k++) {
    sub[k] = p->loop[k] ? expr_index(s->pool, p->loop[k]->id) : NULL;
    if (!p->mirrored[k]) continue;
    mirrored = true;
    sub[k] = expr_prim2(s->pool, PRIM_SUB, expr_poly(s->pool, poly_sub(dims, n->index[k].extent, poly_int(dims, 1))),
                        sub[k]);
  }
  const Expr *made = expr_substitute(s->pool, e, sub, total, NULL);
  return mirrored ? tidy(s, expr_replace_reads(s->pool, made, tidy_read, s)) : made;
}

typedef struct Queue {
  Schedule *s;
  const Node **list;
  size_t count;
} Queue;

static void need(Queue *q, const Node *n) {
  if (!n || q->s->place[n->id].needed) return;
  q->s->place[n->id].needed = true;
  q->list[q->count++] = n;
}

// Marks what the task needs, and gives its reads.
static Reads *find_needed(Schedule *s) {
  const Task *task = &s->task;
  const Graph *g = task->graph;
  Reads *reads = arena_array(s->arena, Reads, g->count);
  Queue q = {.s = s, .list = arena_array(s->arena, const Node *, g->count + 1)};
  need(&q, task->result);
  for (size_t k = 0; k < task->nsinks; k++) need(&q, task->sinks[k].node);
  while (q.count) {
    const Node *n = q.list[--q.count];
    if (task->given && task->given[n->id]) {
      if (task->given_in) need(&q, task->given_in[n->id]);
      continue;
    }
    reads[n->id] = node_reads(s->arena, g, n);
    for (size_t r = 0; r < reads[n->id].count; r++) need(&q, reads[n->id].read[r]->u.read.node);
    need(&q, n->next);
    need(&q, n->alive);
  }
  return reads;
}

Schedule *schedule_task(Arena *a, const Task *task) {
  const Graph *g = task->graph;
  Schedule *s = arena_new_of(a, Schedule);
  s->arena = a;
  s->task = *task;
  s->place = arena_array(a, Place, g->count);
  s->pool = graph_new(a, g->dims, g->name);
  Reads *reads = find_needed(s);
  find_contractions(s);
  s->order = arena_array(a, NodeOrder, g->count);
  for (size_t k = 0; k < g->count; k++) 
    s->order[k] = s->place[k].contraction ? (NodeOrder){ORDER_TERMS, -1, REASON_NONE, false, false} : node_order(g, g->nodes[k], task->sample);
  fuse_nodes(s, reads);
  split_loops(s, reads);
  place_nodes(s, reads);
  bound_loops(s);
  lane_loops(s, reads);
  delay_adds(s);
  if (task->threads) team_loops(s, reads);
  deal_blocks(s);
  place_arrays(s);
  return s;
}

static const char *stored_words(const Place *p) {
  switch (p->stored) {
  case STORED_LOCAL: return "scalar";
  case STORED_SINK: return "output";
  case STORED_STATE: return "state";
  case STORED_WORK: return "work";
  case STORED_GIVEN: return "tape";
  case STORED_INPUT: return "input";
  case STORED_NOT: break;
  }
  return "";
}

static void print_shape(Text *t, const Schedule *s, const Node *n) {
  const Place *p = &s->place[n->id];
  text_put(t, stored_words(p));
  for (int q = 0, any = 0; p->stored != STORED_LOCAL && q < n->nout; q++)
    if (p->kept[q]) {
      text_put(t, any++ ? ", " : " [");
      poly_print(t, s->task.graph->dims, n->index[q].extent);
    }
  if (p->stored != STORED_LOCAL && n->nout) text_char(t, ']');
  if (p->in) text_printf(t, " in %s", p->in->name);
  if (p->lane) text_put(t, " by lane");
  text_char(t, '\n');
}

static const char *const team_words[] = {
    [TEAM_ONE] = "", [TEAM_EACH] = " (each thread)", [TEAM_STEPS] = " (threads within)", [TEAM_SPLIT] = " (threads)", [TEAM_WAVES] = " (threads, waves)"};

static const char *const lane_words[] = {
    [LANES_NONE] = "", [LANES_STRIP] = " (lanes)", [LANES_SHORT] = " (at once)", [LANES_TURNS] = " (turns)", [LANES_HELD] = " (held)", [LANES_ROWS] = " (rows)", [LANES_STATES] = " (states)", [LANES_SINGLY] = " (singly)", [LANES_TILE] = " (tile)"};

static void print_body(Text *t, const Schedule *s, const Step *body, size_t count, int indent) {
  for (size_t k = 0; k < count; k++) {
    const Step *step = &body[k];
    if (step->idle) continue;
    text_repeat(t, ' ', indent);
    switch (step->kind) {
    case STEP_LOOP:
      text_printf(t, "for %s in 0..", step->loop->name);
      poly_print(t, s->task.graph->dims, step->loop->extent);
      if (step->loop->carries) text_put(t, step->loop->reverse ? " (steps, back)" : " (steps)");
      text_put(t, lane_words[step->loop->lanes]);
      if (s->team) text_put(t, team_words[step->loop->team]);
      text_printf(t, "%s\n", step->loop->nlow || step->loop->nhigh ? " (bounded)" : "");
      print_body(t, s, step->loop->body, step->loop->nbody, indent + 2);
      break;
    case STEP_INIT:
      text_printf(t, "start %s", step->node->name);
      if (step->node->kind == NODE_CARRY) {
        text_put(t, ": ");
        print_shape(t, s, step->node);
      } else {
        text_char(t, '\n');
      }
      break;
    case STEP_NODE:
      text_printf(t, "%s %s: ",
                  s->place[step->node->id].contraction ? "contract" : node_accumulates(step->node) ? "add to" : "compute",
                  step->node->name);
      print_shape(t, s, step->node);
      break;
    case STEP_FINISH: text_printf(t, "join %s\n", step->node->name); break;
    case STEP_NEXT: text_printf(t, "next %s from %s\n", step->node->name, step->node->next->name); break;
    case STEP_LEAVE: text_printf(t, "leave unless %s\n", step->node->name); break;
    case STEP_STORE: text_printf(t, "store %s\n", step->node->name); break;
    case STEP_COPY: text_printf(t, "copy %s\n", step->node->name); break;
    }
  }
}

void schedule_print(Text *t, const Schedule *s) {
  print_body(t, s, s->body, s->nbody, 2);
}
