// output.c - files that appear whole or not at all, and a standard output whose loss is noticed.
#define _XOPEN_SOURCE 700 // realpath
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool/tool.h"

static int write_all(int fd, const char *s, size_t n) {
  while (n > 0) {
    ssize_t k = write(fd, s, n);
    if (k < 0 && errno == EINTR) continue;
    if (k < 0) return -1;
    s += k;
    n -= (size_t)k;
  }
  return 0;
}

// The rights of the file that is replaced, or those of a new one.
static mode_t rights(const char *path) {
  struct stat s;
  if (!stat(path, &s)) return s.st_mode & 0777;
  mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

// What is not a regular file (a terminal, a pipe, /dev/full) cannot be replaced: it is written to.
static bool is_special(const char *path) {
  struct stat s;
  return !stat(path, &s) && !S_ISREG(s.st_mode);
}

// The text in full in a new file beside `path`, whose name comes back in the arena; null: errno says why.
static char *write_beside(Arena *a, const OutputFile *file) {
  char *beside = arena_printf(a, "%s.XXXXXX", file->path);
  int fd = mkstemp(beside);
  if (fd < 0) return NULL;
  bool bad = write_all(fd, file->text->s, file->text->length) || fchmod(fd, rights(file->path)) || fsync(fd);
  int why = errno;
  if (close(fd) && !bad) {
    bad = true;
    why = errno;
  }
  if (!bad) return beside;
  unlink(beside);
  errno = why;
  return NULL;
}

static int write_special(const OutputFile *file) {
  int fd = open(file->path, O_WRONLY);
  if (fd < 0) return -1;
  int bad = write_all(fd, file->text->s, file->text->length);
  return close(fd) || bad ? -1 : 0;
}

// Where a link points, so that the link stays.
static OutputFile *resolve(Arena *a, const OutputFile *files, size_t count) {
  OutputFile *resolved = arena_array(a, OutputFile, count);
  for (size_t i = 0; i < count; i++) {
    char *real = realpath(files[i].path, NULL);
    resolved[i] = (OutputFile){real ? arena_strdup(a, real) : files[i].path, files[i].text};
    free(real);
  }
  return resolved;
}

static int write_files(Arena *a, const OutputFile *named, size_t count) {
  const OutputFile *files = resolve(a, named, count);
  char **beside = arena_array(a, char *, count);
  size_t done = 0;
  const char *failed = NULL; // as the user named it
  for (; done < count && !failed; done++) {
    if (is_special(files[done].path)) {
      if (write_special(&files[done])) failed = named[done].path;
    } else if (!(beside[done] = write_beside(a, &files[done]))) {
      failed = named[done].path;
    }
  }
  for (size_t i = 0; i < done && !failed; i++) {
    if (!beside[i]) continue;
    if (rename(beside[i], files[i].path))
      failed = named[i].path;
    else
      beside[i] = NULL;
  }
  if (!failed) return STATUS_OK;
  int why = errno;
  for (size_t i = 0; i < done; i++)
    if (beside[i]) unlink(beside[i]);
  return tool_fail(STATUS_ENVIRONMENT, "cannot write %s: %s", failed, strerror(why));
}

int output_files(const OutputFile *files, size_t count) {
  // A signal waits until no half-written file is left behind.
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  Arena *a = arena_new();
  int status = write_files(a, files, count);
  arena_free(a);
  sigprocmask(SIG_SETMASK, &before, NULL);
  return status;
}

int output_text(const char *path, const Text *text) {
  if (path) return output_files(&(OutputFile){path, text}, 1);
  fwrite(text->s, 1, text->length, stdout);
  return output_close();
}

int output_close(void) {
  bool bad = ferror(stdout) != 0;
  errno = 0;
  if (!fflush(stdout) && !bad) return STATUS_OK;
  clearerr(stdout);
  if (errno == EPIPE) return STATUS_ENVIRONMENT;
  return tool_fail(STATUS_ENVIRONMENT, "cannot write standard output%s%s", errno ? ": " : "",
                   errno ? strerror(errno) : "");
}
