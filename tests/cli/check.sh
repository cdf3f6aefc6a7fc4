# mdlc check: right gradients pass, wrong ones are found and shown.  (Read by run.sh.)
examples=$(cd "$(dirname "$cases")/../../examples" && pwd)
cp "$examples/thermometer/thermometer.mdl" "$examples/thermometer/readings.csv" "$examples/logistic/logistic.mdl" \
  "$examples/logistic/samples.csv" "$examples/mlp/mlp.mdl" "$examples/mlp/spirals.csv" "$top/files"

table() { # the whole of stdout, with ~ for errors of rounding and single blanks
  wrong=
  sed -E 's/[+-][0-9.]+e-[012][0-9]|\b0( |$)/~\1/g' "$top/stdout" | tr -s ' ' > "$top/masked"
  printf '%s\n' "$1" | diff - "$top/masked" > "$top/diff" || wrong="stdout differs: $(cat "$top/diff")"
  verdict "$wrong" "$name: the whole table"
}

case_is 'the thermometer' 0 '' mdlc check thermometer.mdl --data readings.csv
table 'worst relative errors of the gradient by the generated C
parameter complex step dual numbers differences gradient statement
w ~ ~ ~ ~
b ~ ~ ~ ~
at the start values and 2 random points around them
all agree, to 1e-12 (differences to 1e-08)
gradient w: identical at sizes n = 2, 3, 5 (chance of error below 1e-32)
gradient b: identical at sizes n = 2, 3, 5 (chance of error below 1e-32)'
case_is 'random data' 0 '' mdlc check thermometer.mdl
prints 'at the start values and 2 random points around them, on random data (n = 3)'
case_is 'random data of a given size, one point' 0 '' mdlc check thermometer.mdl -D n=7 --points 1
prints 'at the start values, on random data (n = 7)'
case_is 'logistic regression' 0 '' mdlc check logistic.mdl --data samples.csv
case_is 'a perceptron' 0 '' optimized check mlp.mdl
case_is 'a perceptron on its data' 0 '' optimized check mlp.mdl --data spirals.csv
prints 'all agree, to 1e-12'
case_is 'in float' 0 '' mdlc check mlp.mdl --real float
prints 'all agree, to 0.0005 (differences to 0.01)'

# At the optimum the terms of the gradient cancel, and only rounding is left of it.
printf '{"w": 0.5367719209075258, "b": -17.304785503009754}\n' > "$top/files/fitted.json"
case_is 'at the optimum' 0 '' mdlc check thermometer.mdl --data readings.csv --params fitted.json
prints 'at the given parameters and 2 random points around them'
prints 'all agree, to 1e-12'

without_compiler() { (CC=/nowhere/cc && export CC && mdlc "$@"); }
case_is 'no C compiler' 0 '' without_compiler check thermometer.mdl --data readings.csv
prints 'the interpreted graph (there is no C compiler)'
prints 'all agree, to 1e-12'

# ---- wrong statements ----
wrong_statement() { sed "$1" "$top/files/$2" > "$top/files/wrong.mdl"; }
wrong_statement 's/^gradient w = mean(2/gradient w = mean(-2/' thermometer.mdl
case_is 'a wrong sign' 1 '' mdlc check wrong.mdl --data readings.csv --points 1
prints 'WRONG'
prints 'disagreement at point 0: d loss / d w is 4517.29'
prints 'by the gradient statement (wrong.mdl:11:10)'
prints '{"w": 1,'
wrong_statement 's/^gradient b = mean(2/gradient b = mean(2.00000001/' thermometer.mdl
case_is 'a factor that is wrong in its ninth digit' 1 '' mdlc check wrong.mdl --data readings.csv
prints 'd loss / d b is'
wrong_statement 's/^gradient w.*/gradient w[j] = mean[i]((p[i] - y[i]) * x[i, j]) + (if j == 2 then 1e-9 else 0)/' logistic.mdl
case_is 'one entry' 1 '' mdlc check wrong.mdl -D d=4
prints 'd loss / d w[2] is'
prints 'that point, for --data:'
case_is 'the point can be replayed' 1 '' sh -c '"$0" check wrong.mdl > report.txt
  sed -n "/^that point, for --params:/,/^that/p" report.txt | sed "/^that/d" > p.json
  sed -n "/^that point, for --data:/,\$p" report.txt | sed 1d > d.json
  "$0" check wrong.mdl --params p.json --data d.json --points 1' "$mdlc"
prints 'disagreement at point 0: d loss / d w[2] is'
wrong_statement 's/h = 32/h = 300/; $a gradient W1[i, j] = W1[i, j]' mlp.mdl
case_is 'a long point goes to files' 1 '' optimized check wrong.mdl -D n=4
prints 'that point, for --params: wrong.check-params.json'
leaves 'wrong.check-params.json'

# ---- what differences cannot say ----
file stop.mdl 'batch n\ndata x[n], y[n]\nparam w = 0.5, b = 0.2, c = 1\np = w * x + stop(w * b)\nloss mean((p * c - y)^2)\n'
case_is 'stop' 0 '' mdlc check stop.mdl
table 'worst relative errors of the gradient by the generated C
parameter complex step dual numbers differences
w ~ ~ n/a: stop
b ~ ~ n/a: stop
c ~ ~ ~
at the start values and 2 random points around them, on random data (n = 3)
all agree, to 1e-12 (differences to 1e-08)'
file own.mdl 'batch n\ndata x[n], y[n]\nparam w = 0.5, b = 2.2, c = 1
def length(v[k]) = sqrt(sum(v * v)) with d/dv = v / sqrt(sum(v * v))
def rounded(s) = floor(s) with d/ds = 1
p = length([w, b]) * x + rounded(b)\nloss mean((p * c - y)^2)\n'
for how in '' --no-simplify; do
  case_is "the author's own derivatives $how" 0 '' mdlc check own.mdl $how
  table 'worst relative errors of the gradient by the generated C
parameter complex step dual numbers differences
w ~ ~ ~
b ~ ~ n/a: with d/dx
c ~ ~ ~
at the start values and 2 random points around them, on random data (n = 3)
all agree, to 1e-12 (differences to 1e-08)'
done
file densities.mdl 'batch n\ndim k = 3, d = 2\ndata x[n, d], y[n], c[n] in 0..k, z[n] in 0..2
param w[d] = normal(0, 1), sigma = 1.5, W[d, k] = normal(0, 1)
m = x @ w\nw ~ normal(0, 2)\ny ~ normal(m, sigma)\ny ~ cauchy(m, sigma)\ny[i] ~ laplace(m[i], sigma)
z ~ bernoulli_logit(m)\nc ~ categorical_logit(x @ W)\nsigma ~ lognormal(0, 1)\nsigma ~ exponential(0.3)
likelihood -0.5 * sum(W * W)\n'
case_is 'densities' 0 '' mdlc check densities.mdl
prints 'all agree, to 1e-12 (differences to 1e-08)'
case_is 'densities in float' 0 '' mdlc check densities.mdl --real float
file kink.mdl 'batch n\ndata x[n], y[n]\nparam w = 0, b = 0, v = 1\np = v * relu(w * x + b)\nloss mean(abs(p - y) + max(w, b))\n'
case_is 'a kink' 0 '' mdlc check kink.mdl
prints 'note: point 0 is on a kink of p (line 4): differences mean nothing there'
case_is 'a kink and nothing else' 0 '' mdlc check kink.mdl --points 1
prints 'n/a: kink'
file while.mdl 'param w = 1, v = 1
iterate y = w while abs(v - 1) + y >= 2 at most 9 {
  y = y / 2
}
scan t in 0..2 with h = y {
  h = h + max(h, w)
}
loss h * v\n'
case_is 'a kink in a condition' 0 '' mdlc check while.mdl --points 1
prints 'note: point 0 is on a kink of the condition of `iterate` (line 2)'
file root.mdl 'param w = 2\niterate z = 1 while abs(z * z - w) > 1e-14 at most 50 { z = 0.5 * (z + w / z) }\nloss z\ngradient w = 0.5 / sqrt(w)\n'
case_is 'a statement beside an iteration that ends near its limit' 0 '' mdlc check root.mdl
prints 'gradient w: undecided (it iterates until a condition on reals fails), numerically agrees to'
file step.mdl 'param w = 1\nscan t in 0..2 with h = w {\n  h = h * max(h, w)\n}\nloss h\n'
case_is 'a kink in a step' 0 '' mdlc check step.mdl --points 1
prints 'note: point 0 is on a kink of `h * max(h, w)` (line 3)'
file tie.mdl 'param w[3] = 1\nloss max(w)\n'
case_is 'a tie' 0 '' mdlc check tie.mdl --points 1
prints 'n/a: kink'
file log.mdl 'batch n\ndata x[n]\nparam w = 1\nloss sum(w * log(x))\n'
case_is 'a loss that is finite on positive data alone' 0 '' mdlc check log.mdl
file nan.mdl 'param w = -1\nloss log(w)\n'
case_is 'a loss that is not finite' 1 'the loss is not finite at the start values: there is no gradient to check; --params gives others' mdlc check nan.mdl
file never.mdl 'data x\nparam w = -1\nloss x * log(w)\n'
case_is 'a loss that is not finite, on random data' 1 'the loss is not finite at the start values, on random data: ' mdlc check never.mdl
file none.mdl 'batch n\ndata x[n]\nparam w = 1\npredict p = w * x\n'
case_is 'no loss' 0 '' mdlc check none.mdl
prints 'derivatives of the predictions by the generated C: there is no loss'
prints 'at the start values and 2 random points around them, on random data (n = '
for line in jvp:p vjp:p jacobian:p; do
  prints "$line  "
done
case_is 'no loss, by the interpreter' 0 '' env CC=/nowhere/cc "$mdlc" check none.mdl --derivatives vjp
prints 'derivatives of the predictions by the interpreted graph'
case_is 'no loss, as JSON' 0 '' mdlc check none.mdl --json
prints '{"kind": "jacobian", "of": "p", "error": '
case_is 'no loss to compare' 1 'the model has no loss, so it has no gradient to compare' mdlc check none.mdl --template
file log.mdl 'batch n\ndata x[n]\nparam w = 1\npredict p = w * log(x)\n'
case_is 'predictions that are finite on positive data alone' 0 '' mdlc check log.mdl
file nan.mdl 'param w = -1\npredict p = log(w)\n'
case_is 'predictions that are not finite' 1 'predictions are not finite at the start values' mdlc check nan.mdl
file count.mdl 'param w = 1\npredict p[i in 0..3] = argmax[k in 0..2](w * k)\n'
case_is 'nothing to derive' 1 'there is neither a loss nor a real prediction: nothing has a derivative' mdlc check count.mdl
case_is 'points' 2 'is not within 1 to 1000' mdlc check thermometer.mdl --points 0

# ---- the formulas of explain are the gradient ----
# They are put into the model as its gradient statements, with the definitions that they need.
pasted() {
  mdlc explain "$1" > formulas.txt || return 1
  { grep -v '^gradient' "$1"
    sed -n '1,/^loss = /p' formulas.txt | grep -v '^loss = ' | while IFS= read -r line; do
      target=$(printf '%s\n' "$line" | sed 's/[^A-Za-z0-9_].*//')
      grep -Eq "^(predict +)?$target( |\[[^=]*\]) *=" "$1" || printf '%s\n' "$line"
    done
    sed '1,/^loss = /d; s,^d loss / d ,gradient ,' formulas.txt; } > pasted.mdl
  mdlc check pasted.mdl
}
file gather.mdl 'dim V = 5, d = 3\nbatch n\ndata t[n] in 0..V, y[n]\nparam E[V, d] = normal(0, 1), u[d] = 1\np[i] = sum[j](E[t[i], j] * u[j])\nloss mean(huber(p, y, 0.5))\n'
file many.mdl 'dim k = 4\nbatch n\ndata x[n, k], y[n, k]\nparam w[k] = normal(0, 1), s = 0.3\nq[i] = max[j](x[i, j] * w[j])\nr[i] = prod[j](1 + w[j] * y[i, j])\ne[i] = s * exp(-q[i]) / sqrt(1 + r[i]^2)\nloss sum(log(1 + e^2)) + norm(w) + 0.5 * sum(w^2)\n'
file mixed.mdl 'batch n\ndata x[n]\nparam a = 0.3, b = 0.7\nu[i] = a^3 * sigmoid(b * x[i]) - tanh(a - x[i]) / (2 - b)\nv[i] = atan2(u[i], 1 + b) + hypot(a, x[i]) - 2^a + erf(u[i])^2\nloss sqrt(mean(v^2)) - (a - b) * (b - a)\n'
file window.mdl 'dim T\ndata x[T], y[T]\nparam c[3] = 0.4\np[t in 0..T - 2] = sum[k](c[k] * x[t + k])\nloss sum[t in 0..T - 2](if p[t] > y[t] then (p[t] - y[t])^2 else 0.5 * p[t])\n'
for model in thermometer logistic mlp gather many mixed window kink; do
  case_is "the formulas of $model" 0 '' pasted $model.mdl
  prints 'gradient statement'
done

# Steps of differences that leave the loss's domain are no disagreement.
for start in 3 0.3 0.01 1e-9; do
  file domain.mdl "param a = $start\nloss log(a) + sqrt(a)\n"
  case_is "a logarithm at $start" 0 '' mdlc check domain.mdl
done

# The complex step's square is no tie-breaker.
file product.mdl 'param a = 0.4, b = 0.4\nloss min(a * (a - b), b * (b - a))\n'
case_is 'a tie of products' 0 '' mdlc check product.mdl --points 1

# ---- statements are proven, or refuted ----
case_is 'proven statements' 0 '' mdlc check thermometer.mdl
prints 'gradient w: identical at sizes n = 2, 3, 5 (chance of error below 1e-'
case_is 'at the size that is given' 0 '' mdlc check logistic.mdl -D d=4 -D n=6
prints 'gradient w: identical at sizes (d, n) = (4, 6) (chance of error below 1e-'
prints 'for integer data as drawn)'
wrong_statement 's/^gradient w = mean(2/gradient w = mean(2.000000000002/' thermometer.mdl
case_is 'a constant that is off by 1e-12' 1 '' mdlc check wrong.mdl
prints 'gradient w: differs at n = 2: d loss / d w is '
prints 'gradient b: identical'
wrong_statement 's,^gradient b.*,gradient b = 2 * sum(t_p - t_c) / 3,' thermometer.mdl
case_is 'right at one size alone' 1 '' mdlc check wrong.mdl
prints 'all agree, to 1e-12'
prints 'gradient b: differs at n = 2: d loss / d b is '
prints 'that point, for --data:'
case_is 'where it differs can be replayed' 1 '' sh -c '"$0" check wrong.mdl > report.txt
  sed -n "/^that point, for --params:/,/^that/p" report.txt | sed "/^that/d" > p.json
  sed -n "/^that point, for --data:/,\$p" report.txt | sed 1d > d.json
  "$0" check wrong.mdl --params p.json --data d.json --points 1' "$mdlc"
prints 'disagreement at point 0: d loss / d b is'
file order.mdl 'batch n\ndata x[n], y[n]\nparam w = 0.3\nloss mean(abs(w * x - y))\ngradient w = mean[i](if w * x[i] > y[i] then x[i] else -x[i])\n'
case_is 'both ways of each condition' 0 '' mdlc check order.mdl
prints 'gradient w: identical at sizes n = 2, 3, 5 (chance of error below 1e-'
prints 'all 32 combinations of its conditions; where no two reals that are compared are equal)'
file unknown.mdl 'param w = 1.3\nloss lgamma(w + 1)\ngradient w = digamma(w) + 1 / w\n'
case_is 'an identity that is not known' 0 '' mdlc check unknown.mdl
prints 'gradient w: undecided (no identity that is known makes them equal), numerically '
file signs.mdl 'param w = 1.3\nloss w * log(w^2)\ngradient w = 2 * log(w) + 2\n'
case_is 'an identity that asks for a sign' 0 '' mdlc check signs.mdl
prints 'where the statement is finite, which is not everywhere)'
case_is 'which the JSON report tells too' 0 '' mdlc check signs.mdl --json
prints '"undefined_excluded": true'
file empty.mdl 'param w = 1.3\nloss 2 * w\ngradient w = 2 * (w - w) / (w - w)\n'
case_is '0 / 0 is no gradient' 1 '' mdlc check empty.mdl
prints 'gradient w: undecided (a division by zero), and there was no real point to compare them at'

# ---- what rounding and infinity leave ----
file folded.mdl 'param a = 1e8\nloss (a + 1) - a + a * 1e-8\n'
case_is 'terms that cancel although they are constants' 0 '' mdlc check folded.mdl
file infinite.mdl 'param a = 0, b[2] = 1\nloss sqrt(a) + sum(b^2)\n'
case_is 'an infinite derivative' 0 '' mdlc check infinite.mdl --points 1
file beside.mdl 'param b[2] = [0, 1]\nloss sum(sqrt(b))\ngradient b[i] = (if i == 0 then 0.5 else 0.6) / sqrt(b[i])\n'
case_is 'an infinite entry hides no wrong one' 1 '' mdlc check beside.mdl --points 1
prints 'd loss / d b[1] is 0.5 by value_and_grad, but 0.6'
file beyond.mdl 'param x = 0\nloss x + 0 * sqrt(x)\n'
case_is 'dual numbers that fail' 0 '' mdlc check beyond.mdl --points 1
prints 'n/a: not finite'
prints 'note: d loss / d x at point 0 is not compared with dual numbers: not finite there'
case_is 'which the JSON report tells too' 0 '' mdlc check beyond.mdl --points 1 --json
prints '"absent": "n/a: not finite"'
file beyond.mdl 'param x[2] = [0, 1]\nloss sum(x + 0 * sqrt(x))\n'
case_is 'dual numbers that fail at one entry' 0 '' mdlc check beyond.mdl --points 1
prints 'note: d loss / d x[0] at point 0 is not compared with dual numbers: not finite there'
case_is 'one entry, as JSON' 0 '' mdlc check beyond.mdl --points 1 --json
prints '"compared": 2, "point": 0, "left_out": 1, "because": "not finite"'
file beyond.mdl 'param x = 0\nloss x + (sqrt(x) - sqrt(x)) + stop(x)\n'
case_is 'a derivative that nothing confirms' 1 '' mdlc check beyond.mdl --points 1
prints 'd loss / d x is 1 by value_and_grad, but nan by dual numbers'
prints 'no oracle has a value there: nothing confirms the derivative'
file beyond.mdl 'param x = 0\nloss x * sqrt(x)\n'
case_is 'a derivative that is not finite' 1 '' mdlc check beyond.mdl --points 1
prints 'd loss / d x is nan by value_and_grad, but 0 by complex step'
file beyond.mdl 'param x = 0\nloss sqrt(x)^2\n'
case_is 'the square of a root at 0' 0 '' mdlc check beyond.mdl --points 1
case_is 'the square of a root, by differences' 0 '' sh -c 'echo "{\"x\": 2}" > x.json && exec "$0" check beyond.mdl --params x.json' "$mdlc"
table 'worst relative errors of the gradient by the generated C
parameter complex step dual numbers differences
x ~ ~ ~
at the given parameters and 2 random points around them
all agree, to 1e-12 (differences to 1e-08)'

# ---- near the ends of the doubles ----
far() { # the loss, then values of x
  loss=$1
  shift
  for x; do
    file far.mdl "param x = $x\nloss $loss\n"
    case_is "$loss at $x" 0 '' mdlc check far.mdl --points 1
  done
}
far 'log(x)' 1e300 1e-300
far 'sqrt(x)' 1e300 1e-300
far 'sigmoid(x) + softplus(x) + sech(x) + elu(x)' -700
far 'gelu(x)' -37 -38
far 'cauchy.log(x, 0, 1)' 1e200
far 'lgamma(x)' 1e-200 1e-300
far 'digamma(x)' 1e-150
far 'hypot(x, x)' 1e200 1e-200
far '1e300 / x' 1e200
far 'x^2 + x^1.5' 1e100 1e-200
far 'tan(x)' 1.5707963
prints 'n/a: rounding'
file far.mdl 'param x = 1e300\nloss log(x)\ngradient x = 1.000000001 / x\n'
case_is 'a wrong statement beside what underflows' 1 '' mdlc check far.mdl --points 1
prints 'by the gradient statement (far.mdl:3:10)'
for compiler in cc clang; do
  command -v $compiler > /dev/null || continue
  case_is "a sanitizer of $compiler" 3 'what -fsanitize=address makes cannot be loaded into a running program that was not built so' \
    sh -c 'case $(ldd "$0") in *asan*) echo "what -fsanitize=address makes cannot be loaded into a running program that was not built so" >&2
      exit 3 ;; esac; CC=$1 CFLAGS=-fsanitize=address exec "$0" check folded.mdl' "$mdlc" $compiler
done

# ---- constraints ----
file constrained.mdl 'batch n
dim k = 3, m
data x[n], z[n, k]
param a, s > 0 = 2, t < k, p[m] in (-1, 1 / m), q[m, k] in simplex, c[k] in ordered, L[m, k, k] in cholesky
loss mean((x - a)^2) / s + log(s) + (t - 1)^2 + log(k - t) + sum(p^3) + sum(q * log(q)) + sum(log(c[1..3] - c[0..2])) +
  sum[e in 0..m, i in 0..n, j in 0..k](sum[h in 0..k](L[e, j, h] * z[i, h])^2) - sum[e in 0..m, j in 0..k](log(L[e, j, j]))
'
case_is 'every constraint' 0 '' mdlc check constrained.mdl --points 8
prints 'all agree, to 1e-12'
case_is 'every constraint in float' 0 '' mdlc check constrained.mdl --real float
case_is 'every constraint, no C compiler' 0 '' without_compiler check constrained.mdl
prints 'all agree, to 1e-12'
file author.mdl 'param s > 0 = 2, L[2, 2] in cholesky\nloss s^2 + sum(L^3)\ngradient s = 2 * s\ngradient L = 3 * L^2\n'
case_is 'gradient statements of constrained parameters' 0 '' mdlc check author.mdl
prints 'gradient L: identical'
file author.mdl 'param s > 2, q[3] in simplex, L[2, 2] in cholesky\nloss s^2 + sum(q * q) + sum(L^3)\ngradient s = 2 * s + (if s < 2 then 1 else 0)\ngradient q = 2 * q * sum(q)\ngradient L = 3.1 * L^2\n'
case_is 'points of the prover keep constraints' 1 '' mdlc check author.mdl
prints 'gradient q: undecided (' # only where the sum is 1
prints 'gradient L: differs: d loss / d L['
case_is 'they can be replayed' 1 '' sh -c '"$0" check author.mdl > report.txt
  sed -n "/^that point, for --params:/,/^that/p" report.txt | sed "/^that/d" > p.json
  "$0" check author.mdl --params p.json --points 1' "$mdlc"
prints 'disagreement at point 0: d loss / d L['
