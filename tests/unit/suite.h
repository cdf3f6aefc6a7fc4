// suite.h - a test program of one case: runs it and gives the exit status.
#ifndef MDLC_TEST_SUITE_H
#define MDLC_TEST_SUITE_H

#include <check.h>

static int run_suite_within(TCase *c, const char *name, int seconds) {
  tcase_set_timeout(c, seconds);
  Suite *s = suite_create(name);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}

static inline int run_suite(TCase *c, const char *name) {
  return run_suite_within(c, name, 60);
}

#endif
