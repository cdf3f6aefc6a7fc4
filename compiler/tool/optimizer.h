// optimizer.h - --optimizer and every option of every optimizer, from the runtime's table.
#ifndef MDLC_OPTIMIZER_H
#define MDLC_OPTIMIZER_H

#include "mdl/optim.h"
#include "tool/tool.h"

typedef struct OptimizerOption { // one name, whichever optimizers have it
  const char *name;
  int type;         // enum mdl_option_type
  const char *text; // as given; null: not
} OptimizerOption;

typedef struct OptimizerArguments {
  OptimizerOption *options;
  size_t count, room;
  struct mdl_optim_options optim; // complete after parsing
} OptimizerArguments;

// The rate of SGD, which torch.optim has no default for.
#define OPTIMIZER_SGD_LR 0.01

// An argp child whose input is `arguments`, filled by this call.
const struct argp *optimizer_argp(Arena *a, OptimizerArguments *arguments);

#endif
