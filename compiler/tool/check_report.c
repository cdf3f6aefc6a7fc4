// check_report.c - what mdlc check found, in words.
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "syntax/ast.h"
#include "tool/check_compare.h"

const char *const oracle_names[ORACLE_COUNT] = {"complex step", "dual numbers", "differences", "gradient statement",
                                                "C by hand"};

const char *check_entry_text(Arena *a, const ParamPlace *place, size_t entry) {
  const char *s = "";
  for (int k = place->rank; k-- > 0;) {
    size_t extent = (size_t)place->extent[k];
    s = arena_printf(a, "%zu%s%s", entry % extent, *s ? ", " : "", s);
    entry /= extent;
  }
  return place->rank > 0 ? arena_printf(a, "[%s]", s) : "";
}

static const char *shape_text(Arena *a, const ParamPlace *place) {
  const char *s = "";
  for (int k = 0; k < place->rank; k++) s = arena_printf(a, "%s%s%" PRId64, s, k > 0 ? ", " : "", place->extent[k]);
  return place->rank > 0 ? arena_printf(a, "%s[%s]", place->name, s) : place->name;
}

static const char *finding_text(Arena *a, const Comparison *c, int p, Oracle oracle) {
  const Finding *f = &c->finding[p * ORACLE_COUNT + (int)oracle];
  if (f->absent) return f->absent;
  const char *error = f->error == 0 ? "0" : arena_printf(a, "%+.1e", f->error);
  const char *where = f->error == 0 ? ""
                      : f->along    ? " along a direction"
                                    : check_entry_text(a, &c->subject->param[p], f->entry);
  const char *wrong = finding_passes(c->subject, oracle, f) ? "" : "  WRONG";
  return arena_printf(a, "%s%s%s%s", error, *where == '[' ? " " : "", where, wrong);
}

// A column of the table; those of the first three are always there.
static bool is_shown(const Comparison *c, Oracle oracle) {
  if (oracle < ORACLE_AUTHOR) return true;
  for (int p = 0; p < c->subject->model->nparam; p++)
    if (c->finding[p * ORACLE_COUNT + (int)oracle].compared > 0) return true;
  return false;
}

static void put_rows(Text *t, const Comparison *c) {
  enum { COLUMNS = ORACLE_COUNT + 1 };
  Arena *a = c->subject->arena;
  int columns = 1, rows = c->subject->model->nparam + 1;
  Oracle shown[COLUMNS];
  for (int o = 0; o < ORACLE_COUNT; o++)
    if (is_shown(c, (Oracle)o)) shown[columns++] = (Oracle)o;
  const char **cell = arena_array(a, const char *, (size_t)rows *COLUMNS);
  int width[COLUMNS] = {0};
  for (int row = 0; row < rows; row++)
    for (int k = 0; k < columns; k++) {
      const char *s = row == 0 ? (k == 0 ? "parameter" : oracle_names[shown[k]])
                      : k == 0 ? shape_text(a, &c->subject->param[row - 1])
                               : finding_text(a, c, row - 1, shown[k]);
      cell[row * COLUMNS + k] = s;
      int length = (int)strlen(s);
      width[k] = length > width[k] ? length : width[k];
    }
  for (int row = 0; row < rows; row++)
    for (int k = 0; k < columns; k++) {
      bool last = k + 1 == columns;
      text_printf(t, "%-*s%s", last ? 0 : width[k], cell[row * COLUMNS + k], last ? "\n" : "  ");
    }
}

static bool is_condition(const Graph *g, const Node *n) {
  for (size_t k = 0; k < g->count; k++)
    if (g->nodes[k]->alive == n) return true;
  return false;
}

// What the user wrote there, on one line; in quotes where it is more than a name.
static void put_written(Text *t, Span at) {
  enum { LONGEST = 48 };
  const char *text = at.source->text + at.begin;
  const size_t length = at.end - at.begin;
  size_t shown = 0, name = 0;
  while (shown < length && shown < LONGEST && text[shown] != '\n') shown++;
  while (name < length && (isalnum((unsigned char)text[name]) || text[name] == '_')) name++;
  const char *quote = name < length ? "`" : "";
  text_printf(t, "%s%.*s%s%s", quote, (int)shown, text, shown < length ? " ..." : "", quote);
}

// A node's name may be made up; its place in the model is the user's.
static void put_kink(Text *t, const Comparison *c, int point) {
  const Node *n = c->point[point].kink;
  const Span at = n->span;
  size_t line, column;
  text_printf(t, "note: point %d is on a kink of ", point);
  if (is_condition(c->subject->forward, n))
    text_put(t, "the condition of `iterate`");
  else if (at.source && at.end > at.begin)
    put_written(t, at);
  else
    text_put(t, n->name);
  if (at.source) {
    span_place(at, &line, &column);
    text_printf(t, " (line %zu", line);
    if (at.source != c->subject->program->ast->source) text_printf(t, " of %s", at.source->name);
    text_char(t, ')');
  }
  text_put(t, ": differences mean nothing there\n");
}

static void put_left_out(Text *t, const Comparison *c, int p, Oracle oracle) {
  const ParamPlace *place = &c->subject->param[p];
  const LeftOut *left = &c->finding[p * ORACLE_COUNT + (int)oracle].left_out;
  if (left->count == 0) return;
  text_printf(t, "note: d loss / d %s%s at point %d", place->name,
              left->along ? " along a random direction" : check_entry_text(c->subject->arena, place, left->entry),
              left->point);
  if (left->count > 1) text_printf(t, " and %zu more", left->count - 1);
  text_printf(t, " %s not compared with %s: %s there\n", left->count > 1 ? "are" : "is", oracle_names[oracle],
              left->why);
}

static void put_points(Text *t, const Comparison *c) {
  const Subject *s = c->subject;
  const char *start = s->bound->params ? "the given parameters" : "the start values";
  text_printf(t, "at %s", start);
  if (c->npoints > 1) text_printf(t, " and %d random point%s around them", c->npoints - 1, c->npoints > 2 ? "s" : "");
  if (s->made_data && s->model->ndata > 0) {
    text_put(t, ", on random data");
    const char *before = " (";
    for (int k = 0; k < dims_count(s->model->dims); k++) {
      const Dim *d = dims_get(s->model->dims, k);
      if (d->kind != DIM_CALL && d->kind != DIM_BATCH) continue;
      text_printf(t, "%s%s = %" PRId64, before, d->name, s->bound->dims[k]);
      before = ", ";
    }
    if (before[0] == ',') text_char(t, ')');
  }
  text_char(t, '\n');
  if (c->skipped > 0)
    text_printf(t, "note: %d random point%s left out: %s not finite there\n", c->skipped,
                c->skipped > 1 ? "s are" : " is", c->finding ? "the loss is" : "predictions are");
  if (c->sampled > 0)
    for (int p = 0; p < s->model->nparam; p++)
      if (s->param[p].count > c->sampled)
        text_printf(t, "note: of the %zu entries of %s, %zu and %d random directions are compared at each point\n",
                    s->param[p].count, s->param[p].name, c->sampled, c->directions);
  for (int k = 0; k < c->npoints; k++)
    if (c->point[k].kink) put_kink(t, c, k);
  for (int p = 0; p < s->model->nparam && c->finding; p++)
    for (int o = 0; o < ORACLE_AUTHOR; o++) put_left_out(t, c, p, (Oracle)o);
}

void report_table(Text *t, const Comparison *c) {
  const Subject *s = c->subject;
  const char *by = s->compiled ? "the generated C" : "the interpreted graph (there is no C compiler)";
  if (!c->finding) {
    text_printf(t, "derivatives of the predictions by %s: there is no loss\n", by);
    put_points(t, c);
    return;
  }
  text_printf(t, "worst relative errors of the gradient by %s\n", by);
  put_rows(t, c);
  put_points(t, c);
  if (all_agree(c))
    text_printf(t, "all agree, to %g (differences to %g)\n", oracle_gate(s, ORACLE_DUAL),
                oracle_gate(s, ORACLE_DIFFERENCE));
}

static void put_time(Text *t, double seconds) {
  if (seconds < 1e-3)
    text_printf(t, "%.3g us", seconds * 1e6);
  else
    text_printf(t, "%.3g ms", seconds * 1e3);
}

void report_against(Text *t, const Comparison *c) {
  const Against *a = c->against;
  int point;
  double ours;
  text_put(t, "time of a call: value_and_grad ");
  put_time(t, a->seconds[0]);
  text_printf(t, ", %s ", a->function);
  put_time(t, a->seconds[1]);
  text_printf(t, " (%.2f times as long)\n", a->seconds[1] / a->seconds[0]);
  if (against_loss_agrees(c, &point, &ours)) return;
  text_printf(t, "disagreement at point %d: %s returns the loss ", point, a->function);
  text_real(t, a->loss[point]);
  text_put(t, ", but the model's is ");
  text_real(t, ours);
  text_char(t, '\n');
}

// ---- disagreements ----

// What the entries that disagree have in common.
static void put_pattern(Text *t, const Comparison *c, const ParamPlace *place, const Finding *f, Oracle oracle) {
  if (finding_factor(f, NULL)) {
    double factor;
    finding_factor(f, &factor);
    text_printf(t, "  it is %.10g times the derivative in every entry, at every point\n", factor);
  } else if (place->rank > 0) {
    text_printf(t, "  the first entry that differs is %s%s\n", place->name,
                check_entry_text(c->subject->arena, place, f->first));
  }
  if (oracle != ORACLE_AGAINST) return;
  const int64_t unwritten = c->against->unwritten[f->point] - (int64_t)place->offset;
  if (unwritten >= 0 && unwritten < (int64_t)place->count)
    text_printf(t, "  %s%s is never written\n", place->name,
                check_entry_text(c->subject->arena, place, (size_t)unwritten));
}

static void put_disagreement(Text *t, const Comparison *c, int p, Oracle oracle) {
  const Subject *s = c->subject;
  const Finding *f = &c->finding[p * ORACLE_COUNT + (int)oracle];
  const ParamPlace *place = &s->param[p];
  text_printf(t, "disagreement at point %d: d loss / d %s%s is ", f->point, place->name,
              f->along ? " along a random direction" : check_entry_text(s->arena, place, f->entry));
  text_real(t, f->ours);
  text_printf(t, " by %s, but ", s->compiled ? gradient_names[f->gradient] : "the derived graph");
  text_real(t, f->theirs);
  if (oracle == ORACLE_AGAINST)
    text_printf(t, " by %s of %s", c->against->function, c->against->file);
  else
    text_printf(t, " by %s%s", oracle == ORACLE_AUTHOR ? "the " : "", oracle_names[oracle]);
  const Node *author = oracle == ORACLE_AUTHOR ? graph_root(s->model->graph, ROOT_AUTHOR, p)->node : NULL;
  size_t line, column;
  if (author && author->span.source) {
    span_place(author->span, &line, &column);
    text_printf(t, " (%s:%zu:%zu)", author->span.source->name, line, column);
  }
  text_char(t, '\n');
  if (oracle < ORACLE_AUTHOR && isfinite(f->ours) && !isfinite(f->theirs))
    text_put(t, "  no oracle has a value there: nothing confirms the derivative\n");
  if (oracle >= ORACLE_AUTHOR) put_pattern(t, c, place, f, oracle);
}

static int worst_point(const Comparison *c) {
  int worst = 0;
  double error = -1;
  for (int k = 0; k < c->subject->model->nparam * ORACLE_COUNT; k++) {
    const Finding *f = &c->finding[k];
    if (finding_passes(c->subject, (Oracle)(k % ORACLE_COUNT), f) || fabs(f->error) <= error) continue;
    error = fabs(f->error);
    worst = f->point;
  }
  return worst;
}

int report_disagreements(Text *t, const Comparison *c) {
  const Subject *s = c->subject;
  for (int p = 0; p < s->model->nparam; p++)
    for (int o = 0; o < ORACLE_COUNT; o++)
      if (!finding_passes(s, (Oracle)o, &c->finding[p * ORACLE_COUNT + o])) put_disagreement(t, c, p, (Oracle)o);
  return worst_point(c);
}

// ---- a point as JSON ----

static void put_array(Text *t, const char *name, int type, const void *values, int rank, const int64_t *extent,
                      bool first) {
  text_put(t, first ? "{" : ",\n ");
  json_put_string(t, name);
  text_put(t, ": ");
  json_put_array(t, (ArrayView){.type = type, .values = values, .rank = rank, .extent = extent}, 2);
}

void report_params(Text *t, const Subject *s, const double *params) {
  for (int p = 0; p < s->model->nparam; p++)
    put_array(t, s->param[p].name, MDL_DOUBLE, params + s->param[p].offset, s->param[p].rank, s->param[p].extent,
              p == 0);
  text_put(t, s->model->nparam > 0 ? "}\n" : "{}\n");
}

void report_data(Text *t, const Subject *s) {
  for (int k = 0; k < s->model->ndata; k++) {
    const BoundArray *d = &s->bound->data[k];
    if (d->type == TYPE_REAL)
      put_array(t, d->name, MDL_DOUBLE, d->real, d->rank, d->extent, k == 0);
    else
      put_array(t, d->name, MDL_INT32, d->integer, d->rank, d->extent, k == 0);
  }
  text_put(t, s->model->ndata > 0 ? "}\n" : "{}\n");
}
