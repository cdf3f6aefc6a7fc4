/* mdl/math/call.h - elementary functions as functions to be called, for where they do not stand in lanes: compiled for any
 * processor, and for one with fma, which is taken where there is one.  The bits are those in lanes. */
#ifndef MDL_MATH_CALL_H
#define MDL_MATH_CALL_H

#include "mdl/math/fma.h"

/* TYPE name(FIRST x) and TYPE name(FIRST x, TYPE y), of name_at */
#if defined(MDL_DISPATCH)
#define MDL_CALL_1(TYPE, name, FIRST)                                                                                  \
  MDL_AVX2 MDL_APART TYPE name##_fma(FIRST x) { return name##_at(MDL_CALLED_FMA, x); }                                 \
  MDL_APART TYPE name##_plain(FIRST x) { return name##_at(MDL_CALLED, x); }                                            \
  MDL_INLINE TYPE name(FIRST x) { return mdl_vectors() ? name##_fma(x) : name##_plain(x); }
#define MDL_CALL_2(TYPE, name, FIRST)                                                                                  \
  MDL_AVX2 MDL_APART TYPE name##_fma(FIRST x, TYPE y) { return name##_at(MDL_CALLED_FMA, x, y); }                      \
  MDL_APART TYPE name##_plain(FIRST x, TYPE y) { return name##_at(MDL_CALLED, x, y); }                                 \
  MDL_INLINE TYPE name(FIRST x, TYPE y) { return mdl_vectors() ? name##_fma(x, y) : name##_plain(x, y); }
#else
#define MDL_CALL_1(TYPE, name, FIRST)                                                                                  \
  MDL_APART TYPE name(FIRST x) { return name##_at(MDL_CALLED, x); }
#define MDL_CALL_2(TYPE, name, FIRST)                                                                                  \
  MDL_APART TYPE name(FIRST x, TYPE y) { return name##_at(MDL_CALLED, x, y); }
#endif

#endif
