// fence.c - pieces of one range of addresses, pages between them shut.
#define _DEFAULT_SOURCE // MAP_ANONYMOUS, MAP_NORESERVE
#include "fence.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CANARY = 64 }; // bytes beside a piece, at least, on the side that is not shut
static const size_t range = (size_t)1 << 32;
static unsigned char *base; // of the range
static size_t used;         // of it, whole pages

static void end(const char *what) {
  perror(what);
  exit(3);
}

static void *map(void *at, size_t bytes, int flags) {
  void *p = mmap(at, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
  if (p == MAP_FAILED) end("mmap");
  return p;
}

static size_t page_size(void) {
  return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t up(size_t n, size_t to) {
  return (n + to - 1) / to * to;
}

void *fence_memory(size_t bytes, size_t align, bool front) {
  const size_t page = page_size(), inside = up(up(bytes, align) + CANARY, page);
  if (!base) base = map(NULL, range, 0);
  if (inside > range - used - 2 * page) {
    fprintf(stderr, "more than %zu bytes of memory for one model\n", range);
    exit(3);
  }
  unsigned char *p = base + used + page;
  if (mprotect(p, inside, PROT_READ | PROT_WRITE) != 0) end("mprotect");
  memset(p, 0xff, inside);
  used += page + inside;
  return front ? p : p + inside - up(bytes, align);
}

static bool is_set(const unsigned char *p, size_t bytes) {
  for (size_t k = 0; k < bytes; k++)
    if (p[k] != 0xff) return false;
  return true;
}

bool fence_intact(const void *memory, size_t bytes) {
  const size_t page = page_size();
  const unsigned char *p = memory;
  size_t before = (uintptr_t)p % page, behind = (page - (uintptr_t)(p + bytes) % page) % page;
  before = before < CANARY ? before : CANARY;
  behind = behind < CANARY ? behind : CANARY;
  return is_set(p - before, before) && is_set(p + bytes, behind);
}

void fence_release(void) {
  if (used > 0) map(base, used, MAP_FIXED);
  used = 0;
}
