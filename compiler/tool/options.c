// options.c - the options that several commands share, and messages.
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "syntax/diag.h"
#include "tool/tool.h"

int tool_fail(int status, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fputs("mdlc: ", stderr);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  return status;
}

int tool_reject(const char *format, ...) {
  va_list args;
  va_start(args, format);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  return STATUS_REJECTED;
}

int64_t option_integer(struct argp_state *state, const char *option, const char *text, int64_t low, int64_t high) {
  char *end;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  if (end == text || *end || strchr(" \t\n\v\f\r", *text))
    argp_error(state, "%s: '%s' is not a whole number", option, text);
  if (high == INT64_MAX && value < low)
    argp_error(state, "%s: must be at least %" PRId64 ", not %s", option, low, text);
  if (errno == ERANGE || value < low || value > high)
    argp_error(state, "%s: %s is not within %" PRId64 " to %" PRId64, option, text, low, high);
  return value;
}

// A whole number of bytes, or of a multiple: K and KiB are 1024, KB is 1000, and so on.
static int64_t option_bytes(struct argp_state *state, const char *option, const char *text) {
  static const char units[] = "KMGT";
  const size_t digits = strspn(text, "0123456789");
  const char *unit = text + digits;
  int64_t scale = 1;
  const char *letter = *unit ? strchr(units, *unit) : NULL;
  const bool thousands = letter && !strcmp(unit + 1, "B"),
             known = letter && (!unit[1] || thousands || !strcmp(unit + 1, "iB"));
  if (!digits || (*unit && !known))
    return option_integer(state, option, text, 1, INT64_MAX); // which says what is wrong
  for (const char *u = units; letter && u <= letter; u++) scale *= thousands ? 1000 : 1024;
  char *number = strndup(text, digits);
  const int64_t count = option_integer(state, option, number, 1, INT64_MAX);
  free(number);
  if (count > INT64_MAX / scale) argp_error(state, "%s: %s is beyond 64 bits", option, text);
  return count * scale;
}

double option_real(struct argp_state *state, const char *option, const char *text) {
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end || strchr(" \t\n\v\f\r", *text)) argp_error(state, "%s: '%s' is not a number", option, text);
  if (!isfinite(value)) argp_error(state, "%s: '%s' is not finite", option, text);
  return value;
}

bool option_is_identifier(const char *s) {
  if (!*s || strspn(s, "0123456789") > 0) return false;
  return s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

// ---- the model: FILE, -D, --real, --no-… ----

enum {
  KEY_REAL = 0x100,
  KEY_NAME,
  KEY_MATH,
  KEY_NO_FUSE,
  KEY_NO_CONTRACT,
  KEY_NO_SIMPLIFY,
  KEY_NO_FACTOR,
  KEY_NO_FMA,
  KEY_DERIVATIVES,
  KEY_WRT,
  KEY_TAPE_LIMIT,
  KEY_COLUMN,
  KEY_PARAMS,
  KEY_SEED
};

static const struct argp_option model_options[] = {
    {"define", 'D', "DIM=VALUE", 0, "Give dimension DIM this value; build, explain, graph and dump fix it, all others call functions with it", 1},
    {"real", KEY_REAL, "TYPE", 0, "Compute in double (the default) or float", 1},
    {"math", KEY_MATH, "KIND", 0,
     "Elementary functions: own (the default) brings them along in the generated C, with the same bits on every "
     "machine; libm calls <math.h>",
     1},
    {"name", KEY_NAME, "NAME", 0, "Name of the model in C (default: the file's name)", 1},
    {"derivatives", KEY_DERIVATIVES, "KIND[:NAME],…", 0,
     "Further derivatives: jvp, hvp, hessian, hessian_diagonal, gradient_and_diagonal of the loss; jvp:NAME, vjp:NAME, jacobian:NAME, "
     "sparse_jacobian:NAME of a prediction (these three without NAME: of all)",
     1},
    {"wrt", KEY_WRT, "X,…", 0, "The gradient of the loss, and all that --derivatives asks for, by these data, too", 1},
    {"tape-limit", KEY_TAPE_LIMIT, "BYTES", 0,
     "Keep no more (8000, 64K, 2GiB, 10MB …) between forward and backward, at the sizes given with -D: loops run "
     "again, "
     "block by block of steps",
     1},
    {"no-fma", KEY_NO_FMA, NULL, 0,
     "Round each product and each sum by itself, for small targets whose processors have no x * y + z in one rounding: "
     "other bits, again the same on all machines",
     1},
    {"no-fuse", KEY_NO_FUSE, NULL, 0, "Give every array its own loops (the same results, slower)", 9},
    {"no-contract", KEY_NO_CONTRACT, NULL, 0, "Keep every array in full (the same results, slower)", 9},
    {"no-simplify", KEY_NO_SIMPLIFY, NULL, 0, "Do not simplify, nor factor (the same results but for rounding, slower)",
     9},
    {"no-factor", KEY_NO_FACTOR, NULL, 0, "Form sums as the model has them (the same results but for rounding, slower)",
     9},
    {0}};

static void define_dim(struct argp_state *state, ModelOptions *o, const char *text) {
  const char *equals = strchr(text, '=');
  char *name = arena_strndup(o->arena, text, equals ? (size_t)(equals - text) : strlen(text));
  if (!equals || !option_is_identifier(name)) argp_error(state, "-D %s: write -D DIM=VALUE, such as -D h=256", text);
  int64_t value = option_integer(state, arena_printf(o->arena, "-D %s", name), equals + 1, 0, INT64_MAX);
  for (size_t i = 0; i < o->ndims; i++)
    if (!strcmp(o->dims[i].name, name)) argp_error(state, "-D %s is given twice", name);
  ARENA_PUSH(o->arena, o->dims, o->ndims, o->dims_room) = (DimValue){name, value};
}

// The next of a list with commas, null after the last.
static const char *next_word(struct argp_state *state, Arena *a, const char *option, const char **text) {
  if (!*text) return NULL;
  const char *comma = strchr(*text, ',');
  const char *word = arena_strndup(a, *text, comma ? (size_t)(comma - *text) : strlen(*text));
  if (!*word) argp_error(state, "--%s: a name is missing", option);
  *text = comma ? comma + 1 : NULL;
  return word;
}

static DerivativeKind derivative_kind(struct argp_state *state, const char *word) {
  const char *names[DERIVATIVE_COUNT];
  int count = 0;
  for (int k = 0; k < DERIVATIVE_COUNT; k++) {
    if (k == DERIVATIVE_GRADIENT || k == DERIVATIVE_STRUCTURE) continue; // --wrt, and sparse_jacobian's other half
    if (!strcmp(word, derivative_table[k].name)) return (DerivativeKind)k;
    names[count++] = derivative_table[k].name;
  }
  const char *near = diag_nearest(word, names, (size_t)count);
  if (near)
    argp_error(state, "--derivatives: there is no kind `%s`; did you mean `%s`?", word, near);
  else
    argp_error(state, "--derivatives: there is no kind `%s`; see --help", word);
  return DERIVATIVE_JVP;
}

static void want_derivatives(struct argp_state *state, ModelOptions *o, const char *text) {
  for (const char *word; (word = next_word(state, o->arena, "derivatives", &text));) {
    const char *colon = strchr(word, ':');
    const char *kind = colon ? arena_strndup(o->arena, word, (size_t)(colon - word)) : word;
    Wanted w = {.kind = derivative_kind(state, kind), .of = colon ? colon + 1 : NULL};
    if (w.of && !derivative_table[w.kind].of_predict)
      argp_error(state, "--derivatives %s: a %s is of the loss, not of a prediction", word, kind);
    for (size_t k = 0; k < o->nderivatives; k++) {
      const Wanted *other = &o->derivatives[k];
      bool same_of = w.of && other->of ? !strcmp(w.of, other->of) : w.of == other->of;
      if (other->kind == w.kind && same_of) argp_error(state, "--derivatives: %s is given twice", word);
    }
    ARENA_PUSH(o->arena, o->derivatives, o->nderivatives, o->derivatives_room) = w;
  }
}

static void want_data(struct argp_state *state, ModelOptions *o, const char *text) {
  for (const char *word; (word = next_word(state, o->arena, "wrt", &text));) {
    for (size_t k = 0; k < o->nwrt; k++)
      if (!strcmp(o->wrt[k], word)) argp_error(state, "--wrt: %s is given twice", word);
    ARENA_PUSH(o->arena, o->wrt, o->nwrt, o->wrt_room) = word;
  }
}

static error_t model_parse(int key, char *arg, struct argp_state *state) {
  ModelOptions *o = state->input;
  switch (key) {
  case 'D': define_dim(state, o, arg); return 0;
  case KEY_REAL:
    if (strcmp(arg, "double") && strcmp(arg, "float")) argp_error(state, "--real is double or float, not '%s'", arg);
    o->use_float = !strcmp(arg, "float");
    return 0;
  case KEY_MATH:
    if (strcmp(arg, "own") && strcmp(arg, "libm")) argp_error(state, "--math is own or libm, not '%s'", arg);
    o->libm = !strcmp(arg, "libm");
    return 0;
  case KEY_NAME:
    if (!option_is_identifier(arg)) argp_error(state, "--name '%s' is not a C identifier", arg);
    o->name = arg;
    return 0;
  case KEY_DERIVATIVES: want_derivatives(state, o, arg); return 0;
  case KEY_WRT: want_data(state, o, arg); return 0;
  case KEY_TAPE_LIMIT: o->tape_limit = option_bytes(state, "--tape-limit", arg); return 0;
  case KEY_NO_FUSE: o->no_fuse = true; return 0;
  case KEY_NO_CONTRACT: o->no_contract = true; return 0;
  case KEY_NO_SIMPLIFY: o->no_simplify = true; return 0;
  case KEY_NO_FACTOR: o->no_factor = true; return 0;
  case KEY_NO_FMA: o->no_fma = true; return 0;
  case ARGP_KEY_ARG:
    if (o->file) argp_error(state, "one model at a time: '%s' and '%s'", o->file, arg);
    o->file = arg;
    return 0;
  case ARGP_KEY_END:
    if (!o->file) argp_error(state, "which model? give FILE.mdl");
    return 0;
  default: return ARGP_ERR_UNKNOWN;
  }
}

const struct argp model_argp = {model_options, model_parse, NULL, NULL, NULL, NULL, NULL};

// ---- data: --data, --column, --params, --seed ----

static const struct argp_option data_options[] = {
    {"data", 'd', "FILE", 0,
     "Data by name: a table (FILE.csv: a header, one row a sample) for batch data, or arrays (FILE.json: an object of "
     "numbers and nested arrays) for any; may be given several times",
     2},
    {"column", KEY_COLUMN, "X=FIRST..LAST", 0,
     "Data X is the table's columns FIRST to LAST (X=NAME: one column); without it, column X, or X[0], X[1], …", 2},
    {"params", KEY_PARAMS, "FILE", 0, "Parameters by name, as JSON; without it, the start values", 2},
    {"seed", KEY_SEED, "S", 0, "Seed of all random numbers (default 0)", 2},
    {0}};

static void column_range(struct argp_state *state, DataOptions *o, const char *text) {
  const char *equals = strchr(text, '=');
  const char *dots = equals ? strstr(equals, "..") : NULL;
  const char *end = text + strlen(text);
  if (!equals || equals == text || equals + 1 == end || (dots && (dots == equals + 1 || dots + 2 == end)))
    argp_error(state, "--column %s: write --column X=FIRST..LAST, or --column X=NAME", text);
  ColumnRange range = {.data = arena_strndup(o->arena, text, (size_t)(equals - text))};
  range.first = arena_strndup(o->arena, equals + 1, (size_t)((dots ? dots : end) - (equals + 1)));
  range.last = dots ? arena_strdup(o->arena, dots + 2) : range.first;
  for (size_t i = 0; i < o->ncolumns; i++)
    if (!strcmp(o->columns[i].data, range.data)) argp_error(state, "--column %s=… is given twice", range.data);
  ARENA_PUSH(o->arena, o->columns, o->ncolumns, o->columns_room) = range;
}

static error_t data_parse(int key, char *arg, struct argp_state *state) {
  DataOptions *o = state->input;
  switch (key) {
  case 'd': ARENA_PUSH(o->arena, o->files, o->nfiles, o->files_room) = arg; return 0;
  case KEY_COLUMN: column_range(state, o, arg); return 0;
  case KEY_PARAMS: o->params = arg; return 0;
  case KEY_SEED: o->seed = (uint64_t)option_integer(state, "--seed", arg, 0, INT64_MAX); return 0;
  default: return ARGP_ERR_UNKNOWN;
  }
}

const struct argp data_argp = {data_options, data_parse, NULL, NULL, NULL, NULL, NULL};
