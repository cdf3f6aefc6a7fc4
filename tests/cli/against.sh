# mdlc check against C by hand; its digits; its JSON.  (Read by run.sh.)
examples=$(cd "$(dirname "$cases")/../../examples" && pwd)
cp "$examples/thermometer/thermometer.mdl" "$examples/logistic/logistic.mdl" "$examples/logistic/samples.csv" \
  "$examples/mlp/mlp.mdl" "$top/files"
wrong_statement() { sed "$1" "$top/files/$2" > "$top/files/wrong.mdl"; }
without_compiler() { (CC=/nowhere/cc && export CC && mdlc "$@"); }

# ---- digits, JSON ----
file cancel.mdl 'param a = 1, b[9] = 1\nloss (exp(a) - exp(a * (1 + 1e-9)))^2 + sum(b^3)\n'
case_is 'digits' 0 '' mdlc check cancel.mdl --digits
prints 'digits of the gradient that survive rounding, of 16.0'
prints 'b: 16.0 at least, at [0]; 16.0 on average of 9 entries'
case_is 'digits that cancel' 0 '' sh -c '"$0" check cancel.mdl --digits > out && grep -q "^a: [0-8][.]" out' "$mdlc"
case_is 'digits in float' 0 '' mdlc check cancel.mdl --digits --real float
prints 'survive rounding, of 7.2'
case_is 'JSON' 0 '' mdlc check thermometer.mdl --json --digits -o report.json
leaves 'report.json'
case_is 'JSON on standard output' 0 '' mdlc check thermometer.mdl --json
prints '"agree": true'
prints '"proof": {"verdict": "identical", "log10_chance_of_error": -'
wrong_statement 's/^gradient w = mean(2/gradient w = mean(-2/' thermometer.mdl
case_is 'JSON of a disagreement' 1 '' mdlc check wrong.mdl --json
prints '"agree": false'
prints '"factor": -1'
prints '"proof": {"verdict": "differs", "dims": {"n": 2}'

# ---- C by hand ----
cat > "$top/files/hand.c" <<'HAND'
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
double hand(int64_t d, int64_t n, const double *x, const int32_t *y, const double *w, const double *b, double *d_w,
            double *d_b) {
  double loss = 0;
  *d_b = 0;
  for (int64_t j = 0; j < d; j++) d_w[j] = 0;
  for (int64_t i = 0; i < n; i++) {
    double z = *b;
    for (int64_t j = 0; j < d; j++) z += x[i * d + j] * w[j];
    const double r = 1 / (1 + exp(-z)) - y[i];
    loss += log1p(exp(z)) - y[i] * z;
    for (int64_t j = 0; j < d; j++) d_w[j] += r * x[i * d + j] / (double)n;
    *d_b += r / (double)n;
  }
  /* here */
  return loss / (double)n;
}
HAND
by_hand() { # what to do at the end of the function, then options
  sed "s|/\\* here \\*/|$1|" hand.c > own.c
  shift
  mdlc check logistic.mdl --against own.c --function hand "$@"
}
case_is 'C by hand' 0 '' by_hand ''
prints 'C by hand'
prints 'times as long)'
prints 'all agree, to 1e-12'
case_is 'C by hand on data' 0 '' by_hand '' --data samples.csv
case_is 'C by hand without a loss' 0 '' by_hand 'loss = NAN;'
case_is 'C by hand, another loss' 1 '' by_hand 'loss *= 1.0001;'
prints 'disagreement at point 0: hand returns the loss'
case_is 'C by hand, a factor' 1 '' by_hand 'for (int64_t j = 0; j < d; j++) d_w[j] *= 2;'
prints 'it is 2 times the derivative in every entry, at every point'
case_is 'C by hand, one entry' 1 '' by_hand 'd_w[2] += 1e-9;' -D d=5
prints 'by hand of own.c'
prints 'the first entry that differs is w[2]'
case_is 'C by hand, right at another size' 1 '' by_hand 'if (n == 4) d_w[1] += 1e-9;'
case_is 'C by hand, right at that size' 0 '' by_hand 'if (n == 4) d_w[1] += 1e-9;' -D n=5
case_is 'C by hand, not a number' 1 '' by_hand '*d_b = NAN;'
prints 'but nan by hand of own.c'
case_is 'C by hand, an infinity' 1 '' by_hand 'd_w[0] = INFINITY;'
case_is 'C by hand, nothing written' 1 '' sh -c '"$0" check logistic.mdl --template > own.c && "$0" check logistic.mdl --against own.c' "$mdlc"
prints 'w[0] is never written'
case_is 'C by hand, behind its array' 1 'own.c: hand writes outside of the gradient of w, behind the last of its entries, at point 0' by_hand 'd_w[d] = 0;'
case_is 'C by hand, before its array' 1 'own.c: hand writes outside of the gradient of b, before the first of its entries' by_hand 'd_b[-1] = 0;'
case_is 'C by hand, into its parameters' 1 'own.c: hand changes the parameters that it is given' by_hand '((double *)w)[0] = 7;'
case_is 'C by hand, into its data' 1 'own.c: hand changes data x that it is given, at point 0' by_hand '((double *)x)[n * d - 1] += 1;'
case_is 'C by hand, into its integer data' 1 'own.c: hand changes data y that it is given, at point 0' by_hand '((int32_t *)y)[0] ^= 1;'
case_is 'C by hand that crashes' 1 'own.c: hand ended with signal 6' by_hand 'abort();'
case_is 'C by hand that exits' 1 'own.c: hand ended the program with exit status 5, at point 0' by_hand 'exit(5);'
case_is 'C by hand that does not end' 1 'own.c: hand did not come back within 1 s of processor time, at point 0; --time-limit gives it more' \
  by_hand 'for (volatile int go = 1; go;) {}' --time-limit 1
case_is 'C by hand that does not end the second time' 1 'within 1 s of processor time, at point 1' \
  by_hand 'static volatile int go = 0; while (go) {} go = 1;' --time-limit 1
case_is 'C by hand that does not end when it is called again' 1 'within 1 s of processor time, called again after point 0' \
  by_hand 'static volatile int go = 0; while (go) {} go = 1;' --time-limit 1 --points 1
case_is 'C by hand that waits' 1 'own.c: hand did not come back within 10 s, at point 0' \
  by_hand 'extern int pause(void); pause();' --time-limit 1
case_is 'a limit of no function' 2 '--time-limit is for the function of --against FILE.c' mdlc check logistic.mdl --time-limit 2
case_is 'C by hand that prints' 0 'hello' by_hand 'extern int puts(const char *); puts("hello");'
case_is 'C by hand, JSON' 1 '' by_hand 'd_w[1] = 0;' --json
prints '"first_wrong": [1]'
# One entry of a deep model that is off in its ninth digit.
cp "$examples/gpt2/gpt2.mdl" "$examples/gpt2/gpt2_by_hand.c" "$examples/gpt2/gpt2_by_hand.h" "$examples/lstm/lstm.mdl" \
  "$examples/lstm/lstm_by_hand.c" "$examples/lstm/lstm_by_hand.h" "$top/files"
off_by() { # the model, what happens to its gradient, options
  sed "s/^  free(memory);\$/  $2\n&/" "$1_by_hand.c" > own.c || return 1
  model=$1
  shift 2
  optimized check "$model.mdl" --against own.c --function "${model}_by_hand" --points 1 "$@"
}
case_is 'LSTM by hand' 0 '' off_by lstm '' -D T=9
case_is 'LSTM by hand, one entry' 1 '' off_by lstm 'd_Wh[77] *= 1 + 1e-9;' -D T=9
prints 'the first entry that differs is Wh[2, 13]'
case_is 'GPT-2 by hand, one entry' 1 '' off_by gpt2 'd_Wf[1234] *= 1 + 1e-9;' -D n=1
prints 'the first entry that differs is Wf[1, 3, 18]'

case_is 'no such function' 1 'hand.c does not define nothere; --template prints a skeleton.' \
  mdlc check logistic.mdl --against hand.c --function nothere
case_is 'another signature' 1 'hand.c does not compile as it is to be called' mdlc check thermometer.mdl --against hand.c --function hand
case_is 'no C' 1 'expected' by_hand '}}'
case_is 'no such file' 3 'cannot read nothere.c' mdlc check logistic.mdl --against nothere.c
case_is 'no function name' 2 "--function '1st' is not a C identifier" mdlc check logistic.mdl --function 1st
case_is 'a function of no file' 2 '--function names a function of --against FILE.c, or of --template' mdlc check logistic.mdl --function f
case_is 'by hand without a compiler' 3 '--against needs a C compiler' without_compiler check logistic.mdl --against hand.c --function hand
case_is 'a skeleton' 0 '' mdlc check mlp.mdl --template
prints 'Fixed dimensions: d = 2, h = 32, k = 3.'
prints 'double *d_W1 /* to write: d loss / d W1, [d, h] */'
file int.mdl 'batch n\ndata int[n]\nparam double = 1\nloss sum(double * int)\n'
case_is 'names that C has for itself' 1 '' sh -c '"$0" check int.mdl --template > own.c && "$0" check int.mdl --against own.c' "$mdlc"
prints 'double is never written'
file float.c 'double f(const float *w, float *d_w) { *d_w = 2 * *w; return *w * *w; }\n'
file float.mdl 'param w = 3\nloss w^2\n'
case_is 'C by hand in float' 0 '' mdlc check float.mdl --real float --against float.c --function f
