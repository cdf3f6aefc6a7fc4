// check_compare.h - the comparison of a gradient with its oracles, and the table that tells of it.
#ifndef MDLC_CHECK_COMPARE_H
#define MDLC_CHECK_COMPARE_H

#include "tool/check_against.h"

typedef enum { ORACLE_COMPLEX, ORACLE_DUAL, ORACLE_DIFFERENCE, ORACLE_AUTHOR, ORACLE_AGAINST, ORACLE_COUNT } Oracle;

// Derivatives of one parameter that an oracle does not know, while another compares them.
typedef struct LeftOut {
  size_t count;
  const char *why; // of the first, and where it is
  int point;
  bool along;
  size_t entry;
} LeftOut;

// The worst disagreement of one parameter with one oracle.
typedef struct Finding {
  size_t compared; // entries and directions, over all points
  double error;    // signed, relative
  double ours, theirs;
  int gradient; // whose: index of gradient_names
  int point;
  bool along;          // along a random direction; otherwise
  size_t entry;        // of the parameter
  size_t first, wrong; // the first entry that disagrees, and how many do (over points and entries)
  double low, high;    // of theirs / ours, where ours is not nearly 0
  LeftOut left_out;
  const char *absent; // why there was nothing to compare: "stop", "kink", "none"; null where there was
} Finding;

typedef struct Point {
  double *params;
  const Node *kink; // or null
} Point;

typedef struct Comparison {
  Subject *subject;
  const Against *against; // null: none
  Finding *finding;       // ORACLE_COUNT a parameter
  Point *point;
  int npoints;
  int skipped;    // points around the start where the loss is not finite
  size_t sampled; // entries that are compared of a parameter that has more; 0: all
  int directions; // then, and along so many random directions
} Comparison;

extern const char *const oracle_names[ORACLE_COUNT];

double oracle_gate(const Subject *s, Oracle oracle);
// All entries are off by the same factor: which.  (factor may be null.)
bool finding_factor(const Finding *f, double *factor);
bool finding_passes(const Subject *s, Oracle oracle, const Finding *f);

// Fills in the findings; false where the interpreter failed (said).
bool compare_all(Comparison *c, uint64_t seed);

// Table and verdict.
void report_table(Text *t, const Comparison *c);
// Every disagreement in words; the point that shows the worst.
int report_disagreements(Text *t, const Comparison *c);
// "[3, 1]"; "" for a scalar.
const char *check_entry_text(Arena *a, const ParamPlace *place, size_t entry);
// As --params and --data take them.
void report_params(Text *t, const Subject *s, const double *params);
void report_data(Text *t, const Subject *s);
bool all_agree(const Comparison *c);
// The loss that the hand-written function returns, at the first point where it is not the model's: false.
bool against_loss_agrees(const Comparison *c, int *point, double *ours);
// How it compares in time and loss.
void report_against(Text *t, const Comparison *c);

#endif
