// test_check_graph.c - the graphs that models are lowered to.
#include "check_run.h"

// Of the first the whole text is compared, of the others nodes and checks.
static const struct {
  const char *name, *text, *graph;
} models[] = {
    {"thermometer",
     "batch n\n"
     "data  t_u[n], t_c[n]\n"
     "param w = 1, b = 0\n"
     "predict t_p = w * t_u + b\n"
     "loss    mean((t_p - t_c)^2)\n"
     "gradient w = mean(2 * (t_p - t_c) * t_u)\n",
     "model model\n"
     "batch n\n"
     "data t_u[n]\n"
     "data t_c[n]\n"
     "param w\n"
     "param b\n"
     "input t_u[n] = data 0\n"
     "input t_c[n] = data 1\n"
     "node start_w = 1.0\n"
     "input w = param 0\n"
     "node start_b = 0.0\n"
     "input b = param 1\n"
     "node t_p[i:n] = w * t_u[i] + b\n"
     "node loss_sum = sum[i:n]((t_p[i] - t_c[i])^2)\n"
     "node loss = loss_sum / real(n)\n"
     "node author_w_sum = sum[i:n](2.0 * (t_p[i] - t_c[i]) * t_u[i])\n"
     "node author_w = author_w_sum / real(n)\n"
     "root start w = start_w\n"
     "root start b = start_b\n"
     "root predict t_p = t_p\n"
     "root loss loss = loss\n"
     "root author w = author_w\n"},
    {"logistic",
     "batch n\n"
     "dim d = 3\n"
     "data x[n, d], y[n]\n"
     "param w[d], b\n"
     "z = x @ w + b\n"
     "predict p = sigmoid(z)\n"
     "loss mean(binary_cross_entropy_with_logits(z, y))\n"
     "metric nll = -mean(y * log(p) + (1 - y) * log(1 - p))\n"
     "gradient w = x' @ (p - y) / n\n"
     "gradient b = mean(p - y)\n",
     "node start_w[i:d] = 0.0\n"
     "node start_b = 0.0\n"
     "node z_product[i:n] = sum[j:d](x[i, j] * w[j])\n"
     "node z[i:n] = z_product[i] + b\n"
     "node p[i:n] = sigmoid(z[i])\n"
     "node loss_sum = sum[i:n](softplus(if z[i] > 1.0 then -z[i] else z[i]) + (if z[i] > 1.0 then 1.0 - y[i] else -y[i]) * z[i])\n"
     "node loss = loss_sum / real(n)\n"
     "node nll_sum = sum[i:n](y[i] * -softplus(-z[i]) + (1.0 - y[i]) * -softplus(z[i]))\n"
     "node nll = -(nll_sum / real(n))\n"
     "node author_w_right[i:n] = p[i] - y[i]\n"
     "node author_w_product[i:d] = sum[j:n](x[j, i] * author_w_right[j])\n"
     "node author_w[i:d] = author_w_product[i] / real(n)\n"
     "node author_b_sum = sum[i:n](p[i] - y[i])\n"
     "node author_b = author_b_sum / real(n)\n"},
    {"regression",
     "batch n\n"
     "dim d = 3\n"
     "data x[n, d], y[n], z[n] in 0..2\n"
     "param w[d], sigma = 1\n"
     "m = x @ w\n"
     "w ~ normal(0, 2)\n"
     "y[i] ~ laplace(m[i], sigma)\n"
     "z ~ bernoulli_logit(m)\n"
     "likelihood -sum(w)\n"
     "metric fit = log_likelihood / n\n",
     "node start_w[i:d] = 0.0\n"
     "node start_sigma = 1.0\n"
     "node m[i:n] = sum[j:d](x[i, j] * w[j])\n"
     "node log_likelihood_w = sum[i:d](-(0.5 * ((w[i] - 0.0) / 2.0 * ((w[i] - 0.0) / 2.0)) + log(2.0) + 0.5 * "
     "log(6.283185307179586)))\n"
     "node log_likelihood_y = sum[i:n](-(abs(y[i] - m[i]) / sigma + log(sigma) + log(2.0)))\n"
     "node log_likelihood_z = sum[i:n](-softplus(if z[i] == 1 then -m[i] else m[i]))\n"
     "node log_likelihood_sum = sum[i:d](w[i])\n"
     "node log_likelihood = -log_likelihood_sum\n"
     "node fit = (log_likelihood_w + log_likelihood_y + log_likelihood_z + log_likelihood) / real(n)\n"
     "node loss = -(log_likelihood_w + log_likelihood_y + log_likelihood_z + log_likelihood)\n"},
    {"derivatives of one's own",
     "dim d = 3\n"
     "param w[d], b\n"
     "def step(s) = floor(s) with d/ds = 1\n"
     "def size(v[k]) = sqrt(sum(v * v)) with d/dv = 2 * v\n"
     "q = size(w)\n"
     "loss step(b) + q\n",
     "node start_w[i:d] = 0.0\n"
     "node start_b = 0.0\n"
     "node q_sum = sum[i:d](w[i] * w[i])\n"
     "node q_slope = sum[i:d](slope(w[i], -(2.0 * w[i])))\n"
     "node q = stop(sqrt(q_sum)) - q_slope\n"
     "node loss = stop(floor(b)) - slope(b, -1.0) + q\n"},
    {"perceptron",
     "batch n\n"
     "dim d = 4, h = 8, k = 3\n"
     "data x[n, d], y[n] in 0..k\n"
     "param W1[d, h] = normal(0, 1/sqrt(d)), b1[h]\n"
     "param W2[h, k] = uniform(-0.1, 0.1), b2[k]\n"
     "hidden = relu(x @ W1 + b1)\n"
     "z = hidden @ W2 + b2\n"
     "loss mean[i](logsumexp(z[i]) - z[i, y[i]])\n"
     "predict label[i] = argmax(z[i])\n"
     "metric accuracy = mean[i](if label[i] == y[i] then 1 else 0)\n",
     "node start_W1[i:d, j:h] = 1.0 / sqrt(real(d)) * randn(0, h * i + j)\n"
     "node start_b1[i:h] = 0.0\n"
     "node start_W2[i:h, j:k] = -0.1 + 0.2 * randu(2, k * i + j)\n"
     "node start_b2[i:k] = 0.0\n"
     "node hidden_product[i:n, j:h] = sum[l:d](x[i, l] * W1[l, j])\n"
     "node hidden[i:n, j:h] = if hidden_product[i, j] + b1[j] <= 0.0 then 0.0 else hidden_product[i, j] + b1[j]\n"
     "node z_product[i:n, j:k] = sum[l:h](hidden[i, l] * W2[l, j])\n"
     "node z[i:n, j:k] = z_product[i, j] + b2[j]\n"
     "node loss_logsumexp[i:n] = logsumexp[j:k](z[i, j])\n"
     "node loss_sum = sum[i:n](loss_logsumexp[i] - z[i, y[i]])\n"
     "node loss = loss_sum / real(n)\n"
     "node label[i:n] = argmax[j:k](z[i, j])\n"
     "node accuracy_sum = sum[i:n](if label[i] == y[i] then 1.0 else 0.0)\n"
     "node accuracy = accuracy_sum / real(n)\n"},
    {"convolution",
     "dim T, C = 2, H = 16, K = 3\n"
     "data x[T, C, H]\n"
     "param w[C, K]\n"
     "predict conv[t, i in 0..H] = sum[c, k if i + k >= 1 and i + k <= H](w[c, k] * x[t, c, i + k - 1])\n"
     "predict valid[t, i in 0..H - K + 1] = sum[c, k](w[c, k] * x[t, c, i + k])\n",
     "node start_w[i:C, j:K] = 0.0\n"
     "node conv[t:T, i:H] = sum[c:C, k:K if i + k >= 1 and i + k <= H](w[c, k] * x[t, c, i + k - 1])\n"
     "node valid[t:T, i:H - K + 1] = sum[c:C, k:K](w[c, k] * x[t, c, i + k])\n"},
    {"guards",
     "dim T\n"
     "data x[T], m[T] in 0..4\n"
     "param w[4]\n"
     "predict difference[t] = if t >= 1 then x[t] - x[t - 1] else 0\n"
     "predict outer[i, j in 0..i] = x[i] * x[j]\n"
     "predict total = sum[i in 0..T, j in i + 1..T](x[i] * x[j])\n"
     "predict window[i in 0..T - 2] = sum[j in i..i + 3](x[j])\n"
     "predict average[i in 0..T] = mean[j in 0..i + 1](x[j])\n"
     "predict kept = mean[i if m[i] > 0](w[m[i] - 1] * x[i])\n"
     "predict nested[i] = if x[i] > 0 then sum[j](x[i] ^ w[j]) else 0\n"
     "predict inner = sum[i in 0..T if i >= 1](sum[k](w[k] * x[i - 1]))\n",
     "node start_w[i:4] = 0.0\n"
     "node difference[t:T] = if t >= 1 then x[t] - x[t - 1] else 0.0\n"
     "node outer[i:T, j:T - 1 if j < i] = x[i] * x[j]\n"
     "node total = sum[i:T, j:T if j >= i + 1](x[i] * x[j])\n"
     "node window[i:T - 2] = sum[j:3](x[j + i])\n"
     "node average_sum[i:T] = sum[j:T if j < i + 1](x[j])\n"
     "node average_count[i:T] = sum[j:T if j < i + 1](1.0)\n"
     "node average[i:T] = average_sum[i] / average_count[i]\n"
     "node kept_sum = sum[i:T if m[i] > 0](w[m[i] - 1] * x[i])\n"
     "node kept_count = sum[i:T if m[i] > 0](1.0)\n"
     "node kept = kept_sum / kept_count\n"
     "node nested_sum[i:T] = sum[j:4 if x[i] > 0.0](x[i]^w[j])\n"
     "node nested[i:T] = if x[i] > 0.0 then nested_sum[i] else 0.0\n"
     "node inner_sum[i:T] = sum[k:4 if i >= 1](w[k] * x[i - 1])\n"
     "node inner = sum[i:T if i >= 1](inner_sum[i])\n"},
    {"checks",
     "dim n, d = 3\n"
     "data x[n], s[n] in 0..n + 1, free[n] in 0..\n"
     "param w[d]\n"
     "predict first = x[0]\n"
     "predict shifted[i] = x[s[i]]\n"
     "predict loose[i] = w[free[i]]\n"
     "predict guarded[i] = if free[i] < d then w[free[i]] else 0\n"
     "predict clipped[i] = w[min(free[i], d - 1)]\n"
     "predict modulo[i] = w[free[i] % d]\n"
     "predict half[i in 0..n] = x[i // 2]\n"
     "predict packed = sum[i in 0..d, j in 0..i](zeros[d*(d-1)/2][i*(i-1)/2 + j] * w[j])\n"
     "predict tail = x[n - 2..n]\n",
     "node start_w[i:d] = 0.0\n"
     "node first = x[0]\n"
     "node shifted[i:n] = x[s[i]]\n"
     "node loose[i:n] = w[free[i]]\n"
     "node guarded[i:n] = if free[i] < d then w[free[i]] else 0.0\n"
     "node clipped[i:n] = w[min(free[i], d - 1)]\n"
     "node modulo[i:n] = w[free[i] % d]\n"
     "node half[i:n] = x[i // 2]\n"
     "node packed = sum[i:d, j:d - 1 if j < i](0.0 * w[j])\n"
     "node tail[i:2] = x[i + (n - 2)]\n"
     "check \"x[0]\" [](0) in 0..n\n"
     "check \"x[s[i]]\" [i:n](s[i]) in 0..n\n"
     "check \"w[free[i]]\" [i:n](free[i]) in 0..d\n"
     "check \"zeros[d * (d - 1) / 2][i * (i - 1) / 2 + j]\" [i:d, j:d - 1 if j < i](i * (i - 1) // 2 + j) in "
     "0..d*(d - 1)/2\n"
     "check \"x[n - 2..n]\" [i:2](i + (n - 2)) in 0..n\n"},
    {"stable",
     "dim n = 5\n"
     "data x[n]\n"
     "param w\n"
     "s = sigmoid(w * x)\n"
     "predict a = log1p(exp(x))\n"
     "predict b = log(1 + exp(x))\n"
     "predict c = log(s)\n"
     "predict d = 1 - s\n"
     "predict e = log(1 - s)\n"
     "grown = exp(x)\n"
     "total = sum(grown)\n"
     "predict f = log(total)\n"
     "predict g = log(grown / total)\n"
     "predict h = log(softmax(x))\n"
     "predict o = 1 / (1 + exp(-x))\n"
     "predict p = log(mean(exp(x)))\n"
     "predict q = log(sum[t if t > 0](exp(x[t])))\n"
     "predict r = log(1 / (1 + exp(-x)))\n"
     "predict u = x / exp(2 * x)\n",
     "node start_w = 0.0\n"
     "node s[i:n] = sigmoid(w * x[i])\n"
     "node a[i:n] = softplus(x[i])\n"
     "node b[i:n] = softplus(x[i])\n"
     "node c[i:n] = -softplus(-(w * x[i]))\n"
     "node d[i:n] = sigmoid(-(w * x[i]))\n"
     "node e[i:n] = -softplus(w * x[i])\n"
     "node grown[i:n] = exp(x[i])\n"
     "node total = sum[i:n](grown[i])\n"
     "node log_total = logsumexp[i:n](x[i])\n"
     "node f = log_total\n"
     "node log_total_2 = logsumexp[i:n](x[i])\n"
     "node g[i:n] = x[i] - log_total_2\n"
     "node h_logsumexp = logsumexp[i:n](x[i])\n"
     "node h[i:n] = x[i] - h_logsumexp\n"
     "node o[i:n] = sigmoid(x[i])\n"
     "node p_sum = sum[i:n](exp(x[i]))\n"
     "node log_p_sum = logsumexp[i:n](x[i])\n"
     "node p = log_p_sum - log(real(n))\n"
     "node q_sum = sum[t:n if t > 0](exp(x[t]))\n"
     "node log_q_sum = logsumexp[t:n if t > 0](x[t])\n"
     "node q = log_q_sum\n"
     "node r[i:n] = -softplus(-x[i])\n"
     "node u[i:n] = x[i] / exp(2.0 * x[i])\n"}, // exp(-2 x) may be infinite where that is 0
    {"functions",
     "dim B, T, d = 4\n"
     "data x[B, T, d], v[T, d]\n"
     "param W[d, d], g[d], s[d]\n"
     "def layer(x[a], M[a, b], shift[b]) {\n"
     "  z = x @ M + shift\n"
     "  x = z * z\n"
     "  return relu(x), z\n"
     "}\n"
     "def half(i) = x[0, i // 2, 0]\n"
     "def energy(x, y) = x * y + y\n"
     "u, pre = layer(x, W, g)\n"
     "predict mapped = u\n"
     "predict rows = layernorm(x, g, s)\n"
     "predict entries = energy(x, v)\n"
     "predict lengths = norm(v)\n"
     "predict mixed[t in 0..T] = half(t)\n",
     "node start_W[i:d, j:d] = 0.0\n"
     "node start_g[i:d] = 0.0\n"
     "node start_s[i:d] = 0.0\n"
     "node u_z_product[i:B, j:T, k:d] = sum[j_2:d](x[i, j, j_2] * W[j_2, k])\n"
     "node u_z[i:B, j:T, k:d] = u_z_product[i, j, k] + g[k]\n"
     "node u_x[i:B, j:T, k:d] = u_z[i, j, k] * u_z[i, j, k]\n"
     "node u[i:B, j:T, k:d] = if u_x[i, j, k] <= 0.0 then 0.0 else u_x[i, j, k]\n"
     "node pre[i:B, j:T, k:d] = u_z[i, j, k]\n"
     "node mapped[i:B, j:T, k:d] = u[i, j, k]\n"
     "node rows_centred_sum[i:B, j:T] = sum[k:d](x[i, j, k])\n"
     "node rows_centred[i:B, j:T, k:d] = x[i, j, k] - rows_centred_sum[i, j] / real(d)\n"
     "node rows_sum[i:B, j:T] = sum[k:d](rows_centred[i, j, k] * rows_centred[i, j, k])\n"
     "node rows[i:B, j:T, k:d] = rows_centred[i, j, k] / sqrt(rows_sum[i, j] / real(d) + 1e-05) * g[k] + s[k]\n"
     "node entries[i:B, j:T, k:d] = x[i, j, k] * v[j, k] + v[j, k]\n"
     "node lengths_total[i:T] = sum[i_2:d](v[i, i_2] * v[i, i_2])\n"
     "node lengths[i:T] = if lengths_total[i] == 0.0 then 0.0 else sqrt(lengths_total[i])\n"
     "node mixed[t:T] = x[0, t // 2, 0]\n"
     "check \"x[0, i // 2, 0]\" [](0) in 0..B\n"},
    {"arrays",
     "dim n, d = 3, k = 2\n"
     "data x[n, d], A[n, d, k], idx[n] in 0..d\n"
     "param w[d], M[d, k]\n"
     "predict literal = [1, w[0], 2.5]\n"
     "predict matrix = [[1, 2], [3, 4]]\n"
     "predict joined = concat(w, [1, 2])\n"
     "predict stacked = stack(w, 2 * w)\n"
     "predict unit = eye[d] + ones[d, d] * zeros[d]\n"
     "predict turned = M'\n"
     "predict batched = A' @ w\n"
     "predict left = w @ M\n"
     "predict scalar = w @ w\n"
     "predict rows = w[idx]\n"
     "predict column = x[:, 0] + x[0..n, 1]\n"
     "predict largest = max(2 * x)\n"
     "predict where[i] = argmax[j in 1..d](x[i, j] + 1)\n"
     "predict powers = w ^ 2 + w ^ 0.5 + w ^ -1 + 2 ^ w + w ^ 2.0\n"
     "predict whole = 7 // 2 + 7 % 4 + d ^ 2\n"
     "predict bounds = max(w, 0.5) + min(1, 2, w)\n"
     "predict picked = if w > 0 then 1 else w\n",
     "node start_w[i:d] = 0.0\n"
     "node start_M[i:d, j:k] = 0.0\n"
     "node literal[i:3] = if i < 1 then 1.0 else if i < 2 then w[0] else 2.5\n"
     "node matrix[i:2, j:2] = if i < 1 then (if j < 1 then 1 else 2) else if j < 1 then 3 else 4\n"
     "node joined[i:d + 2] = if i < d then w[i] else if i - d < 1 then 1.0 else 2.0\n"
     "node stacked[i:2, j:d] = if i < 1 then w[j] else 2.0 * w[j]\n"
     "node unit[i:d, j:d] = (if i == j then 1.0 else 0.0) + 0.0\n"
     "node turned[i:k, j:d] = M[j, i]\n"
     "node batched[i:n, j:k] = sum[l:d](A[i, l, j] * w[l])\n"
     "node left[i:k] = sum[j:d](w[j] * M[j, i])\n"
     "node scalar = sum[i:d](w[i] * w[i])\n"
     "node rows[i:n] = w[idx[i]]\n"
     "node column[i:n] = x[i, 0] + x[i, 1]\n"
     "node largest_candidate[i:n, j:d] = 2.0 * x[i, j]\n"
     "node largest = max[i:n, j:d](largest_candidate[i, j])\n"
     "node where_candidate[i:n, j:d - 1] = x[i, j + 1] + 1.0\n"
     "node where_argmax[i:n] = argmax[j:d - 1](where_candidate[i, j])\n"
     "node where[i:n] = where_argmax[i] + 1\n"
     "node powers[i:d] = w[i]^2 + w[i]^0.5 + w[i]^-1 + 2.0^w[i] + w[i]^2\n"
     "node whole = d*d + 6\n"
     "node bounds[i:d] = max(w[i], 0.5) + min(real(min(1, 2)), w[i])\n"
     "node picked[i:d] = if w[i] > 0.0 then 1.0 else w[i]\n"},
    {"starts",
     "dim n, d = 2\n"
     "param a = 1, b[2] = [0.5, 1], c[n, d] = normal(1, 0.1), e[n, d] = 0.5 * uniform(0, 1) + normal(0, 2), f\n"
     "const scale = 3\n"
     "param g[d] = eye[d][0] * scale\n"
     "predict p = a\n",
     "node start_a = 1.0\n"
     "node start_b[i:2] = if i < 1 then 0.5 else 1.0\n"
     "node start_c[i:n, j:d] = 1.0 + 0.1 * randn(2, d * i + j)\n"
     "node start_e[i:n, j:d] = 0.5 * randu(3, d * i + j) + 2.0 * randn(3, d * i + j + n*d)\n"
     "node start_f = 0.0\n"
     "node start_g[i:d] = (if 0 == i then 1.0 else 0.0) * 3.0\n"
     "node p = a\n"},
    {"constraints",
     "batch n; dim k = 3, m\n"
     "const low = 0.5\n"
     "param s > 0, t < 2 * k = 1, p[m] in (-1, 1 / m), q[k] in simplex, c[m, k] in ordered, L[m, k, k] in cholesky\n"
     "param v > low = 1, w[3] in simplex = [0.25, 0.25, 0.5]\n"
     "predict a[i] = L[i, 0, 1] * s + t\n"
     "predict b[i, j] = L[0, i, j]\n"
     "loss sum(L) + sum(q)\n",
     "node start_s = 1.0\n"
     "node start_t = 1.0\n"
     "node start_p[i:m] = -1.0 + (1.0 / real(m) - -1.0) / 2.0\n"
     "node start_q[i:k] = 1.0 / real(k)\n"
     "node start_c[i:m, j:k] = real(j)\n"
     "node start_L[i:m, j:k, l:k] = if j == l then 1.0 else 0.0\n"
     "node start_v = 1.0\n"
     "node start_w[i:3] = if i < 1 then 0.25 else if i < 2 then 0.25 else 0.5\n"
     "node a[i:m] = (if 1 <= 0 then L[i, 0, 1] else 0.0) * s + t\n"
     "node b[i:k, j:k] = if j <= i then L[0, i, j] else 0.0\n"
     "node loss_sum = sum[i:m, j:k, l:k](if l <= j then L[i, j, l] else 0.0)\n"
     "node loss_sum_2 = sum[i:k](q[i])\n"
     "node loss = loss_sum + loss_sum_2\n"
     "check \"L[0, i, j]\" [](0) in 0..m\n"},
};
enum { MODELS = sizeof models / sizeof *models };

// The lines of a graph's text that say what is computed and checked.
static void keep_nodes(Text *out, const char *text) {
  for (const char *line = text; *line;) {
    size_t length = strcspn(line, "\n");
    if (strncmp(line, "node ", 5) == 0 || strncmp(line, "check ", 6) == 0) text_putn(out, line, length + 1);
    line += length + (line[length] == '\n');
  }
}

START_TEST(models_are_lowered) {
  Run r;
  run(&r, models[_i].text);
  is_right(&r);
  Text all, nodes;
  text_init(&all);
  text_init(&nodes);
  graph_print(&all, r.model, r.model->graph);
  keep_nodes(&nodes, all.s);
  ck_assert_str_eq(_i == 0 ? all.s : nodes.s, models[_i].graph);
  text_free(&all);
  text_free(&nodes);
  arena_free(r.arena);
}
END_TEST

START_TEST(what_is_printed_reads_back) {
  Run r;
  run(&r, models[_i].text);
  is_right(&r);
  Text first, second;
  text_init(&first);
  text_init(&second);
  graph_print(&first, r.model, r.model->graph);
  Source source = {"graph", first.s, first.length};
  Model *again = graph_parse(r.arena, &r.diags, &source);
  ck_assert_msg(again != NULL, "%s", told(&r));
  graph_print(&second, again, again->graph);
  ck_assert_str_eq(first.s, second.s);
  text_free(&first);
  text_free(&second);
  arena_free(r.arena);
}
END_TEST

static Type type_of(const Run *r, const char *name) {
  const Node *n = graph_find(r->model->graph, name);
  ck_assert_msg(n != NULL, "no node %s", name);
  return n->type;
}

START_TEST(types_and_declarations) {
  Run r;
  run(&r, "batch n; dim d = 3; data x[n, d], y[n] in 0..d, z in 0..; param w[d]\n"
          "predict a[i] = y[i]; predict b = w; predict c[i] = argmax(x[i]); loss sum(y)\n");
  is_right(&r);
  const Model *m = r.model;
  ck_assert_int_eq(m->ndata, 3);
  ck_assert(m->data[0].batch && !m->data[0].ranged && m->data[0].type == TYPE_REAL);
  ck_assert(m->data[1].batch && m->data[1].ranged && m->data[1].limit == m->param[0].extent[0]);
  ck_assert(!m->data[2].batch && m->data[2].ranged && !m->data[2].limit && m->data[2].rank == 0);
  ck_assert_int_eq(type_of(&r, "a"), TYPE_INT);
  ck_assert_int_eq(type_of(&r, "c"), TYPE_INT);
  ck_assert_int_eq(graph_root(m->graph, ROOT_LOSS, 0)->node->type, TYPE_REAL);
  ck_assert_ptr_nonnull(graph_root(m->graph, ROOT_START, 0));
  ck_assert_int_eq(m->batch, dims_find(m->dims, "n"));
  arena_free(r.arena);
}
END_TEST

START_TEST(names_become_identifiers) {
  Source source = {"x", "predict p = 1\n", 14};
  Arena *a = arena_new();
  Diags d;
  diags_init(&d, a);
  AstFile *file;
  ck_assert(parse_source(a, &d, &source, &file));
  ck_assert_str_eq(check_model(a, &d, file, "2-layer net", NULL, 0)->name, "m_2_layer_net");
  arena_free(a);
}
END_TEST

// Right models that say things in other ways; none is told anything.
static const char *const accepted[] = {
    "param gamma, beta; def relu(x) = gamma * x; predict p = relu(beta)\n",
    "def f(k) = zeros[k]; def g(x, i) = x * i; def h(x[n], i) = x[i]; param w; predict p = w\n",
    "def f(c, x[n]) = sum[j in 0..c](x[j]); param w; predict p = w\n",
    "dim d; param w[d]; sum = 3; predict p = sum(w) * sum\n",
    "dim d; param W[d, d]; predict p[i, j] = (W @ W')[i, j]\n",
    "dim d; param x[d, d]; def inner(a[k]) { b = a * a; def_ = sum(b); return def_ }; predict p = inner(x)\n",
    "const k = 2 * 3; param w[k] = [1, 2, 3, 4, 5, 6]; predict p = w[k - 1]\n",
    "dim T = 5; data x[T]; predict p[t in 0..T] = x[T - 1 - t]; predict q = x[T - 1]\n",
    "dim n, m; data x[n, m]; predict p = sum[i in 0..n, j if i < m and i == j](x[i, i] * x[i, j])\n",
    "dim n; data x[n]; predict p[i] = if i > 0 and i < n - 1 then x[i - 1] + x[i + 1] else x[i]\n",
    "dim n; data x[n]; predict p[i] = if i == 0 or i == n - 1 then x[i] else x[i - 1] + x[i + 1]\n",
    "dim n; data x[n]; predict p[i] = if i > 0 and x[i - 1] > 0 then x[i] else 0\n",
    "dim n; data x[n]; predict p[i] = if i == 0 or i == 1 or not (x[i - 1] > 0 and x[i - 2] > 0) then x[i] else 0\n",
    "dim n; data x[n]; predict p[i in 0..n] = sum[j in 0..n if i + j < n and x[i + j] > 0](x[j])\n",
    "dim n; data x[n], k[n] in 0..n; predict p[i] = if k[i] != 0 then x[k[i] - 1] else 0\n",
    "dim n; data x[n], y[n]; k = argmax(x * y); predict p = x[if k > 0 then k - 1 else 0] + x[n - 1 - k]\n",
    "dim n, K = 3; data x[n], e[n] in 0..K; param w[K]; k = e; predict p[i] = w[k[i]] * x[i]\n",
    "dim n; data x[n]; def at(i) { j = n - 1 - i; return x[j] }; predict p[i in 0..n] = at(i)\n",
};

START_TEST(right_models_are_accepted) {
  Run r;
  run(&r, accepted[_i]);
  is_right(&r);
  arena_free(r.arena);
}
END_TEST

int main(void) {
  TCase *c = tcase_create("graphs");
  tcase_add_loop_test(c, models_are_lowered, 0, MODELS);
  tcase_add_loop_test(c, what_is_printed_reads_back, 0, MODELS);
  tcase_add_loop_test(c, right_models_are_accepted, 0, sizeof accepted / sizeof *accepted);
  tcase_add_test(c, types_and_declarations);
  tcase_add_test(c, names_become_identifiers);
  return run_suite(c, "check_graph");
}
