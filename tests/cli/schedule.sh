# mdlc explain --schedule: the loops of generated functions, and why.  (Read by run.sh.)
folder=$(dirname "$cases")
examples=$(cd "$folder/../../examples" && pwd)
cp "$examples/thermometer/thermometer.mdl" "$examples/mlp/mlp.mdl" "$examples/mixture/mixture.mdl" "$examples/lstm/lstm.mdl" "$top/files"
cp "$examples/gradbench/gmm.mdl" "$examples/gradbench/llsq.mdl" "$top/files"

exactly() { # the whole of stdout
  wrong=
  printf '%s\n' "$1" | diff - "$top/stdout" > "$top/diff" || wrong="stdout differs: $(cat "$top/diff")"
  verdict "$wrong" "$name: the whole output"
}

says() { # the reasons beside the line that starts so, joined to one line, have this text
  wrong=
  awk -v line="$1" '
    { at = index($0, "#"); left = at ? substr($0, 1, at - 1) : $0; right = at ? substr($0, at + 2) : "" }
    left ~ /[^ ]/ { on = index(left, line) > 0 }
    on { all = all " " right }
    END { print all }' "$top/stdout" > "$top/reasons"
  grep -qF -e "$2" "$top/reasons" || wrong="beside $1 stands: $(cat "$top/reasons")"
  verdict "$wrong" "$name: $1: $2"
}

case_is 'the schedule of the thermometer' 0 '' mdlc explain --schedule thermometer.mdl
exactly 'value_and_grad: Returns the loss and writes its gradient to grad, both in one pass.
9*n + 3 operations, 0 elements of work memory
samples are counted by n

d_loss_sum = 1.0 / real(n)                          # scalar
start loss_sum, d_b, d_w
for i in 0..n, lanes of 8 (i_strip)                 # a loop of its own: none over this extent to join
                                                    # in lanes: nothing of an iteration depends on another
  t_p[i] = w * t_u[i] + b                           # scalar: read within its loops only
  loss_sum = sum[i]((t_p[i] - t_c[i])^2)            # in i: it reads t_p of the same iteration
                                                    # in lanes, joined in pairs: a sum without outputs
                                                    # scalar
  d_t_p[i] = 2.0 * d_loss_sum * (t_p[i] - t_c[i])   # in i: it reads t_p of the same iteration
                                                    # scalar: read within its loops only
  d_b = sum[i](d_t_p[i])                            # in i: it reads d_t_p of the same iteration
                                                    # in lanes, joined in pairs: a sum without outputs
                                                    # scalar
  d_w = sum[i](d_t_p[i] * t_u[i])                   # in i: it reads t_u, as others there do
                                                    # in lanes, joined in pairs: a sum without outputs
                                                    # scalar
join the partial sums of loss_sum
join the partial sums of d_b
d_b goes to the output
join the partial sums of d_w
d_w goes to the output
loss = loss_sum / real(n)                           # scalar'

case_is 'the schedule of a mixture' 0 '' mdlc explain --schedule mixture.mdl -D d=3
says 'for i in 0..n, tiles of 64 (i_tile)' 'in tiles: it counts samples; loops within run alike for each'
says 'for i in 0..n, tiles of 64 (i_tile)' 'rows of x turned into lanes first'
says 'u_0_exp[c] =' 'a call that needs fewer indices than what it stands in: made once'
says 'beta[i, c] =' 'work memory: beta[k]; all c: fit_logsumexp_sum_exp reads it outside; one entry of i'
says 'd_beta_sum_2[i, c] =' 'in i, c: it reads d_beta of the same iteration'
says 'd_u_0[i, c] =' 'scalar: read within its loops only'
says 'd_u_1[i, c] =' '64 lanes of the tile: other steps read it'
says 'd_mu_via_u_part_0[c] =' 'in blocks of 64 samples, each in lanes'
prints 'if fit_logsumexp_sum_exp[i, c] <= '
says 'd_l_via_u_sum_part[i, c, s] =' 'a part that needs fewer indices than what it stands in: once for each sample'
prints 'for s in 0..min(d - 1, r)'
prints '  d_l_via_u_sum[c, r + s * d - 1 - s - s * (s + 1) // 2] += if s < r then (if r == 1 then d_u_1[i, c] else d_u_2'

case_is 'the schedule of a recurrence' 0 '' mdlc explain --schedule lstm.mdl
says 'for t in 0..T, steps' 'one by one: each step needs the state that the one before leaves'
says 'for t in 0..T backwards, steps' 'runs the other way, or is left early'
says 'h_step[t, i] =' 'written where the state h has it'
says 'd_c_state[t, i] =' 'a version of d_c: no entry is read after a newer version has written it'
says 'd_b[i] = sum[t](d_z[t, i])' 'its last term first, since the loop runs backwards'
says 'd_z_piece[t, i] =' 'what holds in a part of a range, over that part alone'
says 'd_h_state[t, j] =' 'in lanes, joined in pairs: what it reads lies entry by entry along its last index'
says 'z[t, i] =' 'work memory: z[T, 4*m]; all t: d_z_piece reads it outside'

case_is 'what a recurrence leaves for backward' 0 '' mdlc explain --schedule --function=backward lstm.mdl
says 'stored: h[T + 1, m]' 'a loop does not run again for its states'
says 'stored: c_step_tanh[T, m]' 'a call is not made again'
says 'stored: z_product_2[T, 4*m]' 'a reduction is not computed again'
says 'computed again: z[T, 4*m]' 'cheap to compute again from what backward has'

case_is 'the schedule of a perceptron' 0 '' mdlc explain --schedule mlp.mdl
says 'z_product[i, j] =' 'loops: fewer than 6 multiply-adds for each entry are not worth packing'
says 'for l in 0..h' 'inside of a tile, whose samples are the lanes'
case_is 'what a perceptron leaves for backward' 0 '' mdlc explain --schedule --function=forward mlp.mdl
says 'a[i, j] =' "on the tape at the tile's end: saved_a[n, h]"
says 'stored: a[n, h]' 'a call is not made again'
# d_b1[j] sums over i what d_a_product[i, j] is: both call by j and i, whichever comes first.
case_is 'a call by indices in another order' 0 '' mdlc explain --schedule "$examples/mlp/mlp.mdl" -D d=784 -D h=128 -D k=10
says 'd_a_product_sech[i, j] = sech' 'a call that several nodes make: made once'
case_is 'a minimum cut' 0 '' mdlc explain --schedule --function=forward gmm.mdl
says 'stored: u[n, k, d]' 'of the least memory that stands between what is dear and backward'

case_is 'the schedule of a logistic regression' 0 '' mdlc explain --schedule "$examples/logistic/logistic.mdl"
says 'for j in 0..d, rows' 'inside of a tile: a product with its rows of x as they lie'
case_is 'rows without an operation for a multiply-add' 0 '' mdlc explain --schedule --no-fma "$examples/logistic/logistic.mdl"
says 'for j in 0..d, 4 rounds at a time (j_round)' 'inside of a tile, whose samples are the lanes'
sed 's/x @ w/(x * x) @ w/; s/x\[i, j\]/x[i, j]^2/' "$examples/logistic/logistic.mdl" > "$top/files/squares.mdl"
case_is 'the schedule of a logistic regression of squares' 0 '' mdlc explain --schedule squares.mdl
says 'for j in 0..d, 4 rounds at a time (j_round)' 'inside of a tile, whose samples are the lanes'

case_is 'the schedule of a sum of logarithms' 0 '' mdlc explain --schedule "$examples/robust/robust.mdl"
says 'log_likelihood_y_logs = sum[i]' "in lanes, joined in pairs: one logarithm of all arguments' product"
says 'log_likelihood_y_logs = sum[i]' 'logarithms and what they are summed with, apart'

case_is 'the schedule of a convolution' 0 '' mdlc explain --schedule "$examples/convnet/convnet.mdl" -D size=28 -D filters=8 -D classes=10
says 'a_sum[i, m, r, c] =' 'scalar: read within its loops only'
says 'a[i, m, r, c] =' 'work memory: a[filters, inner, inner]; all m: d_a reads it outside'
says 'largest[i, m, r, c] =' 'work memory: largest[filters, pooled, pooled]'
says 'z_sum[i, k] =' "loops: a small product stays in the tiles that alone know its samples' array"
says 'd_a_part[i, m, r, c] =' 'a part that needs fewer indices than what it stands in: once for each sample'
says 'd_a_sum[i, m, r, c] =' 'in i, m, r, c: it reads d_a of the same iteration'
says 'd_F_1_2_share[i, m] =' 'in m, r, c: it reads d_a_sum of the same iteration'
says 'd_F_1_2[m] =' 'in m, i: it reads d_F_1_2_share of the same iteration'
# Few filters share nothing that is computed: their loop stays around, and what is made of one is not kept for all.
case_is 'the schedule of a convolution of one picture' 0 '' mdlc explain --schedule "$examples/convnet/convnet.mdl" -D n=1
says 'for c in 0..inner' 'in lanes, all at once: nothing of an iteration depends on another'
says 'largest[m, r, c] =' 'its few terms are written out'
says 'd_W[m, r, c, k] = d_b[k] * largest[m, r, c]' ''
case_is 'the schedule of a convolution with few filters' 0 '' mdlc explain --schedule "$examples/convnet/convnet.mdl" -D size=28 -D filters=4 -D classes=10
says 'd_f_share[i, m] =' 'in i, m, r, c: it reads d_a of the same iteration'
says 'd_f[m] =' 'in m, i: it reads d_f_share of the same iteration'

# A quotient is not computed for entries that it never reads.
printf 'batch n\ndata x[n, 1000]\nparam w\ny[i, r in 0..8] = exp(w * x[i, r // 2]) / x[i, r // 2]\nloss sum(y * y)\n' > "$top/files/table.mdl"
case_is 'the schedule of a few entries of a long row' 0 '' sh -c '"$0" explain --schedule table.mdl | grep -c "in 0\.\.1000"; test $? = 1' "$mdlc"

# Where a large product stands beside it, the array lies row by row anyway.
case_is 'the schedule of a small product behind a large one' 0 '' mdlc explain --schedule "$examples/mlp/mlp.mdl" -D d=784 -D h=128 -D k=10
says 'z_product[i, j] =' 'packed kernel: a product of arrays with outputs of their own rows, columns, terms: n, k, h'
# Nor does one of inputs, whose result is asked for.
printf 'dim n = 16\nparam A[n, n], B[n, n]\npredict C = A @ B\nloss sum(C^2)\n' > "$top/files/product.mdl"
case_is 'the schedule of a small product of inputs' 0 '' mdlc explain --schedule --function=predict product.mdl
says 'C[i, j] =' 'packed kernel: a product of arrays with outputs of their own rows, columns, terms: n, n, n'

# Behind it what else the steps give is summed in lanes, from the first step on.
case_is 'the schedule of steps that are linear in their state' 0 '' mdlc explain --schedule "$examples/lotka_volterra/lotka_volterra.mdl" -D steps=100
says 'd_z_2_state_0_by_d_z_2_1[t, s] =' 'what a step that is linear in its state multiplies it by, or adds: for all steps side by side'
says 'd_z_2_state_0[t, s] =' 'linear in the state: what multiplies it is computed for all steps side by side'
says 'for s in 0..steps backwards, steps' 'a loop of its own: all steps side by side, where the state goes from step to step'
says 'for s in 0..steps, lanes of 8 (s_strip_4)' 'a loop of its own: all steps side by side, where the state goes from step to step'
says 'd_rate_via_z_2_step_k3_4_0 = sum[t, s]' 'in s: it reads z_2_step_b_0, as others there do'
case_is 'the schedule of few steps' 0 '' mdlc explain --schedule "$examples/lotka_volterra/lotka_volterra.mdl"
says 'd_rate_via_z_2_step_k3_4_0 = sum[t, s]' 'in t, s: it reads d_z_2_step_k3_0 of the same iteration'

case_is 'the schedule of a transformer' 0 '' mdlc explain --schedule "$examples/gpt2/gpt2.mdl" -D C=64
says 'a_product[l, i, j, k] =' 'packed kernel: a product of arrays with outputs of their own rows, columns, terms: C*n, 3*d, d; 6*C*d*d*n operations'
says 'head[l, i, h, t, k] =' 'of a triangle, at most 2*C*C*s operations'

cat > "$top/files/edges.mdl" <<'MODEL'
dim n
batch b
data z[b], x[n]
param w[n] = 0, v = 0
inner[i in 0..n] = if i > 0 and i < n - 1 then w[i - 1] - 2 * w[i] + w[i + 1] else v * x[i]
loss sum(inner^2) + v * mean(z)
MODEL
case_is 'a stencil' 0 '' mdlc explain --schedule edges.mdl
says 'for i in 0..n, lanes of 8 (i_strip)' 'in lanes but for its edges, where inner chooses otherwise'
without_choice() { mdlc build edges.mdl && grep -F 'w[i_strip + lane - 1]) + w[i_strip + lane + 1]' edges.c; }
case_is 'without a choice between its edges' 0 '' without_choice
case_is 'and right' 0 '' mdlc check edges.mdl
printf '{"z": [1, 2], "x": [3]}' > "$top/files/one.json"
case_is 'of one entry, too' 0 '' mdlc check edges.mdl --data one.json

case_is 'without fusion' 0 '' mdlc explain --schedule --no-fuse thermometer.mdl
says 'for i in 0..n' 'a loop of its own: --no-fuse'
case_is 'without contraction' 0 '' mdlc explain --schedule --no-contract thermometer.mdl
says 't_p[i] =' 'work memory: t_p[n]; all i: --no-contract'

# What keeps loops apart, one dependence each.
apart() { # name, s, r[i], the reason
  file apart.mdl "dim n\ndata x[n]\nparam w = 1\nz[i] = exp(x[i] * w)\ns = $2\nr[i] = $3\npredict p = sum(r)\n"
  case_is "$1" 0 '' mdlc explain --schedule apart.mdl
  prints "# a loop of its own: $4"
}
apart 'a sum that is not complete' 'sum(z)' 'exp(z[i] / s)' 's is complete only behind the loop that sums it'
apart 'what is computed behind' 'sqrt(sum(z))' 'exp(z[i] / s)' 'it reads s, computed behind the other one'
apart 'a neighbour' 'w' 'if i > 0 then exp(z[i - 1] * z[i] * s) else 0' 'it reads z of other iterations'

file predicts.mdl 'batch n\ndata x[n]\nparam w = 1\npredict p = w * x\n'
case_is 'of a model that only predicts' 0 '' mdlc explain --schedule predicts.mdl
prints 'predict: What inference computes'
case_is 'a schedule to a file' 0 '' mdlc explain --schedule thermometer.mdl -o out.txt
leaves 'out.txt'
case_is 'no such function' 1 'thermometer.mdl: the model has no function `forwards`; did you mean `forward`?' mdlc explain --schedule --function=forwards thermometer.mdl
case_is 'a function without a schedule' 2 '--function is of --schedule' mdlc explain --function=forward thermometer.mdl
case_is 'a schedule in LaTeX' 2 '--latex is of formulas, not of --schedule' mdlc explain --schedule --latex thermometer.mdl

# Arguments of logarithms that are seen not to be below 1 take fewer operations.
takes() { # the function, the argument
  printf 'dim n\ndata x[n]\nparam w = 1\nloss sum[i](log(%s))\n' "$2" > logs.mdl
  mdlc build logs.mdl && grep -q "$1(&loss" logs.c
}
case_is 'logarithms of what is 1 or more' 0 '' takes mdl_log_take_from_1 '1.5 + exp(w * x[i])'
case_is 'logarithms of what may be less' 0 '' takes mdl_log_take '0.5 + exp(w * x[i])'

# A sum in a tile's vectors starts in registers, and what reads it next does so there.
cat > "$top/files/near.mdl" << 'END'
dim n, k, d
data x[n, d]
param c[k, d]
far[i, j] = sum[a]((x[i, a] - c[j, a])^2)
predict cost = sum[i](min[j](far[i, j]))
loss cost
END
in_registers() {
  mdlc build near.mdl && awk '/^MDL_INLINE void near_predict_body/ { on = 1 } on { print } on && /^}/ { exit }' near.c > body &&
    grep -qF 'far_vector[lane] = 0.0;' body && grep -q 'mdl_min(.*far_vector\[u + lane\])' body && ! grep -qF 'far[64]' body
}
case_is 'a sum that stays in registers' 0 '' in_registers

# A sample's few entries are added to their places at once: in a tile, and behind a vector of samples.
file rows.mdl 'dim n, k, d\ndata c[n] in 0..k, x[n, 3], y[n, d]\nparam w[k, 3] = 1\nz[i, j] = exp(w[c[i], j]) * sum[a](y[i, a]^2)\nloss sum[i, j](z[i, j] * z[i, 0] * x[i, j])\n'
added_at_once() { mdlc build rows.mdl && grep -A1 'lane < lanes; lane++) {' rows.c | grep -q MDL_UNROLL; }
case_is 'what a sample adds to an array of few columns' 0 '' added_at_once
file behind.mdl 'dim n, k\ndata c[n] in 0..k, x[n, 3]\nparam w[k, 3] = 1\nz[i, j] = exp(w[c[i], j])\nloss sum[i, j](z[i, j] * z[i, 0] * x[i, j])\n'
added_behind() { mdlc build behind.mdl && grep -A9 -F 'lane < 8; lane++) {' behind.c | grep -A3 '= kept\[[0-9]*\]\[lane\];' | grep -q MDL_UNROLL; }
case_is 'and behind a vector of samples' 0 '' added_behind

# Rows that lie anywhere stay rows, and those of the next vector are asked for ahead, where a cache does not hold all.
file anywhere.mdl 'dim n, k\ndata c[n] in 0..k, x[n, 3], first[k, 3]\nparam w[k, 3] = 1\nz = first + w\nr[i] = exp(z[c[i], 0] * x[i, 0]) + z[c[i], 1] * z[c[i], 2] * x[i, 1]\nloss sum(r^2)\n'
case_is 'rows that lie anywhere' 0 '' mdlc explain --schedule anywhere.mdl --function=value_and_grad
says 'z[i, j] =' 'work memory: z[k, 3]'
says 'd_w[c[i], j] +=' 'added to the columns of a row, all together'
asked_ahead() {
  mdlc build anywhere.mdl && awk '/^MDL_INLINE double anywhere_value_and_grad_body/ { on = 1 } on && /if \(6 \* k > MDL_CACHE && i_strip(_[0-9]*)? \+ 16 <= n\)/ { n = NR } on && n && NR > n && NR < n + 4 && /MDL_AHEAD\((z|grad_w)\[/ { asked++ } on && /^}/ { exit } END { exit asked != 2 }' anywhere.c
}
case_is 'and those of the next vector are asked for' 0 '' asked_ahead

# The loops of the tree are those of the generated C, in order, for every function of every example.
same_loops() {
  mdlc build "$1" --name m -o . || return
  for function in init forward backward value_and_grad predict metrics; do
    grep -q "m_$function(" m.c || continue
    mdlc explain --schedule --function=$function --name m "$1" > tree || return
    awk -f "$folder/loops.awk" tree > of_tree
    awk -f "$folder/loops.awk" -v named=m_$function m.c > of_c
    diff of_tree of_c || return
    cat of_c >> all
  done
  [ -s all ]
}
for model in "$examples"/*/*.mdl; do
  case $model in */rotation.mdl | */hand.mdl | */hello.mdl) continue ;; esac # what others import; no loops
  case_is "the loops of ${model#"$examples"/}" 0 '' same_loops "$model"
done

file diagonal.mdl 'dim d = 4\ndim T\nbatch n\ndata x0[n, T]\nparam w2 = 0.5\nv4[i5 in 0..n] = tanh(0.2 * grad(w2 * mean((1 - (x0))), x0))\nv9 = (sum[s10, t11 in 0..n](((v4[t11, t11, min(s10 + 1, T - 1)] * ((0.499 * x0[t11, s10]))))))\nscan t20 in 0..d with c21 = (((student_t.log(v4[n - 1, n - 1, T - 1], 2.5, 0.3, (0.375 * (ones[T, 2] * v9)) + 2.5))) + 2.5) {\n  c21 = (c21 / 2 + 0.7 * 0.5)\n}\nloss mean(((c21) + 2.5) * 1.0)\n'
case_is 'an array over the tile by the sample twice' 0 '' mdlc explain --schedule diagonal.mdl --function=value_and_grad
says 'd_v4_via_v9[i5, i5, min(s10 + 1, T - 1)] +=' 'lanes behind the last one would go beyond the array'
file dot.mdl 'dim n\nparam w[n] = 1\nloss sum(w) + prod[i](w[i])\n'
case_is 'a result by the diagonal of what a loop left of the tile' 0 '' mdlc explain --schedule dot.mdl --derivatives=hessian_diagonal --function=hessian_diagonal
says 'diagonal_w[i] =' 'lanes behind the last one would go beyond the'
file gather.mdl 'dim n, m, q\ndata h[m] in 0..q\nparam w[n] = 1, v[q] = 1\npredict c[i] = if h[i] < n then w[h[i]] else w[n - 1]\nloss sum(v)\n'
case_is 'what is added under a condition that keeps its place in range' 0 '' mdlc explain --schedule gather.mdl --derivatives=jacobian --function=jacobian_c
says 'd_w_via_c_2[i, h[i]] +=' 'no entry must be touched where its condition'

# Samples that read and add at places of their own, and do little else, run one by one; with a call among it in lanes, and what they add
# behind each vector.
cat >"$top/files/turns.mdl" <<'MODEL'
batch n
dim groups = 5
data  group[n] in 0..groups, x[n], y[n]
param a[groups] = 0, b[groups] = 0
predict line[i] = a[group[i]] + b[group[i]] * x[i]
loss    sum((y - line)^2)
MODEL
case_is 'places of their own' 0 '' mdlc explain --schedule turns.mdl
says 'for i in 0..n, 8 by turns (i_strip)' 'one by one: places that subscripts compute take longer than all else; sums in lanes go on by turns'
case_is 'and right' 0 '' mdlc check turns.mdl
sed "s/= a\\[/= exp(x[i]) * a[/" "$top/files/turns.mdl" >"$top/files/called.mdl"
case_is 'with a call' 0 '' mdlc explain --schedule called.mdl
says 'for i in 0..n, lanes of 8 (i_strip)' 'in lanes, but for what is added at places that subscripts compute'
says 'd_a_2[group[i]] +=' 'added behind each vector, for one of its lanes after the other'
case_is 'and right in lanes' 0 '' mdlc check called.mdl

# Rows of a Jacobian, of what lies side by side at a place that a subscript computes.
cat >"$top/files/rows_of_turns.mdl" <<'MODEL'
dim n, m
data group[n] in 0..m, y[n]
param turn[m, 9] = 1
predict seen[i] = y[i] * sum[j](turn[group[i], j]^2 * turn[group[i], (j + 1) % 9])
loss    sum(seen^2)
MODEL
case_is 'rows at places of their own' 0 '' mdlc explain --schedule rows_of_turns.mdl --derivatives sparse_jacobian --function=sparse_jacobian_seen
says 'for i in 0..n  ' 'one by one: places that subscripts compute, and rows that are written, take longer in a tile than all else'
case_is 'and right' 0 '' mdlc check rows_of_turns.mdl --derivatives sparse_jacobian

# Entries of a sample that lie side by side, each for itself, are taken as they lie; few of them in tiles.
cat >"$top/files/along.mdl" <<'MODEL'
batch n
dim   d = 40, h = 64
data  x[n, d]
param W[d, h] = normal(0, 1), V[h, h] = normal(0, 1), b[h] = 0
a = tanh(x @ W + b)
loss  mean((a @ V)^2)
MODEL
case_is 'entries side by side' 0 '' mdlc explain --schedule along.mdl
says 'for i in 0..n' 'one by one: entries of a sample lie side by side, and each stands for itself'
case_is 'and right' 0 '' mdlc check along.mdl
sed 's/h = 64/h = 24/' "$top/files/along.mdl" >"$top/files/short.mdl"
case_is 'few entries' 0 '' mdlc explain --schedule short.mdl
says 'for i in 0..n, tiles of 64 (i_tile)' 'in tiles: it counts samples; loops within run alike for each'

# A state that a few operations make, which all steps leave an entry of.
case_is 'states in registers' 0 '' mdlc explain --schedule llsq.mdl
says 'for j in 0..m, steps' 'inside of a tile, within the loop over its vectors: states stay in registers from step to step'
says 'for j in 0..m, 4 rounds at a time (j_round)' 'inside of a tile, whose samples are the lanes'
says 'r_power_step[i, j] =' 'scalar: read within its loops only'
case_is 'and right' 0 '' mdlc check llsq.mdl

# Of what goes to the tape, only what backward reads: of a Cholesky factor's steps the rows below.
case_is 'the schedule of a factorization' 0 '' mdlc explain --schedule --function=forward "$examples/gaussian_process/gaussian_process.mdl"
says 'L_L_set_2_old[j, i] =' 'on the tape: saved_L_L_set_2_old[n, n]'
says 'for i in max(0, j + 1)..n' 'a loop of its own: it reads L_L_set, computed behind the other one'
