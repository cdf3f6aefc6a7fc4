// form.h - formulas for people: the graph's expressions in a normal form that reads well.
//
// A formula may be rounded differently from the computation (x*x becomes x^2, factors leave sums), but it is equal to it as
// mathematics.  Formulas are immutable and interned in their pool: equal ones are the same pointer.  Terms and factors stand
// in the order in which the model first names what is in them.
#ifndef MDLC_EXPLAIN_FORM_H
#define MDLC_EXPLAIN_FORM_H

#include "base/arena.h"
#include "base/text.h"
#include "graph/graph.h"

typedef struct Form Form;
typedef struct Forms Forms;

typedef enum {
  FORM_NUMBER,  // number
  FORM_INDEX,   // an index, bound by a reduction or by the left side
  FORM_SYMBOL,  // name[part, …]: a dimension, data, a parameter, a definition
  FORM_SUM,     // part + part …
  FORM_PRODUCT, // number * part^exponent * …
  FORM_CALL,    // op(part, …): any primitive that is not one of the above
  FORM_REDUCE   // sum[bound, … if guard](part)
} FormKind;

typedef enum { SYMBOL_DIM, SYMBOL_PARAM, SYMBOL_DATA, SYMBOL_VALUE, SYMBOL_ADJOINT, SYMBOL_LITERAL } SymbolRole;

typedef struct FormIndex {
  int id;
  const char *name; // as the model wrote it; printers make names unique
  const Poly *extent;
  uint32_t level; // of the reductions that it is bound by, once they are interned; 0: of none
} FormIndex;

struct Form {
  FormKind kind;
  uint32_t id;
  uint32_t order;  // of the first symbol in it, among all
  uint32_t weight; // leaves of the tree (saturating): how long it is to read
  uint32_t height;
  uint32_t level;   // of the reductions in it: one is of a higher level than those in its body; 0: it has none
  uint64_t indices; // a bit for each index that it uses, by id modulo 64
  double number;    // FORM_NUMBER; the coefficient of FORM_PRODUCT
  const FormIndex *index;
  const char *name; // FORM_SYMBOL
  SymbolRole role;
  const Poly *const *extent; // FORM_SYMBOL: of its axes, or null
  Prim op;
  Reduce reduce;
  int nbound;
  const FormIndex *const *bound; // the same for all reductions that are equal up to the names of their indices
  const char *const *names;      // which these have where it was first met
  const Form *guard;             // FORM_REDUCE: or null
  int npart;
  const Form *const *part;
  const int *exponent; // FORM_PRODUCT: none is 0
};

Forms *forms_new(Arena *a, Dims *dims);
Arena *forms_arena(const Forms *f);
Dims *forms_dims(const Forms *f);

// A walk over a formula's distinct parts, which as a tree may be many more: form_first_visit is true once for each part.
// One walk at a time.
void form_walk(Forms *f);
bool form_first_visit(Forms *f, const Form *form);

FormIndex *form_index_new(Forms *f, const char *name, const Poly *extent);
// Is one of them in it?  (A walk.)
bool form_uses(Forms *f, const Form *form, const FormIndex *const *index, int n);

const Form *form_number(Forms *f, double x);
const Form *form_index(Forms *f, const FormIndex *index);
const Form *form_symbol(Forms *f, SymbolRole role, const char *name, const Form *const *sub, int nsub,
                        const Poly *const *extent);
const Form *form_poly(Forms *f, const Poly *p);
const Form *form_sum(Forms *f, const Form *const *term, int n);
const Form *form_product(Forms *f, const Form *const *factor, int n);
const Form *form_power(Forms *f, const Form *base, int exponent);
const Form *form_call(Forms *f, Prim op, const Form *const *arg);
// `names` of the bound indices may be null: their own.
const Form *form_reduce(Forms *f, Reduce reduce, const FormIndex *const *bound, const char *const *names, int nbound,
                        const Form *guard, const Form *body);
// `form` with index[k] replaced by value[k].
const Form *form_substitute(Forms *f, const Form *form, const FormIndex *const *index, const Form *const *value, int n);
// `form` with `to` wherever it has `from`, over these indices or over others with the same ranges.
const Form *form_replace(Forms *f, const Form *form, const Form *from, const Form *to, const FormIndex *const *index,
                         int nindex);

// From now on name[index …] is written wherever its value, a call of one primitive, would be: tanh(z[i]) is h[i].
void form_fold(Forms *f, const Form *value, const Form *symbol, const FormIndex *const *index, int nindex);

// An expression of the graph, its index k being index[k]; reads are the caller's to say.
typedef const Form *FormReader(void *context, const Node *node, const Form *const *sub);
const Form *form_expr(Forms *f, const Graph *g, const Expr *e, const Form *const *index, FormReader *read,
                      void *context);

// ---- ranges.c ----

// Does something in `form` say what `index` ranges over, as x[i] does for i?
bool form_implies_range(Forms *f, const Form *form, const FormIndex *index);
// Is an axis of the index's extent subscripted with it, whatever holds?  Then nothing out of its range can stand for it.
bool form_keeps_range(Forms *f, const Form *form, const FormIndex *index);
// Is it an integer made of indices and dimensions?
bool form_is_whole(Forms *f, const Form *value);
// Of an integer, true only where it is plain.
bool form_is_nonnegative(Forms *f, const Form *value);
bool form_is_below(Forms *f, const Form *value, const Poly *extent);
// Of integers: does the condition `given` (or null: what indices range over) plainly say that `side[0] op side[1]`?
bool form_implies(Forms *f, const Form *given, Prim op, const Form *const *side);
// Are all subscripts in `form` plainly in range, without a condition around it?
bool form_reads_in_range(Forms *f, const Form *form);

// ---- for printers ----

// Pieces of a product as a person writes it: coefficient and dimensions apart from the rest, what is divided by apart.
typedef struct Factor {
  const Form *base;
  int exponent; // positive
  bool flipped; // a sum that took the product's minus: its terms with the other sign
} Factor;
typedef struct ProductParts {
  double number; // negative only where no sum could take the minus
  int nscale, nscale_under, nabove, nunder;
  Factor *scale, *scale_under, *above, *under;
} ProductParts;
ProductParts form_product_parts(Forms *f, const Form *product);
// Terms of a sum in the order in which a person writes them: one with a plus first, constants behind.
typedef struct Term {
  const Form *form;
  bool minus; // to be written with a minus in front, and without its own
} Term;
Term *form_sum_terms(Forms *f, const Form *sum, bool flipped);
// Is it written with a minus in front?
bool form_is_negative(Forms *f, const Form *form);
// 0.3 for 0.1 + 0.2: a much shorter decimal within the rounding of what is computed; x where there is none.
double number_readable(double x);
// A coefficient as a fraction of small integers where its decimals are long (1/3); false: better as it is.
bool number_fraction(double x, int *above, int *under);

// ---- for the constructors alone ----

// The place'th index that reductions of the level bind over that extent, so called where it is met first.
const FormIndex *form_bound_index(Forms *f, uint32_t level, int place, const char *name, const Poly *extent);
// The form equal to `key`, whose derived fields (id, weight, height, indices) are filled in; its arrays are copied.
const Form *form_intern(Forms *f, const Form *key);
// `value`, the call of a primitive, or the symbol that stands for it.
const Form *form_folded(Forms *f, const Form *value);

#endif
