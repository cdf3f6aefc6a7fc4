// build.c - from a derived graph to formulas: which values keep a name, which are written out where they are used.
#include <stdlib.h>
#include <string.h>

#include "explain/explain.h"

enum {
  SMALL = 4, // a formula of so few leaves is written out everywhere
  OFTEN = 3, // so many uses are worth a name
  LONG = 24  // a longer one is not written into another
};

typedef struct Entry { // by node
  bool needed, named;
  bool forward; // the loss depends on it
  int uses;
  SymbolRole role;
  const char *derivative_of;
  const FormIndex **index; // outputs
  const Form *value;       // null for inputs
} Entry;

typedef struct Builder {
  Forms *forms;
  const Graph *graph;
  const char *const *known;
  size_t nknown;
  Entry *entry;
  const Entry *counted; // whose reads are being counted
} Builder;

// ---- what is needed, and how often ----

static void count_read(void *context, const Expr *read) {
  Builder *b = context;
  Entry *e = &b->entry[read->u.read.node->id];
  e->needed = true;
  e->forward = e->forward || b->counted->forward;
  e->uses++;
}

static void count_uses(Builder *b) {
  const Graph *g = b->graph;
  for (size_t k = 0; k < g->nroots; k++) {
    Entry *e = &b->entry[g->roots[k].node->id];
    e->needed = e->needed || g->roots[k].role == ROOT_LOSS || g->roots[k].role == ROOT_GRADIENT;
    e->forward = e->forward || g->roots[k].role == ROOT_LOSS;
  }
  for (size_t k = g->count; k-- > 0;) {
    const Node *n = g->nodes[k];
    if (!b->entry[k].needed || !n->expr) continue;
    b->counted = &b->entry[k];
    expr_each_read(g, n->expr, count_read, b);
    if (n->guard) expr_each_read(g, n->guard, count_read, b);
    for (int t = 0; n->kind == NODE_SCATTER && t < n->nout; t++) expr_each_read(g, n->target[t], count_read, b);
  }
}

// ---- values ----

static const char *index_name(const Node *n, int k) {
  static const char *const usual[] = {"i", "j", "k", "l"};
  return n->index[k].name ? n->index[k].name : usual[k % 4];
}

static const Poly **extents_of(Arena *a, const Node *n) {
  const Poly **extent = arena_array(a, const Poly *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++) extent[k] = n->index[k].extent;
  return extent;
}

static const Form *symbol_of(Builder *b, const Node *n, const Form *const *sub) {
  return form_symbol(b->forms, b->entry[n->id].role, n->name, sub, n->nout, extents_of(forms_arena(b->forms), n));
}

static const Form *read_node(void *context, const Node *n, const Form *const *sub) {
  Builder *b = context;
  const Entry *e = &b->entry[n->id];
  if (n->kind == NODE_SEED) return form_number(b->forms, 1);
  if (e->named) return symbol_of(b, n, sub);
  return form_substitute(b->forms, e->value, e->index, sub, n->nout);
}

static const Form *own_value(Builder *b, const Node *n, FormIndex **index) {
  Forms *f = b->forms;
  Arena *a = forms_arena(f);
  const Form **at = arena_array(a, const Form *, (size_t)(n->nout + n->nred) + 1);
  for (int k = 0; k < n->nout + n->nred; k++) at[k] = form_index(f, index[k]);
  const FormIndex *const *bound = (const FormIndex *const *)index + n->nout;
  const Form *value = form_expr(f, b->graph, n->expr, at, read_node, b);
  const Form *guard = n->guard ? form_expr(f, b->graph, n->guard, at, read_node, b) : NULL;
  if (n->kind == NODE_SCATTER) {
    // Entry (i, …) receives the terms whose targets are i, ….
    for (int k = 0; k < n->nout; k++) {
      const Form *target = form_expr(f, b->graph, n->target[k], at, read_node, b);
      const Form *here = form_call(f, PRIM_EQ, (const Form *[]){target, at[k]});
      guard = guard ? form_call(f, PRIM_AND, (const Form *[]){guard, here}) : here;
    }
    return form_reduce(f, REDUCE_SUM, bound, n->nred, guard, value);
  }
  if (n->reduce != REDUCE_NONE) return form_reduce(f, n->reduce, bound, n->nred, guard, value);
  return guard ? form_call(f, PRIM_SELECT, (const Form *[]){guard, value, form_number(f, 0)}) : value;
}

static bool is_known(const Builder *b, const Node *n) {
  for (size_t k = 0; k < b->nknown; k++)
    if (strcmp(b->known[k], n->name) == 0) return true;
  return false;
}

// Is a function called in it?
static bool calls(const Form *e) {
  if (e->kind == FORM_CALL && prim_table[e->op].signature[1] == '>') return true;
  for (int k = 0; k < e->npart; k++)
    if (calls(e->part[k])) return true;
  return false;
}

static bool stays_named(const Builder *b, const Node *n, const Entry *e) {
  if (is_known(b, n)) return true;
  // Of what is small only a function's value is worth a name, where it is used again and again.
  if (e->value->weight <= SMALL && !e->value->reduces) return e->uses >= OFTEN && calls(e->value);
  return e->uses > 1 || e->value->weight > LONG;
}

// "d loss / d t_p": whose adjoint the node is.
static const char *adjoint_of(const Node *n) {
  static const char start[] = "d loss / d ";
  if (!n->note || strncmp(n->note, start, sizeof start - 1) != 0) return NULL;
  const char *name = n->note + sizeof start - 1;
  return strchr(name, ' ') ? NULL : name;
}

static void build_entry(Builder *b, const Node *n) {
  Entry *e = &b->entry[n->id];
  if (n->kind == NODE_DATA || n->kind == NODE_PARAM) {
    e->named = true;
    e->role = n->kind == NODE_DATA ? SYMBOL_DATA : SYMBOL_PARAM;
    return;
  }
  if (n->kind == NODE_SEED) return;
  Arena *a = forms_arena(b->forms);
  FormIndex **index = arena_array(a, FormIndex *, (size_t)(n->nout + n->nred) + 1);
  for (int k = 0; k < n->nout + n->nred; k++) index[k] = form_index_new(b->forms, index_name(n, k), n->index[k].extent);
  e->index = (const FormIndex **)index;
  e->derivative_of = adjoint_of(n);
  e->role = e->derivative_of ? SYMBOL_ADJOINT : SYMBOL_VALUE;
  e->value = own_value(b, n, index);
  e->named = stays_named(b, n, e);
  if (!e->named || e->value->kind != FORM_CALL || e->role == SYMBOL_ADJOINT ||
      prim_table[e->value->op].partial[0][0] == '\0')
    return;
  const Form **at = arena_array(a, const Form *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++) at[k] = form_index(b->forms, index[k]);
  form_fold(b->forms, e->value, symbol_of(b, n, at), e->index, n->nout);
}

// ---- lines ----

static void add_line(Explanation *x, Line line) {
  ARENA_PUSH(forms_arena(x->forms), x->lines, x->count, x->room) = line;
}

static void add_taken(Explanation *x, const char *name) {
  ARENA_PUSH(forms_arena(x->forms), x->taken, x->ntaken, x->taken_room) = name;
}

static bool mentions(Forms *f, const Form *e, const char *name) {
  if (!form_first_visit(f, e)) return false;
  if (e->kind == FORM_SYMBOL && strcmp(e->name, name) == 0) return true;
  if (e->guard && mentions(f, e->guard, name)) return true;
  for (int k = 0; k < e->npart; k++)
    if (mentions(f, e->part[k], name)) return true;
  return false;
}

// Drops the lines that nothing shown depends on: what they defined was written in another way.
static void keep_used(Explanation *x) {
  bool *used = arena_array(forms_arena(x->forms), bool, x->count + 1);
  for (size_t k = x->count; k-- > 0;) {
    used[k] = x->lines[k].role == LINE_LOSS || x->lines[k].role == LINE_GRADIENT;
    for (size_t j = k + 1; j < x->count && !used[k]; j++) {
      form_walk(x->forms);
      used[k] = used[j] && mentions(x->forms, x->lines[j].value, x->lines[k].name);
    }
  }
  size_t kept = 0;
  for (size_t k = 0; k < x->count; k++)
    if (used[k]) x->lines[kept++] = x->lines[k];
  x->count = kept;
}

// Is the node's formula on the line of a root already, so that it needs none of its own?
static bool written_by_root(const Builder *b, const Node *n) {
  for (size_t k = 0; k < b->graph->nroots; k++) {
    const Root *r = &b->graph->roots[k];
    if (r->node == n && (b->entry[n->id].uses == 0 || (r->role == ROOT_LOSS && strcmp(n->name, "loss") == 0)))
      return true;
  }
  return false;
}

static void add_root_lines(Explanation *x, Builder *b, RootRole role) {
  Arena *a = forms_arena(b->forms);
  for (size_t r = 0; r < b->graph->nroots; r++) {
    const Root *root = &b->graph->roots[r];
    if (root->role != role) continue;
    const Node *n = root->node;
    const Entry *e = &b->entry[n->id];
    FormIndex **index = arena_array(a, FormIndex *, (size_t)n->nout + 1);
    const Form **at = arena_array(a, const Form *, (size_t)n->nout + 1);
    for (int k = 0; k < n->nout; k++) {
      index[k] = form_index_new(b->forms, index_name(n, k), n->index[k].extent);
      at[k] = form_index(b->forms, index[k]);
    }
    bool inner = !e->value || (e->named && !written_by_root(b, n));
    add_line(x,
             (Line){.role = role == ROOT_LOSS ? LINE_LOSS : LINE_GRADIENT,
                    .name = role == ROOT_LOSS ? "loss" : root->name,
                    .symbol = role == ROOT_LOSS ? SYMBOL_VALUE : SYMBOL_PARAM,
                    .nindex = n->nout,
                    .index = (const FormIndex *const *)index,
                    .value = inner ? read_node(b, n, at) : form_substitute(b->forms, e->value, e->index, at, n->nout)});
  }
}

static void add_node_lines(Explanation *x, Builder *b, bool forward) {
  for (size_t k = 0; k < b->graph->count; k++) {
    const Node *n = b->graph->nodes[k];
    const Entry *e = &b->entry[k];
    if (!e->needed || !e->named || e->forward != forward || !e->value || written_by_root(b, n)) continue;
    add_line(x, (Line){.role = forward ? LINE_DEFINITION : LINE_ADJOINT,
                       .name = n->name,
                       .symbol = e->role,
                       .derivative_of = e->derivative_of,
                       .nindex = n->nout,
                       .index = e->index,
                       .value = e->value});
  }
}

Explanation explain_graph(Arena *a, const Model *m, const Graph *derived, const char *const *known, size_t nknown) {
  Explanation x = {.forms = forms_new(a, m->dims)};
  Builder b = {.forms = x.forms, .graph = derived, .known = known, .nknown = nknown};
  b.entry = arena_array(a, Entry, derived->count + 1);
  count_uses(&b);
  for (int k = 0; k < dims_count(m->dims); k++)
    if (dims_get(m->dims, k)->name) add_taken(&x, dims_get(m->dims, k)->name);
  for (size_t k = 0; k < derived->count; k++) {
    if (!b.entry[k].needed) continue;
    build_entry(&b, derived->nodes[k]);
    if (b.entry[k].named) add_taken(&x, derived->nodes[k]->name);
  }
  add_node_lines(&x, &b, true);
  add_root_lines(&x, &b, ROOT_LOSS);
  add_node_lines(&x, &b, false);
  add_root_lines(&x, &b, ROOT_GRADIENT);
  keep_used(&x);
  return x;
}

// ---- single expressions ----

static const Form *read_symbol(void *context, const Node *n, const Form *const *sub) {
  Forms *f = context;
  SymbolRole role = n->kind == NODE_DATA ? SYMBOL_DATA : n->kind == NODE_PARAM ? SYMBOL_PARAM : SYMBOL_VALUE;
  return form_symbol(f, role, n->name, sub, n->nout, extents_of(forms_arena(f), n));
}

const FormIndex **explain_indices(Forms *f, const Node *n) {
  int count = n->nout + n->nred;
  const FormIndex **index = arena_array(forms_arena(f), const FormIndex *, (size_t)count + 1);
  for (int k = 0; k < count; k++) index[k] = form_index_new(f, index_name(n, k), n->index[k].extent);
  return index;
}

const Form *explain_entry(Forms *f, const Graph *g, const Node *node, const FormIndex *const *index, const Expr *e) {
  int n = node->nout + node->nred;
  const Form **at = arena_array(forms_arena(f), const Form *, (size_t)n + 1);
  for (int k = 0; k < n; k++) at[k] = form_index(f, index[k]);
  return form_expr(f, g, e, at, read_symbol, f);
}

void explain_fold(Forms *f, const Graph *g, const Node *node, const FormIndex *const *index) {
  const Form *value = node->kind == NODE_COMP && !node->nred ? explain_entry(f, g, node, index, node->expr) : NULL;
  if (!value || value->kind != FORM_CALL || prim_table[value->op].partial[0][0] == '\0') return;
  const Form **at = arena_array(forms_arena(f), const Form *, (size_t)node->nout + 1);
  for (int k = 0; k < node->nout; k++) at[k] = form_index(f, index[k]);
  form_fold(f, value, read_symbol(f, node, at), index, node->nout);
}
