/* train.c - the generated C and the runtime in a program of one's own: trains without the tool, reads no file, allocates
 * nothing. */
#include <mdl/optim.h>
#include <stdio.h>

#include "readings.h"
#include "thermometer_scaled.h"

int main(void) {
  const thermometer_scaled_dims dims = {READINGS};
  const thermometer_scaled_data data = {.t_u = readings_t_u, .t_c = readings_t_c};
  double params[thermometer_scaled_nparams], grad[thermometer_scaled_nparams], loss = 0;

  /* The model needs no work memory for value_and_grad, and plain SGD no state: the sizes would tell otherwise. */
  struct mdl_sizes sizes;
  struct mdl_optim optim;
  struct mdl_optim_options options = mdl_optim_defaults(MDL_SGD);
  size_t state_size;
  options.lr = 1e-2;
  int status = thermometer_scaled_check(&dims, &data, NULL);
  if (status == MDL_OK) status = thermometer_scaled_sizes(&dims, &sizes);
  if (status == MDL_OK) status = mdl_optim_state_size(&options, MDL_DOUBLE, thermometer_scaled_nparams, &state_size);
  if (status == MDL_OK) status = mdl_optim_init(&optim, &options, MDL_DOUBLE, thermometer_scaled_nparams, NULL);
  if (status != MDL_OK) {
    fprintf(stderr, "%s\n", mdl_status_message(status));
    return 1;
  }
  if (sizes.params != sizeof params || sizes.value_and_grad_work != 0 || state_size != 0) {
    fputs("the model asks for memory that this program does not have\n", stderr);
    return 1;
  }

  thermometer_scaled_init(&dims, 0, params);
  for (int epoch = 1; epoch <= 5000; epoch++) {
    loss = thermometer_scaled_value_and_grad(&dims, &data, params, NULL, grad);
    if (epoch <= 3 || epoch % 500 == 0) printf("epoch %d  loss %f\n", epoch, loss);
    mdl_optim_step(&optim, params, grad);
  }
  printf("w = %.17g\nb = %.17g\n", params[thermometer_scaled_at_w], params[thermometer_scaled_at_b]);
  return 0;
}
