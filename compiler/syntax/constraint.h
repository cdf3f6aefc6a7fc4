// constraint.h - the kinds of constraints that a parameter may have.
#ifndef MDLC_CONSTRAINT_KIND_H
#define MDLC_CONSTRAINT_KIND_H

typedef enum ConstraintKind {
  CONSTRAINT_NONE,
  CONSTRAINT_ABOVE,    // param sigma > 0          low
  CONSTRAINT_BELOW,    // param x < 1              high
  CONSTRAINT_BETWEEN,  // param p in (0, 1)        low, high
  CONSTRAINT_SIMPLEX,  // param q[k] in simplex
  CONSTRAINT_ORDERED,  // param c[k] in ordered
  CONSTRAINT_CHOLESKY, // param L[d, d] in cholesky
} ConstraintKind;

#endif
