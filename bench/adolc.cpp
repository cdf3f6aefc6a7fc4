// adolc.cpp - the mixture's loss on ADOL-C's tape, recorded once: its gradient at other parameters is what is timed.
//
//   adolc FILE n=… d=… k=…      FILE: parameters and samples as step.c wrote them
//
// Speaks harness.h's protocol; tells the last parameters after one step of SGD at 1e-2, to be compared.
#include <adolc/adolc.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

struct dims {
  int n, d, k;
};

int option(const char *name, int argc, char **argv) {
  for (int a = 2; a < argc; a++)
    if (!std::strncmp(argv[a], name, std::strlen(name))) return std::atoi(argv[a] + std::strlen(name));
  std::fprintf(stderr, "give %s…\n", name);
  std::exit(1);
}

template <typename real> real logsumexp(const std::vector<real> &x) {
  real top = x[0], sum = 0;
  for (size_t c = 1; c < x.size(); c++) top = fmax(top, x[c]);
  for (const real &value : x) sum += exp(value - top);
  return top + log(sum);
}

// As mixture.mdl has it: alpha[k], mu[k, d], q[k, d], l[k, d (d - 1) / 2], column by column.
template <typename real> real loss(const dims &of, const real *params, const double *x) {
  const int n = of.n, d = of.d, k = of.k, below = d * (d - 1) / 2;
  const real *alpha = params, *mu = alpha + k, *q = mu + k * d, *l = q + k * d;
  real fit = 0, squares = 0;
  std::vector<real> diagonal(size_t(k * d)), sum_q(size_t(k), real(0)), beta(static_cast<size_t>(k));
  for (int c = 0; c < k; c++)
    for (int r = 0; r < d; r++) {
      diagonal[size_t(c * d + r)] = exp(q[c * d + r]);
      sum_q[size_t(c)] += q[c * d + r];
      squares += diagonal[size_t(c * d + r)] * diagonal[size_t(c * d + r)];
    }
  for (int j = 0; j < k * below; j++) squares += l[j] * l[j];
  for (int i = 0; i < n; i++) {
    for (int c = 0; c < k; c++) {
      real away = 0;
      for (int r = 0; r < d; r++) {
        real u = diagonal[size_t(c * d + r)] * (x[i * d + r] - mu[c * d + r]);
        for (int s = 0; s < r; s++)
          u += l[c * below + s * d - s * (s + 1) / 2 + r - s - 1] * (x[i * d + s] - mu[c * d + s]);
        away += u * u;
      }
      beta[size_t(c)] = alpha[c] + sum_q[size_t(c)] - 0.5 * away;
    }
    fit += logsumexp(beta);
  }
  const std::vector<real> weights(alpha, alpha + k);
  return -(fit - n * (logsumexp(weights) + d / 2.0 * 1.8378770664093454836) - 0.5 * squares);
}

double seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

void record(const dims &of, const std::vector<double> &params, const std::vector<double> &x) {
  std::vector<adouble> active(params.size());
  double value;
  trace_on(1);
  for (size_t p = 0; p < params.size(); p++) active[p] <<= params[p];
  adouble result = loss(of, active.data(), x.data());
  result >>= value;
  trace_off();
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  const dims of = {option("n=", argc, argv), option("d=", argc, argv), option("k=", argc, argv)};
  std::vector<double> params(size_t(of.k * (1 + 2 * of.d + of.d * (of.d - 1) / 2))), x(size_t(of.n * of.d)),
      grad(params.size());
  std::FILE *file = std::fopen(argv[1], "rb");
  if (!file || std::fread(params.data(), sizeof(double), params.size(), file) != params.size() ||
      std::fread(x.data(), sizeof(double), x.size(), file) != x.size()) {
    std::fprintf(stderr, "cannot read %s\n", argv[1]);
    return 1;
  }
  std::fclose(file);
  record(of, params, x);
  gradient(1, int(params.size()), params.data(), grad.data());
  std::printf("{\"sides\": [\"gradient\"], \"after\": [");
  for (size_t told = 1; told <= 8 && told <= params.size(); told++)
    std::printf("%s%.17g", told > 1 ? ", " : "", params[params.size() - told] - 1e-2 * grad[params.size() - told]);
  std::printf("]}\n");
  std::fflush(stdout);
  int side;
  long repetitions;
  while (std::scanf("%d %ld", &side, &repetitions) == 2) {
    const double start = seconds();
    for (long r = 0; r < repetitions; r++) gradient(1, int(params.size()), params.data(), grad.data());
    std::printf("%.9e\n", seconds() - start);
    std::fflush(stdout);
  }
  return 0;
}
