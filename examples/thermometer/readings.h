/* readings.h - the rows of readings.csv, for programs that read no files. */
#ifndef READINGS_H
#define READINGS_H

enum { READINGS = 11 };
static const double readings_t_c[READINGS] = {0.5, 14, 15, 28, 11, 8, 3, -4, 6, 13, 21};
static const double readings_t_u[READINGS] = {35.7, 55.9, 58.2, 81.9, 56.3, 48.9, 33.9, 21.8, 48.4, 60.4, 68.4};

#endif
