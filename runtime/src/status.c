/* status.c - statuses in words. */
#include "mdl/status.h"

static const struct {
  int status;
  const char *message;
} messages[] = {
    {MDL_OK, "ok"},
    {MDL_ERROR_EXTENT, "a dimension or an extent is negative, or a division in it is not exact"},
    {MDL_ERROR_OVERFLOW, "a size is too large"},
    {MDL_ERROR_RANGE, "an integer datum or a computed subscript is out of its range"},
    {MDL_ERROR_POINTER, "a data array is missing"},
    {MDL_ERROR_CONSTRAINT, "a parameter breaks its constraint"},
    {MDL_ERROR_OPTION_MISSING, "an optimizer option that has no default is not set"},
    {MDL_ERROR_OPTION_RANGE, "an optimizer option is out of its range"},
    {MDL_ERROR_OPTION_NESTEROV, "nesterov requires a momentum and no dampening"},
    {MDL_ERROR_KIND, "there is no such optimizer"},
    {MDL_ERROR_REAL, "the type of reals is neither double nor float"},
    {MDL_ERROR_MEMORY, "memory is null or not aligned"},
    {MDL_ERROR_MODEL, "the model was compiled for another version of the runtime, or has no loss"},
    {MDL_ERROR_BATCH, "the model cannot be cut along a batch dimension"},
    {MDL_ERROR_SPLIT, "the split into training and validation samples is not valid"},
    {MDL_ERROR_TRAIN_OPTION, "the number of epochs or the batch size is negative"},
    {MDL_ERROR_RANK, "an array has too many axes, or the model too many dimensions, for training"},
    {MDL_DIVERGED, "training met a value that is not finite"},
};

const char *mdl_status_message(int status) {
  for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
    if (messages[i].status == status) return messages[i].message;
  return "unknown status";
}
