// reference.c - see reference.h.
#include "reference.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FILE_SIZE = 1 << 16 };

// Python writes NaN and Infinity, which are not JSON; no figure that is compared is one: they become empty texts.
static void blank(char *text, const char *word) {
  size_t length = strlen(word);
  for (char *at = strstr(text, word); at; at = strstr(at, word)) {
    memset(at, ' ', length);
    memcpy(at, "\"\"", 2);
  }
}

json_t *reference_load(bool use_float) {
  json_error_t error;
  static char text[FILE_SIZE];
  FILE *f = fopen(REFERENCE_FILE, "rb");
  ck_assert_ptr_nonnull(f);
  size_t length = fread(text, 1, FILE_SIZE - 1, f);
  fclose(f);
  text[length] = '\0';
  blank(text, "Infinity");
  blank(text, "NaN");
  json_t *root = json_loads(text, 0, &error);
  ck_assert_msg(root != NULL, "%s:%d: %s", REFERENCE_FILE, error.line, error.text);
  json_t *figures = json_incref(json_object_get(root, use_float ? "float32" : "float64"));
  json_decref(root);
  ck_assert_ptr_nonnull(figures);
  return figures;
}

void assert_close(double x, double y, double tolerance, const char *what) {
  ck_assert_msg(fabs(x - y) <= tolerance * fabs(y), "%s: %.17g, not %.17g", what, x, y);
}

double reference_tolerance(bool use_float) {
  return use_float ? 1e-4 : 1e-10;
}
