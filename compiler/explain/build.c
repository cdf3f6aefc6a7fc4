// build.c - from a derived graph to formulas: which values keep a name, which are written out where they are used.
#include <stdlib.h>
#include <string.h>

#include "explain/internal.h"

enum {
  SMALL = 4, // a formula of so few leaves is written out everywhere
  OFTEN = 3, // so many uses are worth a name, one less where it has
  AXES = 2,  // so many subscripts, which are read again with each of them
  LONG = 24  // a longer one is not written into another
};

// ---- what is needed, and how often ----

static void count_read(void *context, const Expr *read) {
  Entry *entry = context;
  entry[read->u.read.node->id].uses++;
}

// Marks, by id, what roots of that role depend on.
static void mark_from(const Graph *g, RootRole role, bool *marked) {
  for (size_t k = 0; k < g->nroots; k++)
    if (g->roots[k].role == role) marked[g->roots[k].node->id] = true;
  graph_mark_needed(g, marked);
}

static void count_uses(Builder *b) {
  const Graph *g = b->graph;
  bool *forward = arena_array(forms_arena(b->forms), bool, g->count + 1);
  bool *needed = arena_array(forms_arena(b->forms), bool, g->count + 1);
  mark_from(g, ROOT_LOSS, forward);
  mark_from(g, ROOT_LOSS, needed);
  mark_from(g, ROOT_GRADIENT, needed);
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    b->entry[k].needed = needed[k];
    b->entry[k].forward = forward[k];
    if (!needed[k]) continue;
    node_each_read(g, n, count_read, b->entry);
    if (n->next) b->entry[n->next->id].uses++;
  }
}

// ---- names ----

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
  if (is_known(b, n) || n->kind == NODE_CARRY) return true;
  // Of what is small only a function's value is worth a name, where it is used again and again.
  const int often = n->nout < AXES ? OFTEN : OFTEN - 1;
  if (e->value->weight <= SMALL && e->value->level == 0) return e->uses >= often && calls(e->value);
  return e->uses > 1 || e->value->weight > LONG;
}

// "d loss / d t_p": whose adjoint the node is.
static const char *adjoint_of(const Node *n) {
  static const char start[] = "d loss / d ";
  if (!n->note || strncmp(n->note, start, sizeof start - 1) != 0) return NULL;
  const char *name = n->note + sizeof start - 1;
  return strchr(name, ' ') ? NULL : name;
}

// From now on the entry's symbol is written for its value, where that is the call of a function that has a derivative.
static void fold_entry(Builder *b, const Node *n, const Entry *e) {
  if (e->value->kind != FORM_CALL || e->role == SYMBOL_ADJOINT || prim_table[e->value->op].partial[0][0] == '\0')
    return;
  const Form **at = arena_array(forms_arena(b->forms), const Form *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++) at[k] = form_index(b->forms, e->index[k]);
  form_fold(b->forms, e->value, explain_read(b, n, at), e->index, n->nout);
}

// What a carry takes is the state behind the step, unless the model calls it otherwise, or lines before do that.
static void name_next(Builder *b, const Node *carry) {
  Entry *next = &b->entry[carry->next->id];
  bool computed = carry->next->kind == NODE_COMP || carry->next->kind == NODE_SCATTER;
  if (computed && !next->state && !next->named && !is_known(b, carry->next)) next->state = carry;
}

static void build_entry(Builder *b, const Node *n) {
  Entry *e = &b->entry[n->id];
  if (n->kind == NODE_DATA || n->kind == NODE_PARAM) {
    e->named = true;
    e->role = n->kind == NODE_DATA ? SYMBOL_DATA : SYMBOL_PARAM;
    return;
  }
  if (n->kind == NODE_SEED) return;
  e->index = explain_indices(b->forms, n);
  e->derivative_of = adjoint_of(n);
  e->role = e->derivative_of ? SYMBOL_ADJOINT : SYMBOL_VALUE;
  e->value = explain_value(b, n, e->index);
  e->named = e->state || stays_named(b, n, e);
  if (n->kind == NODE_CARRY)
    name_next(b, n);
  else if (e->named)
    fold_entry(b, n, e);
}

// ---- lines ----

static const Form *const *forms_of(Forms *f, const FormIndex *const *index, int n) {
  const Form **at = arena_array(forms_arena(f), const Form *, (size_t)n + 1);
  for (int k = 0; k < n; k++) at[k] = form_index(f, index[k]);
  return at;
}

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

// Is the line's name on a line that is used itself?
static bool is_used(const Explanation *x, const bool *used, const Line *line) {
  for (size_t k = 0; k < x->count; k++) {
    form_walk(x->forms);
    if (used[k] && mentions(x->forms, x->lines[k].value, line->name)) return true;
  }
  return false;
}

// Drops the lines that nothing shown depends on: what they defined was written in another way.
static void keep_used(Explanation *x) {
  bool *used = arena_array(forms_arena(x->forms), bool, x->count + 1), more = true;
  for (size_t k = 0; k < x->count; k++) used[k] = x->lines[k].role == LINE_LOSS || x->lines[k].role == LINE_GRADIENT;
  while (more) { // once more where a state's step uses lines behind it
    more = false;
    for (size_t k = x->count; k-- > 0;)
      if (!used[k]) more = (used[k] = is_used(x, used, &x->lines[k])) || more;
  }
  size_t kept = 0;
  for (size_t k = 0; k < x->count; k++)
    if (used[k]) x->lines[kept++] = x->lines[k];
  x->count = kept;
}

// Is the node's formula on the line of a root already, so that it needs none of its own?
static bool written_by_root(const Builder *b, const Node *n) {
  if (n->kind == NODE_CARRY) return false;
  for (size_t k = 0; k < b->graph->nroots; k++) {
    const Root *r = &b->graph->roots[k];
    if (r->node == n && (b->entry[n->id].uses == 0 || (r->role == ROOT_LOSS && strcmp(n->name, "loss") == 0)))
      return true;
  }
  return false;
}

static void add_root_lines(Explanation *x, Builder *b, RootRole role) {
  for (size_t r = 0; r < b->graph->nroots; r++) {
    const Root *root = &b->graph->roots[r];
    if (root->role != role) continue;
    const Node *n = root->node;
    const Entry *e = &b->entry[n->id];
    const FormIndex *const *index = explain_indices(b->forms, n);
    const Form *const *at = forms_of(b->forms, index, n->nout);
    bool inner = !e->value || (e->named && !written_by_root(b, n));
    add_line(x, (Line){.role = role == ROOT_LOSS ? LINE_LOSS : LINE_GRADIENT,
                       .name = role == ROOT_LOSS ? "loss" : root->name,
                       .symbol = role == ROOT_LOSS ? SYMBOL_VALUE : SYMBOL_PARAM,
                       .nat = n->nout,
                       .at = at,
                       .nindex = n->nout,
                       .index = index,
                       .value = inner ? explain_read(b, n, at)
                                      : form_substitute(b->forms, e->value, e->index, at, n->nout)});
  }
}

// A line for the values of a node, over all of its indices.
static Line node_line(Builder *b, const Node *n) {
  const Entry *e = &b->entry[n->id];
  return (Line){.role = e->forward ? LINE_DEFINITION : LINE_ADJOINT,
                .name = n->name,
                .symbol = e->role,
                .derivative_of = e->derivative_of,
                .nat = n->nout,
                .at = forms_of(b->forms, e->index, n->nout),
                .nindex = n->nout,
                .index = e->index,
                .value = e->value};
}

// What a carry starts from stands where its loop starts.
static Line start_line(Builder *b, const Node *carry) {
  Forms *f = b->forms;
  Line line = node_line(b, carry);
  const FormIndex **index = arena_array(forms_arena(f), const FormIndex *, (size_t)carry->nout);
  const Form **at = arena_array(forms_arena(f), const Form *, (size_t)carry->nout);
  line.nindex = 0;
  for (int k = 0; k < carry->nout; k++) {
    at[k] = line.at[k];
    if (k != carry->axis) index[line.nindex++] = line.index[k];
  }
  at[carry->axis] = carry->reverse ? form_poly(f, carry->next->index[carry->axis].extent) : form_number(f, 0);
  line.at = at;
  line.index = index;
  return line;
}

static Line step_line(Builder *b, const Node *carry) {
  const Node *next = carry->next;
  Line line = node_line(b, carry);
  const Form *const *own = forms_of(b->forms, b->entry[next->id].index, next->nout);
  line.index = b->entry[next->id].index;
  line.at = explain_behind(b->forms, carry, own);
  line.step = line.index[carry->axis];
  line.value = b->entry[next->id].state == carry ? b->entry[next->id].value : explain_read(b, next, own);
  return line;
}

static void add_node_lines(Explanation *x, Builder *b, bool forward) {
  for (size_t k = 0; k < b->graph->count; k++) {
    const Node *n = b->graph->nodes[k];
    const Entry *e = &b->entry[k];
    if (!e->needed || e->forward != forward || !e->value) continue;
    if (n->kind == NODE_CARRY) {
      add_line(x, start_line(b, n));
      if (n->next->id < n->id) add_line(x, step_line(b, n)); // it does not need the state
    } else if (e->named && !e->state && !written_by_root(b, n)) {
      add_line(x, node_line(b, n));
    }
    for (size_t c = 0; c < k; c++) // the carries before it that take it
      if (b->graph->nodes[c]->next == n && b->entry[c].needed) add_line(x, step_line(b, b->graph->nodes[c]));
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
  return form_symbol(f, role, n->name, sub, n->nout, explain_extents(forms_arena(f), n));
}

const FormIndex **explain_indices(Forms *f, const Node *n) {
  int count = n->nout + n->nred;
  const FormIndex **index = arena_array(forms_arena(f), const FormIndex *, (size_t)count + 1);
  for (int k = 0; k < count; k++) index[k] = form_index_new(f, explain_index_name(n, k), n->index[k].extent);
  return index;
}

const Form *explain_entry(Forms *f, const Graph *g, const Node *node, const FormIndex *const *index, const Expr *e) {
  return form_expr(f, g, e, forms_of(f, index, node->nout + node->nred), read_symbol, f);
}

void explain_fold(Forms *f, const Graph *g, const Node *node, const FormIndex *const *index) {
  const Form *value = node->kind == NODE_COMP && !node->nred ? explain_entry(f, g, node, index, node->expr) : NULL;
  if (!value || value->kind != FORM_CALL || prim_table[value->op].partial[0][0] == '\0') return;
  form_fold(f, value, read_symbol(f, node, forms_of(f, index, node->nout)), index, node->nout);
}
