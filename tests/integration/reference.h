// reference.h - the figures of tests/reference/tutorial_reference.json: what PyTorch gives for the thermometer.
#ifndef REFERENCE_H
#define REFERENCE_H

#include <jansson.h>
#include <stdbool.h>

enum { PARAMS = 2 }; // w and b

// The figures in double or float, the caller's to json_decref.
json_t *reference_load(bool use_float);

// Fails the running test unless x is within relative `tolerance` of y; `what` says what is compared.
void assert_close(double x, double y, double tolerance, const char *what);

// The tolerance of the figures: double 1e-10, float 1e-4.
double reference_tolerance(bool use_float);

#endif
