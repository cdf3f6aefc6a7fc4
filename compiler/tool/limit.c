// limit.c - --tape-limit, at the sizes that -D gives.
#include "emit/limit.h"

#include <inttypes.h>

#include "tool/driver.h"

// By dimension; null after the message that one is missing.
static const int64_t *sizes_given(Arena *a, const Program *p) {
  const Dims *dims = p->model->dims;
  int64_t *sizes = arena_array(a, int64_t, (size_t)dims_count(dims) + 1);
  for (int k = 0; k < dims_count(dims); k++) {
    const Dim *d = dims_get(dims, k);
    if ((d->kind != DIM_CALL && d->kind != DIM_BATCH) || program_call_dim(p, d->name, &sizes[k])) continue;
    tool_fail(STATUS_USAGE, "--tape-limit is met at given sizes: %s is not, so write -D %s=...", d->name, d->name);
    return NULL;
  }
  return sizes;
}

int program_limit(const ModelOptions *o, Program *p) {
  if (!o->tape_limit || !graph_root(p->model->graph, ROOT_LOSS, 0)) return STATUS_OK;
  const int64_t *sizes = sizes_given(o->arena, p);
  if (!sizes) return STATUS_USAGE;
  const TapeFit fit = limit_tape(o->arena, p->model, &p->emit, sizes, o->tape_limit);
  switch (fit.status) {
  case TAPE_FITS: break;
  case TAPE_TOO_LARGE:
    return tool_reject("%s: the tape needs %" PRId64 " bytes at these sizes, however its loops are cut into blocks",
                       p->emit.source, fit.least);
  case TAPE_BEYOND: return tool_fail(STATUS_USAGE, "--tape-limit: at these sizes the tape is beyond 64 bits");
  case TAPE_BROKEN: return tool_fail(STATUS_INTERNAL, "internal error: in blocks: %s", fit.why);
  }
  if (fit.model) p->model = fit.model;
  p->emit.thrifty = fit.thrifty;
  return STATUS_OK;
}
