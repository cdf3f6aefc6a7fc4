// rows.c - loops of a tile that are products with its samples' rows as they lie (schedule/rows.c): one call.
#include <string.h>

#include "emit/tile.h"

// The address of the entry that was printed from `start` on, whose last subscript is 0: x, &x[i_tile * d]
static void make_address(Function *f, Text *t, size_t start) {
  static const char none[] = "[0]", zero[] = " + 0]";
  const char *entry = arena_strdup(f->s->arena, t->s + start);
  size_t length = strlen(entry);
  t->length = start;
  if (length >= sizeof none - 1 && strcmp(entry + length - (sizeof none - 1), none) == 0) {
    text_putn(t, entry, length - (sizeof none - 1));
  } else if (length >= sizeof zero - 1 && strcmp(entry + length - (sizeof zero - 1), zero) == 0) {
    text_char(t, '&');
    text_putn(t, entry, length - (sizeof zero - 1));
    text_char(t, ']');
  } else {
    text_printf(t, "&%s", entry);
  }
}

static void put_address(Function *f, const Expr *read) {
  const size_t start = f->body.length;
  put_entry(f, &f->body, read->u.read.node, read->u.read.sub);
  make_address(f, &f->body, start);
}

static void put_poly_argument(Function *f, const Poly *p) {
  text_put(&f->body, ", ");
  put_expr(f, &f->body, expr_poly(f->s->pool, p), PREC_NONE);
}

static void put_call(Function *f, const Loop *loop, const RowProduct *p) {
  Text *t = &f->body;
  const Poly *stride = row_size(f->s->task.graph, p->row->u.read.node);
  line_start(f);
  text_printf(t, "mdl_rows_%s(mdl_level, ", p->sums ? "sum" : "times");
  if (loop->fetches)
    put_beyond_cache(f, kept_entries(f->s, p->row->u.read.node));
  else
    text_char(t, '0');
  text_put(t, ", ");
  if (p->sums) {
    put_address(f, p->by);
    text_put(t, ", ");
  }
  put_address(f, p->row);
  put_poly_argument(f, stride);
  put_poly_argument(f, loop->extent);
  text_printf(t, ", %s, ", f->lanes_name);
  if (!p->sums) {
    put_address(f, p->by);
    text_put(t, ", ");
  }
  const size_t start = t->length;
  put_own_entry(f, t, p->node);
  make_address(f, t, start);
  text_put(t, ");\n");
}

// Do the entries of the result lie one behind the other?
static bool lies_close(const Function *f, const Node *n) {
  const Place *p = &f->s->place[n->id];
  return !(p->stored == STORED_SINK && f->sink[p->sink].stride && f->sink[p->sink].nrow == n->nout);
}

bool put_row_product(Function *f, const Loop *loop) {
  RowProduct p;
  if (loop->lanes != LANES_ROWS || !row_product(f->s, f->tile, loop, &p) || !lies_close(f, p.node)) return false;
  f->unit->helper[HELPER_TURN] = f->unit->helper[HELPER_ROWS] = true;
  fma_call(f);
  math_use(f->unit, "level.h");
  const Loop *tile = f->tile;
  f->lane = f->loop_name[loop->id] = "0";
  f->loop_name[tile->id] = f->tile_name;
  f->tile = NULL; // rows are read as they lie, though they be turned for other loops
  put_call(f, loop, &p);
  f->tile = tile;
  f->loop_name[loop->id] = NULL;
  set_lane(f, NULL, false);
  const Poly *outside = f->trips;
  f->trips = poly_mul(f->s->task.graph->dims, f->trips, loop->extent);
  count_flops(f, prim_table[PRIM_MUL].cost + prim_table[PRIM_ADD].cost);
  f->trips = outside;
  return true;
}
