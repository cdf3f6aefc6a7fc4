// explained.h - what an explanation's lines come to, computed from their formulas (explained.c), for who reads their text
// (printed.c).
#ifndef MDLC_RANDOM_EXPLAINED_H
#define MDLC_RANDOM_EXPLAINED_H

#include "case.h"
#include "explain/explain.h"

typedef struct Reader Reader;

// name[at, …], as the lines define it.
double explained_entry(Reader *r, const char *name, const int64_t *at, int n);
int64_t explained_extent(Reader *r, const Poly *p);
// Does a formula come to what it must?  Says so where it does not.
bool explained_near(Case *c, const char *what, size_t entry, double ours, double theirs, double scale);

// printed.c: the text of the lines, read back as a model.  `g` is what they explain.
void case_printed(Case *c, Reader *r, const Explanation *x, const Graph *g);

#endif
