/* bundle_by_hand.h - bundle adjustment's loss and gradient derived by hand; the arguments are those that `mdlc check --template`
 * asks for. */
#ifndef BUNDLE_BY_HAND_H
#define BUNDLE_BY_HAND_H

#include <stdint.h>

double bundle_by_hand(int64_t cameras, int64_t points, int64_t n, const int32_t *camera, const int32_t *point,
                      const double *seen, const double *first_pose, const double *first_lens, const double *first_place,
                      const double *pose, const double *lens, const double *place, double *d_pose, double *d_lens,
                      double *d_place);

#endif
