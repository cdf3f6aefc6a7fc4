// arena.h - memory by lifetime: allocate freely, release everything at once.
#ifndef MDLC_ARENA_H
#define MDLC_ARENA_H

#include <stdarg.h>
#include <stddef.h>

typedef struct Arena Arena;

Arena *arena_new(void);
void arena_free(Arena *a);
// Releases all that was allocated, and keeps memory for as much again.
void arena_clear(Arena *a);

// Releases all that was allocated since the mark was set.
typedef struct ArenaMark {
  void *chunk;
  size_t used;
} ArenaMark;
ArenaMark arena_mark(const Arena *a);
void arena_release(Arena *a, ArenaMark mark);

// Zeroed memory aligned for any type.  Never returns null: when memory runs out, or count * size overflows, the process
// ends with a message and the status of an environment's error (3).
void *arena_alloc(Arena *a, size_t count, size_t size);
char *arena_strdup(Arena *a, const char *s);
char *arena_strndup(Arena *a, const char *s, size_t n);
char *arena_printf(Arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(Arena *a, const char *format, va_list args);

#define arena_new_of(a, T) ((T *)arena_alloc((a), 1, sizeof(T)))
#define arena_array(a, T, n) ((T *)arena_alloc((a), (n), sizeof(T)))

// Room for one more entry in an array that lives in an arena: `ARENA_PUSH(a, list, count, room) = entry;`
// doubles the array when it is full (the old one stays in the arena).
void *arena_grow(Arena *a, void *array, size_t count, size_t *room, size_t size);
#define ARENA_PUSH(a, array, count, room)                                                                              \
  (*((array) = arena_grow((a), (array), (count), &(room), sizeof *(array)), &(array)[(count)++]))

#endif
