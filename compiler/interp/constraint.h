// constraint.h - the constraints of parameters, at values: what breaks them, and Stan's transforms in double.
#ifndef MDLC_INTERP_CONSTRAINT_H
#define MDLC_INTERP_CONSTRAINT_H

#include "graph/graph.h"

// A parameter's constraint at dimensions.
typedef struct ConstraintAt {
  ConstraintKind kind;
  int64_t rows, length;      // so many entries, rows or matrices; the extent of a row's or matrix's axis
  int64_t count, free_count; // entries of the parameter, and in the free vector
  double low, high;
} ConstraintAt;

// The value of a bound; false where it does not exist.
bool constraint_bound(Dims *d, const Expr *bound, const int64_t *dims, double *value);
// False where an extent or a bound does not exist there.
bool constraint_at(const Model *m, const ParamDecl *p, const int64_t *dims, ConstraintAt *c);
void constraint_constrain(const ConstraintAt *c, const double *free, double *values);
// -1, or the first entry that breaks the constraint.
int64_t constraint_unconstrain(const ConstraintAt *c, const double *values, double *free);
// What is asked of the values: "it must be > 0", "a simplex has positive entries whose sum is 1".
const char *constraint_words(Arena *a, const Model *m, const ParamDecl *p);
// "q[0, 2]"
const char *constraint_entry(Arena *a, const ParamDecl *p, const int64_t *extent, int64_t position);

#endif
