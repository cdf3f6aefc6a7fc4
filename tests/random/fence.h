// fence.h - memory for generated C that ends, or begins, at a page which nothing may touch.
#ifndef MDLC_RANDOM_FENCE_H
#define MDLC_RANDOM_FENCE_H

#include <stdbool.h>
#include <stddef.h>

// Every bit is set, so that reals are NaN until they are written.  Behind the bytes, at most `align` - 1 of them further on
// (`front`: in front of them), the process ends at any access.  It lives until fence_release.
void *fence_memory(size_t bytes, size_t align, bool front);
// Nothing was written beside the bytes, as far as their pages go.
bool fence_intact(const void *memory, size_t bytes);
void fence_release(void);

#endif
