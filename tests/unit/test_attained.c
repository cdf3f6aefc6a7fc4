// test_attained.c - sums before and after their terms are placed where a greatest or least entry stands.
#include "schedule/attained.h"

#include "passes.h"

#define LETTERS                                                                                                        \
  "model t\ndim n\ndim k\ndata x[n]\ndata y[n, k]\nparam c[k]\n"                                                       \
  "input x[n] = data 0\ninput y[n, k] = data 1\ninput c[k] = param 0\n"
#define LEAST "node s[i:n, j:k] = x[i] * c[j] + y[i, j]\nnode m[i:n] = min[j:k](s[i, j])\n"
#define PLACES(ties)                                                                                                   \
  "node m_place[i:n] = sum[j:k](if s[i, j] == m[i] then j else 0)"                                                     \
  "  # where the entry stands that equals m, if it is one\n"                                                           \
  "node m_first[i:n] = if " ties "[i] == 1.0 then m_place[i] else 0\n"                                                \
  "node m_end[i:n] = if " ties "[i] == 1.0 then m_place[i] + 1 else k\n"
#define TIES "node ties[i:n] = sum[j:k if s[i, j] == m[i]](1.0)\n"

static const PassCase attained[] = {
    {"of an array under the condition",
     LEAST TIES "node d[i:n, j:k if s[i, j] == m[i]] = 1.0 / ties[i]\nnode g[j:k] = sum[i:n](d[i, j] * x[i])\n"
                "node loss = sum[j:k](g[j])\n",
     LEAST TIES "node d[i:n, j:k if s[i, j] == m[i]] = 1.0 / ties[i]\n" PLACES("ties")
     "node g[j:k] = sum[i:n if (s[i, j] == m[i] or s[i, j] != s[i, j]) and (j >= m_first[i] and j < m_end[i])]((if s[i, j] == m[i] then 1.0 / ties[i] else 0.0) * x[i])\n"
     "node loss = sum[j:k](g[j])\n"},
    {"of the sum's own condition, and another one",
     LEAST "node g[j:k] = sum[i:n if s[i, j] == m[i] and x[i] > 0.0](x[i])\nnode loss = sum[j:k](g[j])\n", LEAST "node m_ties[i:n] = sum[j:k if s[i, j] == m[i]](1.0)  # how many entries equal m\n" PLACES("m_ties")
     "node g[j:k] = sum[i:n if s[i, j] == m[i] and x[i] > 0.0 and (j >= m_first[i] and j < m_end[i])](x[i])\n"
     "node loss = sum[j:k](g[j])\n"},
    {"through products, signs and quotients, what else they read by itself",
     LEAST TIES "node d[i:n, j:k if m[i] == s[i, j]] = -x[i]\nnode e[i:n, j:k] = y[i, j] * d[i, j]\nnode f[i:n, j:k] = exp(c[j] * x[i])\n"
                "node g[j:k, a:k] = sum[i:n](-(f[i, j] * e[i, j]) / ties[i] * y[i, a])\nnode loss = sum[j:k, a:k](g[j, a])\n",
     LEAST TIES "node d[i:n, j:k if m[i] == s[i, j]] = -x[i]\nnode e[i:n, j:k] = y[i, j] * d[i, j]\nnode f[i:n, j:k] = exp(c[j] * x[i])\n" PLACES("ties")
     "node g[j:k, a:k] = sum[i:n if (m[i] == s[i, j] or s[i, j] != s[i, j]) and (j >= m_first[i] and j < m_end[i])]"
     "(-(exp(c[j] * x[i]) * (y[i, j] * (if m[i] == s[i, j] then -x[i] else 0.0))) / ties[i] * y[i, a])\nnode loss = sum[j:k, a:k](g[j, a])\n"},
    {"of several sums, once, and the array stays for others",
     LEAST TIES "node d[i:n, j:k if s[i, j] == m[i]] = 1.0 / ties[i]\nnode g[j:k] = sum[i:n](d[i, j] * x[i])\n"
                "node h[j:k] = sum[i:n](d[i, j])\nnode e[j:k] = sum[i:n](exp(d[i, j]))\nnode loss = sum[j:k](g[j] * h[j] * e[j])\n",
     LEAST TIES "node d[i:n, j:k if s[i, j] == m[i]] = 1.0 / ties[i]\n" PLACES("ties")
     "node g[j:k] = sum[i:n if (s[i, j] == m[i] or s[i, j] != s[i, j]) and (j >= m_first[i] and j < m_end[i])]((if s[i, j] == m[i] then 1.0 / ties[i] else 0.0) * x[i])\n"
     "node h[j:k] = sum[i:n if (s[i, j] == m[i] or s[i, j] != s[i, j]) and (j >= m_first[i] and j < m_end[i])](if s[i, j] == m[i] then 1.0 / ties[i] else 0.0)\n"
     "node e[j:k] = sum[i:n](exp(d[i, j]))\nnode loss = sum[j:k](g[j] * h[j] * e[j])\n"},
    {"not where it is no factor",
     LEAST TIES "node d[i:n, j:k if s[i, j] == m[i]] = 1.0 / ties[i]\nnode g[j:k] = sum[i:n](exp(d[i, j]) * x[i])\n"
                "node loss = sum[j:k](g[j])\n",
     NULL},
    {"not where it is what is divided by",
     LEAST TIES "node d[i:n, j:k if s[i, j] == m[i]] = 1.0 / ties[i]\nnode g[j:k] = sum[i:n](x[i] / (1.0 + d[i, j]))\n"
                "node loss = sum[j:k](g[j])\n",
     NULL},
    {"not of another extremum's entries",
     LEAST "node g[j:k] = sum[i:n if y[i, j] == m[i]](x[i])\nnode loss = sum[j:k](g[j])\n", NULL},
    {"not where each entry has one sample",
     LEAST "node g[i:n] = sum[j:k if s[i, j] == m[i]](x[i])\nnode loss = sum[i:n](g[i])\n", NULL},
    {"not of few entries",
     "node s[i:n, j:4] = x[i] * 2.0\nnode m[i:n] = max[j:4](s[i, j])\nnode g[j:4] = sum[i:n if s[i, j] == m[i]](x[i])\n"
     "node loss = sum[j:4](g[j])\n",
     NULL},
};

// n counts samples.
static Graph *placed(Arena *a, const Graph *g) {
  return place_attained(a, g, poly_dim(g->dims, 0));
}

START_TEST(test_attained) {
  pass_check(LETTERS, &attained[_i], placed, 1e-15);
}
END_TEST

// The gradients' values stay what they are.
START_TEST(test_gradient) {
  pass_check_gradient(_i, placed, 1e-15);
}
END_TEST

int main(void) {
  return pass_main("attained", test_attained, sizeof attained / sizeof *attained, test_gradient);
}
