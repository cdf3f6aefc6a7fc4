/* saddle.c - GradBench's saddle: the model in each combination of modes. */
#include "driver.h"
#include "saddle_ff.h"
#include "saddle_fr.h"
#include "saddle_rf.h"
#include "saddle_rr.h"

static void prepare(struct run *run, const json_t *input) {
  run_allocate(run);
  run_put_members(run, input);
}

int main(int argc, char **argv) {
  static const struct function functions[] = {
      {"ff", &saddle_ff_model, prepare, compute_predictions, first_prediction},
      {"fr", &saddle_fr_model, prepare, compute_predictions, first_prediction},
      {"rf", &saddle_rf_model, prepare, compute_predictions, first_prediction},
      {"rr", &saddle_rr_model, prepare, compute_predictions, first_prediction},
      {0},
  };
  return gradbench(argc, argv, functions);
}
