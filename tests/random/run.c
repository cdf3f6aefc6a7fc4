// run.c - random models through every pass, in batches; those of a batch are compiled together.
#define _DEFAULT_SOURCE // MAP_ANONYMOUS
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "case.h"
#include "kinds.h"

#ifdef __SANITIZE_ADDRESS__
#define SANITIZE "-fsanitize=address,undefined"
#else
#define SANITIZE NULL
#endif

enum { BATCH = 10, BATCH_INTERPRETED = 50, SECONDS_EACH = 60 };

// After so many seconds of processor time the process ends; 0: never.
static void limit_time(int seconds) {
  setitimer(ITIMER_PROF, &(struct itimerval){.it_value.tv_sec = seconds}, NULL);
}

// ---- the C compiler ----

static void put_file(const char *path, const Text *t) {
  FILE *f = fopen(path, "w");
  if (!f || fwrite(t->s, 1, t->length, f) != t->length || fclose(f)) {
    fprintf(stderr, "cannot write %s: %s\n", path, strerror(errno));
    exit(3);
  }
}

static void write_variant(Case *c, int v, const char *directory, const char *source) {
  Model model = v == LIMITED ? *c->limited : *c->model;
  model.name = case_variant_name(c, v);
  EmitOptions options = variants[v].options;
  options.thrifty = v == LIMITED && c->thrifty;
  if (v == 0) {
    options.request = c->kinds->request;
    options.nrequest = c->kinds->count;
  }
  Text header, text;
  text_init(&header);
  text_init(&text);
  emit_model(&header, &text, &model, &options);
  put_file(arena_printf(c->arena, "%s/%s.h", directory, model.name), &header);
  put_file(source, &text);
  text_free(&header);
  text_free(&text);
}

static bool run_compiler(const char *const *argv) {
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    execvp(argv[0], (char *const *)argv);
    fprintf(stderr, "cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(3);
  }
  int status;
  return waitpid(pid, &status, 0) == pid && status == 0;
}

static void *compile(Arena *a, const char *directory, const char *const *sources, size_t count, bool optimize,
                     bool *warned) {
  // Without -fno-builtin the compiler folds functions of constants, in more digits than the library's.  One width of
  // vectors is enough: the others are the same text.
  // What is not simplified may compare an index with itself.  Compilers without a builtin take the library's fma.
  const char *const flags[] = {
      "-std=c99", "-fno-builtin", "-DMDL_NO_DISPATCH", "-DMDL_FMA=fma", "-DMDL_FMAF=fmaf", optimize ? "-O1" : "-O0",
      "-pipe", "-shared", "-fPIC", "-Wno-tautological-compare", "-Wall", "-Wextra", "-Wconversion", "-Wshadow",
      "-Wpedantic", "-Werror"};
  enum { FLAGS = sizeof flags / sizeof *flags };
  const char *object = arena_printf(a, "%s/all.so", directory), *cc = getenv("CC");
  const char **argv = arena_array(a, const char *, count + FLAGS + 8);
  size_t n = 0;
  argv[n++] = cc && *cc ? cc : "cc";
  for (size_t k = 0; k < FLAGS; k++) argv[n++] = flags[k];
  for (size_t k = 0; k < count; k++) argv[n++] = sources[k];
  argv[n++] = "-o";
  argv[n++] = object;
  argv[n++] = "-lm";
  argv[n++] = SANITIZE;
  *warned = !run_compiler(argv);
  if (*warned) {
    argv[FLAGS] = "-w"; // in place of -Werror: what the others come to is still of interest
    if (!run_compiler(argv)) return NULL;
  }
  void *library = dlopen(object, RTLD_NOW | RTLD_LOCAL);
  if (!library) fprintf(stderr, "%s\n", dlerror());
  unlink(object);
  return library;
}

// ---- batches, each in a process of its own ----

typedef struct Options {
  uint64_t first;
  int count, jobs;
  Scope scope;
  bool optimize;      // compile with optimization, which takes the compiler several times as long
  bool interpret;     // no C is compiled
  Sizes sizes;        // of files
  char *const *files; // in place of random models
} Options;

static Case case_at(Arena *a, const Options *o, int which, bool *failed) {
  Case c = {.arena = a, .seed = o->first + (uint64_t)which, .failed = failed};
  c.state = o->files ? o->first : c.seed; // a file's inputs do not hang on those before it
  c.scope = o->interpret ? SCOPE_ALL : o->scope;
  c.file = o->files ? o->files[which] : NULL;
  c.sizes = o->sizes;
  c.name = c.file ? c.file : arena_printf(a, "seed %" PRIu64, c.seed);
  return c;
}

// What the parent is told of a place while and after its process runs.
typedef struct Told {
  volatile int at;     // the case in hand: whose turn it was when the process ended before its time
  volatile int unsure; // cases left out
} Told;

static int run_batch(const Options *o, int from, int count, Told *told) {
  Arena *a = arena_new();
  char *directory = arena_printf(a, "%s/mdlc-random-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
  if (!mkdtemp(directory)) return 3;
  bool failed = false, warned = false;
  Case *cases = arena_array(a, Case, (size_t)count);
  const char **sources = NULL;
  size_t nsources = 0, room = 0;
  for (int k = 0; k < count; k++) {
    Case *c = &cases[k];
    *c = case_at(arena_new(), o, from + k, &failed);
    told->at = from + k;
    limit_time(SECONDS_EACH);
    c->only[0] = case_prepare(c);
    if (c->unsure) told->unsure++;
    c->only[0] = c->only[0] && !o->interpret;
    if (!c->only[0]) {
      arena_free(c->arena);
      c->arena = NULL;
      continue;
    }
    const int other = o->scope == SCOPE_SOME ? 1 + (int)(c->seed % (VARIANTS - 1)) : PLAIN;
    for (int v = 1; v < VARIANTS; v++) c->only[v] = o->scope == SCOPE_ALL || v == other;
    c->only[LIMITED] = c->only[LIMITED] && case_limit(c);
    for (int v = 1; v < VARIANTS; v++) // with what it is held against
      if (c->only[v]) c->only[variants[v].like] = true;
    for (int v = 0; v < VARIANTS; v++) {
      if (!c->only[v]) continue;
      const char *source = arena_printf(a, "%s/%s.c", directory, case_variant_name(c, v));
      write_variant(c, v, directory, source);
      ARENA_PUSH(a, sources, nsources, room) = source;
    }
  }
  limit_time(0);
  void *library = nsources > 0 ? compile(a, directory, sources, nsources, o->optimize, &warned) : NULL;
  for (int k = 0; k < count; k++) {
    told->at = from + k;
    limit_time(SECONDS_EACH);
    if (library && cases[k].only[0]) case_run(&cases[k], library);
    arena_free(cases[k].arena);
  }
  for (size_t k = 0; k < nsources; k++) {
    unlink(sources[k]);
    unlink(arena_printf(a, "%.*sh", (int)strlen(sources[k]) - 1, sources[k]));
  }
  rmdir(directory);
  arena_free(a);
  return failed || warned || (nsources > 0 && !library);
}

enum { JOBS_MAX = 64 };
typedef struct Pool {
  pid_t pid[JOBS_MAX]; // 0: a free place
  Told *told;          // by place
  int jobs;
  bool good;
} Pool;

static int free_place(const Pool *p) {
  for (int k = 0; k < p->jobs; k++)
    if (p->pid[k] == 0) return k;
  return -1;
}

static void tell_end(const Options *o, int which, int status) {
  Arena *a = arena_new();
  const char *name = case_at(a, o, which, NULL).name;
  if (WIFSIGNALED(status)) printf("%s: %s\n", name, strsignal(WTERMSIG(status)));
  if (WIFEXITED(status) && WEXITSTATUS(status) > 1) printf("%s: the process ended\n", name);
  arena_free(a);
}

// False: none is left.
static bool wait_for_one(const Options *o, Pool *p) {
  int status;
  pid_t pid = wait(&status);
  for (int k = 0; k < p->jobs && pid > 0; k++) {
    if (p->pid[k] != pid) continue;
    p->pid[k] = 0;
    tell_end(o, p->told[k].at, status);
  }
  p->good = p->good && (pid < 0 || status == 0);
  return pid > 0;
}

static bool run_all(const Options *o) {
  const int jobs = o->jobs > 0 ? o->jobs : (int)sysconf(_SC_NPROCESSORS_ONLN);
  Pool p = {.jobs = jobs < 1 ? 1 : jobs > JOBS_MAX ? JOBS_MAX : jobs, .good = true};
  p.told = mmap(NULL, JOBS_MAX * sizeof *p.told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (p.told == MAP_FAILED) return false;
  const int most = o->interpret ? BATCH_INTERPRETED : BATCH, share = (o->count + p.jobs - 1) / p.jobs;
  const int batch = share < most ? share : most;
  for (int from = 0; from < o->count; from += batch) {
    int place;
    while ((place = free_place(&p)) < 0) wait_for_one(o, &p);
    fflush(stdout);
    p.pid[place] = fork();
    if (p.pid[place] == 0) exit(run_batch(o, from, o->count - from < batch ? o->count - from : batch, &p.told[place]));
    if (p.pid[place] < 0) return false;
  }
  while (wait_for_one(o, &p)) continue;
  int unsure = 0;
  for (int k = 0; k < p.jobs; k++) unsure += p.told[k].unsure;
  if (unsure > 0) printf("%d of %d left out: a decision in them hangs on a rounding\n", unsure, o->count);
  return p.good && !(o->files && unsure > 0) && unsure <= 1 + o->count / 20;
}

static int usage(const char *program) {
  fprintf(stderr,
          "usage: %s [-afiO] [-j JOBS] [-p] [SEED [COUNT]]   random models\n"
          "       %s [-afilmO] [-j JOBS] [-s SEED] FILE.mdl…  these, their inputs drawn from SEED\n"
          "  -a  every variant of each and every kind of derivative; else plain and another, some kinds, by the seed\n"
          "  -f  plain; forward, backward, jvp and hvp\n"
          "  -j  JOBS processes at a time; 0: one for each processor\n"
          "  -l  sizes up to %d, as random models of a few operations have them; else 2 to 5\n"
          "  -m  sizes of 6 to %d in most cases, as random models with loops of many steps have them\n"
          "  -i  interpreted alone, without C    -O  C compiled with optimization    -p  print the models alone\n",
          program, program, GENERATED_MOST, GENERATED_STEPS);
  return 2;
}

int main(int argc, char **argv) {
  Options o = {.first = 1, .count = 1, .jobs = 2};
  bool print = false;
  for (int option; (option = getopt(argc, argv, "afij:lmOps:")) != -1;) {
    if (option == 'a') o.scope = SCOPE_ALL;
    if (option == 'f') o.scope = SCOPE_FIRST;
    if (option == 'i') o.interpret = true;
    if (option == 'l') o.sizes = SIZES_LARGE;
    if (option == 'm') o.sizes = SIZES_STEPS;
    if (option == 'j') o.jobs = atoi(optarg);
    if (option == 'O') o.optimize = true;
    if (option == 'p') print = true;
    if (option == 's') o.first = strtoull(optarg, NULL, 10);
    if (option == '?') return usage(argv[0]);
  }
  if (optind < argc && strstr(argv[optind], ".mdl")) {
    o.files = argv + optind;
    o.count = argc - optind;
  } else {
    if (optind < argc) o.first = strtoull(argv[optind++], NULL, 10);
    if (optind < argc) o.count = atoi(argv[optind++]);
    if (optind < argc || o.count < 1) return usage(argv[0]);
  }
  if (!print) return run_all(&o) ? EXIT_SUCCESS : EXIT_FAILURE;
  for (int k = 0; k < o.count; k++) {
    Text t, other;
    text_init(&t);
    text_init(&other);
    generate_model(&t, &other, o.first + (uint64_t)k);
    fputs(t.s, stdout);
    if (other.length > 0) printf("# ---- %s ----\n%s", generated_import, other.s);
    text_free(&t);
    text_free(&other);
  }
  return EXIT_SUCCESS;
}
