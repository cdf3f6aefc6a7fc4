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

const Expr *schedule_expr(Schedule *s, const Node *n, const Expr *e) {
  int total = n->nout + n->nred;
  const Expr **sub = arena_array(s->arena, const Expr *, (size_t)total + 1);
  for (int k = 0; k < total; k++) {
    const Loop *loop = s->place[n->id].loop[k];
    sub[k] = loop ? expr_index(s->pool, loop->id) : NULL;
  }
  return expr_substitute(s->pool, e, sub, total, NULL);
}

Schedule *schedule_task(Arena *a, const Task *task) {
  const Graph *g = task->graph;
  Schedule *s = arena_new_of(a, Schedule);
  s->arena = a;
  s->task = *task;
  s->place = arena_array(a, Place, g->count);
  s->pool = graph_new(a, g->dims, g->name);
  Reads *reads = arena_array(a, Reads, g->count);
  if (task->result) s->place[task->result->id].needed = true;
  for (size_t k = 0; k < task->nsinks; k++) s->place[task->sinks[k].node->id].needed = true;
  for (size_t k = g->count; k-- > 0;) {
    if (!s->place[k].needed || (task->given && task->given[k])) continue;
    reads[k] = node_reads(a, g, g->nodes[k]);
    for (size_t r = 0; r < reads[k].count; r++) s->place[reads[k].read[r]->u.read.node->id].needed = true;
  }
  fuse_nodes(s, reads);
  bound_loops(s);
  place_nodes(s, reads);
  return s;
}

static const char *stored_words(const Place *p) {
  switch (p->stored) {
  case STORED_LOCAL: return "scalar";
  case STORED_SINK: return "output";
  case STORED_WORK: return "work";
  case STORED_GIVEN: return "tape";
  case STORED_INPUT: return "input";
  case STORED_NOT: break;
  }
  return "";
}

static void print_body(Text *t, const Schedule *s, const Step *body, size_t count, int indent) {
  for (size_t k = 0; k < count; k++) {
    const Step *step = &body[k];
    text_repeat(t, ' ', indent);
    switch (step->kind) {
    case STEP_LOOP:
      text_printf(t, "for %s in 0..", step->loop->name);
      poly_print(t, s->task.graph->dims, step->loop->extent);
      text_printf(t, "%s\n", step->loop->nlow || step->loop->nhigh ? " (bounded)" : "");
      print_body(t, s, step->loop->body, step->loop->nbody, indent + 2);
      break;
    case STEP_INIT: text_printf(t, "start %s\n", step->node->name); break;
    case STEP_NODE: {
      const Place *p = &s->place[step->node->id];
      text_printf(t, "%s %s: %s", node_accumulates(step->node) ? "add to" : "compute", step->node->name,
                  stored_words(p));
      for (int q = 0, any = 0; p->stored != STORED_LOCAL && q < step->node->nout; q++)
        if (p->kept[q]) {
          text_put(t, any++ ? ", " : " [");
          poly_print(t, s->task.graph->dims, step->node->index[q].extent);
        }
      text_put(t, p->stored != STORED_LOCAL && step->node->nout ? "]\n" : "\n");
      break;
    }
    case STEP_STORE: text_printf(t, "store %s\n", step->node->name); break;
    case STEP_COPY: text_printf(t, "copy %s\n", step->node->name); break;
    }
  }
}

void schedule_print(Text *t, const Schedule *s) {
  print_body(t, s, s->body, s->nbody, 2);
}
