// held.c - sums whose entries stay in registers while their terms are added (schedule/hold.c says which): a few vectors of entries
// at a time, the loop over the terms within; then one vector, then one entry.
//
// Of many terms a block at a time, so that a column of a few vectors does not walk through all of a large array's pages.
#include "emit/tile.h"

enum { HELD_VECTORS = 4, TERM_BLOCK = 64 };

// The two loops; where they start and end, as text: null for the end is the extent.
typedef struct Held {
  const Loop *entries, *terms;
  int depth;
  const char *end, *terms_start, *terms_end;
} Held;

static bool has_fixed(const Function *f, const Poly *extent, int64_t *value) {
  Dims *dims = f->s->task.graph->dims;
  return poly_fixed(dims, extent, value);
}

// for (int64_t j = …; j < …; j++), and the condition of all terms
static void open_terms(Function *f, const Held *h) {
  const char *name = f->loop_name[h->terms->id] = f->loop_variable[h->terms->id] = names_take(&f->names, h->terms->name);
  line_start(f);
  text_printf(&f->body, "for (int64_t %s = %s; %s < ", name, h->terms_start, name);
  put_until(f, h->terms, h->terms_end, PREC_COMPARE + 1);
  text_printf(&f->body, "; %s++) {\n", name);
  f->indent++;
  OpenLines condition; // closed with the loop
  if (f->guarded) open_condition(f, f->guarded, &condition);
}

// What `size` (C) entries hold goes to variables of their own, or back; of one entry (lane: null) to a scalar.
static void put_copies(Function *f, const Held *h, const char *lane, const char *size, bool back) {
  for (size_t k = 0; k < h->terms->nbody; k++) {
    const Node *n = h->terms->body[k].node;
    const char *sums = f->in_vector[n->id];
    f->in_vector[n->id] = NULL;
    const char *entry = own_entry(f, n);
    if (!back) sums = names_take(&f->names, arena_printf(f->s->arena, lane ? "%s_sums" : "%s_sum", n->name));
    line_start(f);
    if (!lane) {
      if (back)
        text_printf(&f->body, "%s = %s;\n", entry, sums);
      else
        text_printf(&f->body, "%s %s = %s;\n", f->unit->real, sums, entry);
    } else {
      if (!back) {
        text_printf(&f->body, "%s %s[%s];\n", f->unit->real, sums, size);
        line_start(f);
      }
      text_printf(&f->body, "for (int64_t %s = 0; %s < %s; %s++) ", lane, lane, size, lane);
      if (back)
        text_printf(&f->body, "%s = %s[%s];\n", entry, sums, lane);
      else
        text_printf(&f->body, "%s[%s] = %s;\n", sums, lane, entry);
    }
    f->in_vector[n->id] = back ? NULL : sums;
  }
}

// Of entries that end at a bound: do they, and what is read for them, go on behind it, as far as the loop would without?
static bool entries_go_on(const Function *f, const Held *h) {
  for (size_t k = 0; k < h->terms->nbody; k++)
    if (!goes_on(f, f->expr[h->terms->body[k].node->id], h->entries)) return false;
  return h->end && !f->guarded;
}

// The terms of `many` vectors of entries, for as many of these as there are; `last`: of what is left, as one that goes beyond the end.
static void put_vectors(Function *f, const Held *h, int many, bool last) {
  Text *t = &f->body;
  Arena *a = f->s->arena;
  const char *from = f->loop_variable[h->entries->id];
  const int size = many * lanes_of(f);
  const char *all = arena_printf(a, "%d", size);
  OpenLines strip, terms, lanes;
  line_start(f);
  if (last) {
    text_printf(t, "if (%s < %s && %s + %d <= ", from, h->end, from, size);
    put_extent(f, h->entries, PREC_ADD);
    text_put(t, ") {\n");
  } else {
    text_printf(t, "for (; %s + %d <= ", from, size);
    put_until(f, h->entries, h->end, PREC_COMPARE + 1);
    text_printf(t, "; %s += %d) {\n", from, size);
  }
  open_lines(f, &strip);
  f->indent++;
  const char *lane = names_take(&f->names, "lane"), *u = many > 1 ? names_take(&f->names, "u") : NULL;
  const char *here = arena_printf(a, "%s + %s", from, lane);
  f->loop_name[h->entries->id] = here;
  put_copies(f, h, lane, all, false);
  open_lines(f, &terms);
  open_terms(f, h);
  open_lines(f, &lanes);
  if (u) {
    put_unroll(f);
    line_start(f);
    text_printf(t, "for (int64_t %s = 0; %s < %d; %s += %d) {\n", u, u, size, u, lanes_of(f));
    f->indent++;
  }
  open_lane_loop(f, lane);
  f->vector_lane = u ? arena_printf(a, "%s + %s", u, lane) : lane;
  f->loop_name[h->entries->id] = arena_printf(a, "%s + %s", from, f->vector_lane);
  note_sides(f, h->terms->body, h->terms->nbody);
  f->wide = true;
  put_steps(f, h->terms->body, h->terms->nbody, h->depth + 2);
  f->wide = false;
  close_lines(f, &lanes);
  close_lines(f, &terms);
  f->loop_name[h->entries->id] = here;
  put_copies(f, h, lane, last ? arena_printf(a, "%s - %s", h->end, from) : all, true);
  if (last) {
    line_start(f);
    text_printf(t, "%s = %s;\n", from, h->end);
  }
  close_lines(f, &strip);
}

// What is left of the entries, one by one.
static void put_rest(Function *f, const Held *h) {
  const char *from = f->loop_variable[h->entries->id];
  OpenLines l, terms;
  open_lines(f, &l);
  const char *name = f->loop_name[h->entries->id] = names_take(&f->names, h->entries->name);
  line_start(f);
  text_printf(&f->body, "for (int64_t %s = %s; %s < ", name, from, name);
  put_until(f, h->entries, h->end, PREC_COMPARE + 1);
  text_printf(&f->body, "; %s++) {\n", name);
  f->indent++;
  put_copies(f, h, NULL, NULL, false);
  open_lines(f, &terms);
  open_terms(f, h);
  f->vector_lane = NULL;
  put_steps(f, h->terms->body, h->terms->nbody, h->depth + 2);
  close_lines(f, &terms);
  put_copies(f, h, NULL, NULL, true);
  close_lines(f, &l);
}

static void put_entries(Function *f, const Held *h) {
  int64_t extent;
  const Loop *entries = h->entries;
  const bool fixed = !h->end && !entries->nlow && has_fixed(f, entries->extent, &extent);
  const char *from = f->loop_variable[entries->id] = names_take(&f->names, arena_printf(f->s->arena, "%s_strip", entries->name));
  line_start(f);
  text_printf(&f->body, "int64_t %s = ", from);
  put_loop_start(f, entries);
  text_put(&f->body, ";\n");
  const int vector = lanes_of(f), block = HELD_VECTORS * vector;
  const Poly *before = f->flops, *all = NULL;
  const bool part[] = {!fixed || extent >= block, !fixed || extent % block >= vector, entries_go_on(f, h), !fixed || extent % vector > 0};
  for (int k = 0; k < 4; k++) {
    if (!part[k]) continue;
    f->flops = before;
    if (k < 3)
      put_vectors(f, h, k == 0 ? HELD_VECTORS : 1, k == 2);
    else
      put_rest(f, h);
    if (!all) all = f->flops;
  }
  f->flops = all;
}

// const int64_t j_start = …;
static const char *put_start(Function *f, const Loop *loop) {
  if (!loop->nlow) return "0";
  const char *start = names_take(&f->names, arena_printf(f->s->arena, "%s_start", loop->name));
  line_start(f);
  text_printf(&f->body, "const int64_t %s = ", start);
  put_loop_start(f, loop);
  text_put(&f->body, ";\n");
  return start;
}

// A block of the terms, in h from here on.
static void open_terms_block(Function *f, Held *h) {
  Text *t = &f->body;
  const char *block = names_take(&f->names, arena_printf(f->s->arena, "%s_block", h->terms->name));
  line_start(f);
  text_printf(t, "for (int64_t %s = %s; %s < ", block, h->terms_start, block);
  put_until(f, h->terms, h->terms_end, PREC_COMPARE + 1);
  text_printf(t, "; %s += %d) {\n", block, TERM_BLOCK);
  f->indent++;
  const char *end = names_take(&f->names, arena_printf(f->s->arena, "%s_end", h->terms->name));
  f->unit->helper[HELPER_MIN_INTEGER] = true;
  line_start(f);
  text_printf(t, "const int64_t %s = mdl_min_integer(%s + %d, ", end, block, TERM_BLOCK);
  put_until(f, h->terms, h->terms_end, PREC_COMPARE + 1);
  text_put(t, ");\n");
  h->terms_start = block;
  h->terms_end = end;
}

void put_held(Function *f, const Loop *entries, int depth, const char *end) {
  Dims *dims = f->s->task.graph->dims;
  const Loop *terms = entries->body->loop;
  const Poly *outside = f->trips;
  Held h = {.entries = entries, .terms = terms, .depth = depth, .end = end};
  f->guarded = shared_guard(f->s, entries, terms->body, terms->nbody);
  f->trips = poly_mul(dims, f->trips, poly_mul(dims, entries->extent, terms->extent));
  h.terms_start = put_start(f, terms);
  h.terms_end = put_loop_end(f, terms);
  int64_t extent;
  OpenLines block;
  const bool many = !has_fixed(f, terms->extent, &extent) || extent > TERM_BLOCK;
  if (many) {
    open_lines(f, &block);
    open_terms_block(f, &h);
  }
  put_entries(f, &h);
  if (many) close_lines(f, &block);
  f->guarded = NULL;
  f->trips = outside;
}
