// jit.c - generated C compiled into a shared object and loaded.
#include "tool/jit.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

// ---- the compiler's command line ----

typedef struct Words {
  char **items;
  size_t count, room;
} Words;

static void add_word(Arena *a, Words *w, const char *s) {
  ARENA_PUSH(a, w->items, w->count, w->room) = s ? arena_strdup(a, s) : NULL;
}

// $CC and $CFLAGS as make has them: words between blanks; quotes and backslashes as a shell reads them, and nothing
// else of a shell.
static bool add_words(Arena *a, Words *w, const char *s) {
  Text word;
  text_init(&word);
  bool inside = false;
  char quote = 0;
  for (; *s; s++) {
    if (quote ? *s == quote : *s == '"' || *s == '\'') {
      quote = quote ? 0 : *s;
      inside = true;
    } else if (!quote && strchr(" \t\n", *s)) {
      if (inside) add_word(a, w, word.s);
      text_clear(&word);
      inside = false;
    } else {
      if (*s == '\\' && quote != '\'' && s[1]) s++;
      text_char(&word, *s);
      inside = true;
    }
  }
  if (inside) add_word(a, w, word.s);
  text_free(&word);
  return !quote;
}

static const char *variable(const char *name, const char *otherwise) {
  const char *value = getenv(name);
  return value && value[strspn(value, " \t\n")] ? value : otherwise;
}

static int command_line(Arena *a, const char *source, const char *object, Words *w) {
  const char *cc = variable("CC", "cc"), *cflags = variable("CFLAGS", "-O2");
  if (!add_words(a, w, cc) || w->count == 0) return tool_fail(STATUS_ENVIRONMENT, "CC is not a command: %s", cc);
  if (!add_words(a, w, cflags))
    return tool_fail(STATUS_ENVIRONMENT, "CFLAGS has a quote that is not closed: %s", cflags);
  const char *const rest[] = {"-shared", "-fPIC", "-Wl,-Bsymbolic", "-o", object, source, "-lm", NULL};
  for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) add_word(a, w, rest[i]);
  return STATUS_OK;
}

// ---- running it ----

// The signals that end a program, as far as they are not ignored, and that of a child's end.
static void ending_signals(sigset_t *set) {
  const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  sigemptyset(set);
  sigaddset(set, SIGCHLD);
  for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
    struct sigaction action;
    if (!sigaction(ending[i], NULL, &action) && action.sa_handler != SIG_IGN) sigaddset(set, ending[i]);
  }
}

static int spawn(char **argv, const char *log, const sigset_t *mask, pid_t *pid) {
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGCHLD);
  int why = posix_spawnattr_init(&attributes);
  if (why) return why;
  why = posix_spawn_file_actions_init(&actions);
  if (!why) {
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, mask);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    why = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!why) why = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (!why) why = posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    if (!why) why = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
  }
  posix_spawnattr_destroy(&attributes);
  return why;
}

// Until the child ends, or a signal to us ends it; the signal then comes back to be raised once everything is cleaned
// up.
static int wait_for(pid_t pid, const sigset_t *signals, int *wait_status) {
  for (;;) {
    pid_t ended = waitpid(pid, wait_status, WNOHANG);
    if (ended == pid) return 0;
    if (ended < 0 && errno != EINTR) {
      *wait_status = -1;
      return 0;
    }
    int signal = 0;
    if (sigwait(signals, &signal) || signal == SIGCHLD) continue;
    kill(pid, SIGTERM);
    waitpid(pid, wait_status, 0);
    return signal;
  }
}

static void show_log(const char *path) {
  FILE *f = fopen(path, "r");
  if (!f) return;
  char buffer[4096];
  size_t n;
  while ((n = fread(buffer, 1, sizeof buffer, f)) > 0) fwrite(buffer, 1, n, stderr);
  fclose(f);
}

static int run_compiler(const Words *w, const char *log, const char *user, const sigset_t *mask,
                        const sigset_t *signals, int *signal) {
  pid_t pid;
  int why = spawn(w->items, log, mask, &pid);
  if (why)
    return tool_fail(STATUS_ENVIRONMENT, "cannot run the C compiler `%s` (from $CC): %s", w->items[0], strerror(why));
  int wait_status;
  *signal = wait_for(pid, signals, &wait_status);
  if (*signal) return STATUS_ENVIRONMENT;
  if (wait_status != -1 && WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0) return STATUS_OK;
  show_log(log);
  if (user) return tool_fail(STATUS_REJECTED, "%s does not compile as it is to be called", user);
  Text command;
  text_init(&command);
  for (size_t i = 0; i + 1 < w->count; i++) text_printf(&command, " %s", w->items[i]);
  int status = tool_fail(STATUS_ENVIRONMENT, "the C compiler failed:%s", command.s);
  text_free(&command);
  return status;
}

// ---- the temporary directory ----

static int put_file(const char *path, const Text *text) {
  FILE *f = fopen(path, "w");
  bool bad = !f || fwrite(text->s, 1, text->length, f) != text->length;
  int why = errno;
  if (f && fclose(f) && !bad) {
    bad = true;
    why = errno;
  }
  return bad ? tool_fail(STATUS_ENVIRONMENT, "cannot write %s: %s", path, strerror(why)) : STATUS_OK;
}

static const char *sanitizer_of(const Words *w) {
  for (size_t i = 0; i + 1 < w->count; i++)
    if (strstr(w->items[i], "-fsanitize")) return w->items[i];
  return NULL;
}

// A sanitizer's runtime that was not there from the start ends the whole program when it is loaded: a child tries.
static bool ends_program(const char *object) {
  int status = 0;
  fflush(NULL);
  const pid_t pid = fork();
  if (pid < 0) return false;
  if (pid == 0) {
    const int null = open("/dev/null", O_WRONLY);
    if (null >= 0) dup2(null, STDERR_FILENO);
    dlopen(object, RTLD_NOW | RTLD_LOCAL);
    _exit(0);
  }
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  return status != 0;
}

// clang links no runtime to what is loaded: its symbols are missing there.
static bool lacks_runtime(const char *why) {
  return strstr(why, "__asan_") || strstr(why, "__ubsan_") || strstr(why, "__tsan_") || strstr(why, "__msan_");
}

static int load(const Words *words, const char *object, const char *user, void **library) {
  const char *sanitizer = sanitizer_of(words), *why = NULL;
  const bool ends = sanitizer && ends_program(object);
  if (!ends) {
    *library = dlopen(object, RTLD_NOW | RTLD_LOCAL);
    if (*library) return STATUS_OK;
    why = dlerror();
  }
  if (ends || (sanitizer && lacks_runtime(why)))
    return tool_fail(
        STATUS_ENVIRONMENT,
        "what %s makes cannot be loaded into a running program that was not built so: take it out of CFLAGS",
        sanitizer);
  if (user) return tool_fail(STATUS_REJECTED, "cannot load what %s compiles to: %s", user, why);
  return tool_fail(STATUS_ENVIRONMENT, "cannot load the compiled model: %s", why);
}

static int compile_in(Arena *a, const char *directory, const JitSource *source, const sigset_t *mask,
                      const sigset_t *signals, int *signal, void **library) {
  const char *name = source->name;
  const char *h = arena_printf(a, "%s/%s.h", directory, name), *c = arena_printf(a, "%s/%s.c", directory, name);
  const char *so = arena_printf(a, "%s/%s.so", directory, name), *log = arena_printf(a, "%s/log", directory);
  Words words = {.items = NULL};
  int status = command_line(a, c, so, &words);
  if (!status && source->header) status = put_file(h, source->header);
  if (!status) status = put_file(c, source->source);
  if (!status) status = run_compiler(&words, log, source->user, mask, signals, signal);
  if (!status) status = load(&words, so, source->user, library);
  const char *const files[] = {h, c, so, log};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) unlink(files[i]);
  return status;
}

int jit_load(Arena *a, const JitSource *source, void **library) {
  *library = NULL;
  sigset_t signals, before;
  ending_signals(&signals);
  sigprocmask(SIG_BLOCK, &signals, &before);
  int signal = 0, status;
  char *directory = arena_printf(a, "%s/mdlc-XXXXXX", variable("TMPDIR", "/tmp"));
  if (!mkdtemp(directory)) {
    status = tool_fail(STATUS_ENVIRONMENT, "cannot make a directory %s: %s", directory, strerror(errno));
  } else {
    status = compile_in(a, directory, source, &before, &signals, &signal, library);
    rmdir(directory);
  }
  sigprocmask(SIG_SETMASK, &before, NULL);
  if (signal) raise(signal);
  return status;
}

int jit_compile(Arena *a, const char *name, const Text *header, const Text *source, Jit *jit) {
  *jit = (Jit){.library = NULL};
  int status = jit_load(a, &(JitSource){.name = name, .header = header, .source = source}, &jit->library);
  if (status) return status;
  jit->model = dlsym(jit->library, arena_printf(a, "%s_model", name));
  if (jit->model && jit->model->version == MDL_MODEL_VERSION) return STATUS_OK;
  jit_close(jit);
  return tool_fail(STATUS_INTERNAL, "internal error: the compiled model has no %s_model", name);
}

int jit_program(Arena *a, const Program *program, Jit *jit) {
  Text header, source;
  text_init(&header);
  text_init(&source);
  emit_model(&header, &source, program->model, &program->emit);
  int status = jit_compile(a, program->model->name, &header, &source, jit);
  text_free(&header);
  text_free(&source);
  return status;
}

void jit_close(Jit *jit) {
  if (jit->library) dlclose(jit->library);
  *jit = (Jit){.library = NULL};
}
