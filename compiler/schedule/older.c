// older.c - what reads an array before a step updates it stands in front of the update, so that both versions can be one array.
#include "schedule/ways.h"

typedef struct Order {
  const Ways *ways;
  LoopItem *item;
  size_t *place; // by node id: 1 + the item's position, of the items in hand
} Order;

static void put_item(Order *o, LoopItem item, size_t at) {
  o->item[at] = item;
  const Node *const *member = item.node ? &item.node : o->ways->member[item.loop->id];
  const size_t count = item.node ? 1 : o->ways->nmember[item.loop->id];
  for (size_t k = 0; k < count; k++) o->place[member[k]->id] = at + 1;
}

// What an update overwrites, or null.
static const Node *overwritten(LoopItem item) {
  const Node *n = item.node;
  return n && n->kind == NODE_SCATTER && n->base && n->base->kind == EXPR_READ ? n->base->u.read.node : NULL;
}

static bool reads_node(const Order *o, const Node *n, const Node *from) {
  const Reads *r = &o->ways->reads[n->id];
  for (size_t k = 0; k < r->count; k++)
    if (r->read[k]->u.read.node == from) return true;
  return false;
}

// Behind all items that n reads.
static size_t earliest(const Order *o, const Node *n) {
  const Reads *r = &o->ways->reads[n->id];
  size_t at = 0;
  for (size_t k = 0; k < r->count; k++)
    if (o->place[r->read[k]->u.read.node->id] > at) at = o->place[r->read[k]->u.read.node->id];
  return at;
}

void older_versions_first(const Ways *w, LoopItem *item, size_t count) {
  size_t updates = 0;
  for (size_t k = 0; k < count; k++) updates += overwritten(item[k]) != NULL;
  if (!updates) return;
  Order o = {w, item, arena_array(w->s->arena, size_t, w->s->task.graph->count)};
  for (size_t k = 0; k < count; k++) {
    const LoopItem moved = item[k];
    size_t at = k;
    const size_t least = moved.node && moved.node->kind == NODE_COMP ? earliest(&o, moved.node) : k;
    for (size_t j = k; j-- > least;)
      if (overwritten(item[j]) && reads_node(&o, moved.node, overwritten(item[j]))) at = j;
    for (size_t j = k; j > at; j--) put_item(&o, item[j - 1], j);
    put_item(&o, moved, at);
  }
}
