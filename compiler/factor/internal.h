// internal.h - what the files of factor share.
//
//   factor.c      the walk over the graph; which form of a sum is the cheapest
//   product.c     a sum as a product of factors and conditions, also through the nodes that it reads
//   distribute.c  a sum of several products as several sums
//   total.c       a state that a loop only adds to, as a sum over its steps
//   logs.c        logarithms in a sum, apart
//   scale.c       what no index changes, out of a node that sums alone read
//   order.c       the cheapest order in which the indices of a product can be summed over
//   build.c       nodes for that order
//   common.c      what terms within an entry have in common, multiplied once (common.h)
//   reciprocal.c  what is divided by again and again, inverted once (reciprocal.h)
#ifndef MDLC_FACTOR_INTERNAL_H
#define MDLC_FACTOR_INTERNAL_H

#include "factor/factor.h"
#include "graph/loops.h"

enum {
  ITEMS_MAX = 48, // factors and conditions of a product
  SUMMED_MAX = 7  // indices summed over whose every order is looked at
};

// What is known of a node of the graph under construction.
typedef struct Known {
  int uses; // nodes that read it, a root included
  bool root;
  bool scaled;           // a factor and a node of the same indices (scale.c): sums are looked at with that one
  bool poled;            // may be infinite, or not a number, where inputs are finite
  const GraphLoop *loop; // that it, or what it was made for, runs in
  double cost;           // operations at the sizes that choices are made for
} Known;

typedef struct Factoring {
  Arena *arena;
  Arena *scratch; // for as long as one node is looked at
  const Graph *in;
  Graph *g;
  const LoopTree *loops; // of `in`; null: none
  const Node **map;      // by id in `in`
  const bool *scalable;  // by id in `in`: only sums without outputs read it, as a factor
  int64_t *values;       // by dimension: the sizes that choices are made for
  Known *known;          // by id in g
  size_t nknown, known_room;
} Factoring;

typedef struct Form Form;

// A factor, or a condition under which the product is 1 and not 0.
typedef struct Item {
  const Expr *e;
  uint64_t scope; // the indices it needs where it is computed, a bit each
  bool condition;
  bool inverse; // it divides
  bool poled;
  bool unsafe;  // reads what may lie outside of an array: not where no term is
  int nonempty; // a condition for such factors alone: that index nonempty - 1, which they do not need, has a range
} Item;

// coefficient * Π items, summed over some of its indices.
typedef struct Product {
  double coefficient;
  Item item[ITEMS_MAX];
  int nitem;
  Index index[INDEX_MAX]; // the sum's own first, those of nodes looked through behind
  double extent[INDEX_MAX];
  int nindex;
  uint64_t summed;
  bool apart; // every product in it is taken apart, else those alone whose factors need different indices
  bool full;  // there was more than fits: of no use
} Product;

// Indices in the order in which they are summed over, some at once.
typedef struct Order {
  double cost; // infinite: there is none
  int nstep;
  uint64_t step[SUMMED_MAX];
} Order;

// ---- factor.c ----
const Node *factor_add(Factoring *f, const Node *n, Known known);

double cost_of(Factoring *f, const Node *n); // of all its entries, as it stands
void look_at(Factoring *f, Form *form, double each); // finds its best order

// ---- product.c ----
// Of a node of the graph under construction, or to be: its expression under its guard; summed over are the indices in the set.
void product_of(Factoring *f, Product *p, const Node *n, uint64_t summed, bool apart);
// Item k of it without, and e in its place.
void product_replace(Factoring *f, Product *p, int k, const Expr *e);
// The same with the nodes that are read written out, where they are products or sums of products: those that are read here
// alone (their costs add up in *saved), with `shared` also others that are no sums.  False: there was none.
bool product_through(Factoring *f, Product *p, const GraphLoop *loop, bool shared, double *saved);
// Marks what may be read outside of its array, or be computed where no condition has been looked at.
void product_protect(Factoring *f, Product *p);
// May the terms of a scatter be summed over these indices before it looks at its target?  Not where that is inside only by
// what a condition, or a term's being there at all, says of them.
bool product_frees_target(Factoring *f, const Product *p, const Node *n, uint64_t summed);
double work_of(const Expr *e); // operations of one entry; what no index changes is computed once
enum { COUNTED_MAX = 256 };
typedef struct Counted {
  const Expr *e[COUNTED_MAX];
} Counted;
// Those of the parts that have not been counted yet.
double more_work_of(const Expr *e, Counted *counted);
bool may_be_poled(Factoring *f, const Expr *e);
bool may_only_overflow(Factoring *f, const Expr *e); // is it poled, if at all, where an exponential is too large?
bool may_look_through(const Factoring *f, const Node *m, const GraphLoop *loop);

// ---- order.c ----
// What it costs as it stands: every factor is looked at for every term.
double order_none(const Product *p, double each);
// The cheapest order, with what is then done for each entry: `each` operations.
Order order_best(const Product *p, double each);

// ---- distribute.c ----
enum { PRODUCTS_MAX = 8 };

// A form of a node, and its best order.
struct Form {
  Product p;
  Order order;
  double saved; // what nodes cost that it does not read any more
};

// Several that add up to it.
typedef struct Forms {
  Form *form[PRODUCTS_MAX];
  int count;
  double cost, saved;
} Forms;

// A sum's product taken apart at sums that are factors in it, where that lowers the cost.  One form: it does not.
Forms distribute(Factoring *f, const Product *p, const GraphLoop *loop);

// ---- total.c ----
// The graph with a sum over the steps for each state that a loop only adds to; the same graph: there is none.  Of a state of a loop
// within a loop, the inner one.
const Graph *sum_states(Arena *a, const Graph *in);

// ---- logs.c ----
// The sum's logarithms, of which there is one for their arguments' product, as an expression, and what is left to sum (its expr
// may be null); null: there are none.
const Expr *logs_apart(Factoring *f, const Node *n, const GraphLoop *loop, Node *rest);

// ---- scale.c ----
// By node: do only sums without outputs read it, each as a factor?
bool *find_scalable(Arena *a, const Graph *g);
// Such a node as a factor, which its indices do not change, and another node; null: it has no such factor.
const Node *scale_apart(Factoring *f, const Node *n, Known known);

// ---- build.c ----
// The product as an expression over indices 0 … of the result, the indices in `outs`, whatever is summed over in nodes of
// their own; *guard is what is left of the conditions.  `n` gives names.
const Expr *build_ordered(Factoring *f, const Product *p, const Order *o, const Node *n, const GraphLoop *loop,
                          const int *outs, int nout, const Expr **guard);
// A node whose only product it is: the last step is the node itself where nothing is left to multiply by.
const Node *build_node(Factoring *f, const Product *p, const Order *o, const Node *n, Known known);

#endif
