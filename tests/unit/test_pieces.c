// test_pieces.c - choices by an index before and after their sides have nodes of their own.
#include "schedule/pieces.h"

#include "passes.h"
#include "simplify/simplify.h"

#define SUMMED "node loss = sum[i:n](p[i])\n"

static const PassCase pieces[] = {
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

static Graph *with_pieces(Arena *a, const Graph *g) {
  return simplify(a, name_pieces(a, g), 1u << ROOT_LOSS | 1u << ROOT_NAMED);
}

START_TEST(test_piece) {
  pass_check(PASS_HEAD, &pieces[_i], with_pieces, 0);
}
END_TEST

// The gradients' values stay what they are.
START_TEST(test_gradient) {
  pass_check_gradient(_i, name_pieces, 0);
}
END_TEST

int main(void) {
  return pass_main("pieces", test_piece, sizeof pieces / sizeof *pieces, test_gradient);
}
