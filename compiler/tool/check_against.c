// check_against.c - the user's function: its signature, the skeleton of it, and how it is compiled.
#include "tool/check_against.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "emit/names.h"

// ---- the signature ----

static bool is_call_dim(const Dim *d) {
  return d->kind == DIM_CALL || d->kind == DIM_BATCH;
}

static const char *real_name(const Program *program) {
  return program->emit.use_float ? "float" : "double";
}

static const char *data_type(const Program *program, const DataDecl *d) {
  return d->type == TYPE_REAL ? real_name(program) : "int32_t";
}

// Types alone: no name can be in the way.
static void put_prototype(Text *t, const Program *program, const char *function) {
  const Model *m = program->model;
  const char *before = "";
  text_printf(t, "double %s(", function);
  for (int k = 0; k < dims_count(m->dims); k++) {
    if (!is_call_dim(dims_get(m->dims, k))) continue;
    text_printf(t, "%sint64_t", before);
    before = ", ";
  }
  for (int k = 0; k < m->ndata; k++, before = ", ")
    text_printf(t, "%sconst %s *", before, data_type(program, &m->data[k]));
  for (int k = 0; k < m->nparam; k++, before = ", ") text_printf(t, "%sconst %s *", before, real_name(program));
  for (int k = 0; k < m->nparam; k++, before = ", ") text_printf(t, "%s%s *", before, real_name(program));
  text_printf(t, "%s)", *before ? "" : "void");
}

// What calls it with arrays of pointers.
static void put_call(Text *t, const Program *program, const char *function) {
  const Model *m = program->model;
  const char *before = "", *real = real_name(program);
  text_printf(t,
              "double mdlc_call(const int64_t *dims, const void *const *data, const void *const *param, void *const "
              "*grad);\ndouble mdlc_call(const int64_t *dims, const void *const *data, const void *const *param, void "
              "*const *grad) {\n  (void)dims, (void)data, (void)param, (void)grad;\n  return %s(",
              function);
  int dim = 0;
  for (int k = 0; k < dims_count(m->dims); k++) {
    if (!is_call_dim(dims_get(m->dims, k))) continue;
    text_printf(t, "%sdims[%d]", before, dim++);
    before = ", ";
  }
  for (int k = 0; k < m->ndata; k++, before = ", ")
    text_printf(t, "%s(const %s *)data[%d]", before, data_type(program, &m->data[k]), k);
  for (int k = 0; k < m->nparam; k++, before = ", ") text_printf(t, "%s(const %s *)param[%d]", before, real, k);
  for (int k = 0; k < m->nparam; k++, before = ", ") text_printf(t, "%s(%s *)grad[%d]", before, real, k);
  text_printf(t, ");\n}\nint mdlc_defined(void);\nint mdlc_defined(void) {\n  return %s != 0;\n}\n", function);
}

// ---- the template ----

static const char *shape_text(Arena *a, const Dims *dims, int rank, const Poly *const *extent) {
  Text t;
  text_init(&t);
  for (int k = 0; k < rank; k++) {
    text_put(&t, k > 0 ? ", " : "[");
    poly_print(&t, dims, extent[k]);
  }
  text_put(&t, rank > 0 ? "]" : "one number");
  const char *s = arena_strdup(a, t.s);
  text_free(&t);
  return s;
}

typedef struct Arguments {
  Text *list, *unused;
  Names names;
  int count;
} Arguments;

static void add_argument(Arguments *args, const char *type, const char *name, const char *comment) {
  const char *own = names_take(&args->names, name);
  text_printf(args->list, "%s\n    %s%s%s /* %s */", args->count > 0 ? "," : "", type, strchr(type, '*') ? "" : " ",
              own, comment);
  text_printf(args->unused, "%s(void)%s", args->count > 0 ? ", " : "  ", own);
  args->count++;
}

static void add_arguments(Arena *a, Arguments *args, const Program *program) {
  const Model *m = program->model;
  const Dims *dims = m->dims;
  for (int k = 0; k < dims_count(dims); k++)
    if (is_call_dim(dims_get(dims, k))) add_argument(args, "int64_t", dims_get(dims, k)->name, "a dimension");
  for (int k = 0; k < m->ndata; k++) {
    const DataDecl *d = &m->data[k];
    add_argument(args, arena_printf(a, "const %s *", data_type(program, d)), d->name,
                 arena_printf(a, "data, %s", shape_text(a, dims, d->rank, d->extent)));
  }
  for (int pass = 0; pass < 2; pass++)
    for (int k = 0; k < m->nparam; k++) {
      const ParamDecl *p = &m->param[k];
      const char *shape = shape_text(a, dims, p->rank, p->extent), *real = real_name(program);
      if (pass == 0)
        add_argument(args, arena_printf(a, "const %s *", real), p->name, arena_printf(a, "parameter, %s", shape));
      else
        add_argument(args, arena_printf(a, "%s *", real), arena_printf(a, "d_%s", p->name),
                     arena_printf(a, "to write: d loss / d %s, %s", p->name, shape));
    }
}

static void put_fixed_dims(Text *t, const Dims *dims) {
  const char *before = "Fixed dimensions: ";
  for (int k = 0; k < dims_count(dims); k++) {
    const Dim *d = dims_get(dims, k);
    if (d->kind != DIM_FIXED || !d->name) continue;
    text_printf(t, "%s%s = %lld", before, d->name, (long long)d->value);
    before = ", ";
  }
  if (*before == ',') text_put(t, ".\n   ");
}

void against_template(Text *t, const Program *program, const char *function) {
  Arena *a = arena_new();
  Text list, unused;
  text_init(&list);
  text_init(&unused);
  Arguments args = {.list = &list, .unused = &unused};
  names_init(&args.names, a, function);
  names_reserve(&args.names, function);
  add_arguments(a, &args, program);
  text_printf(t, "/* The loss of %s and its gradient by hand, for: mdlc check %s --against FILE.c --function %s\n   ",
              program->model->name, program->emit.source, function);
  put_fixed_dims(t, program->model->dims);
  text_put(
      t, "Arrays are dense and row-major: entry [i, j] of [n, d] is at i * d + j.  Every entry of each gradient is to\n"
         "   be written; what is returned is the loss, or NAN, which is compared with nothing. */\n"
         "#include <math.h>\n#include <stdint.h>\n\n");
  text_printf(t, "double %s(%s) {\n", function, args.count > 0 ? list.s : "void");
  if (args.count > 0) text_printf(t, "%s;\n", unused.s);
  text_put(t, "  return NAN;\n}\n");
  text_free(&list);
  text_free(&unused);
  arena_free(a);
}

// ---- compiling ----

static int refuse_missing(const Program *program, const Against *against) {
  Text t;
  text_init(&t);
  put_prototype(&t, program, against->function);
  int status = tool_fail(STATUS_REJECTED, "%s does not define %s; --template prints a skeleton.  It is called as\n  %s",
                         against->file, against->function, t.s);
  text_free(&t);
  return status;
}

// The file as a line that includes it has it.
static int include_text(Arena *a, const char *file, const char **text) {
  if (access(file, R_OK)) return tool_fail(STATUS_ENVIRONMENT, "cannot read %s: %s", file, strerror(errno));
  char directory[4096];
  if (strpbrk(file, "\"\\\n"))
    return tool_fail(STATUS_ENVIRONMENT, "%s: a C compiler cannot include a file of this name", file);
  if (*file == '/') {
    *text = file;
    return STATUS_OK;
  }
  if (!getcwd(directory, sizeof directory) || strpbrk(directory, "\"\\\n"))
    return tool_fail(STATUS_ENVIRONMENT, "%s: a C compiler cannot include a file of this directory", file);
  *text = arena_printf(a, "%s/%s", directory, file);
  return STATUS_OK;
}

int against_load(Arena *a, const Program *program, Against *against) {
  const char *path;
  int status = include_text(a, against->file, &path);
  if (status) return status;
  Text source;
  text_init(&source);
  // Before the file: what does not fit it is a compiler's error.  Weak: that it is absent is told here.
  text_put(&source, "#include <stdint.h>\n");
  put_prototype(&source, program, against->function);
  text_printf(&source, " __attribute__((weak));\n#include \"%s\"\n#include <stdint.h>\n", path);
  put_call(&source, program, against->function);
  status = jit_load(a, &(JitSource){.name = "against", .source = &source, .user = against->file}, &against->library);
  text_free(&source);
  if (status) return status;
  int (*defined)(void);
  *(void **)&defined = dlsym(against->library, "mdlc_defined");
  *(void **)&against->call = dlsym(against->library, "mdlc_call");
  if (!defined || !against->call) return tool_fail(STATUS_INTERNAL, "internal error: no mdlc_call");
  return defined() ? STATUS_OK : refuse_missing(program, against);
}

void against_close(Against *against) {
  if (against->library) dlclose(against->library);
  against->library = NULL;
}
