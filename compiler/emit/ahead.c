// ahead.c - rows that the next vector reads, or adds to, at places which data say, are asked for while the one in hand is computed.
//
// A processor walks ahead along arrays, but not to where data lead; and what is added behind each vector waits for one row after the other.
// Where the rows are more than what a core's own cache holds, that is most of the time.
#include "emit/tile.h"
#include "schedule/internal.h"

void put_beyond_cache(Function *f, const Poly *entries) {
  f->unit->helper[HELPER_CACHE] = true;
  put_expr(f, &f->body, expr_poly(f->s->pool, entries), PREC_COMPARE + 1);
  text_put(&f->body, " > MDL_CACHE");
}

typedef struct Row {
  const Node *array;
  const Expr *place; // the subscript of its first axis
} Row;

typedef struct Rows {
  Row *row;
  size_t count, room;
} Rows;

// Can the subscript be told for iterations to come: is it read from data alone?
static bool is_told(const Expr *place, const Loop *loop) {
  if (place->kind == EXPR_READ) {
    bool told = place->u.read.node->kind == NODE_DATA;
    for (int k = 0; k < place->u.read.node->nout && told; k++) told = is_told(place->u.read.sub[k], loop);
    return told;
  }
  return place->kind == EXPR_POLY || (place->kind == EXPR_INDEX && place->u.index == loop->id);
}

static void add_row(Function *f, Rows *rows, const Loop *loop, const Node *n, const Expr *place) {
  const Place *p = &f->s->place[n->id];
  const bool array = p->stored == STORED_INPUT || p->stored == STORED_GIVEN || p->stored == STORED_WORK || p->stored == STORED_SINK;
  int64_t extent;
  if (!array || p->lane || (p->kept && !p->kept[0]) || place->kind != EXPR_READ || !is_told(place, loop) || poly_fixed(f->s->task.graph->dims, n->index[0].extent, &extent)) return;
  for (size_t k = 0; k < rows->count; k++)
    if (rows->row[k].place == place && array_name(f, rows->row[k].array) == array_name(f, n)) return;
  ARENA_PUSH(f->s->arena, rows->row, rows->count, rows->room) = (Row){n, place};
}

static void find_read(Function *f, Rows *rows, const Loop *loop, const Node *n) {
  Arena *a = arena_new();
  size_t count;
  const Expr **part = expr_parts(a, f->expr[n->id], &count);
  for (size_t k = 0; k < count; k++)
    if (part[k]->kind == EXPR_READ && part[k]->type == TYPE_REAL && part[k]->u.read.node->nout) add_row(f, rows, loop, part[k]->u.read.node, part[k]->u.read.sub[0]);
  arena_free(a);
}

static void find_rows(Function *f, Rows *rows, const Loop *loop, const Step *step, size_t count) {
  for (size_t k = 0; k < count; k++) {
    const Node *n = step[k].node;
    if (step[k].idle) continue;
    if (step[k].kind == STEP_LOOP) find_rows(f, rows, loop, step[k].loop->body, step[k].loop->nbody);
    if (step[k].kind != STEP_NODE) continue;
    if (n->kind == NODE_SCATTER && !adds_lazily(f->s, n)) add_row(f, rows, loop, n, f->target[n->id][0]);
    if (n->kind != NODE_SCATTER) find_read(f, rows, loop, n);
  }
}

// MDL_AHEAD(grad_place[point[i + lane] * 3]);
static void put_row(Function *f, const Row *row) {
  const Expr *sub[INDEX_MAX];
  for (int k = 0; k < row->array->nout; k++) sub[k] = k ? expr_int(f->s->pool, 0) : row->place;
  line_start(f);
  text_put(&f->body, "MDL_AHEAD(");
  put_entry(f, &f->body, row->array, sub);
  text_put(&f->body, ");\n");
}

// if (6 * points > MDL_CACHE && i + 16 <= n) - all rows that a subscript leads to, and the next vector's lanes are all there
static void put_rows_at(Function *f, const Rows *rows, size_t first, const Loop *loop, const char *from, const char *end) {
  Dims *dims = f->s->task.graph->dims;
  const Expr *place = rows->row[first].place;
  const Poly *size = poly_int(dims, 0);
  OpenLines l;
  for (size_t k = first; k < rows->count; k++)
    if (rows->row[k].place == place) size = poly_add(dims, size, kept_entries(f->s, rows->row[k].array));
  open_lines(f, &l);
  line_start(f);
  text_put(&f->body, "if (");
  put_beyond_cache(f, size);
  text_printf(&f->body, " && %s + %d <= ", from, 2 * lanes_of(f));
  put_until(f, loop, end, PREC_ADD);
  text_put(&f->body, ") {\n");
  f->indent++;
  const char *lane = names_take(&f->names, "lane");
  line_start(f);
  text_printf(&f->body, "for (int64_t %s = %d; %s < %d; %s++) {\n", lane, lanes_of(f), lane, 2 * lanes_of(f), lane);
  f->indent++;
  f->loop_name[loop->id] = arena_printf(f->s->arena, "%s + %s", from, lane);
  for (size_t k = first; k < rows->count; k++)
    if (rows->row[k].place == place) put_row(f, &rows->row[k]);
  close_lines(f, &l);
}

void put_ahead(Function *f, const Loop *loop, const char *from, const char *end) {
  Rows rows = {0};
  find_rows(f, &rows, loop, loop->body, loop->nbody);
  if (rows.count) f->unit->helper[HELPER_AHEAD] = true;
  for (size_t k = 0; k < rows.count; k++) {
    bool done = false;
    for (size_t j = 0; j < k; j++) done = done || rows.row[j].place == rows.row[k].place;
    if (!done) put_rows_at(f, &rows, k, loop, from, end);
  }
}
