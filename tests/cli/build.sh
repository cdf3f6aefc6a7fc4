# mdlc itself, and mdlc build.  (Read by run.sh.)
case_is 'no command' 2 '' mdlc
case_is 'help' 0 '' mdlc --help
prints 'Exit status: 0 ok'
case_is 'version' 0 '' mdlc --version
prints 'mdlc '
case_is 'an unknown command' 2 'no command `bild`' mdlc bild
case_is "a command's help" 0 '' mdlc build --help
prints '--output=DIR'
case_is 'no model' 2 'which model?' mdlc build
case_is 'two models' 2 'one model at a time' mdlc build line.mdl line.mdl
case_is 'an unknown option' 2 "unrecognized option '--frob'" mdlc build line.mdl --frob
case_is '-D without a value' 2 'write -D DIM=VALUE' mdlc build line.mdl -D n
case_is '-D with text' 2 'is not a whole number' mdlc build line.mdl -D n=x
case_is '-D beyond 64 bits' 2 'is not within' mdlc build line.mdl -D n=9223372036854775808
case_is 'a wrong real type' 2 '--real is double or float' mdlc build line.mdl --real half
case_is 'wrong elementary functions' 2 '--math is own or libm' mdlc build line.mdl --math fast
case_is 'a wrong name' 2 'is not a C identifier' mdlc build line.mdl --name 2x

case_is 'build' 0 '' mdlc build line.mdl
leaves 'line.c line.h'
case_is 'build elsewhere, by another name' 0 '' mdlc build line.mdl -o out --name other
leaves 'out'
case_is 'build in float' 0 '' mdlc build line.mdl --real float
without_fma() { mdlc build line.mdl && grep -q mdl_fma line.c && mdlc build line.mdl --no-fma && ! grep -q mdl_fma line.c; }
case_is 'build for a processor without fma' 0 '' without_fma
file product.mdl 'dim n = 20\nparam A[n, n] = 1, B[n, n] = 1\nloss sum(A @ B)\n'
case_is 'products by the library' 0 '' mdlc build product.mdl --blas
leaves 'product.c product.h'
case_is 'which is a matter of building alone' 2 "unrecognized option '--blas'" mdlc eval product.mdl --blas
shares_out() { mdlc build line.mdl "$@" && grep -q "MDL_THREADS = $threads " line.c; }
threads=16
case_is 'for several threads' 0 '' shares_out --threads
threads=3
case_is 'for at most three' 0 '' shares_out --threads=3
file copied.mdl 'batch n\ndata k[n] in 0..3\nparam w[3] = 0\npredict y = w[k]\n'
weighs_nothing() { mdlc build copied.mdl --threads && cat copied.c && ${CC:-cc} -std=c99 -D_OPENMP=201511 -Wno-unknown-pragmas -fsyntax-only copied.c; }
case_is 'for several threads, without an operation' 0 '' weighs_nothing
prints '(0.0) > MDL_WORTH_THREADS'
case_is 'for none' 2 '--threads=0: a number from 1 to 1024 is wanted' mdlc build line.mdl --threads=0
case_is 'for many' 2 'a number from 1 to 1024 is wanted' mdlc build line.mdl --threads=2e9
file sem.mdl 'param w = 3\nloss (w - 1)^2\n'
case_is 'functions named like those of the C library' 0 '' mdlc eval sem.mdl
prints 'gradient w 4'
# A dimension of the call, fixed: the C is that of a model which says so itself.
fixes() {
  mkdir said && sed 's/batch n/dim n = 5/' line.mdl > said/line.mdl && mdlc build said/line.mdl -o said &&
    mdlc build line.mdl -D n=5 && cmp line.c said/line.c && cmp line.h said/line.h && cat line.h
}
case_is 'a dimension of the call, fixed' 0 '' fixes
prints 'line_dim_n = 5'
prints 'int64_t none; /* this model has none'
prints 'line_tape_bytes = '
case_is 'of which there is none by that name' 1 '-D m: the model has no dimension `m`' mdlc build line.mdl -D m=5
leaves ''
case_is 'fewer than none' 2 '-D n: must be at least 0' mdlc build line.mdl -D n=-1
file sized.mdl 'batch n\ndim d\ndata x[n, d]\nparam w[d] = 0\nloss mean((x @ w - 1)^2)\n'
leaves_open() { mdlc build sized.mdl -D n=1 && cat sized.h; }
case_is 'one of two is fixed, the other is known at the call' 0 '' leaves_open
prints 'int64_t d;'
prints 'sized_dim_n = 1'
case_is 'the schedule of what is fixed' 0 '' mdlc explain --schedule line.mdl -D n=5
prints '# one by one: too few iterations'
case_is 'the graph of what is fixed' 0 '' mdlc dump --after=check line.mdl -D n=5
prints 'dim n = 5'
case_is 'no such file' 3 'cannot read none.mdl: No such file or directory' mdlc build none.mdl
leaves ''
case_is 'a file without end' 1 'a zero byte' timeout 20 "$mdlc" build /dev/zero --name m
file bad.mdl 'import "/dev/zero"\nparam w = 1\nloss w^2\n'
case_is 'an import without end' 1 'a zero byte' timeout 20 "$mdlc" build bad.mdl
file bad.mdl 'param w = 1\nloss v^2\n'
case_is 'a wrong program' 1 'bad.mdl:2:6: error: ' mdlc build bad.mdl
leaves ''
file bad.mdl 'dim n = 3\nparam w[n] = 1 1\nu = w + nowhere\nv = u * * w\nloss sum(v) + elsewhere\n'
case_is 'several mistakes, of syntax and others' 1 'bad.mdl:4:9: error: expected an expression after `*`' mdlc build bad.mdl
places=$(sed -n 's/^bad.mdl:\([0-9]*\):.* error: .*/\1/p' "$top/stderr" | tr '\n' ' ')
[ "$places" = '2 3 4 5 ' ] && wrong= || wrong="errors in the lines $places"
verdict "$wrong" "$name: all are told, each once and in order"
leaves ''
case_is 'a directory that cannot be' 3 'cannot make directory line.csv/out' mdlc build line.mdl -o line.csv/out
case_is 'a file for a directory' 3 'cannot write line.csv/line.' mdlc build line.mdl -o line.csv

full_disk() { # a write beyond the first 512 bytes of a file fails
  trap '' XFSZ
  ulimit -f 1
  mdlc build line.mdl "$@"
}
on_full_disk() { (full_disk "$@"); }
case_is 'a full disk' 3 'cannot write ./line.' on_full_disk
leaves ''
case_is 'a full disk, a new directory' 3 'cannot write out/line.' on_full_disk -o out
leaves ''
full_output() { mdlc "$@" > /dev/full; }
case_is 'a full standard output' 3 'cannot write standard output' full_output --help
case_is "a full standard output for a command's help" 3 'cannot write standard output' full_output build --help

# Names that C, C++, their headers or the generated header have their own use for.
builds_clean() { # model, name, options…
  wanted=$1 called=$2
  shift 2
  mdlc build "$wanted" --name "$called" "$@" || return
  flags='-Wall -Wextra -Wconversion -Wshadow -Wpedantic -Werror -c -o /dev/null'
  cc -std=c99 $flags "$called.c" || return
  ! command -v c++ > /dev/null || c++ -x c++ $flags "$called.c"
}
file out.mdl 'dim out_p\nbatch n\ndata x[n, out_p]\nparam w[out_p] = 1\npredict p = x @ w\nloss mean(p^2)\n'
case_is 'a model and a dimension named like an argument' 0 '' builds_clean out.mdl out
file math.mdl 'param w = 1\nv = w^w + log1p(w) + expm1(w) + sinh(w) * cosh(w) * sech(w)\nloss tanh(v) + sigmoid(v) + sin(v) * cos(w) + tan(w) + asin(w / 2) + acos(w / 3) + atan(v) + atan2(v, w) + hypot(v, w) + log(1 + exp(w)) + log(exp(v) + 1)\n'
for real in double float; do
  for math in own libm; do
    math_is() { builds_clean math.mdl math --math $math --real $real && mdlc check math.mdl --math $math --real $real; }
    case_is "elementary functions, $math, $real" 0 '' math_is
    prints 'all agree'
  done
done
for name in any typed model table descriptor untyped dims data extents mdl_constrain; do
  case_is "a model named $name" 0 '' builds_clean line.mdl "$name"
done
file constrained.mdl 'batch n
dim k = 3, m
data x[n], free[n]
param a > 0, b < 1, p[m] in (-1, 1 / m), q[m, k] in simplex, c[k] in ordered, L[m, k, k] in cholesky, where
loss mean((x - a * b + where) ^ 2) + sum(p) + sum(q ^ 2) + sum(c) + sum(L) + mean(free)
'
for name in constrained at free; do
  case_is "constraints in a model named $name" 0 '' builds_clean constrained.mdl "$name"
done
cat > "$top/files/halved.mdl" <<'MODEL'
dim n
data x[n]
param a
y[i in 0..n//2] = a * x[2 * i]
loss sum(y^2)
MODEL
halved() { mdlc build halved.mdl && cc -std=c99 -Wall -Wextra -Wconversion -Wshadow -Werror -c halved.c -o /dev/null; }
case_is 'halves of dimensions without warnings' 0 '' halved
in_float() { mdlc build constrained.mdl --real float && cc -std=c99 -Wall -Wextra -Wconversion -Wshadow -Werror -c constrained.c -o /dev/null; }
case_is 'constraints in float' 0 '' in_float
for word in mdl_x m_dims m_at_w m_nparams MDL_OK int int_ class _Bool __LINE__ NULL INT64_MAX M_PI int8_t y1 gamma exp \
  dims d_w out_p w_2; do
  file names.mdl "batch n\ndata x[n], $word[n], q[n]\nparam w = 1\npredict p = $word * w\nloss mean((p - x)^2)\n"
  case_is "data named $word" 0 '' builds_clean names.mdl m
  file names.mdl "dim $word\nbatch n\ndata x[n, $word]\nparam w[$word] = 1\npredict p = x @ w\nloss mean(p^2)\n"
  case_is "a dimension named $word" 0 '' builds_clean names.mdl m
  file names.mdl "batch n\ndata x[n]\nparam w = 1, $word = 2\nv[i] = sin(x[i] * w) + $word\nloss mean(v^2)\n"
  case_is "a parameter named $word" 0 '' builds_clean names.mdl m
done
file names.mdl 'batch n\ndata int[n], int_[n]\nparam own_x = 1\nloss mean((int * own_x - int_)^2)\n'
case_is 'a keyword and its replacement' 0 '' builds_clean names.mdl own

awk 'BEGIN { printf "param w = 1, b = 2\nloss w"; for (i = 0; i < 1999; i++) printf " * b"; print "" }' > "$top/files/long.mdl"
case_is 'a product of 2000 factors takes no time' 0 '' timeout 20 "$mdlc" build long.mdl

awk 'BEGIN { printf "param w = 1\nloss max(w"; for (i = 0; i < 1998; i++) printf ", w"; print ")" }' > "$top/files/long.mdl"
case_is 'the maximum of 1999 takes no time' 0 '' timeout 20 "$mdlc" eval long.mdl
prints 'gradient w 1'
for call in ' * ' ', atan2(' ', max('; do
  awk -v call="$call" 'BEGIN {
    printf "param w[200] = 1.5\nloss %s(w[0]", call ~ /\(/ ? "hypot" : "exp"
    for (i = 1; i < 200; i++) { printf "%sw[%d]", call, i; close_all = close_all (call ~ /\(/ ? ")" : "") }
    print (call ~ /\(/ ? ", w[1]" : "") close_all ")"
  }' > "$top/files/long.mdl"
  case_is "a formula of 200 parameters joined by $call takes no time" 0 '' timeout 20 "$mdlc" build long.mdl
done
long_name=$(awk 'BEGIN { for (i = 0; i < 255; i++) printf "a" }')
file names.mdl "batch n\ndata x[n]\nparam $long_name = 1\npredict p = x * $long_name\nloss mean(p^2)\n"
case_is 'a name of 255 characters' 0 '' builds_clean names.mdl m
file bad.mdl "param a$long_name = 1\nloss a$long_name\n"
case_is 'a name of 256 characters' 1 'bad.mdl:1:7: error: a name of 256 characters: at most 255 can be used' mdlc build bad.mdl

# Arithmetic on dimensions beyond int, and beyond 64 bits.
file big.mdl 'dim h = 100000\nbatch n\ndata x[n]\nparam w = 1\nloss w * (n + h*h - 70000*h) * mean(x)\n'
case_is 'fixed dimensions whose product is beyond int' 0 '' builds_clean big.mdl m
printf 'x\n1\n1\n' > "$top/files/ones.csv"
case_is 'a product beyond int has its value' 0 '' mdlc eval big.mdl --data ones.csv
prints 'loss 3000000002'
file big.mdl 'dim h = 100000\nparam w = 1\nloss w * (h*h*h*h)\n'
case_is 'fixed dimensions whose product is beyond 64 bits' 1 'big.mdl:3:10: error: this integer is too large' mdlc build big.mdl

# Products of dimensions of the call: as reals in reals, as integers in 64 bits or not at all.
awk 'BEGIN { print "x"; for (i = 0; i < 100; i++) print 1 }' > "$top/files/hundred.csv"
file power.mdl 'dim h = 100000\nbatch n\ndata x[n]\nparam w = 2\nloss w * (n*n*n*n*n*n*n*n*n*n*n*n*n*n*n*n) * mean(x) + 2 * sum[i in 0..n](w * (i*n*n*n*n*n*n))\nmetric m = 3*h*h + n\npredict p[i in 0..n] = i * 5000000000\n'
for real in double float; do
  case_is "whole numbers beyond 64 bits, as $real" 0 '' mdlc eval power.mdl --real $real --data hundred.csv
  prints 'metric m 30000000100'
  prints '10000000000 15000000000'
done
case_is 'the same in the interpreter' 0 '' mdlc check power.mdl --data hundred.csv
case_is 'the same in C' 0 '' builds_clean power.mdl m
# Sums and products over indices, and what is made of them: in reals where a real is wanted, else integers.
file wide.mdl 'dim n\ndata c[n] in 0..\ndata x[n]\nparam w = 1\nsquares = sum[i](c[i] * c[i])\ntotal = sum(c)\nsquare_of_total = total * total\nk = sum[i in 0..n](i)\nloss w * squares + w * sum[i in 0..n](i * i * i) + w * (square_of_total + 2 * total) + w * x[k %% n] + w * prod[i](c[i]) + w * max[i](c[i]*c[i]*c[i])\nmetric k2 = k\nmetric s = 1.0 * squares\n'
echo '{"c": [2000000000, 2147483647, 2000000000, 1999999999], "x": [1, 2, 3, 4]}' > "$top/files/wide.json"
for real in double float; do
  case_is "sums of integers beyond 64 bits, as $real" 0 '' mdlc eval wide.mdl --real $real --data wide.json
  prints 'loss 1.71798'
  prints 'metric k2 6'
  prints 'metric s 1.661168'
done
case_is 'the same in the interpreter' 0 '' mdlc check wide.mdl --data wide.json
case_is 'the same in C' 0 '' builds_clean wide.mdl m
case_is 'the integers are the formulas that explain prints' 0 '' mdlc explain wide.mdl
prints 'loss = (2 * total + squares + loss_sum + square_of_total'
file wide.mdl 'dim n\nparam w = 1\nloss w * sum[i in 0..n](i * i)\n'
case_is 'a sum of squares of indices' 0 '' mdlc eval wide.mdl -D n=3100000
prints 'loss 9.930328528'

file power.mdl 'batch n\ndata x[n]\nparam w = 2\nloss w * mean(x)\nmetric m = n*n*n*n*n*n*n*n*n\n'
case_is 'an integer that fits' 0 '' mdlc eval power.mdl --data hundred.csv
prints 'metric m 1000000000000000000'
file power.mdl 'batch n\ndata x[n]\nparam w = 2\nloss w * mean(x)\nmetric m = n*n*n*n*n*n*n*n*n*n\n'
case_is 'an integer that does not' 1 'too large for this machine at n = 100' mdlc eval power.mdl --data hundred.csv

# Whatever the dimensions of a call are, sizes and layout answer with a status.
file extents.mdl 'dim d\nbatch n\ndata x[n, d]\nparam w[d] = 1, l[d*(d-1)/2] = 1\nv[i] = sum[j](x[i, j] * w[j])\nloss mean(v^2) + sum(l) + logsumexp(v)\n'
cat > "$top/files/extents.c" <<'C'
#include "extents.h"
int main(void) {
  const int64_t extreme[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_C(4294967296), INT64_MAX / 2, INT64_MAX};
  for (int a = 0; a < 8; a++)
    for (int b = 0; b < 8; b++) {
      extents_dims dims;
      struct mdl_sizes sizes;
      int64_t offsets[3];
      dims.d = extreme[a];
      dims.n = extreme[b];
      int status = extents_sizes(&dims, &sizes);
      if ((status == 0) != (a >= 3 && a < 5 && b >= 3 && b < 6)) return 1;
      if (extents_layout(&dims, offsets) != 0 && status == 0) return 2;
    }
  return 0;
}
C
extents_hold() {
  mdlc build extents.mdl --name extents -o made || return
  cc -std=c99 -fsanitize=undefined -fsanitize-undefined-trap-on-error -Imade extents.c made/extents.c -o hold -lm || return
  ./hold
}
case_is 'extreme dimensions' 0 '' extents_hold

# Conditions made of conditions do not double with each derivative.
file conditions.mdl 'param c[2] = 0.3\nv = grad(tanh(hypot(pow(0.375 * c[1] + 2.5, 0.9 * sin(c[0])), 0.8)), c)\nu = grad(sin(v[0]) * v[1], c)\nloss sum(u^2)\n'
few_lines() {
  mdlc build "$1.mdl" -o lines && test "$(wc -l < "lines/$1.c")" -lt "$2"
}
case_is 'a derivative of a derivative of a derivative' 0 '' few_lines conditions 10000

# Of what a step of a loop stores and reads again; and of what goes back through a quotient by a size.
cat > "$top/files/steps.mdl" <<'MODEL'
dim T, n = 10
data x[T]
param w = 0.5, v = 0.5
scan t in 0..T with z = 1, y = 1 {
  h = z * w + x[t]
  k = y * v - h * z
  z = z + (h * h * v + k * z) / n
  y = y + (h - k * k * w) / n
}
loss z^2 + y^2
MODEL
case_is 'what a step stores is read from a variable' 0 '' sh -c '"$0" build steps.mdl && grep "h_now = mdl_fma(z_state, w, x\[t\]);" steps.c' "$mdlc"
case_is 'and so where it is stored' 0 '' sh -c '"$0" build steps.mdl && grep " h\[t\] = h_now;" steps.c' "$mdlc"
case_is 'a quotient by a size goes back as a product' 0 '' sh -c '"$0" build steps.mdl && grep "d_z_times_quotient = d_z\[t + 1\] \* quotient;" steps.c' "$mdlc"

# What may be infinite, an exponential too, stays within a sum whose condition may hold for no sample.
cat >"$top/files/masked.mdl" <<'MODEL'
batch n
data x[n], k[n] in 0..2
param w = 1000
a[i] = if k[i] == 1 then x[i] / exp(-w) else 0
d[i] = exp(w) * x[i]^2
loss sum(a) + sum[i](if k[i] == 1 then d[i] else 0) + sum[i](if k[i] == 1 then d[i] * x[i] else 0)
MODEL
printf '{"x": [1, 2], "k": [0, 0]}' >"$top/files/none.json"
case_is 'an exponential of no term' 0 '' mdlc eval masked.mdl --data none.json --json
prints '"loss": 0,'
prints '"w": 0'
