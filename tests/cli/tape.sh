# --tape-limit: what is kept between forward and backward, and loops in blocks of steps.  (Read by run.sh.)
examples=$(cd "$(dirname "$cases")/../../examples" && pwd)
cat > "$top/files/chain.mdl" <<'MODEL'
dim T
dim m = 4
data x[T], y
param W[m, m] = normal(0, 0.4), v[m] = 1
scan t in 0..T with h = zeros[m] { h = tanh(h @ W + v * x[t]) }
loss (sum(h) - y)^2
MODEL

# T + 1 states of m numbers, and T of what tanh is taken of.
case_is 'all states where they fit' 0 '' mdlc cost chain.mdl -D T=1000 --tape-limit 100000
prints '= 8004'
case_is 'the states between blocks where not' 0 '' mdlc cost chain.mdl -D T=1000 --tape-limit 4000
prints '= 256'
case_is 'C for it' 0 '' mdlc build chain.mdl -D T=1000 --tape-limit 4000 -o out
leaves out
case_is 'in blocks the gradient is the same' 0 '' mdlc check chain.mdl -D T=37 --tape-limit 300
prints 'all agree'
case_is 'in blocks, with no step at all' 0 '' mdlc check chain.mdl -D T=0 --tape-limit 40
case_is 'too little' 1 'bytes at these sizes, however its loops are cut into blocks' mdlc build chain.mdl -D T=1000 --tape-limit 10 -o out
case_is 'a size is missing' 2 'mdlc: --tape-limit is met at given sizes: T is not, so write -D T=...
' mdlc cost chain.mdl --tape-limit 1000
case_is 'in units' 0 '' mdlc cost chain.mdl -D T=1000 --tape-limit 4KB
prints '= 256'
case_is 'of 1024 bytes' 0 '' mdlc cost chain.mdl -D T=1000 --tape-limit 65KiB
prints '= 8004'
case_is 'and of 1000, which is less than all states' 1 '' sh -c '"$0" cost chain.mdl -D T=1000 --tape-limit 64KB | grep "= 8004"' "$mdlc"
case_is 'no unit' 2 "--tape-limit: '4k' is not a whole number" mdlc cost chain.mdl -D T=1000 --tape-limit 4k
case_is 'too large a unit' 2 '--tape-limit: 9000000000T is beyond 64 bits' mdlc cost chain.mdl -D T=1000 --tape-limit 9000000000T
case_is 'not a size' 2 '--tape-limit: must be at least 1, not 0' mdlc cost chain.mdl --tape-limit 0

cat > "$top/files/bounded.mdl" <<'MODEL'
dim T
data x[T]
param a in (0, 1), b > 0 = 0.3
scan t in 0..T with h = a { h = tanh(h + b * x[t]) }
loss h^2
MODEL
case_is 'parameters keep their bounds in blocks' 0 '' mdlc check bounded.mdl -D T=37 --tape-limit 200
prints 'all agree'

# What goes along with a loop is cut into blocks with it: what a loss adds up within the loop, or behind it, and what stands
# in front of it.
cp "$examples/lstm/lstm.mdl" "$examples/kalman/kalman.mdl" "$examples/hmm/hmm.mdl" "$top/files"
cat > "$top/files/energy.mdl" <<'MODEL'
dim T
dim m = 4
data x[T], y
param W[m, m] = normal(0, 0.4), v[m] = 1
scan t in 0..T with h = zeros[m], e = 0 {
  h = tanh(h @ W + v * x[t])
  e = e + sum(h^2)
}
loss (sum(h) - y)^2 + e
MODEL
case_is 'a loss that a loop adds up' 0 '' mdlc cost energy.mdl -D T=1024 --tape-limit 8K
prints '= 516'
for model in energy lstm kalman hmm; do
  case_is "$model in blocks" 0 '' mdlc check $model.mdl -D T=37 --points 1 --tape-limit 1400
  prints 'all agree'
done
# Of an LSTM's 10 m numbers a step neither tape nor work memory of backward keeps a multiple of the steps.
case_is 'an LSTM in blocks' 0 '' mdlc cost lstm.mdl -D T=1024 --tape-limit 5K
prints '  tape                               2*m*((T + 31) // 32 + 1)'
case_is 'nor does its work memory' 1 '' sh -c '"$0" cost lstm.mdl -D T=1024 --tape-limit 5K | grep "work memory of backward.*T"' "$mdlc"

# A loop within a step: run again, unless it has few states for a fixed number of steps, which are kept.
cat > "$top/files/orbit.mdl" <<'MODEL'
dim T, inner = 10
param rate = 0.3
scan t in 0..T with z = 1 {
  scan s in 0..inner {
    z = z + rate * sin(z) / inner
  }
  yield path = z
}
loss sum(path^2)
MODEL
runs_again() { # OPTIONS...: how often a loop stands for one that is run once more
  mdlc dump orbit.mdl --after=derive "$@" > graph.txt && echo "$(grep -c '^carry .*once more' graph.txt) again"
}
case_is 'few states within a step are kept' 0 '' runs_again
prints '0 again'
case_is 'so are some hundred' 0 '' runs_again -D inner=100
prints '0 again'
case_is 'many are not' 0 '' runs_again -D inner=1000
prints '1 again'
case_is 'nor where memory is to be saved' 0 '' runs_again -D T=1000 --tape-limit 4000
prints '3 again'
case_is 'the gradient is the same: kept' 0 '' mdlc check orbit.mdl -D T=7
case_is 'the gradient is the same: run again' 0 '' mdlc check orbit.mdl -D T=7 -D inner=1000

# Of an array in place what another loop reads is kept entry by entry: T + 1 states of h, T entries read, T overwritten, the last state.
file other_loop.mdl 'dim T = 200\ndata x[T]\nparam w = 0.3, D0[T] = 0.01\nscan t in 0..T with D = D0, h = 0.1 { D[t] = D[t] * w; h = sin(h * w) + D[(t * 3) %% T]^2 }\nloss sum(D^2) + h\n'
case_is 'an array in place that another loop reads' 0 '' mdlc cost other_loop.mdl
prints '4*T + 1'
file ring.mdl 'dim T, K = 5\ndata x[T]\nparam w = 0.3, D0[K] = 0.01\nscan t in 0..T with D = D0 { D[t %% K] = sin(D[t %% K] * w) + D[(t * 3 + 1) %% K] * x[t] }\nloss sum(D^2)\n'
case_is 'the overwritten entries of an array in place' 0 '' mdlc cost ring.mdl -D T=10000 --tape-limit 90KB
prints 'D_set_old[T]'
case_is 'its states between blocks where they do not fit' 0 '' mdlc cost ring.mdl -D T=10000 --tape-limit 20KB
prints '= 1570'
case_is 'which come to the same gradient' 0 '' mdlc check ring.mdl -D T=50 --tape-limit 600
prints 'all agree'
