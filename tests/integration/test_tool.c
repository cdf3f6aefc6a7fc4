// test_tool.c - the tutorial's figures, and the examples, through the command line.
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reference.h"

#define SCALED THERMOMETER_DIR "/thermometer_scaled.mdl"
#define RAW THERMOMETER_DIR "/thermometer.mdl"
#define READINGS_CSV THERMOMETER_DIR "/readings.csv"
#define DATA " --data " READINGS_CSV

// ---- running the tool, in a directory of its own ----

enum { COMMAND_SIZE = 2048, OUTPUT_SIZE = 1 << 16 };

typedef struct Place {
  char directory[64];       // removed at the end, whatever the tests came to
  char output[OUTPUT_SIZE]; // what the last command printed, on both streams
} Place;

static Place here = {.directory = "/tmp/mdlc-test-XXXXXX"};

// Each test has a directory of its own in it.
static void enter(void) {
  char own[] = "XXXXXX";
  ck_assert_int_eq(chdir(here.directory), 0);
  ck_assert_ptr_nonnull(mkdtemp(own));
  ck_assert_int_eq(chdir(own), 0);
}

static bool remove_all(void) {
  char command[COMMAND_SIZE];
  snprintf(command, sizeof command, "rm -rf %s", here.directory);
  return system(command) == 0;
}

// The exit status.
static int mdlc(const char *arguments) {
  char command[COMMAND_SIZE];
  ck_assert_uint_lt((size_t)snprintf(command, sizeof command, "'%s' %s 2>&1 < /dev/null", MDLC, arguments),
                    sizeof command);
  FILE *f = popen(command, "r");
  ck_assert_ptr_nonnull(f);
  size_t length = fread(here.output, 1, OUTPUT_SIZE - 1, f);
  here.output[length] = '\0';
  ck_assert_int_ne(ferror(f), 1);
  int status = pclose(f);
  ck_assert(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static void mdlc_succeeds(const char *arguments) {
  int status = mdlc(arguments);
  ck_assert_msg(status == 0, "mdlc %s: exit status %d\n%s", arguments, status, here.output);
}

static json_t *json_of(const char *text) {
  json_error_t error;
  json_t *json = json_loads(text, 0, &error);
  ck_assert_msg(json != NULL, "%d: %s\n%s", error.line, error.text, text);
  return json;
}

static json_t *json_of_file(const char *path) {
  json_error_t error;
  json_t *json = json_load_file(path, 0, &error);
  ck_assert_msg(json != NULL, "%s:%d: %s", path, error.line, error.text);
  return json;
}

static void assert_params(json_t *params, json_t *expected, double tolerance) {
  assert_close(json_number_value(json_object_get(params, "w")), json_number_value(json_array_get(expected, 0)),
               tolerance, "w");
  assert_close(json_number_value(json_object_get(params, "b")), json_number_value(json_array_get(expected, 1)),
               tolerance, "b");
}

// ---- the tutorial's runs ----

typedef struct Run {
  const char *name, *arguments;
  int epochs;
} Run;

static const Run runs[] = {
    {"sgd_1e-2_un", SCALED DATA " --optimizer sgd --lr 1e-2", 5000},
    {"sgd_1e-5_raw_5000", RAW DATA " --optimizer sgd --lr 1e-5", 5000},
    {"adam_1e-1_raw_2000", RAW DATA " --optimizer adam --lr 1e-1", 2000},
    {"adam_1e-1_raw_5000", RAW DATA " --optimizer adam --lr 1e-1", 5000},
};
enum { RUNS = sizeof runs / sizeof *runs };

// Every loss of the reference is on its line, to the digits that are printed.
static void check_lines(json_t *losses, double tolerance) {
  const char *epoch;
  json_t *loss;
  json_object_foreach(losses, epoch, loss) {
    char line[64];
    snprintf(line, sizeof line, "epoch %s  loss ", epoch);
    const char *found = strstr(here.output, line);
    ck_assert_msg(found != NULL, "no line `%s…` in\n%s", line, here.output);
    double expected = json_number_value(loss);
    double printed = strtod(found + strlen(line), NULL);
    ck_assert_double_eq_tol(printed, expected, 0.5000001e-6 + tolerance * expected);
  }
}

static void check_run(const Run *run, bool use_float) {
  json_t *figures = reference_load(use_float), *expected = json_object_get(figures, run->name);
  double tolerance = reference_tolerance(use_float);
  char arguments[COMMAND_SIZE];
  snprintf(arguments, sizeof arguments, "train %s --epochs %d --log-every 500 --real %s -o fitted.json", run->arguments,
           run->epochs, use_float ? "float" : "double");
  mdlc_succeeds(arguments);
  check_lines(json_object_get(expected, "loss"), tolerance);
  json_t *fitted = json_of_file("fitted.json");
  assert_params(fitted, json_object_get(expected, "params"), tolerance);
  json_decref(fitted);

  // With all digits: the loss of what was fitted.
  snprintf(arguments, sizeof arguments, "eval %.*s" DATA " --params fitted.json --json --real %s",
           (int)strcspn(run->arguments, " "), run->arguments, use_float ? "float" : "double");
  mdlc_succeeds(arguments);
  json_t *eval = json_of(here.output);
  assert_close(json_number_value(json_object_get(eval, "loss")),
               json_number_value(json_object_get(expected, "final_loss_after_last_update")), tolerance, "loss");
  json_decref(eval);
  json_decref(figures);
}

START_TEST(training_in_double) {
  check_run(&runs[_i], false);
}
END_TEST

START_TEST(training_in_float) {
  check_run(&runs[_i], true);
}
END_TEST

START_TEST(gradient_at_the_start) {
  const struct { const char *model, *figures; } rows[] = {{RAW, "accum_raw"}, {SCALED, "accum_un"}};
  char arguments[COMMAND_SIZE];
  snprintf(arguments, sizeof arguments, "eval %s" DATA " --json", rows[_i].model);
  mdlc_succeeds(arguments);
  json_t *eval = json_of(here.output), *figures = reference_load(false),
         *expected = json_object_get(figures, rows[_i].figures);
  assert_close(json_number_value(json_object_get(eval, "loss")),
               json_number_value(json_array_get(json_object_get(expected, "loss"), 0)), 1e-14, "loss");
  assert_params(json_object_get(eval, "gradient"),
                json_array_get(json_object_get(expected, "grad_after_backward_1_2_3"), 0), 1e-14);
  ck_assert_uint_eq(json_array_size(json_object_get(json_object_get(eval, "predictions"), "t_p")), 11);
  json_decref(figures);
  json_decref(eval);
}
END_TEST

START_TEST(divergence_is_exit_status_4) {
  int status = mdlc("train " RAW DATA " --optimizer sgd --lr 1e-2 --epochs 5000 --log-every 500 -o fitted.json");
  ck_assert_int_eq(status, 4);
  ck_assert_msg(strstr(here.output, "diverged in epoch ") != NULL, "%s", here.output);
  ck_assert_msg(strstr(here.output, "nan") == NULL, "%s", here.output);
  json_t *fitted = json_of_file("fitted.json"); // the last good parameters: finite, so numbers
  ck_assert(json_is_number(json_object_get(fitted, "w")) && json_is_number(json_object_get(fitted, "b")));
  json_decref(fitted);
}
END_TEST

// Two of eleven validate; the same seed gives the same run, another seed another split.
START_TEST(validation_split) {
  static char first[OUTPUT_SIZE];
  const char *train = "train " SCALED DATA " --lr 1e-2 --epochs 3000 --log-every 500 --validation 0.2 --seed 1";
  mdlc_succeeds(train);
  ck_assert_msg(strstr(here.output, "validation ") != NULL, "%s", here.output);
  strcpy(first, here.output);
  mdlc_succeeds(train);
  ck_assert_str_eq(here.output, first);
  mdlc_succeeds("train " SCALED DATA " --lr 1e-2 --epochs 3000 --log-every 500 --validation 0.2 --seed 2");
  ck_assert_str_ne(here.output, first);
}
END_TEST

// ---- the examples, as their READMEs have them ----

static double metric(const char *name) {
  json_t *eval = json_of(here.output);
  double value = json_number_value(json_object_get(json_object_get(eval, "metrics"), name));
  json_decref(eval);
  return value;
}

START_TEST(logistic_learns) {
  const char *data = "logistic.mdl --data " EXAMPLES_DIR "/logistic/samples.csv ";
  char arguments[COMMAND_SIZE];
  snprintf(arguments, sizeof arguments,
           "train " EXAMPLES_DIR "/logistic/%s --optimizer sgd --lr 1 --epochs 500 -o fitted.json", data);
  mdlc_succeeds(arguments);
  json_t *fitted = json_of_file("fitted.json");
  // What PyTorch's SGD comes to on the same data, to the digits that it prints.
  const double expected[] = {1.6345, -2.2538, 0.3465, 0.0173};
  for (size_t k = 0; k < 4; k++)
    ck_assert_double_eq_tol(json_number_value(json_array_get(json_object_get(fitted, "w"), k)), expected[k], 5e-5);
  json_decref(fitted);
  snprintf(arguments, sizeof arguments, "eval " EXAMPLES_DIR "/logistic/%s --params fitted.json --json", data);
  mdlc_succeeds(arguments);
  assert_close(metric("accuracy"), 101.0 / 120, 1e-15, "accuracy");
}
END_TEST

START_TEST(mlp_learns) {
  const char *data = "mlp.mdl --data " EXAMPLES_DIR "/mlp/spirals.csv ";
  char arguments[COMMAND_SIZE];
  snprintf(arguments, sizeof arguments,
           "train " EXAMPLES_DIR "/mlp/%s --optimizer adam --lr 0.02 --epochs 1000 --seed 1 -o fitted.json", data);
  mdlc_succeeds(arguments);
  snprintf(arguments, sizeof arguments, "eval " EXAMPLES_DIR "/mlp/%s --params fitted.json --json", data);
  mdlc_succeeds(arguments);
  ck_assert_double_ge(metric("accuracy"), 0.99);
}
END_TEST

static const char *const checked[] = {
    RAW DATA,
    SCALED DATA,
    EXAMPLES_DIR "/logistic/logistic.mdl --data " EXAMPLES_DIR "/logistic/samples.csv",
    EXAMPLES_DIR "/mlp/mlp.mdl --data " EXAMPLES_DIR "/mlp/spirals.csv -D h=8",
};
enum { CHECKED = sizeof checked / sizeof *checked };

START_TEST(gradients_agree) {
  char arguments[COMMAND_SIZE];
  snprintf(arguments, sizeof arguments, "check %s", checked[_i]);
  mdlc_succeeds(arguments);
}
END_TEST

int main(void) {
  if (!mkdtemp(here.directory)) {
    perror(here.directory);
    return EXIT_FAILURE;
  }
  Suite *s = suite_create("tool");
  TCase *t = tcase_create("command line");
  tcase_add_checked_fixture(t, enter, NULL);
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, training_in_double, 0, RUNS);
  tcase_add_loop_test(t, training_in_float, 0, RUNS);
  tcase_add_loop_test(t, gradient_at_the_start, 0, 2);
  tcase_add_test(t, divergence_is_exit_status_4);
  tcase_add_test(t, validation_split);
  tcase_add_test(t, logistic_learns);
  tcase_add_test(t, mlp_learns);
  tcase_add_loop_test(t, gradients_agree, 0, CHECKED);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  if (!remove_all()) failed++;
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
