// test_pieces.c - choices by an index before and after their sides have nodes of their own.
#include "schedule/pieces.h"

#include "derive/derive.h"
#include "derive_cases.h"
#include "simplify/simplify.h"

#define LETTERS                                                                                                        \
  "model t\ndim n\ndim m\ndata A[n, m]\ndata y[n]\nparam w[m]\nparam b\n"                                              \
  "input A[n, m] = data 0\ninput y[n] = data 1\ninput w[m] = param 0\ninput b = param 1\n"

#define SUMMED "node loss = sum[i:n](p[i])\n"

static const struct {
  const char *name, *before, *after; // after: null: as before
} pieces[] = {
    {"of two bounds", "node p[i:2*m] = if i - m >= 0 and i < 2*m then exp(w[i - m]) else 0.0\nnode loss = sum[i:2*m](p[i])\n",
     "node p_piece[i:m] = exp(w[i])\n"
     "node p[i:2*m] = if i + -m >= 0 then p_piece[i + -m] else 0.0\n"
     "node loss = sum[i:2*m](p[i])\n"},
    {"both sides", "node p[i:2*m] = if i < m then exp(w[i]) else sin(w[i - m])\nnode loss = sum[i:2*m](p[i])\n",
     "node p_piece[i:m] = exp(w[i])\n"
     "node p_piece_2[i:m] = sin(w[i])\n"
     "node p[i:2*m] = if i < m then p_piece[i] else p_piece_2[i + -m]\n"
     "node loss = sum[i:2*m](p[i])\n"},
    {"sides of sides",
     "node p[i:3*m] = if i < m then exp(w[i]) else (if i < 2*m then sin(w[i - m]) else w[i - 2*m])\n"
     "node loss = sum[i:3*m](p[i])\n",
     "node p_piece[i:m] = exp(w[i])\n"
     "node p_piece_2[i:m] = sin(w[i])\n"
     "node p[i:3*m] = if i < m then p_piece[i] else if i < 2*m then p_piece_2[i + -m] else w[i + -2*m]\n"
     "node loss = sum[i:3*m](p[i])\n"},
    {"in a sum of choices, of fewer indices",
     "node p[j:n, i:2*m] = (if i < m then y[j] * exp(w[i]) else 0.0) + (if i >= m then exp(w[i - m]) else 0.0)\n"
     "node loss = sum[j:n, i:2*m](p[j, i])\n",
     "node p_piece[j:n, i:m] = y[j] * exp(w[i])\n"
     "node p_piece_2[i:m] = exp(w[i])\n"
     "node p[j:n, i:2*m] = if i < m then p_piece[j, i] else p_piece_2[i + -m]\n"
     "node loss = sum[j:n, i:2*m](p[j, i])\n"},
    {"other comparisons",
     "node p[i:2*m] = if i <= m - 1 then exp(w[i]) else 0.0\nnode q[i:2*m] = if i > m - 1 then exp(w[i - m]) else 0.0\n"
     "node loss = sum[i:2*m](p[i] * q[i])\n",
     "node p_piece[i:m] = exp(w[i])\n"
     "node p[i:2*m] = if i <= m - 1 then p_piece[i] else 0.0\n"
     "node q[i:2*m] = if i > m - 1 then p_piece[i + -m] else 0.0\n" // simplify joins equal pieces
     "node loss = sum[i:2*m](p[i] * q[i])\n"},
    {"of a loop's steps",
     "carry z[t:2*m + 1] along t from z_step = b\n"
     "node z_step[t:2*m] = if t < m then exp(z[t]) else z[t]\n"
     "node loss = z[2*m]\n",
     NULL},
    {"without calls", "node p[i:2*m] = if i < m then w[i] * w[i] else 0.0\nnode loss = sum[i:2*m](p[i])\n", NULL},
    {"by a condition on data", "node p[i:n] = if y[i] > 0.0 then exp(y[i]) else 0.0\n" SUMMED, NULL},
    {"under a condition on data",
     "node p[i:n] = if y[i] > 0.0 then (if i < 3 then exp(y[i]) else 0.0) else 0.0\n" SUMMED, NULL},
    {"of which nobody knows whether it ends within", "node p[i:n] = if i < m then exp(y[i]) else 0.0\n" SUMMED, NULL},
    {"by two indices", "node p[i:n, j:n] = if i < j then exp(y[i]) else 0.0\nnode loss = sum[i:n, j:n](p[i, j])\n", NULL},
};

static const Graph *with_pieces(const Lab *l, const Graph *g) {
  return simplify(l->arena, name_pieces(l->arena, g), 1u << ROOT_LOSS | 1u << ROOT_NAMED);
}

START_TEST(test_piece) {
  Lab l = lab_of(LETTERS, pieces[_i].before);
  const Graph *before = l.model->graph, *after = with_pieces(&l, before);
  lab_verify(&l, after);
  lab_compare(&l, before, after, 0);
  lab_expect(&l, after, pieces[_i].name, pieces[_i].after ? pieces[_i].after : pieces[_i].before);
  lab_close(&l);
}
END_TEST

// The gradients' values stay what they are.
START_TEST(test_gradient) {
  Lab l = open_case(_i);
  const unsigned roles = 1u << ROOT_LOSS | 1u << ROOT_GRADIENT;
  const Graph *s = simplify(l.arena, derive_gradient(l.arena, l.model->graph, true, NULL), roles);
  const Graph *named = name_pieces(l.arena, s);
  lab_verify(&l, named);
  l.seed = 1;
  lab_compare(&l, s, named, 0);
  lab_close(&l);
}
END_TEST

int main(void) {
  return lab_main(lab_suite("pieces", test_piece, sizeof pieces / sizeof *pieces, test_gradient, sizeof cases / sizeof *cases));
}
