// poly.h - dimensions, and polynomials in them: the extents of arrays.
//
// A polynomial has rational coefficients (d*(d-1)/2) over dimension symbols.  Polynomials are interned in their Dims:
// two are equal exactly when the pointers are.  Floor division and remainder of polynomials are dimension symbols of
// their own (DIM_FLOORDIV, DIM_MOD), interned by their operands.
#ifndef MDLC_POLY_H
#define MDLC_POLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

typedef struct Poly Poly;
typedef struct Dims Dims;

// What is too large to be said exactly (coefficients beyond 64 bits, a thousand symbols) is one polynomial of its own: it
// is never equal to another, has no value, and whatever is computed from it is too large as well.
typedef enum {
  DIM_FIXED,    // dim h = 128: a number when the model is compiled; still a symbol for shape equality
  DIM_CALL,     // dim T: known when a generated function is called
  DIM_BATCH,    // batch n: the same, and its entries are samples
  DIM_FLOORDIV, // derived: floor(a / b)
  DIM_MOD       // derived: a - b * floor(a / b)
} DimKind;

typedef struct Dim {
  const char *name; // null for derived ones
  DimKind kind;
  int64_t value;         // DIM_FIXED
  const Poly *a, *b;     // derived
} Dim;

Dims *dims_new(Arena *a);
int dims_count(const Dims *d);
const Dim *dims_get(const Dims *d, int dim);
int dims_find(const Dims *d, const char *name); // -1: none
int dims_add(Dims *d, const char *name, DimKind kind, int64_t value);

const Poly *poly_int(Dims *d, int64_t value);
const Poly *poly_dim(Dims *d, int dim);
const Poly *poly_add(Dims *d, const Poly *p, const Poly *q);
const Poly *poly_sub(Dims *d, const Poly *p, const Poly *q);
const Poly *poly_mul(Dims *d, const Poly *p, const Poly *q);
const Poly *poly_div(Dims *d, const Poly *p, const Poly *q); // null where q is 0 or no factor of p
const Poly *poly_floordiv(Dims *d, const Poly *p, const Poly *q); // q not the constant 0
const Poly *poly_mod(Dims *d, const Poly *p, const Poly *q);

bool poly_is_too_large(const Poly *p);
bool poly_is_int(const Poly *p, int64_t *value);      // a constant that is an integer
bool poly_is_fixed(const Dims *d, const Poly *p);     // depends on DIM_FIXED symbols alone
bool poly_fixed(const Dims *d, const Poly *p, int64_t *value); // its value, where poly_is_fixed and poly_value gives one
bool poly_fixed(const Dims *d, const Poly *p, int64_t *value); // its value, where poly_is_fixed and poly_value gives one
bool poly_uses(const Dims *d, const Poly *p, int dim); // also through derived symbols

// Its value where dimension k is values[k] (values of derived symbols are not read).  False where it does not fit in 64 bits,
// a division is not exact, or a divisor is 0.  `values` may be null where poly_is_fixed; DIM_FIXED symbols take their own value always.
bool poly_value(const Dims *d, const Poly *p, const int64_t *values, int64_t *value);

// The same rounded to double, also where 64 bits do not hold it.
bool poly_real(const Dims *d, const Poly *p, const int64_t *values, double *value);
// Where open dimensions are a hundred: to compare sizes and costs by.  0 if it has no value there.
double poly_nominal(const Dims *d, const Poly *p);

// p >= 0 wherever all dimensions are >= 0 (true only when that is plain: every coefficient non-negative, or constants known).
bool poly_is_nonnegative(const Dims *d, const Poly *p);

// In the model's names: "d*(d - 1)/2", "2*m", "n".  Tells how tightly the text binds.
typedef enum {
  POLY_SUM,      // n - 1
  POLY_PRODUCT,  // 2*m, n // 2
  POLY_NEGATION, // -n
  POLY_ATOM      // n, 2
} PolyForm;
PolyForm poly_print(Text *t, const Dims *d, const Poly *p);

// Terms, highest degree first, for printers and emitters: coefficient numerator/denominator and the symbols (with repetition) of term k.
typedef struct PolyTerm {
  int64_t num, den;
  int nsym;
  const int *sym;
} PolyTerm;
int poly_terms(const Poly *p, const PolyTerm **terms);

#endif
