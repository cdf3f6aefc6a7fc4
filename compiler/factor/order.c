// order.c - the cheapest order in which the indices of a product can be summed over.
//
// Summing over some indices takes the factors that need them, and leaves one factor that needs the others of these: what
// is left after a set of indices does not depend on the order within it but for what it cost.  So the best order for each
// set is found from the best for smaller ones.  Indices are summed over at once where no factor could be moved between.
#include <math.h>

#include "factor/internal.h"

// What a set of indices, connected by factors, was summed to.
typedef struct Part {
  uint64_t summed, scope; // scope: the indices that are left
  bool masked;            // 0 where no condition held
  bool poled;
} Part;

typedef struct State {
  Part part[SUMMED_MAX];
  int npart;
} State;

static uint64_t lowest(uint64_t set) {
  return set & -set;
}

static State state_of(const Product *p, uint64_t summed) {
  State s = {.npart = 0};
  for (uint64_t left = summed; left;) {
    Part part = {.summed = lowest(left)};
    for (uint64_t before = 0; before != part.summed;) {
      before = part.summed;
      for (int k = 0; k < p->nitem; k++)
        if (p->item[k].scope & part.summed) part.summed |= p->item[k].scope & summed;
    }
    for (int k = 0; k < p->nitem; k++) {
      const Item *item = &p->item[k];
      if (!(item->scope & part.summed)) continue;
      part.scope |= item->scope & ~summed;
      part.masked = part.masked || item->condition;
      part.poled = part.poled || item->poled;
    }
    left &= ~part.summed;
    s.part[s.npart++] = part;
  }
  return s;
}

// Is `taken` one thing: does what is summed over hang together by factors and parts?
static bool hangs_together(const Product *p, const State *s, uint64_t summed, uint64_t taken) {
  uint64_t reach = lowest(taken);
  for (uint64_t before = 0; before != reach;) {
    before = reach;
    for (int k = 0; k < p->nitem; k++)
      if (!(p->item[k].scope & summed) && p->item[k].scope & reach) reach |= p->item[k].scope & taken;
    for (int k = 0; k < s->npart; k++)
      if (s->part[k].scope & reach) reach |= s->part[k].scope & taken;
  }
  return reach == taken;
}

// Where a condition was summed over, 0 stands for what was not looked at: it must not meet a pole.
typedef struct Meeting {
  int masked, poled, both;
} Meeting;

static void meet(Meeting *m, bool masked, bool poled) {
  m->masked += masked;
  m->poled += poled;
  m->both += masked && poled;
}

static bool is_sound(const Meeting *m) {
  return m->masked == 0 || m->poled == 0 || (m->masked == 1 && m->poled == 1 && m->both == 1);
}

static double entries_of(const Product *p, uint64_t scope) {
  double entries = 1;
  for (int k = 0; k < p->nindex; k++)
    if (scope >> k & 1) entries *= p->extent[k];
  return entries;
}

// The operations of a step; infinite where it must not be.
static double step_cost(const Product *p, const double *work, const State *s, uint64_t summed, uint64_t taken) {
  uint64_t scope = taken;
  double each = 0;
  int factors = 0;
  Meeting meeting = {0};
  if (!hangs_together(p, s, summed, taken)) return INFINITY;
  for (int k = 0; k < p->nitem; k++) {
    const Item *item = &p->item[k];
    if (item->scope & summed || !(item->scope & taken)) continue;
    scope |= item->scope;
    each += work[k];
    factors += !item->condition;
    meet(&meeting, false, item->poled);
  }
  for (int k = 0; k < s->npart; k++) {
    if (!(s->part[k].scope & taken)) continue;
    scope |= s->part[k].scope;
    factors++;
    meet(&meeting, s->part[k].masked, s->part[k].poled);
  }
  if (!is_sound(&meeting)) return INFINITY;
  return entries_of(p, scope) * (each + (factors > 1 ? factors - 1 : 0) + 1);
}

// What is left to do for each entry of the result.
static double last_cost(const Product *p, const double *work, double each) {
  const State s = state_of(p, p->summed);
  uint64_t own = 0;
  double left = 0;
  int factors = s.npart;
  Meeting meeting = {0};
  for (int k = 0; k < p->nitem; k++) {
    const Item *item = &p->item[k];
    if (item->scope & p->summed) continue;
    own |= item->scope;
    left += work[k];
    factors += !item->condition;
    meet(&meeting, false, item->poled);
  }
  for (int k = 0; k < s.npart; k++) {
    own |= s.part[k].scope;
    meet(&meeting, s.part[k].masked, s.part[k].poled);
  }
  if (!is_sound(&meeting)) return INFINITY;
  if (factors > 1) left += factors - 1;
  if (p->coefficient != 1) left += 1;
  return entries_of(p, own) * (left + each);
}

// What several items share is the first one's.
static void work_of_items(const Product *p, double *work) {
  Counted counted = {{NULL}};
  for (int k = 0; k < p->nitem; k++) {
    work[k] = p->item[k].condition ? 0 : more_work_of(p->item[k].e, &counted);
    if (p->item[k].inverse) work[k] += 3; // a division in place of a multiplication
  }
}

double order_none(const Product *p, double each) {
  double work[ITEMS_MAX], sum = each + (p->coefficient != 1) + (p->summed != 0);
  uint64_t scope = p->summed;
  int factors = 0;
  work_of_items(p, work);
  for (int k = 0; k < p->nitem; k++) {
    sum += work[k];
    scope |= p->item[k].scope;
    factors += !p->item[k].condition;
  }
  return entries_of(p, scope) * (sum + (factors > 1 ? factors - 1 : 0));
}

Order order_best(const Product *p, double each) {
  uint64_t index[SUMMED_MAX];
  double work[ITEMS_MAX], cost[1 << SUMMED_MAX];
  unsigned taken[1 << SUMMED_MAX];
  int count = 0;
  Order order = {.cost = INFINITY};
  for (uint64_t left = p->summed; left; left &= left - 1) {
    if (count == SUMMED_MAX) return order;
    index[count++] = lowest(left);
  }
  work_of_items(p, work);
  const unsigned all = (1u << count) - 1;
  cost[0] = 0;
  for (unsigned set = 1; set <= all; set++) cost[set] = INFINITY;
  for (unsigned set = 0; set < all; set++) {
    uint64_t summed = 0;
    for (int k = 0; k < count; k++)
      if (set >> k & 1) summed |= index[k];
    if (cost[set] == INFINITY) continue;
    const State state = state_of(p, summed);
    for (unsigned more = all & ~set; more; more = (more - 1) & (all & ~set)) {
      uint64_t step = 0;
      for (int k = 0; k < count; k++)
        if (more >> k & 1) step |= index[k];
      const double total = cost[set] + step_cost(p, work, &state, summed, step);
      if (total >= cost[set | more]) continue;
      cost[set | more] = total;
      taken[set | more] = more;
    }
  }
  order.cost = cost[all] + last_cost(p, work, each);
  if (!isfinite(order.cost)) return (Order){.cost = INFINITY};
  for (unsigned set = all; set; set &= ~taken[set]) order.nstep++;
  int at = order.nstep;
  for (unsigned set = all; set; set &= ~taken[set]) {
    at--;
    for (int k = 0; k < count; k++)
      if (taken[set] >> k & 1) order.step[at] |= index[k];
  }
  return order;
}
