/* mdl/math/level.h - what is too long to stand in each place that needs it, as a function for each kind of processor that bodies
 * are compiled for: compilers spend their time once, and a call costs nothing beside what it does. */
#ifndef MDL_MATH_LEVEL_H
#define MDL_MATH_LEVEL_H

#include "mdl/math/fma.h"

/* void name(mdl_level, parameters), of name_at, mdl_level being a constant of the caller; behind the parameters, in brackets, stand
 * their names. */
#define MDL_LIST(...) __VA_ARGS__
#if defined(MDL_DISPATCH)
#define MDL_LEVELS(name, PARAMETERS, ...)                                                                              \
  MDL_AVX512 MDL_APART void name##_avx512 PARAMETERS { name##_at(2, __VA_ARGS__); }                                    \
  MDL_AVX2 MDL_APART void name##_avx2 PARAMETERS { name##_at(1, __VA_ARGS__); }                                        \
  MDL_PLAIN MDL_APART void name##_plain PARAMETERS { name##_at(0, __VA_ARGS__); }                                      \
  MDL_INLINE void name(const int mdl_level, MDL_LIST PARAMETERS) {                                                     \
    if (mdl_level == 2)                                                                                                \
      name##_avx512(__VA_ARGS__);                                                                                      \
    else if (mdl_level == 1)                                                                                           \
      name##_avx2(__VA_ARGS__);                                                                                        \
    else                                                                                                               \
      name##_plain(__VA_ARGS__);                                                                                       \
  }
#elif defined(MDL_LEVEL)
#define MDL_LEVELS(name, PARAMETERS, ...)                                                                              \
  MDL_APART void name##_here PARAMETERS { name##_at(MDL_LEVEL, __VA_ARGS__); }                                         \
  MDL_INLINE void name(const int mdl_level, MDL_LIST PARAMETERS) {                                                     \
    (void)mdl_level;                                                                                                   \
    name##_here(__VA_ARGS__);                                                                                          \
  }
#else
#define MDL_LEVELS(name, PARAMETERS, ...)                                                                              \
  MDL_APART void name(const int mdl_level, MDL_LIST PARAMETERS) { name##_at(mdl_level, __VA_ARGS__); }
#endif

#endif
