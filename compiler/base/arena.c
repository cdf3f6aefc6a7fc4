// arena.c - chunks that double, released together.
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Chunk Chunk;
struct Chunk {
  Chunk *next;
  size_t used, size;
  max_align_t memory[];
};

// Most arenas hold little: the first chunk comes with the arena, both in a size that malloc has at hand.
enum { FIRST_BYTES = 960, SECOND_BYTES = 16384, MOST_BYTES = 1 << 24 };

struct Arena {
  _Alignas(max_align_t) Chunk *chunks; // the newest first
  Chunk *first;                        // stands behind the arena
};

static _Noreturn void out_of_memory(void) {
  fputs("mdlc: out of memory\n", stderr);
  exit(3);
}

static void *checked_malloc(size_t size) {
  void *p = malloc(size);
  if (!p) out_of_memory();
  return p;
}

Arena *arena_new(void) {
  Arena *a = checked_malloc(sizeof(Arena) + sizeof(Chunk) + FIRST_BYTES);
  Chunk *first = (Chunk *)(a + 1);
  *first = (Chunk){.size = FIRST_BYTES};
  *a = (Arena){.chunks = first, .first = first};
  return a;
}

// Those that are newer than `end`.
static void free_chunks(Chunk *c, const Chunk *end) {
  for (Chunk *next; c != end; c = next) {
    next = c->next;
    free(c);
  }
}

void arena_free(Arena *a) {
  if (!a) return;
  free_chunks(a->chunks, a->first);
  free(a);
}

void arena_clear(Arena *a) {
  Chunk *newest = a->chunks;
  if (newest != a->first) {
    free_chunks(newest->next, a->first);
    newest->next = a->first;
    a->first->used = 0;
  }
  newest->used = 0;
}

ArenaMark arena_mark(const Arena *a) {
  return (ArenaMark){a->chunks, a->chunks->used};
}

void arena_release(Arena *a, ArenaMark mark) {
  free_chunks(a->chunks, mark.chunk);
  a->chunks = mark.chunk;
  a->chunks->used = mark.used;
}

void *arena_alloc(Arena *a, size_t count, size_t size) {
  const size_t unit = sizeof(max_align_t);
  if (size && count > (SIZE_MAX / 4) / size) out_of_memory();
  size_t bytes = (count * size + unit - 1) / unit * unit;
  Chunk *c = a->chunks;
  if (c->size - c->used < bytes) {
    size_t room = c == a->first ? SECOND_BYTES : c->size * 2;
    if (room > MOST_BYTES) room = MOST_BYTES;
    if (room < bytes) room = bytes;
    Chunk *fresh = checked_malloc(sizeof(Chunk) + room);
    *fresh = (Chunk){.next = c, .size = room};
    a->chunks = c = fresh;
  }
  void *p = (char *)c->memory + c->used;
  c->used += bytes;
  return memset(p, 0, bytes);
}

char *arena_strndup(Arena *a, const char *s, size_t n) {
  char *copy = arena_alloc(a, n + 1, 1);
  memcpy(copy, s, n);
  return copy;
}

char *arena_strdup(Arena *a, const char *s) {
  return arena_strndup(a, s, strlen(s));
}

char *arena_vprintf(Arena *a, const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  char *s = arena_alloc(a, (size_t)(n < 0 ? 0 : n) + 1, 1);
  if (n > 0) vsnprintf(s, (size_t)n + 1, format, again);
  va_end(again);
  return s;
}

char *arena_printf(Arena *a, const char *format, ...) {
  va_list args;
  va_start(args, format);
  char *s = arena_vprintf(a, format, args);
  va_end(args);
  return s;
}

void *arena_grow(Arena *a, void *array, size_t count, size_t *room, size_t size) {
  if (count < *room) return array;
  size_t bigger = *room ? *room * 2 : 8;
  void *fresh = arena_alloc(a, bigger, size);
  if (count) memcpy(fresh, array, count * size);
  *room = bigger;
  return fresh;
}
