/* particle.c - GradBench's particle: the model in each combination of modes. */
#include "driver.h"
#include "particle_ff.h"
#include "particle_fr.h"
#include "particle_rf.h"
#include "particle_rr.h"

static void prepare(struct run *run, const json_t *input) {
  run_allocate(run);
  run_put_members(run, input);
}

int main(int argc, char **argv) {
  static const struct function functions[] = {
      {"ff", &particle_ff_model, prepare, compute_predictions, first_prediction},
      {"fr", &particle_fr_model, prepare, compute_predictions, first_prediction},
      {"rf", &particle_rf_model, prepare, compute_predictions, first_prediction},
      {"rr", &particle_rr_model, prepare, compute_predictions, first_prediction},
      {0},
  };
  return gradbench(argc, argv, functions);
}
