# mdlc explain, graph, cost and dump: what they show of a model.  (Read by run.sh.)
examples=$(cd "$(dirname "$cases")/../../examples" && pwd)
cp "$examples/thermometer/thermometer.mdl" "$examples/mlp/mlp.mdl" "$top/files"

exactly() { # the whole of stdout
  wrong=
  printf '%s\n' "$1" | diff - "$top/stdout" > "$top/diff" || wrong="stdout differs: $(cat "$top/diff")"
  verdict "$wrong" "$name: the whole output"
}

# ---- explain ----
case_is 'explain the thermometer' 0 '' mdlc explain thermometer.mdl
exactly 't_p[i] = w * t_u[i] + b
loss = 1/n * sum[i]((t_p[i] - t_c[i])^2)

d loss / d w = 2/n * sum[i]((t_p[i] - t_c[i]) * t_u[i])
d loss / d b = 2/n * sum[i](t_p[i] - t_c[i])'
case_is 'explain to a file' 0 '' mdlc explain thermometer.mdl -o out.txt
leaves 'out.txt'
case_is 'explain in LaTeX' 0 '' mdlc explain thermometer.mdl --latex
exactly '\documentclass{article}
\usepackage{amsmath}
\allowdisplaybreaks
\begin{document}
\begin{align*}
t_{p; i} &= w \, t_{u; i} + b \\
\mathit{loss} &= \frac{1}{n} \, \sum_{i=0}^{n - 1} \left( t_{p; i} - t_{c; i} \right)^{2} \\
\frac{\partial\,\mathit{loss}}{\partial w} &= \frac{2}{n} \, \sum_{i=0}^{n - 1} \left( t_{p; i} - t_{c; i} \right) \, t_{u; i} \\
\frac{\partial\,\mathit{loss}}{\partial b} &= \frac{2}{n} \, \sum_{i=0}^{n - 1} \left( t_{p; i} - t_{c; i} \right)
\end{align*}
\end{document}'
case_is 'explain a perceptron' 0 '' mdlc explain mlp.mdl
prints 'd_z[i, j] = 1/n * (exp(z[i, j] - loss_logsumexp[i]) - (if y[i] == j then 1 else 0))  # d loss / d z[i, j]'
prints 'd loss / d W1[l, j] = sum[i](d_a[i, j] * (1 - a[i, j]^2) * x[i, l])'
prints 'd loss / d b2[j] = sum[i](d_z[i, j])'

file forms.mdl 'batch n\ndata x[n], alpha_hat[n]\nparam w = 0.5, my_w2 = 0.2\nl[i] = x[i] * x[i] - -w\nloss sum(l * my_w2 * 3 * alpha_hat - 1) / 3\n'
case_is 'squares, signs and fractions' 0 '' mdlc explain forms.mdl
exactly 'l[i] = x[i]^2 + w
loss = 1/3 * sum[i](3 * l[i] * my_w2 * alpha_hat[i] - 1)

d loss / d w = my_w2 * sum[i](alpha_hat[i])
d loss / d my_w2 = sum[i](l[i] * alpha_hat[i])'
case_is 'names in LaTeX' 0 '' mdlc explain forms.mdl --latex
prints '\mathit{my}_{\mathrm{w2}} \, \sum_{i=0}^{n - 1} \alpha_{\mathrm{hat}; i}'

file alike.mdl 'data x[3], z[3]\nparam lambda = 1, lambda_ = 2, y1 = 1, y_1 = 2, x1 = 3, x_i = 2, z_i[3] = 1
loss lambda * lambda_^2 * y1 + y_1 * x[1] + x1 * x_i + sum[i](z[i] * z_i[i] + x[i])\n'
case_is 'different names are different symbols in LaTeX' 0 '' mdlc explain alike.mdl --latex
prints '\mathit{loss} &= \left( \sum_{i=0}^{2} \left( z_{i} \, z_{i; i} + x_{i} \right) \right) + x_{1} \, y_{1} + \lambda \, \mathit{lambda\_}^{2} \, \mathit{y1} + \mathit{x1} \, \mathit{x\_i}'
file folded.mdl 'param w = 1, b = 2\nconst c = 0.1 + 0.2\nloss c * w^2 + 0.1 * w + 0.2 * w + 3 * 0.1 * b + b^2 / 3 + 0.1234567890123456 * w * b\n'
case_is 'constants that are folded read as a person adds them' 0 '' mdlc explain folded.mdl
exactly 'loss = w * (0.3 * w + 0.3) + 0.1234567890123456 * w * b + 0.3 * b + 1/3 * b^2

d loss / d w = 0.6 * w + 0.1234567890123456 * b + 0.3
d loss / d b = 0.1234567890123456 * w + 2/3 * b + 0.3'
file shared.mdl 'data h\nparam w = 2, b = 3\nloss w - w * b + exp(h * b) * b\n'
case_is 'a factor that is a whole term leaves 1' 0 '' mdlc explain shared.mdl
exactly 'loss = w * (1 - b) + b * exp(b * h)

d loss / d w = 1 - b
d loss / d b = exp(b * h) * (b * h + 1) - w'

file inside.mdl 'dim h = 2, T\ndata c\nparam w[h, T] = 1.7, v = 0.3\ny = grad(square(0.5 * (if c > 0.63 then v else 0.666 * (w[h - 1, 0] - 0.5))) * mean(w), w)\nloss sum(y)\n'
case_is 'a factor within a choice is not lost' 0 '' mdlc explain inside.mdl
prints '0.221778 * (if c <= 0.63 and'

file gather.mdl 'dim V = 5, d = 3\nbatch n\ndata t[n] in 0..V, y[n]\nparam E[V, d] = normal(0, 1), u[d] = 1\np[i] = sum[j](E[t[i], j] * u[j])\nloss mean(huber(p, y, 0.5))\n'
case_is 'a gather is explained as a sum with a condition' 0 '' mdlc explain gather.mdl
prints 'd loss / d E[i in 0..V, j] = sum[k if t[k] == i](d_p[k]) * u[j]'

file longer.mdl 'data c[4]\nparam w[3] = 1\nloss sum[j in 0..3](if c[j] > 0 then w[j]^2 else 0) + sum[i in 0..4](if c[i] > 0 then 1 else 0)\n'
case_is 'a range that a longer array in the condition would hide is written' 0 '' mdlc explain longer.mdl
prints 'loss = sum[j in 0..3 if c[j] > 0](w[j]^2) + sum[i if c[i] > 0](1)'

file density.mdl 'batch n\ndim d = 3\ndata y[n, d]\nparam mu[d] = 0, L[d, d] in cholesky\ny ~ multi_normal_cholesky(mu, L)\n'
case_is 'conditions that always hold, or follow from others, are not printed' 0 '' mdlc explain density.mdl
prints 'loss = sum[i](sum[j](log(L[j, j])) + 0.5 * sum[j](log_likelihood_y_z[i, d, j]^2) + 0.9189385332046727*d)'
prints 'd loss / d mu[i] = -sum[j](d_log_likelihood_y_z[j, i + 1, i]) / L[i, i]'
prints '    (if k < j then d_log_likelihood_y_z[i, j + 1, j] * L[j, k] / L[j, j] else 0)'
file shifted.mdl 'dim m\ndata u[m, 3]\nparam z[3*m] = 0
loss sum[i in 0..m](u[i, 0] * z[i] + u[i, 1] * z[m + i]^2 + u[i, 2] * z[2*m + i]^3 + exp(z[i]) * exp(z[m + i]) * exp(z[2*m + i]))\n'
case_is 'conditions on integers are told without differences' 0 '' mdlc explain shifted.mdl
prints 'd loss / d z[i in 0..3*m] = if i >= 2*m then 3 * u[i - 2*m, 2] * z[i]^2 + exp(z[i - 2*m]) * exp(z[i - m]) * exp(z[i]) else'
prints '    if i >= m then 2 * u[i - m, 1] * z[i] + exp(z[i - m]) * exp(z[i]) * exp(z[m + i]) else'
prints '    u[i, 0] + exp(z[i]) * exp(z[m + i]) * exp(z[2*m + i])'

cp "$examples/pinn/pinn.mdl" "$examples/mixture/mixture.mdl" "$top/files"
case_is 'sums that are equal up to their indices are one, and what lines repeat has one name' 0 '' mdlc explain pinn.mdl
prints 'e1[k, i] = tanh(W[k] * x[i] + b[k])'
prints 'd loss / d W[i] = 2 * v[i] * sum[j](d_d_loss_x[j] * (1 - 2 * W[i] * x[j] * e1[i, j]) * (1 - 2 * x[j]) * (1 - e1[i, j]^2)) -'
case_is 'the shares of a mixture have a name' 0 '' mdlc explain mixture.mdl
prints 'd_beta[i, c] = -exp(beta[i, c] - fit_logsumexp[i])  # d loss / d beta[i, c]'

# ---- loops ----
file recurrence.mdl 'dim T\nparam w2 = 0.7\nscan t in 0..T with c = 0.3 {\n  c = c * w2\n}\nloss c^2\n'
case_is 'a loop is explained as a recurrence' 0 '' mdlc explain recurrence.mdl
exactly 'c[0] = 0.3
c[t + 1] = c[t] * w2  # t in 0..T
loss = c[T]^2

d_c[T] = 2 * c[T]  # d loss / d c[T]
d_c[t] = d_c[t + 1] * w2  # t in 0..T; d loss / d c[t]
d loss / d w2 = sum[t in 0..T](d_c[t + 1] * c[t])'
case_is 'a recurrence in LaTeX' 0 '' mdlc explain recurrence.mdl --latex
prints 'c_{t + 1} &= c_{t} \, w_{2}, \quad 0 \le t < T \\'
prints '\bar{c}_{t} = \frac{\partial\,\mathit{loss}}{\partial c_{t}} &= \bar{c}_{t + 1} \, w_{2}, \quad 0 \le t < T \\'
file inplace.mdl 'dim n\ndata b[n]\nparam A[n, n] = normal(0, 1)
scan i in 0..n with z = zeros[n] {
  z[i] = (b[i] - sum[k in 0..i](A[i, k] * z[k])) / A[i, i]
}
loss sum(z^2)\n'
case_is 'entries that a loop replaces' 0 '' mdlc explain inplace.mdl
exactly 'z[0, j in 0..n] = 0
z_set_sum[i in 0..n] = sum[k if k < i](A[i, k] * z[i, k])
z[i + 1, j] = if i == j then (b[i] - z_set_sum[i]) / A[i, i] else z[i, j]  # i in 0..n
loss = sum[i](z[n, i]^2)

d_z[n, j] = 2 * z[n, j]  # d loss / d z[n, j]
d_z[i, j] = (if i != j then d_z[i + 1, j] else 0) -
    (if j < i then d_z[i + 1, i] * A[i, j] / A[i, i] else 0)  # i in 0..n; d loss / d z[i, j]
d loss / d A[i in 0..n, j] = if i == j then d_z[i + 1, i] * (z_set_sum[i] - b[i]) / A[i, i]^2 else
    -(if j < i then d_z[i + 1, i] * z[i, j] / A[i, i] else 0)'
file while.mdl 'param x = 3
iterate a = x, k = 1 while a > 1 at most 20 {
  a = a / 2 + 1 / k
  k = k + 1
}
loss a\n'
case_is 'a loop with a condition' 0 '' mdlc explain while.mdl
prints 'a[i + 1] = if a[i] > 1 then'

file predicts.mdl 'batch n\ndata x[n]\nparam w = 1\npredict p = w * x\n'
case_is 'no loss, no derivative' 1 'predicts.mdl: the model has no loss, so it has no gradient' mdlc explain predicts.mdl

# ---- graph ----
case_is 'the graph as text' 0 '' mdlc graph thermometer.mdl
prints 'digraph "thermometer" {'
prints 'label=<×>]'
prints 'label=<t_p − t_c>]'
prints 'label=<mean over i>]'
case_is 'the backward graph' 0 '' mdlc graph thermometer.mdl --backward
prints 'style=dashed constraint=false label="t_u[i]"]'
prints 'style=dashed constraint=false label="2 * (t_p[i] - t_c[i])"]'
prints 'style=dashed constraint=false label="1/n"]'
case_is 'text for HTML-like labels is escaped' 0 '' mdlc graph gather.mdl --backward
prints 'if abs(p[i] - y[i]) &lt;= 0.5'
file rows.mdl 'batch n\ndim m = 4, i = 3\ndata t[n] in 0..m, x[n]\nparam U[m, i] = 1, a[m] = 1, c = 1\nr[k] = sum[l if l != k](abs(a[k] - a[l]))\nloss mean(norm(U[t])^2) + sum(exp(x - c) / (c * x)) + sum(r) / n\n'
case_is 'the indices of a picture' 0 '' mdlc graph rows.mdl --backward
prints 'label=<U[t[j], k]>]'
prints 'label="2 * U[t[j], k]"]'
prints 'label=<a[k] − a[l]>]'
prints 'label="1, -1"]'
prints 'label=<sum over l if l != k<br/>'
prints 'label=<exp(x[j] - c) / (x[j] * c)>]'
prints 'label="∂(u / v)/∂v"]'
prints 'label=</ n>]'
case_is 'a .dot file' 0 '' mdlc graph mlp.mdl -o mlp.dot
leaves 'mlp.dot'
case_is 'a model that only predicts' 0 '' mdlc graph predicts.mdl
prints 'label=<<b>p</b>>]'
case_is 'another ending' 2 'the name must end in .svg or .dot' mdlc graph thermometer.mdl -o picture.png
without_graphviz() { (PATH=/nowhere && mdlc "$@"); }
case_is 'no Graphviz' 3 "cannot run Graphviz' \`dot\`" without_graphviz graph thermometer.mdl -o picture.svg
leaves ''
if command -v dot > /dev/null; then
  case_is 'an SVG' 0 '' mdlc graph thermometer.mdl --backward -o picture.svg
  leaves 'picture.svg'
fi

# ---- cost ----
case_is 'cost' 0 '' mdlc cost thermometer.mdl -D n=11
exactly 'floating-point operations
  forward                            5*n + 1 = 56
  backward                           7*n + 4 = 81
  value and gradient at once         9*n + 3 = 102
  predict                            2*n     = 22
elements of memory
  parameters                         2
  tape                               0
  work memory of forward             0
  work memory of backward            0
  work memory of value and gradient  0
  work memory of predict             0
computed again by backward, in elements
  t_p[n]                             n       = 11'
case_is 'cost as formulas' 0 '' mdlc cost thermometer.mdl
prints '  forward                            5*n + 1'
case_is 'cost as JSON' 0 '' mdlc cost thermometer.mdl -D n=11 --json
prints '  "forward": {"formula": "5*n + 1", "value": 56},'
prints '{"upper_bound": false,'
case_is 'an upper bound is marked' 0 '' mdlc cost mlp.mdl
prints 'floating-point operations, at most (both sides of every branch are counted)'
case_is 'cost without a loss' 0 '' mdlc cost predicts.mdl
prints '  predict  '
prints '  work memory of predict  '
# Parts of the gradient that are sums over the points first.
# Of each sample's three products with a triangle, factor takes one out of the sum over samples.
case_is 'the cost of a mixture' 0 '' mdlc cost "$examples/gradbench/gmm.mdl"
prints 'value and gradient at once         4*d*d*k*n + '
case_is 'and without factor' 0 '' mdlc cost --no-factor "$examples/gradbench/gmm.mdl"
prints 'value and gradient at once         6*d*d*k*n + '
case_is 'what crosses to backward' 0 '' mdlc cost "$examples/gradbench/gmm.mdl"
prints '  tape                               d*k*n + d*k + k*n + k + 2*n + 2'
prints 'on the tape, in elements'
prints '  u[n, k, d]                         d*k*n'
prints 'computed again by backward, in elements'
case_is 'the cost of k-means' 0 '' mdlc cost "$examples/gradbench/kmeans.mdl"
prints 'value and gradient at once         6*k*n*d + k*n + k*d + 2*n'
case_is 'the cost of a hierarchical model' 0 '' mdlc cost "$examples/hierarchical/hierarchical.mdl"
prints 'value and gradient at once         18*groups + 11*n + 58'

# ---- dump ----
case_is 'dump after parse' 0 '' mdlc dump --after=parse thermometer.mdl
exactly 'batch n
data t_u[n]
data t_c[n]
param w = 1
param b = 0
predict t_p = w * t_u + b
loss mean((t_p - t_c)^2)
gradient w = mean(2 * (t_p - t_c) * t_u)
gradient b = mean(2 * (t_p - t_c))'
case_is 'dump after check' 0 '' mdlc dump --after=check thermometer.mdl
prints 'node t_p[i:n] = w * t_u[i] + b'
case_is 'dump after derive' 0 '' mdlc dump --after=derive thermometer.mdl
prints 'root gradient w = d_w'
case_is 'dump after simplify' 0 '' mdlc dump --after=simplify thermometer.mdl
prints 'node d_w = sum[i:n](d_t_p[i] * t_u[i])'
case_is 'dump after factor' 0 '' mdlc dump --after=factor "$examples/gradbench/gmm.mdl"
prints 'node d_mu_via_u_part[c:k, r:d] = sum[i:n](d_u[i, c, r])'
prints 'node d_mu_via_u[c:k, r:d] = -(diagonal[c, r] * d_mu_via_u_part[c, r])'
prints '* d_mu_via_u_part[c, r])'
case_is 'dump without factor' 0 '' mdlc dump --after=factor --no-factor thermometer.mdl
prints 'node d_w = sum[i:n](d_t_p[i] * t_u[i])'
case_is 'dump after schedule' 0 '' mdlc dump --after=schedule thermometer.mdl
prints 'value_and_grad'
case_is 'dump of what only predicts' 0 '' mdlc dump --after=simplify predicts.mdl
prints 'root predict p = p'
case_is 'an unknown pass' 2 'there is no pass `simplfy`; did you mean `simplify`?' mdlc dump --after=simplfy thermometer.mdl
case_is 'no pass of that kind' 2 'there is no pass `foo`; there are parse, check, derive, simplify, factor and schedule' mdlc dump --after=foo thermometer.mdl
case_is 'no pass' 2 'after which pass?' mdlc dump thermometer.mdl
case_is 'the passes are listed' 0 '' mdlc dump --help
prints 'the same with the gradient of the loss'

# What is computed by branches is told as a paper has it.
file robust.mdl 'batch n\ndata x[n], y[n]\nparam w = 1, nu = 4, sigma = 1\nloss -mean(student_t.log(y, nu, w * x, sigma))\n'
case_is 'a density is explained without its stable branches' 0 '' mdlc explain robust.mdl
prints 'loss = -1/n * sum[i](lgamma(0.5 * (nu + 1)) - lgamma(0.5 * nu) - 0.5 * log(pi * nu) - 0.5 * (nu + 1) * log1p((y[i] - w * x[i])^2 / (nu * sigma^2)) - log(sigma))'
prints 'd loss / d w = -1/n * (nu + 1) * sum[i]((y[i] - w * x[i]) * x[i] / ((y[i] - w * x[i])^2 / (nu * sigma^2) + 1)) / (nu * sigma^2)'
file logit.mdl 'batch n\ndata x[n], y[n]\nparam w = 1\nloss mean(binary_cross_entropy_with_logits(w * x, y))\n'
case_is 'a loss is explained without its stable branches' 0 '' mdlc explain logit.mdl
prints 'd loss / d w = 1/n * sum[i]((sigmoid(w * x[i]) - y[i]) * x[i])'

# LaTeX of all kinds of formulas: brackets and environments match; where pdflatex is there, it takes it.
cat > "$top/files/wild.mdl" <<'MODEL'
dim T, k_2 = 3
batch n
data x[n, k_2], y_label[n] in 0..k_2
param w_1[k_2] = 1, theta = 0.5, alpha_beta = 2, lambda = 1
z_hat[i, c] = x[i, c] * w_1[c] + erf(theta) * gelu(x[i, c])
m[i] = max[c](z_hat[i, c] // 2 * 2 + abs(z_hat[i, c]))
v = if theta > 0 then lgamma(theta) else digamma(lambda) ^ 2
loss mean(cross_entropy(z_hat, y_label)) + sum(m) + v + prod[c](w_1[c]) + hypot(theta, lambda) + atan2(alpha_beta, theta) + sum[i, c if c > 0](floor(x[i, c]) * w_1[c - 1]) + min(theta, lambda) + pow(lambda, theta) + log1p(expm1(theta)) + clamp(theta, 0, 1)
MODEL
cat > "$top/files/wild_loop.mdl" <<'MODEL'
dim T, n = 4
data x[T, n], step_y[T]
param w_1[n] = 1, theta = 0.5
scan step_t in 0..T with alpha_h = zeros[n], best = theta {
  alpha_h[step_t % n] = tanh(sum[k in 0..n](alpha_h[k] * w_1[k] + x[step_t, k]))
  scan k in reverse 0..n {
    best = if best > 0 then best * theta else sqrt(1 + alpha_h[k]^2)
  }
  yield cost = (best - step_y[step_t])^2
}
iterate z = best while z < 5 at most 7 {
  z = z + exp(-z)
}
loss mean(cost) + z + sum(alpha_h)
MODEL
latex_is_right() {
  mdlc explain "$1.mdl" --latex -o wild.tex || return
  awk '
    { gsub(/\\\\/, ""); gsub(/\\[{}]/, "") }
    { for (k = 1; k <= length($0); k++) { c = substr($0, k, 1); depth += c == "{" ? 1 : c == "}" ? -1 : 0; if (depth < 0) bad = 1 } }
    { left += gsub(/\\left[^a-z]/, ""); right += gsub(/\\right[^a-z]/, ""); begin += gsub(/\\begin\{/, ""); end += gsub(/\\end\{/, "") }
    END { exit bad || depth != 0 || left != right || begin != end || begin == 0 }' wild.tex || return
  ! command -v pdflatex > /dev/null || pdflatex -interaction=nonstopmode -halt-on-error wild.tex > /dev/null
}
case_is 'LaTeX compiles' 0 '' latex_is_right wild
case_is 'LaTeX of loops compiles' 0 '' latex_is_right wild_loop
