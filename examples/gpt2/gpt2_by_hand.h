/* gpt2_by_hand.h - the loss of gpt2.mdl and its gradient derived by hand, to compare with. */
#ifndef GPT2_BY_HAND_H
#define GPT2_BY_HAND_H

#include <stdint.h>

/* e is E, p is P.  Writes the derivatives by each parameter; NaN where memory runs out. */
double gpt2_by_hand(int64_t n, const int32_t *token, const double *e, const double *p, const double *g1,
                    const double *b1, const double *g2, const double *b2, const double *g3, const double *b3,
                    const double *Wa, const double *ba, const double *Wo, const double *bo, const double *Wf,
                    const double *bf, const double *Wp, const double *bp, double *d_e, double *d_p, double *d_g1,
                    double *d_b1, double *d_g2, double *d_b2, double *d_g3, double *d_b3, double *d_Wa, double *d_ba,
                    double *d_Wo, double *d_bo, double *d_Wf, double *d_bf, double *d_Wp, double *d_bp);

#endif
