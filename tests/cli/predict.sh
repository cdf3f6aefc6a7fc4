# mdlc eval and mdlc predict.  (Read by run.sh.)
case_is 'eval' 0 '' mdlc eval line.mdl --data line.csv
prints 'gradient w -7.33333333333333'
prints 'prediction p[3]  1 2 3'
case_is 'eval as JSON' 0 '' mdlc eval line.mdl --data line.csv --params line.json --json
prints '{"loss": 0.9166666666666666,'
prints '"predictions": {"p": [2.5, 4.5, 6.5]}'
case_is 'eval without simplification gives the same' 0 '' \
  mdlc eval line.mdl --data line.csv --params line.json --json --no-simplify --no-fuse --no-contract
prints '{"loss": 0.9166666666666666,'
case_is 'eval in float' 0 '' mdlc eval line.mdl --data line.csv --params line.json --real float
prints 'loss 0.91666'
case_is 'eval to a file' 0 '' mdlc eval line.mdl --data line.csv -o out.txt
leaves 'out.txt'
full_output() { mdlc "$@" > /dev/full; }
case_is 'a full standard output' 3 'cannot write standard output' full_output eval line.mdl --data line.csv
case_is 'a full file' 3 'cannot write /dev/full: No space left on device' mdlc eval line.mdl --data line.csv -o /dev/full

file x.csv 'x\n10\n20\n'
case_is 'predict' 0 '' mdlc predict line.mdl --params line.json --data x.csv
prints '20.5'
case_is 'predict as JSON' 0 '' mdlc predict line.mdl --params line.json --data x.csv --json
prints '{"p": [20.5, 40.5]}'
case_is 'predict to a file' 0 '' mdlc predict line.mdl --params line.json --data x.csv -o p.csv
leaves 'p.csv'
case_is 'predict without parameters' 2 'which parameters? give --params' mdlc predict line.mdl --data x.csv
case_is 'predict without its data' 1 'no data for x[n]' mdlc predict line.mdl --params line.json
file none.mdl 'param w = 1\nloss w^2\n'
file w.json '{"w": 1}'
case_is 'no predictions' 1 'the model has no prediction' mdlc predict none.mdl --params w.json

file only.mdl 'batch n\ndata x[n]\npredict p = 2 * x\n'
case_is 'a model without a loss' 0 '' mdlc eval only.mdl --data x.csv --json
prints '{"loss": null,'
prints '"gradient": {}'
file two.mdl 'batch n\ndata x[n]\npredict p = 2 * x\npredict m = mean(x)\n'
case_is 'predictions of two lengths fit no table' 1 'predictions p and m have different numbers of rows' mdlc predict two.mdl --data x.csv
case_is 'but JSON' 0 '' mdlc predict two.mdl --data x.csv --json

file dims.mdl 'dim T\nparam w = 1\npredict p[t in 0..T] = w * t\nloss sum(p)\n'
case_is 'a dimension that no data has' 1 'dimension T is not known: no data has it; give -D T=' mdlc eval dims.mdl
case_is 'given' 0 '' mdlc eval dims.mdl -D T=3
prints 'loss 3'
case_is 'too large to count' 1 'the model is too large for this machine at T = 9223372036854775807' \
  mdlc eval dims.mdl -D T=9223372036854775807
case_is 'too large to have' 3 'out of memory' mdlc eval dims.mdl -D T=1000000000000000

with_cc() { CC=$1 CFLAGS=$2 "$mdlc" eval line.mdl --data line.csv; }
case_is 'no C compiler' 3 'cannot run the C compiler `no-such-cc`' with_cc no-such-cc ''
case_is 'a C compiler that fails' 3 'the C compiler failed: false' with_cc false ''
case_is 'words in CC and CFLAGS' 0 '' with_cc 'env cc' "-O1 -DNAME='a b'"
case_is 'an open quote in CFLAGS' 3 'CFLAGS has a quote that is not closed' with_cc cc "-DNAME='a"

# ---- constraints ----
file bound.mdl 'dim k = 3\nparam s > 0, q[2, 3] in simplex, L[k, k] in cholesky\npredict p = s * q\nloss sum(L * L) + s\n'
params() { # a change
  file bad.json "$(echo '{"s": 1, "q": [[0.2, 0.3, 0.5], [0, 0.5, 0.5]], "L": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]}' | sed "$1")"
}
params 's/\[0, 0.5, 0.5\]/[0.1, 0.4, 0.5]/'
case_is 'parameters that keep their constraints' 0 '' mdlc eval bound.mdl --params bad.json
prints 'loss 4'
prints 'gradient L[3, 3]  2 0 0 0 2 0
    0 0 2'
params 's/\[0, 0.5, 0.5\]/[0.1, 0.4, 0.5]/; s/"s": 1/"s": 0/'
case_is 'a bound that is broken' 1 'bad.json: s is 0, but it must be > 0' mdlc eval bound.mdl --params bad.json
case_is 'a bound that is broken, in predict' 1 'bad.json: s is 0, but it must be > 0' mdlc predict bound.mdl --params bad.json --json
case_is 'a bound that is broken, in check' 1 'bad.json: s is 0, but it must be > 0' mdlc check bound.mdl --params bad.json
without_compiler() { (CC=/nowhere/cc && export CC && mdlc "$@"); }
case_is 'without a C compiler' 1 'bad.json: s is 0, but it must be > 0' without_compiler check bound.mdl --params bad.json
params ''
case_is 'no simplex' 1 'q[1, 0] is 0, but a simplex has positive entries whose sum is 1' mdlc eval bound.mdl --params bad.json
params 's/\[0, 0.5, 0.5\]/[0.1, 0.4, 0.5]/; s/\[1, 0, 0\]/[1, 0, 2]/'
case_is 'no Cholesky factor' 1 'L[0, 2] is 2, but a Cholesky factor has a positive diagonal and zeros above it' \
  mdlc eval bound.mdl --params bad.json
