// passes.h - single passes over a loaded program, each verified: for the commands that show what passes do.
#ifndef MDLC_PASSES_H
#define MDLC_PASSES_H

#include "tool/driver.h"

#define ROLE(role) (1u << (role))
#define ROLES_ALL                                                                                                      \
  (ROLE(ROOT_LOSS) | ROLE(ROOT_PREDICT) | ROLE(ROOT_METRIC) | ROLE(ROOT_START) | ROLE(ROOT_GRADIENT) |                 \
   ROLE(ROOT_AUTHOR) | ROLE(ROOT_NAMED))

// STATUS_REJECTED, said, where the model has no loss: `what` is "a gradient".
int pass_need_loss(const Program *program, const char *what);
int pass_derive(Arena *a, const Program *program, bool unit_seed, const Graph **derived);
int pass_simplify(Arena *a, const Program *program, const Graph *g, unsigned roles, const Graph **simplified);
// Nothing where the options leave it out.
int pass_factor(Arena *a, const Program *program, const Graph *g, unsigned roles, const Graph **factored);
// The first two, with 1 as the seed: the loss and its gradient.
int pass_gradient(Arena *a, const Program *program, const Graph **gradient);
// These as people read them (derive_plain_gradient).
int pass_plain_gradient(Arena *a, const Program *program, const Graph **gradient);

#endif
