// passes.c - see passes.h.
#include "passes.h"

#include "derive/derive.h"
#include "derive_cases.h"
#include "simplify/simplify.h"

void pass_check(const char *head, const PassCase *c, Pass *pass, double tolerance) {
  Lab l = lab_of(head, c->before);
  const Graph *before = l.model->graph, *after = pass(l.arena, before);
  lab_verify(&l, after);
  lab_compare(&l, before, after, tolerance);
  lab_expect(&l, after, c->name, c->after ? c->after : c->before);
  lab_close(&l);
}

void pass_check_simplified(const char *head, const PassCase *c, Pass *pass, double tolerance) {
  const unsigned roles = 1u << ROOT_LOSS | 1u << ROOT_NAMED;
  Lab l = lab_of(head, c->before);
  const Graph *before = simplify(l.arena, l.model->graph, roles), *raw = pass(l.arena, before);
  lab_verify(&l, raw);
  lab_compare(&l, before, raw, tolerance);
  const Graph *after = simplify(l.arena, raw, roles);
  lab_verify(&l, after);
  lab_compare(&l, before, after, tolerance);
  if (c->after)
    lab_expect(&l, after, c->name, c->after);
  else
    ck_assert_str_eq(lab_nodes(&l, after), lab_nodes(&l, before));
  lab_close(&l);
}

enum { GRADIENT_ROLES = 1u << ROOT_LOSS | 1u << ROOT_GRADIENT };

static const Graph *gradient_of(const Lab *l) {
  return simplify(l->arena, derive_gradient(l->arena, l->model->graph, true, NULL), GRADIENT_ROLES);
}

void pass_check_gradient(int k, Pass *pass, double tolerance) {
  Lab l = open_case(k);
  const Graph *before = gradient_of(&l), *after = pass(l.arena, before);
  lab_verify(&l, after);
  lab_compare(&l, before, after, tolerance);
  lab_close(&l);
}

void pass_check_dual(int k, Pass *pass) {
  Lab l = open_case(k);
  const Graph *after = pass(l.arena, gradient_of(&l));
  lab_verify(&l, after);
  const double error = lab_gradient_error(&l, simplify(l.arena, after, GRADIENT_ROLES));
  ck_assert_msg(error < 1e-13, "%s: error %g", cases[k].name, error);
  lab_close(&l);
}

int pass_main(const char *name, const TTest *own, size_t nown, const TTest *gradient) {
  Suite *s = suite_create(name);
  TCase *c = tcase_create(name);
  tcase_add_loop_test(c, own, 0, (int)nown);
  suite_add_tcase(s, c);
  c = tcase_create("gradients");
  tcase_set_timeout(c, 60);
  tcase_add_loop_test(c, gradient, 0, sizeof cases / sizeof *cases);
  suite_add_tcase(s, c);
  return lab_main(s);
}
