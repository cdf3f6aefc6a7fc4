// limit.c - --tape-limit: loops in blocks of so many steps that the tape fits.
#include <inttypes.h>

#include "derive/derive.h"
#include "graph/text.h"
#include "tool/driver.h"

enum { WORD = 8 }; // bytes of an integer on the tape, and the most that a real has

// Bytes at the sizes given; false after the message that a size is missing or too large.
static bool bytes_of(const Program *p, const Poly *elements, int64_t *bytes) {
  Arena *scratch = arena_new();
  const Dims *dims = p->model->dims;
  int64_t *value = arena_array(scratch, int64_t, (size_t)dims_count(dims) + 1);
  bool known = true;
  for (int k = 0; k < dims_count(dims) && known; k++) {
    const Dim *d = dims_get(dims, k);
    if ((d->kind != DIM_CALL && d->kind != DIM_BATCH) || program_call_dim(p, d->name, &value[k])) continue;
    tool_fail(STATUS_USAGE, "--tape-limit is met at given sizes: %s is not, so write -D %s=...", d->name, d->name);
    known = false;
  }
  if (known && (!poly_value(dims, elements, value, bytes) || *bytes > INT64_MAX / WORD)) {
    tool_fail(STATUS_USAGE, "--tape-limit: at these sizes the tape is beyond 64 bits");
    known = false;
  }
  arena_free(scratch);
  if (known) *bytes *= p->emit.use_float ? WORD / 2 : WORD;
  return known;
}

static Model *in_blocks(Arena *a, const Model *m, int64_t size) {
  Model *blocked = arena_new_of(a, Model);
  RangeCheck *check = arena_array(a, RangeCheck, (size_t)m->ncheck + 1);
  ParamDecl *param = arena_array(a, ParamDecl, (size_t)m->nparam + 1);
  *blocked = *m;
  blocked->graph = derive_blocked(a, m, size, check, param);
  blocked->check = check;
  blocked->param = param;
  return blocked;
}

static int fits(Arena *a, Program *p, int64_t limit, int64_t *bytes, int64_t *work) {
  Cost cost = emit_cost(a, p->model, &p->emit);
  if (!bytes_of(p, cost.tape, bytes) || !bytes_of(p, cost.backward_work, work)) return STATUS_USAGE;
  return *bytes <= limit ? STATUS_OK : STATUS_REJECTED;
}

// Of the sizes that fit the one whose backward needs the least memory: blocks of one step are no blocks.
int limit_tape(const ModelOptions *o, Program *p) {
  enum { LONGEST = 1 << 20 };
  Arena *a = o->arena;
  const Model *plain = p->model;
  Model *best = NULL;
  int64_t bytes, work, least_work = INT64_MAX, least = INT64_MAX;
  if (!o->tape_limit || !graph_root(plain->graph, ROOT_LOSS, 0)) return STATUS_OK;
  int status = fits(a, p, o->tape_limit, &bytes, &work);
  if (status != STATUS_REJECTED) return status;
  p->emit.thrifty = true;
  status = fits(a, p, o->tape_limit, &bytes, &work);
  if (status != STATUS_REJECTED) return status;
  least = bytes;
  for (int64_t size = 2; size <= LONGEST; size *= 2) {
    p->model = in_blocks(a, plain, size);
    Text why;
    text_init(&why);
    status = graph_verify(p->model, p->model->graph, &why)
                 ? fits(a, p, o->tape_limit, &bytes, &work)
                 : tool_fail(STATUS_INTERNAL, "internal error: in blocks: %s", why.s);
    text_free(&why);
    if (status != STATUS_OK && status != STATUS_REJECTED) return status;
    if (bytes < least) least = bytes;
    if (status == STATUS_OK && work < least_work) {
      least_work = work;
      best = p->model;
    }
    if (best && work > 4 * least_work) break; // it only grows from here
  }
  if (!best)
    return tool_reject("%s: the tape needs %" PRId64 " bytes at these sizes, however its loops are cut into blocks",
                       p->emit.source, least);
  p->model = best;
  return STATUS_OK;
}
