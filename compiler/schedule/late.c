// late.c - see late.h.
#include "schedule/late.h"

#include "graph/loops.h"
#include "schedule/cycles.h"

enum {
  ITEMS_MAX = 256,  // of a step
  PASSES_MAX = 16,  // of a chain, each moves an operand by one
  AGAIN_MAX = 2,    // operations that are written once more where a node is looked through
  ADDENDS_MAX = 32, // that are told apart
  EARLY = -1        // waits for no state
};

typedef struct Wait { // of an expression or a node, as a part of what a loop's step computes
  const GraphLoop *loop; // null: not looked at, or part of none
  int cycles;            // from the states until it is there, or EARLY
} Wait;

typedef struct WaitList {
  Wait *of;
  size_t count, room;
} WaitList;

typedef struct Waits { // of a graph's nodes and expressions, by id
  WaitList node, expr;
} Waits;

typedef struct Made {
  const Node *from; // of `in`; null: an operand of its own
  bool part;        // in the next pass, operands become nodes
} Made;

typedef struct Hastener {
  Arena *arena;
  const Graph *in;
  Graph *out;
  const LoopTree *tree; // of `in`
  const Node **map;
  bool *waits;        // by loop id: steps wait for one another
  int *longest;       // by loop id: cycles from one state to the next
  double *operations; // by loop id: of a step
  int *left;          // by node id of `in`: cycles to the states that the step leaves, or EARLY
  int *reads;         // by node id of `in`: the places that read it
  const Made *parts;  // by node id of `in`
  Made *made;         // by node id of `out`, as far as there are some
  size_t nmade, made_room;
  Waits before, after; // of `in` and of `out`
  bool changed;
} Hastener;

// ---- how long values wait ----

static int later(int x, int y) {
  return x > y ? x : y;
}

static int delayed(int wait, int cycles) {
  return wait == EARLY ? EARLY : wait + cycles;
}

static Wait *wait_at(Hastener *h, WaitList *list, size_t id) {
  while (list->count <= id) ARENA_PUSH(h->arena, list->of, list->count, list->room) = (Wait){NULL, EARLY};
  return &list->of[id];
}

static const Expr *without_sign(const Expr *e) {
  while (expr_is_prim(e, PRIM_NEG)) e = e->u.prim.arg[0];
  return e;
}

static bool is_sum(const Expr *e) {
  return e->type == TYPE_REAL && (expr_is_prim(e, PRIM_ADD) || expr_is_prim(e, PRIM_SUB));
}

static bool is_product(const Expr *e) {
  return e->type == TYPE_REAL && expr_is_prim(e, PRIM_MUL);
}

static int wait_of(Hastener *h, Waits *w, const GraphLoop *loop, const Expr *e);

static int wait_of_operands(Hastener *h, Waits *w, const GraphLoop *loop, const Expr *e) {
  int wait = EARLY;
  for (int k = 0; k < e->u.prim.narg; k++) wait = later(wait, wait_of(h, w, loop, e->u.prim.arg[k]));
  return wait;
}

// Which operand of a sum is a product that is rounded with it, as a multiply-add: of two the one that is there last.  -1: none.
static int fused_operand(Hastener *h, Waits *w, const GraphLoop *loop, const Expr *e) {
  if (!is_sum(e)) return -1;
  const Expr *x = without_sign(e->u.prim.arg[0]), *y = without_sign(e->u.prim.arg[1]);
  if (!is_product(x) && !is_product(y)) return -1;
  return is_product(y) && !(is_product(x) && wait_of(h, w, loop, x) >= wait_of(h, w, loop, y));
}

static int wait_of_prim(Hastener *h, Waits *w, const GraphLoop *loop, const Expr *e) {
  const int fused = fused_operand(h, w, loop, e);
  int wait = EARLY;
  for (int k = 0; k < e->u.prim.narg; k++) {
    const Expr *x = e->u.prim.arg[k];
    wait = later(wait, k == fused ? wait_of_operands(h, w, loop, without_sign(x)) : wait_of(h, w, loop, x));
  }
  return delayed(wait, cycles_from_operands(e->u.prim.op));
}

static int wait_of_read(Hastener *h, Waits *w, const GraphLoop *loop, const Expr *e) {
  const Wait *of = wait_at(h, &w->node, (size_t)e->u.read.node->id);
  return of->loop == loop && loop_reads_own(e) ? of->cycles : EARLY;
}

// The recursion is as deep as the expression is high, which is limited.
static int wait_of(Hastener *h, Waits *w, const GraphLoop *loop, const Expr *e) {
  if (e->kind == EXPR_READ) return wait_of_read(h, w, loop, e);
  if (e->kind != EXPR_PRIM) return EARLY;
  if (wait_at(h, &w->expr, e->id)->loop == loop) return wait_at(h, &w->expr, e->id)->cycles;
  const int cycles = wait_of_prim(h, w, loop, e);
  *wait_at(h, &w->expr, e->id) = (Wait){loop, cycles};
  return cycles;
}

// ---- how long is left from them on ----

typedef struct Parts { // of a node's expression, operands first
  const Expr **part;
  int *left; // from each to the states, or EARLY
  size_t count;
} Parts;

static size_t position_of(const Parts *all, const Expr *e) {
  size_t low = 0, high = all->count;
  while (low + 1 < high) {
    const size_t middle = (low + high) / 2;
    *(all->part[middle]->id <= e->id ? &low : &high) = middle;
  }
  return low;
}

static Parts parts_left(Hastener *h, Arena *a, const Node *n, int left) {
  Parts all = {.count = 0};
  all.part = expr_parts(a, n->expr, &all.count);
  all.left = arena_array(a, int, all.count);
  for (size_t k = 0; k < all.count; k++) all.left[k] = EARLY;
  all.left[all.count - 1] = left;
  for (size_t k = all.count; k-- > 0;) {
    const Expr *e = all.part[k];
    if (e->kind != EXPR_PRIM || all.left[k] == EARLY) continue;
    const int fused = fused_operand(h, &h->before, h->tree->inside[n->id], e);
    for (int j = 0; j < e->u.prim.narg; j++) {
      const Expr *operand = j == fused ? without_sign(e->u.prim.arg[j]) : e->u.prim.arg[j];
      int *own = &all.left[position_of(&all, operand)];
      *own = later(*own, all.left[k] + (j == fused ? 0 : cycles_from_operands(e->u.prim.op))); // of the product: its own
    }
  }
  return all;
}

static void find_left(Hastener *h, const Node *n) {
  const GraphLoop *loop = h->tree->inside[n->id];
  if (n->kind != NODE_COMP || !loop || !h->waits[loop->id] || h->left[n->id] == EARLY) return;
  Arena *scratch = arena_new();
  const Parts all = parts_left(h, scratch, n, h->left[n->id]);
  for (size_t k = 0; k < all.count; k++) {
    const Expr *e = all.part[k];
    if (e->kind != EXPR_READ || all.left[k] == EARLY || wait_of_read(h, &h->before, loop, e) == EARLY) continue;
    int *left = &h->left[e->u.read.node->id];
    *left = later(*left, all.left[k]);
  }
  arena_free(scratch);
}

// ---- which loops ----

// How long the steps of a loop of numbers wait.
static void look_at_loop(Hastener *h, const GraphLoop *l) {
  if (l->alive || l->nitem > ITEMS_MAX || !loop_is_of_numbers(h->tree, l)) return;
  for (size_t k = 0; k < l->ncarry; k++) *wait_at(h, &h->before.node, (size_t)l->carry[k]->id) = (Wait){l, 0};
  for (size_t k = 0; k < l->nitem; k++) {
    const Node *n = l->item[k].node;
    if (n->guard) return;
    h->operations[l->id] += cycles_of_step(n->expr, n->nout - 1);
    const int cycles = wait_of(h, &h->before, l, n->expr);
    *wait_at(h, &h->before.node, (size_t)n->id) = (Wait){l, cycles};
  }
  for (size_t k = 0; k < l->ncarry; k++) {
    const Node *next = l->carry[k]->next;
    h->left[next->id] = 0;
    h->longest[l->id] = later(h->longest[l->id], wait_at(h, &h->before.node, (size_t)next->id)->cycles);
  }
}

// Do they run side by side?
static bool are_peers(const GraphLoop *l, const GraphLoop *m) {
  return l->parent == m->parent && l->steps == m->steps && l->reverse == m->reverse;
}

// Are steps waited for longer than the operations of all loops that run beside take, and than the steps of these?
static bool waits(const Hastener *h, const GraphLoop *l) {
  double operations = 0;
  for (size_t k = 0; k < h->tree->nloop; k++) {
    if (!are_peers(l, h->tree->loop[k])) continue;
    if (h->longest[k] > h->longest[l->id]) return false;
    operations += h->operations[k];
  }
  return operations / CYCLES_AT_ONCE < h->longest[l->id];
}

// ---- sums and products in another order ----

typedef struct Operand {
  const Expr *e;
  bool minus;
} Operand;

typedef struct Seen { // what is combined first: itself or, of an entry of the step in hand, what it is computed from
  Operand x;
  const Node *node; // null: itself
} Seen;

static Operand unsigned_operand(Operand x) {
  for (; expr_is_prim(x.e, PRIM_NEG); x.e = x.e->u.prim.arg[0]) x.minus = !x.minus;
  return x;
}

static bool is_computed_own(Hastener *h, const GraphLoop *loop, const Expr *e) {
  return e->kind == EXPR_READ && e->u.read.node->kind == NODE_COMP && wait_of_read(h, &h->after, loop, e) != EARLY;
}

static Seen seen_through(Hastener *h, const GraphLoop *loop, Operand x) {
  x = unsigned_operand(x);
  if (!is_computed_own(h, loop, x.e)) return (Seen){x, NULL};
  return (Seen){unsigned_operand((Operand){x.e->u.read.node->expr, x.minus}), x.e->u.read.node};
}

typedef struct Addends {
  const Expr *e[ADDENDS_MAX];
  int count;
  bool full;
} Addends;

// max, min, or what is chosen: from which argument on these are what it may be; -1: it is none of them.
static int first_choice(const Expr *e) {
  return expr_is_prim(e, PRIM_SELECT) ? 1 : expr_is_prim(e, PRIM_MAX) || expr_is_prim(e, PRIM_MIN) ? 0 : -1;
}

// Also through the entries of the step in hand, and through choices.
static void list_addends(Hastener *h, const GraphLoop *loop, Addends *all, const Expr *e) {
  e = without_sign(e);
  if (all->full) return;
  if (is_sum(e)) {
    for (int k = 0; k < 2; k++) list_addends(h, loop, all, e->u.prim.arg[k]);
    return;
  }
  all->full = all->count == ADDENDS_MAX;
  if (!all->full) all->e[all->count++] = e;
  for (int from = first_choice(e), k = from; from >= 0 && k < e->u.prim.narg; k++) list_addends(h, loop, all, e->u.prim.arg[k]);
  if (is_computed_own(h, loop, e)) list_addends(h, loop, all, e->u.read.node->expr);
}

// Is one of the three made by adding what another is made of?
static bool share_addends(Hastener *h, const GraphLoop *loop, const Expr *const x[3]) {
  Addends all = {.count = 0};
  bool any = false;
  for (int k = 0; k < 3; k++) {
    const int before = all.count;
    list_addends(h, loop, &all, x[k]);
    for (int j = before; j < all.count; j++)
      for (int i = 0; i < before; i++) any = any || all.e[i] == all.e[j];
  }
  return any || all.full;
}

static Operand added(Graph *g, Operand x, Operand y) {
  if (x.minus == y.minus) return (Operand){expr_prim2(g, PRIM_ADD, x.e, y.e), x.minus};
  return x.minus ? (Operand){expr_prim2(g, PRIM_SUB, y.e, x.e), false} : (Operand){expr_prim2(g, PRIM_SUB, x.e, y.e), false};
}

static Operand multiplied(Graph *g, Operand x, Operand y) {
  return (Operand){expr_prim2(g, PRIM_MUL, x.e, y.e), x.minus != y.minus};
}

static void operands_of(const Expr *e, bool minus, Operand of[2]) {
  of[0] = (Operand){e->u.prim.arg[0], minus && !is_product(e)};
  of[1] = (Operand){e->u.prim.arg[1], minus != expr_is_prim(e, PRIM_SUB)};
}

// (late ∘ c) ∘ d as late ∘ (c ∘ d), which waits less; null: e has not this form.  *seen: the node that is looked through, or null.
static const Expr *late_last(Hastener *h, const GraphLoop *loop, const Expr *e, const Node **seen) {
  Operand outer[2], inner[2];
  operands_of(e, false, outer);
  const bool product = is_product(e);
  const int second = wait_of(h, &h->after, loop, outer[0].e) < wait_of(h, &h->after, loop, outer[1].e);
  const Seen first = seen_through(h, loop, outer[second]);
  const Operand d = outer[!second];
  if (!(product ? is_product(first.x.e) : is_sum(first.x.e))) return NULL;
  operands_of(first.x.e, first.x.minus, inner);
  const int last = wait_of(h, &h->after, loop, inner[0].e) < wait_of(h, &h->after, loop, inner[1].e);
  const Operand late = inner[last], c = inner[!last];
  if (!product && share_addends(h, loop, (const Expr *const[]){late.e, c.e, d.e})) return NULL;
  const Operand made = product ? multiplied(h->out, late, multiplied(h->out, c, d)) : added(h->out, late, added(h->out, c, d));
  *seen = first.node;
  return made.minus ? expr_prim1(h->out, PRIM_NEG, made.e) : made.e;
}

// ---- nodes that are looked through ----

// An operand that is worked out.  A product in a sum is not: the two round once.
static bool is_own_work(const Expr *sum_or_product, const Expr *operand) {
  operand = without_sign(operand);
  return operand->kind == EXPR_PRIM && operand->indices && (is_product(sum_or_product) || !is_product(operand));
}

static bool has_own_work(const Expr *e) {
  return is_own_work(e, e->u.prim.arg[0]) || is_own_work(e, e->u.prim.arg[1]);
}

// Operations that are written twice when n is looked through.
static double cost_again(const Node *n) {
  const Expr *e = without_sign(n->expr);
  return cycles_of_step(e->u.prim.arg[0], n->nout - 1) + cycles_of_step(e->u.prim.arg[1], n->nout - 1);
}

// May what n is computed from stand in another node, too?  If not, *part: yes once its operands are nodes.
static bool may_see_through(const Hastener *h, const Node *n, bool *part) {
  const Node *from = h->made[n->id].from;
  *part = false;
  if (from && h->reads[from->id] == 1) return true; // n is gone then
  *part = has_own_work(without_sign(n->expr));
  return !*part && cost_again(n) <= AGAIN_MAX;
}

// ---- the graph ----

typedef struct Rewriting {
  Hastener *h;
  const GraphLoop *loop;
  const Parts *parts;
  bool changed;
} Rewriting;

static const Expr *rewritten(void *context, Graph *g, const Expr *part, const Expr *const *arg) {
  Rewriting *r = context;
  Hastener *h = r->h;
  const Node *seen;
  bool parts = false;
  if (part->kind == EXPR_READ) return expr_read(g, h->map[part->u.read.node->id], arg);
  if (!(is_sum(part) || is_product(part)) || !arg[0] || !arg[1]) return NULL;
  const int left = r->parts->left[position_of(r->parts, part)], longest = h->longest[r->loop->id];
  const Expr *e = expr_prim(g, part->u.prim.op, arg), *better = e && left != EARLY ? late_last(h, r->loop, e, &seen) : NULL;
  if (!better) return e;
  const int wait = wait_of(h, &h->after, r->loop, e), less = wait_of(h, &h->after, r->loop, better);
  if (less >= wait || wait + left + (wait - less) <= longest) return e; // or it was not waited for
  const bool may = !seen || may_see_through(h, seen, &parts);
  if (parts) h->made[seen->id].part = true;
  h->changed = h->changed || may || parts;
  r->changed = r->changed || may;
  return may ? better : e;
}

static const Node *made(Hastener *h, const Node *n, const Node *from, const GraphLoop *loop) {
  const Node *added = graph_add(h->out, n);
  if (loop) {
    const int cycles = n->kind == NODE_CARRY ? 0 : wait_of(h, &h->after, loop, n->expr);
    *wait_at(h, &h->after.node, (size_t)added->id) = (Wait){loop, cycles};
  }
  ARENA_PUSH(h->arena, h->made, h->nmade, h->made_room) = (Made){.from = from};
  return added;
}

// The operand as an entry of a node of its own, over n's indices.
static const Expr *operand_apart(Hastener *h, const Node *n, const Expr *e, const GraphLoop *loop) {
  if (expr_is_prim(e, PRIM_NEG)) return expr_prim1(h->out, PRIM_NEG, operand_apart(h, n, e->u.prim.arg[0], loop));
  Node apart = {.kind = NODE_COMP, .span = n->span, .type = TYPE_REAL, .nout = n->nout, .index = n->index, .expr = e};
  apart.origin = ORIGIN_OPERAND;
  apart.name = arena_printf(h->arena, "%s_%s", n->name, is_product(without_sign(n->expr)) ? "factor" : "term");
  const Expr *sub[INDEX_MAX];
  for (int k = 0; k < n->nout; k++) sub[k] = expr_index(h->out, k);
  return expr_read(h->out, made(h, &apart, NULL, loop), sub);
}

static const Expr *with_operands_apart(Hastener *h, const Node *n, const Expr *e, const GraphLoop *loop) {
  if (expr_is_prim(e, PRIM_NEG)) return expr_prim1(h->out, PRIM_NEG, with_operands_apart(h, n, e->u.prim.arg[0], loop));
  const Expr *arg[2];
  for (int k = 0; k < 2; k++) {
    arg[k] = e->u.prim.arg[k];
    if (is_own_work(e, arg[k])) arg[k] = operand_apart(h, n, arg[k], loop);
  }
  return expr_prim(h->out, e->u.prim.op, arg);
}

static void add(Hastener *h, const Node *from) {
  Node n = graph_translated(h->out, from, h->map);
  const GraphLoop *inside = h->tree->inside[from->id], *loop = inside && h->waits[inside->id] ? inside : NULL;
  if (loop && from->kind == NODE_COMP && h->parts && h->parts[from->id].part) {
    n.expr = with_operands_apart(h, &n, n.expr, loop);
  } else if (loop && from->kind == NODE_COMP) {
    Arena *scratch = arena_new();
    const Parts parts = parts_left(h, scratch, from, h->left[from->id]);
    Rewriting r = {h, loop, &parts, false};
    const Expr *e = expr_rebuild(h->out, from->expr, rewritten, &r);
    arena_free(scratch);
    if (e) n.expr = e; // else it would be too high
    if (e && r.changed && n.origin != ORIGIN_LINEAR) n.origin = ORIGIN_LATE;
  }
  h->map[from->id] = made(h, &n, from, loop);
}

static void count_reads(Hastener *h, const Expr *e) {
  if (!e) return;
  Arena *scratch = arena_new();
  size_t count;
  const Expr **part = expr_parts(scratch, e, &count);
  if (e->kind == EXPR_READ) h->reads[e->u.read.node->id]++; // it is nobody's operand
  for (size_t k = 0; k < count; k++) {
    const bool read = part[k]->kind == EXPR_READ;
    const Expr *const *operand = read ? part[k]->u.read.sub : part[k]->u.prim.arg;
    const int operands = read ? part[k]->u.read.node->nout : part[k]->kind == EXPR_PRIM ? part[k]->u.prim.narg : 0;
    for (int j = 0; j < operands; j++)
      if (operand[j]->kind == EXPR_READ) h->reads[operand[j]->u.read.node->id]++;
  }
  arena_free(scratch);
}

static void count_all_reads(Hastener *h) {
  for (size_t k = 0; k < h->in->count; k++) {
    const Node *n = h->in->nodes[k];
    count_reads(h, n->expr);
    count_reads(h, n->guard);
    count_reads(h, n->base);
    for (int q = 0; n->target && q < n->nout; q++) count_reads(h, n->target[q]);
    if (n->next) h->reads[n->next->id]++;
    if (n->alive) h->reads[n->alive->id]++;
  }
  for (size_t k = 0; k < h->in->nroots; k++) h->reads[h->in->roots[k].node->id]++;
}

static bool has_waiting_loop(Hastener *h) {
  bool any = false;
  h->waits = arena_array(h->arena, bool, h->tree->nloop + 1);
  h->longest = arena_array(h->arena, int, h->tree->nloop + 1);
  h->operations = arena_array(h->arena, double, h->tree->nloop + 1);
  for (size_t k = 0; k < h->tree->nloop; k++) look_at_loop(h, h->tree->loop[k]);
  for (size_t k = 0; k < h->tree->nloop; k++) any = (h->waits[k] = waits(h, h->tree->loop[k])) || any;
  return any;
}

// Null: nothing waits, or nothing waits less in another order.
static Graph *hastened(Arena *a, const Graph *g, const Made *parts, const Made **made) {
  Hastener h = {.arena = a, .in = g, .parts = parts, .tree = graph_loops(a, g, NULL)};
  h.left = arena_array(a, int, g->count + 1);
  for (size_t k = 0; k < g->count; k++) h.left[k] = EARLY;
  if (!has_waiting_loop(&h)) return NULL;
  h.reads = arena_array(a, int, g->count + 1);
  count_all_reads(&h);
  for (size_t k = g->count; k-- > 0;) find_left(&h, g->nodes[k]);
  h.out = graph_new(a, g->dims, g->name);
  h.map = arena_array(a, const Node *, g->count + 1);
  h.changed = false;
  for (size_t k = 0; k < g->count; k++) {
    h.changed = h.changed || (parts && parts[k].part);
    add(&h, g->nodes[k]);
  }
  graph_close_copies(g, h.map);
  graph_copy_roots(h.out, g, h.map, ALL_ROLES);
  *made = h.made;
  return h.changed ? h.out : NULL;
}

Graph *combine_late_last(Arena *a, const Graph *g) {
  Graph *last = NULL;
  const Made *made = NULL;
  for (int k = 0; k < PASSES_MAX; k++) {
    Graph *next = hastened(a, last ? last : g, made, &made);
    if (!next) break;
    last = next;
  }
  return last;
}
