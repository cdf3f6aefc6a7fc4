// test_factor.c - sums before and after, their values, and gradients of everything that derive is tried on.
#include "factor/factor.h"

#include "passes.h"

// n = 5, m = 3, p = 4, of which choices know nothing: each counts as large.
#define LETTERS                                                                                                        \
  "model t\ndim n\ndim m\ndim p\ndata A[n, m]\ndata B[m, p]\ndata y[n]\ndata g[n] in 0..m\nparam w[m]\nparam v[p]\n"   \
  "param b\ninput A[n, m] = data 0\ninput B[m, p] = data 1\ninput y[n] = data 2\ninput g[n] = data 3\n"                \
  "input w[m] = param 0\ninput v[p] = param 1\ninput b = param 2\n"

static const PassCase sums[] = {
    {"a factor that no term changes",
     "node s[j:m] = sum[i:n](w[j] * A[i, j])\n"
     "node loss = sum[j:m](s[j]^2)\n",
     "node s_part[j:m] = sum[i:n](A[i, j])\n"
     "node s[j:m] = w[j] * s_part[j]\n"
     "node loss = sum[j:m](s[j]^2)\n"},
    {"a constant", "node loss = sum[i:n](0.1 * exp(y[i]))\n",
     "node loss_part = sum[i:n](exp(y[i]))\n"
     "node loss = 0.1 * loss_part\n"},
    {"logarithms beside a constant",
     "node loss = sum[i:n](b * A[i, 0] + 0.5 - 2.0 * ((if y[i] > 0.0 then 1.0 else 2.0) * log1p(exp(y[i]))))\n",
     "node loss_logs = sum[i:n]((if y[i] > 0.0 then 1.0 else 2.0) * log(1.0 + exp(y[i])))\n"
     "node loss_rest_term_part = sum[i:n](A[i, 0])\n"
     "node loss_rest_term = b * loss_rest_term_part\n"
     "node loss_rest_term_2 = 0.5 * real(n)\n"
     "node loss_rest = loss_rest_term + loss_rest_term_2\n"
     "node loss = -2.0 * loss_logs + loss_rest\n"},
    {"logarithms of what was rounded, with factors that no term changes",
     "node l[i:n] = -log(y[i] * y[i]) * b\nnode loss = sum[i:n](l[i] - y[i])\n",
     "node loss_logs = sum[i:n](log(y[i] * y[i]))\n"
     "node loss_rest_part = sum[i:n](y[i])\n"
     "node loss_rest = -loss_rest_part\n"
     "node loss = loss_rest - b * loss_logs\n"},
    {"logarithms that are small by themselves", "node loss = sum[i:n](y[i] - log1p(y[i] * y[i]))\n", NULL},
    {"logarithms of data, which may be next to 1", "node loss = sum[i:n](y[i] - 2.0 * log(abs(y[i])))\n", NULL},
    {"logarithms beside a constant that is too small", "node loss = sum[i:n](0.1 - y[i] * y[i] - log1p(y[i] * y[i]))\n", NULL},
    {"a factor of what sums alone read",
     "node e[i:n] = -0.5 * sin(y[i]) * b\nnode s = sum[i:n](e[i])\nnode r = sum[i:n](e[i] * A[i, 0])\nnode loss = s * r\n",
     "node e_rest[i:n] = sin(y[i])\n"
     "node s_part = sum[i:n](e_rest[i])\n"
     "node s = -0.5 * (b * s_part)\n"
     "node r_part = sum[i:n](A[i, 0] * e_rest[i])\n"
     "node r = -0.5 * (b * r_part)\n"
     "node loss = s * r\n"},
    {"a factor of what a sum with outputs reads, too",
     "node e[i:n] = b * sin(y[i])\nnode s = sum[i:n](e[i])\nnode r[j:m] = sum[i:n](e[i] * A[i, j])\nnode loss = s * r[0]\n", NULL},
    {"one that may be infinite", "node e[i:n] = 0.5 * sin(y[i]) / b\nnode s = sum[i:n](e[i])\nnode r = sum[i:n](e[i] * A[i, 0])\nnode loss = s * r\n",
     NULL},
    {"an exponential, which may be infinite, under a condition that may never hold", "node loss = sum[i:n if y[i] > 0.0](exp(b) * y[i])\n",
     NULL},
    {"a product beside a constant",
     "node loss = sum[i:n](b * exp(y[i]) * sin(y[i]) - b)\n",
     "node loss_term_part = sum[i:n](sin(y[i]) * exp(y[i]))\n"
     "node loss_term = b * loss_term_part\n"
     "node loss_term_2 = -(b * real(n))\n"
     "node loss = loss_term + loss_term_2\n"},
    {"a divisor",
     "node s[j:m] = sum[i:n](A[i, j] / exp(w[j]))\n"
     "node loss = sum[j:m](s[j]^2)\n",
     "node s_part[j:m] = sum[i:n](A[i, j])\n"
     "node s[j:m] = s_part[j] / exp(w[j])\n"
     "node loss = sum[j:m](s[j]^2)\n"},
    {"an index that nothing depends on", "node loss = sum[i:n, j:m](w[j] * b)\n",
     "node loss_part = sum[j:m](w[j])\n"
     "node loss = b * loss_part * real(n)\n"},
    {"sums of their own", "node loss = sum[i:n, j:m](w[j] * y[i])\n",
     "node loss_part = sum[i:n](y[i])\n"
     "node loss_part_2 = sum[j:m](w[j])\n"
     "node loss = loss_part * loss_part_2\n"},
    {"a matrix out of a sum",
     "node s[k:p] = sum[i:n, j:m](A[i, j] * B[j, k])\n"
     "node loss = sum[k:p](s[k]^2)\n",
     "node s_part[j:m] = sum[i:n](A[i, j])\n"
     "node s[k:p] = sum[j:m](B[j, k] * s_part[j])\n"
     "node loss = sum[k:p](s[k]^2)\n"},
    {"through a node that nobody else reads",
     "node C[i:n, k:p] = sum[j:m](A[i, j] * B[j, k])\n"
     "node s[k:p] = sum[i:n](C[i, k])\n"
     "node loss = sum[k:p](s[k]^2)\n",
     "node s_part[j:m] = sum[i:n](A[i, j])\n"
     "node s[k:p] = sum[j:m](B[j, k] * s_part[j])\n"
     "node loss = sum[k:p](s[k]^2)\n"},
    {"a chain of products",
     "node C[i:n, k:p] = sum[j:m](A[i, j] * B[j, k])\n"
     "node s[i:n] = sum[k:p](C[i, k] * v[k])\n"
     "node loss = sum[i:n](s[i]^2)\n",
     "node s_part[j:m] = sum[k:p](B[j, k] * v[k])\n"
     "node s[i:n] = sum[j:m](A[i, j] * s_part[j])\n"
     "node loss = sum[i:n](s[i]^2)\n"},
    {"which is read elsewhere",
     "node C[i:n, k:p] = sum[j:m](A[i, j] * B[j, k])\n"
     "node s[i:n] = sum[k:p](C[i, k] * v[k])\n"
     "node r = sum[i:n, k:p](C[i, k]^2)\n"
     "node loss = sum[i:n](s[i]^2 * r)\n",
     "node C[i:n, k:p] = sum[j:m](A[i, j] * B[j, k])\n"
     "node s[i:n] = sum[k:p](C[i, k] * v[k])\n"
     "node r = sum[i:n, k:p](C[i, k]^2)\n"
     "node loss_part = sum[i:n](s[i]^2)\n"
     "node loss = r * loss_part\n"},
    {"a triangle stays beside its sum",
     "node s[k:m] = sum[i:n, j:m if k < j](A[i, j] * B[j, k + 1])\n"
     "node loss = sum[k:m](s[k]^2)\n",
     "node s_part[j:m] = sum[i:n](A[i, j])\n"
     "node s[k:m] = sum[j:m if k < j and n > 0](B[j, k + 1] * s_part[j])\n"
     "node loss = sum[k:m](s[k]^2)\n"},
    {"a condition of the terms",
     "node s[j:m] = sum[i:n if y[i] > 0.0](A[i, j] * w[j])\n"
     "node loss = sum[j:m](s[j]^2)\n",
     "node s_part[j:m] = sum[i:n if y[i] > 0.0](A[i, j])\n"
     "node s[j:m] = w[j] * s_part[j]\n"
     "node loss = sum[j:m](s[j]^2)\n"},
    {"zero where nothing holds does not meet a pole",
     "node s[j:m] = sum[i:n if g[i] == j](y[i] / w[j])\n"
     "node loss = sum[j:m](s[j]^2)\n",
     NULL},
    {"a branch that is zero",
     "node s[j:m] = sum[i:n](if A[i, j] > 0.0 then y[i] * w[j] else 0.0)\n"
     "node loss = sum[j:m](s[j]^2)\n",
     "node s_part[j:m] = sum[i:n if A[i, j] > 0.0](y[i])\n"
     "node s[j:m] = w[j] * s_part[j]\n"
     "node loss = sum[j:m](s[j]^2)\n"},
    {"a read that may be outside where there is no term",
     "node s[k:m] = sum[i:n, j:m](A[i, j] * B[j, n - 5 + k])\n"
     "node loss = sum[k:m](s[k]^2)\n",
     "node s_part[j:m] = sum[i:n](A[i, j])\n"
     "node s[k:m] = sum[j:m if n > 0](B[j, k + (n - 5)] * s_part[j])\n"
     "node loss = sum[k:m](s[k]^2)\n"},
    {"where a scatter adds, only once",
     "scatter S[m] = [i:n, j:m, k:p](g[i]) += A[i, j] * B[j, k]\n"
     "node loss = sum[j:m](S[j]^2)\n",
     "node S_part[j:m] = sum[k:p](B[j, k])\n"
     "node S_part_2[i:n] = sum[j:m](A[i, j] * S_part[j])\n"
     "scatter S[m] = [i:n] (g[i]) += S_part_2[i]\n"
     "node loss = sum[j:m](S[j]^2)\n"},
    {"a scatter that a sum goes into",
     "scatter S[n + m] = [i:n, j:m, k:p](i + j) += A[i, j] * B[j, k] * v[k]\n"
     "node loss = sum[j:n](S[j]^2)\n",
     "node S_part[j:m] = sum[k:p](B[j, k] * v[k])\n"
     "scatter S[n + m] = [i:n, j:m] (i + j) += A[i, j] * S_part[j]\n"
     "node loss = sum[j:n](S[j]^2)\n"},
    {"distributed", "node loss = sum[i:n, j:m]((0.1 * y[i] + 0.3 * w[j]) * w[j])\n",
     "node loss_term_part = sum[i:n](y[i])\n"
     "node loss_term_part_2 = sum[j:m](w[j])\n"
     "node loss_term = 0.1 * (loss_term_part * loss_term_part_2)\n"
     "node loss_term_part_3 = sum[j:m](w[j] * w[j])\n"
     "node loss_term_2 = 0.3 * (loss_term_part_3 * real(n))\n"
     "node loss = loss_term + loss_term_2\n"},
    {"a difference of what is exact stays", "node loss = sum[i:n, j:m]((y[i] - w[j]) * w[j])\n",
     "node loss_part[j:m] = sum[i:n](y[i] - w[j])\n"
     "node loss = sum[j:m](w[j] * loss_part[j])\n"},
    {"shared",
     "node s[j:m] = sum[i:n](A[i, j] * w[j])\n"
     "node r[k:p] = sum[i:n, j:m](A[i, j] * B[j, k])\n"
     "node q = sum[j:m](s[j]^2)\n"
     "node loss = sum[k:p](r[k]^2 * q)\n",
     "node s_part[j:m] = sum[i:n](A[i, j])\n"
     "node s[j:m] = w[j] * s_part[j]\n"
     "node r[k:p] = sum[j:m](B[j, k] * s_part[j])\n"
     "node q = sum[j:m](s[j]^2)\n"
     "node loss_part = sum[k:p](r[k]^2)\n"
     "node loss = q * loss_part\n"},
    {"a state that every step adds to",
     "carry h[t:n + 1] along t from h_step = b\nnode h_step[t:n] = h[t] - y[t] * y[t]\n"
     "carry c[t:n + 1, j:m] along t from c_step = 0.0\n"
     "node c_step[t:n, j:m] = A[t, j] + (if y[t] > 0.0 then c[t, j] + w[j] * y[t] else c[t, j])\n"
     "node s = sum[j:m](c[n, j]^2)\nnode loss = s * h[n]\n",
     "node h_sum_part = sum[t:n](y[t] * y[t])\nnode h_sum = -h_sum_part\nnode h = b + h_sum\n"
     "node c_sum[j:m] = sum[t:n](A[t, j] + (if y[t] > 0.0 then w[j] * y[t] else 0.0))\n"
     "node s = sum[j:m](c_sum[j]^2)\nnode loss = s * h\n"},
    {"logarithms that a loop which goes back adds up",
     "carry h[t:n + 1] back along t from h_step = b\nnode h_step[t:n] = h[t + 1] + log(y[t] * y[t])\nnode loss = h[0]\n",
     "node h_sum = sum[t:n](log(y[t] * y[t]))\nnode loss = b + h_sum\n"},
    {"a state that is read on the way, or of which a step takes more than once",
     "carry h[t:n + 1] along t from h_step = b\nnode h_step[t:n] = h[t] + y[t]\n"
     "carry c[t:n + 1] along t from c_step = b\nnode c_step[t:n] = c[t] + y[t] * c[t]\n"
     "carry d[t:n + 1] along t from d_step = b\nnode d_step[t:n] = y[t] - d[t]\n"
     "node loss = c[n] * d[n] * h[n - 1]\n", NULL},
    {"within a loop",
     "carry h[t:p + 1, j:m] along t from h_step = w[j]\n"
     "node h_step[t:p, j:m] = sum[i:n](A[i, j] * h[t, j] * v[t])\n"
     "node loss = sum[j:m](h[p, j])\n",
     "carry h[t:p + 1, j:m] along t from h_step = w[j]\n"
     "node h_step_part[j:m] = sum[i:n](A[i, j])\n"
     "node h_step[t:p, j:m] = v[t] * h[t, j] * h_step_part[j]\n"
     "node loss = sum[j:m](h[p, j])\n"},
};

START_TEST(test_sum) {
  pass_check_simplified(LETTERS, &sums[_i], factor, 1e-14);
}
END_TEST

// Gradients, factored, against dual numbers.
START_TEST(test_gradient) {
  pass_check_dual(_i, factor);
}
END_TEST

int main(void) {
  return pass_main("factor", test_sum, sizeof sums / sizeof *sums, test_gradient);
}
