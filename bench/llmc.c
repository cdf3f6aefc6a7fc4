/* llmc.c - llm.c's CPU trainer on the parameters and tokens that step.c wrote: the include path leads to a checkout of karpathy/llm.c.
 *
 *   llmc FILE V=… C=… H=… s=… L=… n=…      the dimensions of gpt2.mdl
 *
 * Its matrices are ours transposed.  A step is forward, zero_grad, backward, without the optimizer. */
#define TESTING /* leaves out its main */
#include "train_gpt2.c"

#undef TESTING
#include "harness.h"

enum { V, C, H, S, L, N, DIMS };
static const char *const names[DIMS] = {"V=", "C=", "H=", "s=", "L=", "n="};

struct context {
  GPT2 model;
  int *inputs, *targets;
  size_t n, length;
};

static void forward(struct context *c) {
  gpt2_forward(&c->model, c->inputs, c->targets, c->n, c->length);
}

static void step(void *context) {
  struct context *c = context;
  forward(c);
  gpt2_zero_grad(&c->model);
  gpt2_backward(&c->model);
}

static void read_dims(int argc, char **argv, size_t *dims) {
  for (int d = 0; d < DIMS; d++) {
    dims[d] = 0;
    for (int k = 2; k < argc; k++)
      if (!strncmp(argv[k], names[d], strlen(names[d]))) dims[d] = (size_t)atoll(argv[k] + strlen(names[d]));
    if (!dims[d]) die("give %s…", names[d]);
  }
}

static void read_floats(FILE *file, float *out, size_t count) {
  if (fread(out, sizeof *out, count, file) != count) die("the file of parameters is short");
}

/* [layers, rows, columns] there, [layers, columns, rows] here. */
static void read_transposed(FILE *file, float *out, size_t layers, size_t rows, size_t columns) {
  float *matrix = memory(rows * columns * sizeof *matrix);
  for (size_t l = 0; l < layers; l++) {
    read_floats(file, matrix, rows * columns);
    for (size_t r = 0; r < rows; r++)
      for (size_t c = 0; c < columns; c++) out[(l * columns + c) * rows + r] = matrix[r * columns + c];
  }
  free(matrix);
}

static void read_parameters(FILE *file, const size_t *dims, ParameterTensors *p) {
  const size_t d = dims[H] * dims[S], layers = dims[L];
  read_floats(file, p->wte, dims[V] * d);
  read_floats(file, p->wpe, dims[C] * d);
  read_floats(file, p->ln1w, layers * d);
  read_floats(file, p->ln1b, layers * d);
  read_floats(file, p->ln2w, layers * d);
  read_floats(file, p->ln2b, layers * d);
  read_floats(file, p->lnfw, d);
  read_floats(file, p->lnfb, d);
  read_transposed(file, p->qkvw, layers, d, 3 * d);
  read_floats(file, p->qkvb, layers * 3 * d);
  read_transposed(file, p->attprojw, layers, d, d);
  read_floats(file, p->attprojb, layers * d);
  read_transposed(file, p->fcw, layers, d, 4 * d);
  read_floats(file, p->fcb, layers * 4 * d);
  read_transposed(file, p->fcprojw, layers, 4 * d, d);
  read_floats(file, p->fcprojb, layers * d);
}

/* token[n, C + 1]: each is told from those before it. */
static void read_tokens(FILE *file, struct context *c) {
  int *row = memory((c->length + 1) * sizeof *row);
  c->inputs = memory(c->n * c->length * sizeof *c->inputs);
  c->targets = memory(c->n * c->length * sizeof *c->targets);
  for (size_t i = 0; i < c->n; i++) {
    if (fread(row, sizeof *row, c->length + 1, file) != c->length + 1) die("the file of tokens is short");
    memcpy(c->inputs + i * c->length, row, c->length * sizeof *row);
    memcpy(c->targets + i * c->length, row + 1, c->length * sizeof *row);
  }
  free(row);
}

int main(int argc, char **argv) {
  struct context c = {.model = {.mean_loss = -1.0f}};
  size_t dims[DIMS];
  if (argc < 2) die("usage: llmc FILE V=… C=… H=… s=… L=… n=…");
  read_dims(argc, argv, dims);
  c.n = dims[N];
  c.length = dims[C];
  GPT2Config *config = &c.model.config;
  config->max_seq_len = (int)dims[C];
  config->vocab_size = (int)dims[V];
  config->padded_vocab_size = (int)((dims[V] + 127) / 128 * 128);
  config->num_layers = (int)dims[L];
  config->num_heads = (int)dims[H];
  config->channels = (int)(dims[H] * dims[S]);
  fill_in_parameter_sizes(c.model.param_sizes, *config);
  for (int k = 0; k < NUM_PARAMETER_TENSORS; k++) c.model.num_parameters += c.model.param_sizes[k];
  c.model.params_memory = malloc_and_point_parameters(&c.model.params, c.model.param_sizes);
  memset(c.model.params_memory, 0, c.model.num_parameters * sizeof(float));
  FILE *file = fopen(argv[1], "rb");
  if (!file) die("cannot read %s", argv[1]);
  read_parameters(file, dims, &c.model.params);
  read_tokens(file, &c);
  fclose(file);

  const int out = dup(STDOUT_FILENO); /* the first forward tells of its memory: not where the protocol runs */
  dup2(STDERR_FILENO, STDOUT_FILENO);
  forward(&c);
  fflush(stdout);
  dup2(out, STDOUT_FILENO);
  char more[64];
  snprintf(more, sizeof more, "\"loss\": %.9g", c.model.mean_loss);
  serve((struct side[]){{"gradient", step}}, 1, &c, more);
  return 0;
}
