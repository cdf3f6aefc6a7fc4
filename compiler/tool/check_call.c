// check_call.c - the user's function called in a process of its own, so that whatever it does to memory or to the
// program is told of and ends nothing.  What it writes lies between canaries.
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tool/check_against.h"

enum { GUARD = 4096, CANARY = 0xa5, UNWRITTEN = 0xff }; // bytes on each side; of which unwritten reals are NaNs

// What the child tells of a point, before the gradient.
typedef struct Answer {
  double loss;
  int64_t unwritten; // entry of the flat vector, or -1
  int32_t broken;    // 2 * parameter, + 1: behind it; or -1
  int32_t changed;   // position among the inputs, or -1
} Answer;

// What the function may only read: all parameters together, then each data array.
typedef struct Input {
  void *at, *kept; // kept: what it was
  size_t bytes;
} Input;

typedef struct Call { // in the child
  Against *against;
  Subject *s;
  size_t size;            // of a real
  unsigned char **buffer; // by parameter: guard, gradient, guard
  void **grad;
  const void **param;
  Input *input;
  int ninputs;
} Call;

// ---- in the child ----

static size_t bytes_of(const Call *c, int p) {
  return c->s->param[p].count * c->size;
}

static void make_buffers(Call *c) {
  Arena *a = c->s->arena;
  const size_t n = (size_t)c->s->model->nparam + 1;
  c->size = c->s->program->emit.use_float ? sizeof(float) : sizeof(double);
  c->buffer = arena_array(a, unsigned char *, n);
  c->grad = arena_array(a, void *, n);
  c->param = arena_array(a, const void *, n);
  for (int p = 0; p < c->s->model->nparam; p++) {
    c->buffer[p] = arena_alloc(a, bytes_of(c, p) + 2 * (size_t)GUARD, 1);
    c->grad[p] = c->buffer[p] + GUARD;
    c->param[p] = (const unsigned char *)c->s->vector + c->s->param[p].offset * c->size;
  }
}

static void prepare(Call *c) {
  for (int p = 0; p < c->s->model->nparam; p++) {
    memset(c->buffer[p], CANARY, bytes_of(c, p) + 2 * (size_t)GUARD);
    memset(c->grad[p], UNWRITTEN, bytes_of(c, p));
  }
}

static void make_inputs(Call *c) {
  const Subject *s = c->s;
  Arena *a = s->arena;
  c->ninputs = 1 + s->model->ndata;
  c->input = arena_array(a, Input, (size_t)c->ninputs);
  c->input[0] = (Input){.at = s->vector, .bytes = s->total * c->size};
  for (int k = 0; k < s->model->ndata; k++) {
    const BoundArray *d = &s->bound->data[k];
    c->input[1 + k] = (Input){.at = (void *)(uintptr_t)s->instance.data[k],
                              .bytes = d->count * (d->type == TYPE_REAL ? c->size : sizeof(int32_t))};
  }
  for (int k = 0; k < c->ninputs; k++) c->input[k].kept = arena_alloc(a, c->input[k].bytes + 1, 1);
}

static void keep_inputs(Call *c) {
  for (int k = 0; k < c->ninputs; k++)
    if (c->input[k].bytes > 0) memcpy(c->input[k].kept, c->input[k].at, c->input[k].bytes);
}

// The first input that is not what it was, or -1; all are again.
static int restore_inputs(Call *c) {
  int changed = -1;
  for (int k = c->ninputs; k-- > 0;) {
    const Input *i = &c->input[k];
    if (i->bytes == 0 || !memcmp(i->kept, i->at, i->bytes)) continue;
    memcpy(i->at, i->kept, i->bytes);
    changed = k;
  }
  return changed;
}

static bool all_are(const unsigned char *bytes, size_t n, int value) {
  for (size_t k = 0; k < n; k++)
    if (bytes[k] != value) return false;
  return true;
}

static int broken_guard(const Call *c) {
  for (int p = 0; p < c->s->model->nparam; p++) {
    if (!all_are(c->buffer[p], GUARD, CANARY)) return 2 * p;
    if (!all_are(c->buffer[p] + GUARD + bytes_of(c, p), GUARD, CANARY)) return 2 * p + 1;
  }
  return -1;
}

static int64_t first_unwritten(const Call *c) {
  for (int p = 0; p < c->s->model->nparam; p++)
    for (size_t k = 0; k < c->s->param[p].count; k++)
      if (all_are((unsigned char *)c->grad[p] + k * c->size, c->size, UNWRITTEN))
        return (int64_t)(c->s->param[p].offset + k);
  return -1;
}

// ---- the limit ----

// A call that computes is ended by the processor time it has had, one that waits by the time that goes by: so many times as
// much, for a machine may be busy.
enum { WAITING = 10 };

// Of the calls that follow, all together; 0: none.
static void limit_time(double seconds) {
  const struct itimerval computing = {.it_value = {.tv_sec = (time_t)ceil(seconds)}},
                         waiting = {.it_value = {.tv_sec = WAITING * computing.it_value.tv_sec}};
  signal(SIGPROF, SIG_DFL);
  signal(SIGALRM, SIG_DFL);
  setitimer(ITIMER_PROF, &computing, NULL);
  setitimer(ITIMER_REAL, &waiting, NULL);
}

static void call_theirs(Call *c, double *loss) {
  const Instance *i = &c->s->instance;
  *loss = c->against->call(i->dims, i->data, c->param, c->grad);
}

static void call_ours(Call *c, double *loss) {
  const Instance *i = &c->s->instance;
  *loss = i->model->value_and_grad(i->dims, i->data, c->s->vector, c->s->memory, c->s->grad);
}

static bool tell(int fd, const void *bytes, size_t n) {
  for (const char *at = bytes; n > 0;) {
    const ssize_t k = write(fd, at, n);
    if (k < 0 && errno == EINTR) continue;
    if (k <= 0) return false;
    at += k;
    n -= (size_t)k;
  }
  return true;
}

static double entry(const Call *c, const void *vector, size_t k) {
  return c->size == sizeof(float) ? (double)((const float *)vector)[k] : ((const double *)vector)[k];
}

static bool answer_at(Call *c, const double *params, int fd) {
  const Subject *s = c->s;
  subject_set_params(c->s, params);
  keep_inputs(c);
  prepare(c);
  Answer answer;
  limit_time(c->against->limit);
  call_theirs(c, &answer.loss);
  limit_time(0);
  answer.broken = broken_guard(c);
  answer.unwritten = first_unwritten(c);
  answer.changed = restore_inputs(c);
  double *gradient = arena_array(s->arena, double, s->total + 1);
  for (int p = 0; p < s->model->nparam; p++)
    for (size_t k = 0; k < s->param[p].count; k++) gradient[s->param[p].offset + k] = entry(c, c->grad[p], k);
  return tell(fd, &answer, sizeof answer) && tell(fd, gradient, s->total * sizeof *gradient);
}

// ---- time ----

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *x, const void *y) {
  const double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

// Runs of as many calls as take a millisecond.
static double median_time(Call *c, void (*call)(Call *, double *)) {
  enum { RUNS = 9 };
  double seconds[RUNS];
  volatile double sink = 0;
  long calls = 1;
  for (int k = 0; k < RUNS;) {
    limit_time(c->against->limit);
    const double start = now();
    for (long j = 0; j < calls; j++) {
      double loss;
      call(c, &loss);
      sink = sink + loss;
    }
    const double taken = now() - start;
    if (k == 0 && taken < 1e-3 && calls < 1000000)
      calls *= 2;
    else
      seconds[k++] = taken / (double)calls;
  }
  limit_time(0);
  qsort(seconds, RUNS, sizeof *seconds, by_value);
  return seconds[RUNS / 2];
}

static _Noreturn void child(Against *against, Subject *s, double *const *params, int npoints, int fd) {
  Call c = {.against = against, .s = s};
  dup2(STDERR_FILENO, STDOUT_FILENO); // what it prints is no part of the report
  make_buffers(&c);
  make_inputs(&c);
  bool ok = true;
  for (int k = 0; k < npoints && ok; k++) ok = answer_at(&c, params[k], fd);
  subject_set_params(s, params[0]);
  const double seconds[] = {median_time(&c, call_ours), median_time(&c, call_theirs)};
  ok = ok && tell(fd, seconds, sizeof seconds);
  fflush(NULL);
  _exit(ok ? STATUS_OK : STATUS_ENVIRONMENT);
}

// ---- in the parent ----

static bool hear(int fd, void *bytes, size_t n) {
  for (char *at = bytes; n > 0;) {
    const ssize_t k = read(fd, at, n);
    if (k < 0 && errno == EINTR) continue;
    if (k <= 0) return false;
    at += k;
    n -= (size_t)k;
  }
  return true;
}

static int refuse_answer(const Against *against, const Subject *s, const Answer *answer, int point) {
  if (answer->changed >= 0) {
    const char *which = answer->changed > 0
                            ? arena_printf(s->arena, "data %s", s->model->data[answer->changed - 1].name)
                            : "the parameters";
    return tool_reject("%s: %s changes %s that it is given, at point %d", against->file, against->function, which,
                       point);
  }
  const char *place = answer->broken % 2 ? "behind the last" : "before the first";
  return tool_reject("%s: %s writes outside of the gradient of %s, %s of its entries, at point %d", against->file,
                     against->function, s->param[answer->broken / 2].name, place, point);
}

static int hear_all(Against *against, Subject *s, int npoints, int fd, int *heard) {
  for (*heard = 0; *heard < npoints; ++*heard) {
    Answer answer;
    double *gradient = arena_array(s->arena, double, s->total + 1);
    if (!hear(fd, &answer, sizeof answer) || !hear(fd, gradient, s->total * sizeof *gradient)) return STATUS_OK;
    if (answer.changed >= 0 || answer.broken >= 0) return refuse_answer(against, s, &answer, *heard);
    against->loss[*heard] = answer.loss;
    against->unwritten[*heard] = answer.unwritten;
    against->gradient[*heard] = gradient;
  }
  if (hear(fd, against->seconds, sizeof against->seconds)) ++*heard;
  return STATUS_OK;
}

// The seconds that a call may take where nobody says: many times what ours takes.
static double usual_limit(Subject *s, const double *params) {
  const Instance *i = &s->instance;
  subject_set_params(s, params);
  const clock_t start = clock();
  i->model->value_and_grad(i->dims, i->data, s->vector, s->memory, s->grad);
  return fmax(10, 1000 * (double)(clock() - start) / CLOCKS_PER_SEC);
}

// It did not come to its end: why.
static int refuse_end(const Against *against, int status, int heard, int npoints) {
  const char *when = heard < npoints ? "at point" : "called again after point";
  const int point = heard < npoints ? heard : npoints - 1;
  if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGPROF || WTERMSIG(status) == SIGALRM)) {
    const bool waits = WTERMSIG(status) == SIGALRM;
    return tool_reject("%s: %s did not come back within %.0f s%s, %s %d; --time-limit gives it more", against->file,
                       against->function, ceil(against->limit) * (waits ? WAITING : 1),
                       waits ? "" : " of processor time", when, point);
  }
  if (WIFSIGNALED(status))
    return tool_reject("%s: %s ended with signal %d (%s), %s %d", against->file, against->function, WTERMSIG(status),
                       strsignal(WTERMSIG(status)), when, point);
  return tool_reject("%s: %s ended the program with exit status %d, %s %d", against->file, against->function,
                     WEXITSTATUS(status), when, point);
}

int against_run(Against *against, Subject *s, double *const *params, int npoints) {
  int pipes[2], heard, wait_status = 0;
  against->loss = arena_array(s->arena, double, (size_t)npoints);
  against->gradient = arena_array(s->arena, double *, (size_t)npoints);
  against->unwritten = arena_array(s->arena, int64_t, (size_t)npoints);
  if (against->limit == 0) against->limit = usual_limit(s, params[0]);
  if (pipe(pipes)) return tool_fail(STATUS_ENVIRONMENT, "cannot make a pipe: %s", strerror(errno));
  fflush(NULL);
  const pid_t pid = fork();
  if (pid < 0) return tool_fail(STATUS_ENVIRONMENT, "cannot make a process: %s", strerror(errno));
  if (pid == 0) {
    close(pipes[0]);
    child(against, s, params, npoints, pipes[1]);
  }
  close(pipes[1]);
  int status = hear_all(against, s, npoints, pipes[0], &heard);
  close(pipes[0]);
  if (status) kill(pid, SIGKILL);
  while (waitpid(pid, &wait_status, 0) < 0 && errno == EINTR) continue;
  if (status || heard > npoints) return status;
  return refuse_end(against, wait_status, heard, npoints);
}
