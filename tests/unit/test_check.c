// test_check.c - what the checker says of wrong models, word for word.
#include "check_run.h"

// Each row stands in line 2, after these declarations.
static const char before[] =
    "batch n; dim d = 3; dim T; data x[n, d], y[n], c[n] in 0..d; param w[d], b; predict p = b\n";

static const struct {
  const char *text, *told;
} wrong[] = {
    {"z = ww + 1", "2:5: error: unknown name `ww`; did you mean `w`?"},
    {"z = xs + 1", "2:5: error: unknown name `xs`"},
    {"z = X", "2:5: error: unknown name `X`; did you mean `x`?"},
    {"z = relu + 1", "2:5: error: `relu` is a function: it is called, as in `relu(x)`"},
    {"z = sqqrt(b)", "2:5: error: unknown function `sqqrt`; did you mean `sqrt`?"},
    {"z = wobble(b)", "2:5: error: unknown function `wobble`"},
    {"z = wobble(zork)", "2:5: error: unknown function `wobble`\n"
                         "2:12: error: unknown name `zork`"},
    {"z = np.exp(w)", "2:5: error: there are no modules or methods: write `exp(w)`"},
    {"z = np.log(2 * w)", "2:5: error: there are no modules or methods: write `log(2 * w)`"},
    {"z = w.sum()", "2:5: error: there are no modules or methods: write `sum(w)`"},
    {"z = nromal.log(b, 0, 1)", "2:5: error: unknown distribution `nromal`; did you mean `normal`?"},
    {"z = w(3)", "2:5: error: `w` is an array, not a function: its entries are written `w[...]`"},
    {"z = b(3)", "2:5: error: `b` is a number, not a function: a product is written with `*`"},
    {"z = later + 1; later = 2", "2:5: error: `later` is used before its definition\n"
                                 "2:16: note: `later` is defined here"},
    {"z = f(1); def f(a) = a", "2:5: error: `f` is used before its definition\n"
                               "2:15: note: `f` is defined here"},
    {"b = 2", "2:1: error: `b` is already defined\n"
              "1:74: note: `b` is defined here"},
    {"q = 1; q = 2", "2:8: error: `q` is already defined\n"
                     "2:1: note: `q` is defined here"},
    {"dim d = 4", "2:5: error: `d` is already defined\n"
                  "1:14: note: `d` is defined here"},
    {"batch m", "2:7: error: a model has one batch dimension, and `n` is it already"},
    {"data u[k]", "2:8: error: unknown dimension `k`: declare it with `dim k` or `batch k`"},
    {"data u[dd]", "2:8: error: unknown dimension `dd`; did you mean `d`?"},
    {"data u[d, n]", "2:11: error: the batch dimension `n` comes first in a shape"},
    {"data u[2*n]", "2:8: error: the batch dimension stands alone in a shape: `n`, not `2*n`"},
    {"data u[-1]", "2:8: error: a dimension can't be negative: this is -1"},
    {"data u[1/2]", "2:8: error: `1` divided by `2` is not a whole number here; `//` rounds down"},
    {"data u[x]", "2:8: error: expected an integer here, found a real number, which is not rounded to one"},
    {"data u[1.5]", "2:8: error: expected an integer here, found a real number, which is not rounded to one"},
    {"data u in 1..3", "2:11: error: integer data are counted from 0: `in 0..`"},
    {"param v[n]", "2:9: error: `n` is the batch dimension: no parameter's shape can depend on it"},
    {"param v = x", "2:11: error: a start can't depend on data"},
    {"param v = b", "2:11: error: a start can't depend on other parameters"},
    {"param v[d] = [1, 2]", "2:14: error: the start of `v` has the shape [2], which does not fit [d]"},
    {"param v > x[0, 0]",
     "2:11: error: a bound is made of numbers, constants and dimensions alone, the batch dimension "
     "not among them"},
    {"param v < b", "2:11: error: a bound is made of numbers, constants and dimensions alone, the batch dimension not "
                    "among them"},
    {"param v in (0, n)",
     "2:16: error: a bound is made of numbers, constants and dimensions alone, the batch dimension "
     "not among them"},
    {"param v[d] > [1, 2, 3]", "2:14: error: a bound is a single number, not an array of shape [3]"},
    {"param v > inf", "2:11: error: a bound is a finite number: without one there is no constraint"},
    {"param v > 1 / 0", "2:11: error: a bound is a finite number: without one there is no constraint"},
    {"param v > 1 < 2", "2:13: error: expected an operator, `,`, `=` or the end of the statement after `1`, found `<`"},
    {"param v in (1, d - 2)", "2:9: error: there is no number between these bounds"},
    {"param v in simplex", "2:9: error: this constraint is about the last axis, but `v` is a single number"},
    {"param v in ordered", "2:9: error: this constraint is about the last axis, but `v` is a single number"},
    {"param v[0] in simplex", "2:12: error: a simplex has at least one entry"},
    {"param v[d] in cholesky", "2:12: error: a Cholesky factor is a square matrix, `v[d, d]`, but `v` is of shape [d]"},
    {"param v[d, T] in cholesky",
     "2:15: error: a Cholesky factor is a square matrix, `v[d, d]`, but `v` is of shape [d, T]"},
    {"param v > 0 = 0", "2:15: error: the start of `v` is 0, but it must be > 0"},
    {"param v < d = 3", "2:15: error: the start of `v` is 3, but it must be < d"},
    {"param v[2, 3] > 2 * 1 = [5, 2, 3]", "2:25: error: the start of `v[0, 1]` is 2, but it must be > 2 * 1"},
    {"param v in (-1, 1 / d) = 0.5", "2:26: error: the start of `v` is 0.5, but it must be in (-1, 1 / d)"},
    {"param v[3] in simplex = [0.5, 0.25, 0.3]",
     "2:25: error: the start of `v[0]` is 0.5, but a simplex has positive entries whose sum is 1"},
    {"param v[3] in simplex = [0.5, 0.5, 0]",
     "2:25: error: the start of `v[2]` is 0, but a simplex has positive entries whose sum is 1"},
    {"param v[d] in ordered = 1",
     "2:25: error: the start of `v[1]` is 1, but of what is ordered each entry is greater than the one before it"},
    {"param v[2, 2] in cholesky = 1",
     "2:29: error: the start of `v[0, 1]` is 1, but a Cholesky factor has a positive diagonal and zeros above it"},
    {"param v[2, 2] in cholesky = [[1, 0], [5, -1]]",
     "2:29: error: the start of `v[1, 1]` is -1, but a Cholesky factor has a positive diagonal and zeros above it"},
    {"param v[2] = normal(0)", "2:14: error: `normal` takes 2 arguments, not 1"},
    {"z = normal(0, 1)", "2:5: error: `normal` draws the start of a parameter: it has no meaning elsewhere"},
    {"dim k = T", "2:9: error: `T` is not known when the model is compiled"},
    {"dim k = d - 5", "2:9: error: a dimension can't be negative: `d - 5` is -2"},
    {"z = x + y", "2:5: error: shapes [n, d] and [n] do not agree: `d` against `n`"},
    {"z = x + [1]",
     "2:5: error: shapes [n, d] and [1] do not agree: `d` against `1`; an axis of length 1 is not stretched"},
    {"z = x @ w + y @ y + x @ x",
     "2:21: error: `@` sums over the last axis of [n, d] and the last but one of [n, d]: `d` against `n`"},
    {"z = b @ w", "2:5: error: `@` multiplies arrays, and this is a single number: use `*`"},
    {"z = w'", "2:5: error: `'` exchanges the last two axes, and this is an array of shape [d]"},
    {"z = x[0, 0, 0]", "2:5: error: `x` has the shape [n, d]: 2 subscripts, not 3"},
    {"z = b[0]", "2:5: error: `b` is a single number: it has no subscripts"},
    {"z = x[0.5]", "2:7: error: expected an integer here, found a real number, which is not rounded to one"},
    {"z = x[0, 3]", "2:10: error: `3` is out of range: the axis has `d` entries, counted from 0"},
    {"z = x[0, d]", "2:10: error: `d` is out of range: the axis has `d` entries, counted from 0"},
    {"z = w[0 - 1]", "2:7: error: `0 - 1` is out of range: the axis has `d` entries, counted from 0"},
    // what is faulty may define all that it mentions, from the start of the text
    {"z = u + uu; u = 3 * * b; v = u + vv; q = u(b)", "2:21: error: expected an expression after `*`, found `*`\n"
                                           "2:9: error: unknown name `uu`\n"
                                           "2:34: error: unknown name `vv`"},
    {"def f(x) { y = x x; return y }; v = f(b) + ww", "2:18: error: expected an operator or the end of the statement "
                                           "after `x`, found `x`\n"
                                           "2:44: error: unknown name `ww`; did you mean `w`?"},
    {"def g(x, y = x; v = g(b, b) + g", "2:12: error: expected `)`, `[` or `,` after `y`, found `=`"},
    {"param p = 3x, q; gradient q = p + q; dim m = = 3; z = zeros[m] + zeros[mm]",
     "2:11: error: `3x` is neither a number nor a name\n"
     "2:46: error: expected an expression after `=`, found `=`\n"
     "2:72: error: unknown dimension `mm`: declare it with `dim mm` or `batch mm`"},
    {"b ~ normal(0,, 1); z = log_likelihood; loss z + bb", "2:14: error: expected an expression after `,`, found `,`\n"
                                           "2:49: error: unknown name `bb`; did you mean `b`?"},
    // nor does anything follow from a wrong condition
    {"z[i in 0..d] = if i > 0 and bb > 0 and w[i - 1] > 0 then w[i - 1] else sum[j in 0..d if cc](w[j + 1])",
     "2:29: error: unknown name `bb`; did you mean `b`?\n"
     "2:89: error: unknown name `cc`; did you mean `c`?"},
    {"import \"none.mdl\" 3; z = somewhere", "2:19: error: expected the end of the statement after `\"none.mdl\"`, found `3`"},
    {"import \"none.mdl\"; z = somewhere(b)", "2:8: error: can't read `none.mdl`: No such file or directory"},
    {"u = 3 3; const u = 3; z = u + b; u = 4", "2:7: error: expected an operator or the end of the statement after `3`, "
                                           "found `3`\n"
                                           "2:34: error: `u` is already defined\n2:16: note: `u` is defined here"},
    {"z = w[b; scan t in 0..3 { z = nowhere", "2:6: error: this `[` is never closed\n"
                                           "2:25: error: this `{` is never closed"},
    {"z[i] = w[i] - w[i - 1]", "2:17: error: `i - 1` reaches -1, but the axis has `d` entries, counted from 0\n"
                               "2:17: note: guard it with an `if`, or give the index a range"},
    {"z[i] = if i == 1 then w[i] else w[i - 1]", "2:35: error: `i - 1` reaches -1, but the axis has `d` entries, counted from 0\n"
                               "2:35: note: guard it with an `if`, or give the index a range"},
    {"z[i] = if i > 0 or w[i - 1] > 0 then w[i] else 0",
     "2:22: error: `i - 1` reaches -1, but the axis has `d` entries, counted from 0\n"
     "2:22: note: guard it with an `if`, or give the index a range"},
    {"z[i] = w[i] + w[i + 1]", "2:17: error: `i + 1` reaches d, but the axis has `d` entries, counted from 0\n"
                               "2:17: note: guard it with an `if`, or give the index a range"},
    {"z = w[1..4]", "2:7: error: `1..4` reaches 3, but the axis has `d` entries, counted from 0"},
    {"z[i, j] = w[i]",
     "2:6: error: the range of `j` is not known, since nothing is subscripted by `j` alone: give it, as in `j in "
     "0..n`"},
    {"z[i] = x[i, i]", "2:8: error: `i` runs over `n` in `x[i, i]`, but over `d` in `x[i, i]`"},
    {"z = sum[j](w[j + 1])",
     "2:9: error: the range of `j` is not known, since nothing is subscripted by `j` alone: give it, as in `j in "
     "0..n`"},
    {"z = sum[j in 0..w](w[j])", "2:17: error: expected an integer here, found a real number, which is not rounded to one"},
    {"z = sum[j in 0..c](w[j])", "2:17: error: the end of a range is a single integer, not an array of shape [n]"},
    {"z = sum[j, j](w[j])", "2:12: error: `j` is already defined\n"
                            "2:9: note: `j` is defined here"},
    {"z = summ[j](w[j])", "2:5: error: `summ` is no reduction; did you mean `sum`?"},
    {"z = argmax[i, j](x[i, j])", "2:15: error: `argmax` takes one index"},
    {"z = argmax(x)", "2:5: error: `argmax` of an array of shape [n, d]: say over which index, as in `argmax[k](...)`"},
    {"z = mean(b)", "2:10: error: `mean` takes an array, and this is a single number"},
    {"z = sum[j if w[j]](w[j])", "2:14: error: expected a condition, as in `x > 0`, found a real number"},
    {"z = sum[j if w > 0](w[j])",
     "2:14: error: the condition of a reduction is one for each entry, not an array of shape [d]"},
    {"z = if b then 1 else 2", "2:8: error: expected a condition, as in `x > 0`, found a real number"},
    {"z = b > 0 + (b < 1)",
     "2:13: error: a condition can't be used as a number; `if ... then 1 else 0` makes one of it"},
    {"z = (b > 0) + 1", "2:5: error: a condition can't be used as a number; `if ... then 1 else 0` makes one of it"},
    {"z = not b", "2:9: error: expected a condition, as in `x > 0`, found a real number"},
    {"z = b and b > 0", "2:5: error: expected a condition, as in `x > 0`, found a real number"},
    {"z = 1 // 0", "2:10: error: a division by zero"},
    {"z = 9223372036854775807 + 1", "2:5: error: this integer is too large"},
    {"z = softmax(b)", "2:13: error: `softmax` takes `x[d]` here, and this is a single number"},
    {"z = relu(1, 2)", "2:5: error: `relu` takes 1 argument, not 2"},
    {"z = exp()", "2:5: error: `exp` takes 1 argument, not 0"},
    {"z = max()", "2:5: error: `max` takes at least 1 argument, not 0"},
    {"z = dot(w, y)", "2:12: error: `dot` takes `b[d]`, where `d` stands for `d` in this call, not for `n`"},
    {"z = dot(w, w, w)", "2:5: error: `dot` takes 2 arguments, not 3"},
    {"z = [1, [2]]", "2:9: error: the entries of a list must have one shape: a single number against [1]"},
    {"z = concat(b, w)", "2:12: error: `concat` joins arrays along their first axis, and this is a single number"},
    {"z = concat(x, w)", "2:15: error: all but the first axis must agree: [n, d] against [d]"},
    {"z = stack(w, b)", "2:14: error: `stack` takes arrays of one shape: [d] against a single number"},
    {"z = eye[2, 3]", "2:5: error: `eye` takes one dimension, as in `eye[d]`"},
    {"z = zeros[:]", "2:11: error: `zeros` takes dimensions, as in `zeros[d]`"},
    {"z[0] = 1", "2:3: error: the entries of a definition are written with an index, as in `q[i] = ...`"},
    {"z[i in 1..3] = 1", "2:8: error: the entries of a definition are counted from 0: `i in 0..`"},
    {"z[i in 0..3] = w[i] + undefined", "2:23: error: unknown name `undefined`"},
    {"loss w", "2:6: error: the loss is a single number, and this is an array of shape [d]: take its `mean` or `sum`"},
    {"loss b; loss b", "2:9: error: a model has one loss\n"
                       "2:1: note: the loss is here"},
    {"loss b > 0", "2:6: error: a condition can't be used as a number; `if ... then 1 else 0` makes one of it"},
    {"gradient w = b", "2:1: error: the gradient of `w` has its shape, [d], and this is a single number"},
    {"gradient w = w; gradient w = w", "2:17: error: the gradient of `w` is given twice\n"
                                       "2:1: note: the first is here"},
    {"gradient y = 1", "2:10: error: `y` is no parameter: only those have a gradient"},
    {"gradient nothing = 1", "2:10: error: unknown name `nothing`"},
    {"const k = b", "2:11: error: a constant can't depend on parameters: leave out `const`"},
    {"const k = y[0]", "2:11: error: a constant can't depend on data: leave out `const`"},
    {"def f(a) = f(a)", "2:12: error: `f` calls itself: functions are expanded in place, so recursion is not possible"},
    {"def f(a) = g(a); def g(a) = f(a); z = f(1)", "2:12: error: `g` is used before its definition\n"
                                                   "2:22: note: `g` is defined here\n"
                                                   "2:39: note: in this call of `f`"},
    {"def f(a) = a + oops", "2:16: error: unknown name `oops`"},
    {"def f(a[k]) { return a[0], a[1] }; z = f(w)",
     "2:40: error: `f` returns 2 values: take them apart, as in `u, v = f(...)`"},
    {"def f(a) { q = a }", "2:5: error: `f` returns nothing: its body ends with `return ...`"},
    {"def f(a) { return a; q = a }", "2:22: error: nothing after `return` is reached"},
    {"def f(a[k], e[k]) = a + e; z = f(w, y)",
     "2:37: error: `f` takes `e[k]`, where `k` stands for `d` in this call, not for `n`"},
    {"def f(a[k, k]) = a; z = f(x)",
     "2:27: error: `f` takes `a[k, k]`, where `k` stands for `n` in this call, not for `d`"},
    {"def f(a[k], e[k*(k-1)]) = a[0]; z = f(w, w)",
     "2:42: error: `f` takes `e[k * (k - 1)]`, where `k * (k - 1)` stands for `d*(d - 1)` in this call, not for `d`"},
    {"def f(a) = a with d/dc = 1", "2:22: error: `f` has no argument `c`"},
    {"def f(a) = a with d/da = 1, d/da = 2", "2:32: error: the derivative by `a` is given twice"},
    {"def f(a) { return a, a } with d/da = 1; u, v = f(1)",
     "2:34: error: `f` returns several values: an author's own derivative is of one"},
    {"def f(a, g) = a * g with d/da = g; z = f(b, w)",
     "2:45: error: `f` has no derivative by `g`, which depends on parameters here: give `d/dg`, or pass `stop(...)`"},
    {"def f(a) = a * b with d/da = 1; z = f(2)",
     "2:16: error: `b` depends on parameters, and the derivatives of `f` are its author's: pass it as an argument\n"
     "2:37: note: in this call of `f`"},
    {"def f(a[k]) = sum(a) with d/da = zeros[k, k]; z = f(w)",
     "2:34: error: this derivative is an array of shape [d, d], and should be one of shape [d]\n"
     "2:51: note: in this call of `f`"},
    {"def f(a) = a with d/da = a > 0; z = f(b)",
     "2:26: error: a condition can't be used as a number; `if ... then 1 else 0` makes one of it\n"
     "2:37: note: in this call of `f`"},
    {"u, v = b", "2:8: error: 2 names are given one value: only a function returns several"},
    {"u, v = relu(b)", "2:1: error: 2 names are given 1 value"},
    {"u, v = f(b); def f(a) = a", "2:8: error: `f` is used before its definition\n"
                                  "2:18: note: `f` is defined here"},
    {"y ~ nromal(0, 1)", "2:5: error: unknown distribution `nromal`; did you mean `normal`?"},
    {"y ~ normal(0)", "2:5: error: `normal` takes 2 arguments after `~`, not 1"},
    {"y ~ normal(w, 1)", "2:1: error: shapes [n] and [d] do not agree: `n` against `d`"},
    {"y ~ normal(y > 0, 1)",
     "2:12: error: a condition can't be used as a number; `if ... then 1 else 0` makes one of it"},
    {"y ~ normal(zz, 1); loss -log_likelihood", "2:12: error: unknown name `zz`"},
    {"y ~ bernoulli_logit(b)",
     "2:1: error: `bernoulli_logit` is a distribution of integers, and this is real: such data are declared with their "
     "range, as in `data y[n] in 0..2`"},
    {"c ~ categorical_logit(b)",
     "2:23: error: `categorical_logit` takes `logits[k]` here, and this is a single number"},
    {"likelihood w",
     "2:12: error: the log likelihood is a single number, and this is an array of shape [d]: take its `sum`"},
    {"y ~ normal(b, 1); loss b",
     "2:19: error: this loss leaves out the log likelihood: it uses its sum as `log_likelihood`\n"
     "2:1: note: a term of it is here; without a `loss`, the loss is minus their sum"},
    {"loss -log_likelihood; y ~ normal(b, 1)",
     "2:23: error: this comes too late: `log_likelihood` is the sum of the statements above its use\n"
     "2:7: note: it is used here"},
    {"loss -log_likelihood", "2:7: error: unknown name `log_likelihood`"},
    {"z = normal.log(b, 0)", "2:5: error: `normal.log` takes 3 arguments, the variate first, not 2"},
    {"z = normal.density(b, 0, 1)",
     "2:12: error: a distribution has no `density`: its log density is `normal.log(...)`"},
    {"import \"nowhere.mdl\"", "2:8: error: can't read `nowhere.mdl`: No such file or directory"},
    {"import \"\"", "2:8: error: an import needs the name of a file"},
    {"import \".\"", "2:8: error: can't read `.`: Is a directory"},
    {"predict b = 1", "2:9: error: `b` is already defined\n"
                      "1:74: note: `b` is defined here"},
    {"predict z = b > 0", "2:9: error: a condition can't be used as a number; `if ... then 1 else 0` makes one of it"},
    {"metric z = b > 0", "2:8: error: a condition can't be used as a number; `if ... then 1 else 0` makes one of it"},
    {"z = w[if b > 0 then 4 else 5]",
     "2:7: error: `if b > 0 then 4 else 5` reaches 5, but the axis has `d` entries, counted from 0"},
    {"z = y[i]", "2:7: error: unknown name `i`"},
    {"z = w[[0, 1]] + w", "2:5: error: shapes [2] and [d] do not agree: `2` against `d`"},
    {"z = x[c, c]", "2:10: error: only one subscript can be an array: index the others, as in `x[g[i], h[i]]`"},
    {"z[i] = w[i..3]",
     "2:3: error: the range of `i` is not known, since nothing is subscripted by `i` alone: give it, as in `i in "
     "0..n`"},
    {"z = w[d/2]", "2:7: error: `d` divided by `2` is not a whole number here; `//` rounds down"},
    {"z = w[d % 0]", "2:11: error: a division by zero"},
    {"z = abs(b > 0)", "2:9: error: a condition can't be used as a number; `if ... then 1 else 0` makes one of it"},
    {"z = stop(b > 0)", "2:10: error: a condition can't be used as a number; `if ... then 1 else 0` makes one of it"},
    {"z = atan2(b)", "2:5: error: `atan2` takes 2 arguments, not 1"},
    {"z = w[k_]", "2:7: error: unknown name `k_`"},
    {"predict q = xx; data xx[n]", "2:13: error: `xx` is used before its definition\n"
                                   "2:22: note: `xx` is defined here"},
    {"z = sofmax(w)", "2:5: error: unknown function `sofmax`; did you mean `softmax`?"},
    {"data weights[d]; z = weight + 1", "2:22: error: unknown name `weight`; did you mean `weights`?"},
    {"z[i] = u[i] - u[i - 1]; data u[T]", "2:8: error: `u` is used before its definition\n"
                                          "2:30: note: `u` is defined here\n"
                                          "2:15: error: `u` is used before its definition\n"
                                          "2:30: note: `u` is defined here"},
    {"data u[T]; z[i] = u[i + 1] + u[i]",
     "2:21: error: `i + 1` reaches T, but the axis has `T` entries, counted from 0\n"
     "2:21: note: guard it with an `if`, or give the index a range"},
    {"z[a] = sum[j in a..d](w[j])",
     "2:3: error: the range of `a` is not known, since nothing is subscripted by `a` alone: give it, as in `a in "
     "0..n`"},
    {"z = w[-1]", "2:7: error: `-1` is out of range: the axis has `d` entries, counted from 0"},
};
enum { WRONG = sizeof wrong / sizeof *wrong };

START_TEST(wrong_models_are_told_word_for_word) {
  char text[1000];
  ck_assert_int_lt((int)(sizeof before + strlen(wrong[_i].text)), (int)sizeof text);
  strcpy(text, before);
  strcat(text, wrong[_i].text);
  Run r;
  run(&r, text);
  ck_assert_str_eq(told(&r), wrong[_i].told);
  ck_assert(!r.model);
  arena_free(r.arena);
}
END_TEST

static void expect_with(const char *text, const DimOverride *overrides, int noverrides, const FileReader *reader,
                        const char *words) {
  Run r;
  run_with(&r, text, overrides, noverrides, reader);
  ck_assert_str_eq(told(&r), words);
  arena_free(r.arena);
}

static void expect(const char *text, const char *words) {
  expect_with(text, NULL, 0, NULL, words);
}

START_TEST(a_model_computes_something) {
  expect("dim d\nparam w[d]\n", "1:1: error: the model has neither a `loss` nor a `predict`");
}
END_TEST

START_TEST(neighbours_along_the_batch_are_a_warning) {
  expect(
      "batch n; data u[n]\npredict v[i in 0..n] = if i >= 1 then u[i] - u[i - 1] else 0\n",
      "2:48: warning: `u[i - 1]` reads a neighbour along the batch dimension `n`, which mini-batches cut and shuffle: "
      "declare it with `dim n`");
  expect("batch n; data u[n]; param a\nloss mean[i in 1..n]((u[i] - a)^2)\n", "");
}
END_TEST

START_TEST(overrides_of_dimensions_that_are_not_there) {
  static const DimOverride wide[] = {{"width", 3}, {"T", 4}, {"h", -1}};
  expect_with("dim h = 2; dim with_h = h; dim T\nparam w[h]; predict p = w\n", wide, 3, NULL,
              "1:5: error: a dimension can't be negative: `-D h=-1`\n"
              "0:0: error: -D width: the model has no dimension `width`");
}
END_TEST

START_TEST(several_errors_are_told_and_none_follows_from_another) {
  expect("dim d\nparam w[d]\na = nope + 1\nb = a * w\nq[i] = b[i] + a\nz = relu(q)\nloss sum(z) + missing\n",
         "3:5: error: unknown name `nope`\n7:15: error: unknown name `missing`");
}
END_TEST

// ---- imports ----

static bool read_test_file(void *context, Arena *a, const char *path, const char **text, size_t *length) {
  (void)context;
  (void)a;
  static const char *const files[][2] = {
      {"layers.mdl", "def twice(x) = 2 * x\n"},
      {"deep/a.mdl", "import \"b.mdl\"\nconst four = two * two\n"},
      {"deep/b.mdl", "const two = 2\nimport \"../layers.mdl\"\n"},
      {"ring.mdl", "import \"./ring2.mdl\"\n"},
      {"ring2.mdl", "import \"ring.mdl\"\n"},
      {"wrong.mdl", "const k = zork\n"},
      {"before.mdl", "v = 2 * w\n"},
      {"after.mdl", "slope = grad(v^2, v)\n"},
  };
  for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
    if (strcmp(files[k][0], path) != 0) continue;
    *text = files[k][1];
    *length = strlen(*text);
    return true;
  }
  return false;
}

static const FileReader test_files = {read_test_file, NULL};

START_TEST(imports_bring_definitions) {
  Run r;
  run_with(&r, "import \"deep/a.mdl\"\nimport \"layers.mdl\"\nparam w = four\npredict p = twice(w)\n", NULL, 0,
           &test_files);
  is_right(&r);
  arena_free(r.arena);
  // What one file defines, `grad` names in another.
  run_with(&r, "param w\nimport \"before.mdl\"\nu = grad(v^3, v)\nimport \"after.mdl\"\nloss u + slope\n", NULL, 0,
           &test_files);
  is_right(&r);
  arena_free(r.arena);
  run_with(&r, "param w\nv = 3 * w\nimport \"after.mdl\"\nloss slope\n", NULL, 0, &test_files);
  is_right(&r);
  arena_free(r.arena);
  expect_with("import \"ring.mdl\"\npredict p = 1\n", NULL, 0, &test_files,
              "ring2.mdl:1:8: error: `ring.mdl` imports itself, through the files between");
  expect_with("import \"wrong.mdl\"\npredict p = k\n", NULL, 0, &test_files,
              "wrong.mdl:1:11: error: unknown name `zork`");
}
END_TEST

// ---- what is never evaluated ----

// An argmax of nothing is no place: where there may be nothing, the data's check sees to it.
START_TEST(an_argmax_of_nothing_is_found) {
  static const struct {
    const char *source;
    int checks;
  } models[] = {
      {"dim T\nparam w[T]\nk = argmax(w)\npredict p = w[k] + w[k]\n", 1},
      {"dim T\nparam w[T]\nk[i in 0..T] = argmax[j in 0..T](w[j] * w[i])\npredict p = sum[i](w[k[i]])\n", 1},
      {"dim T\ndim d\nparam w[T]\nparam v[d, T]\nk = argmax(w)\npredict p = w[k] + sum(v[:, k])\n", 1},
      {"dim T = 3\nparam w[T]\npredict p = w[argmax(w)]\n", 0},
  };
  for (size_t k = 0; k < sizeof models / sizeof *models; k++) {
    Run r;
    run(&r, models[k].source);
    is_right(&r);
    ck_assert_int_eq(r.model->ncheck, models[k].checks);
    arena_free(r.arena);
  }
}
END_TEST

START_TEST(subscripts_may_be_wrong_where_nothing_comes) {
  static const char *const right[] = {
      "sum[i](if i >= 0 then w[i] else w[min(i, T - 1)])",
      "sum[i in 0..T](if i > T then w[i + 5] else w[i])",
      "sum[i in 0..T, j in 0..T if i < j](if j > i then w[i] else w[i + 5])",
      "if T < 0 then w[0] else 1",
  };
  for (size_t k = 0; k < sizeof right / sizeof *right; k++) {
    Run r;
    Arena *a = arena_new();
    run(&r, arena_printf(a, "dim T\nparam w[T]\npredict p = %s\n", right[k]));
    is_right(&r);
    ck_assert_int_eq(r.model->ncheck, 0);
    arena_free(r.arena);
    arena_free(a);
  }
  expect_with("dim T\nparam w[T]\npredict p = sum[i in 0..T](if i > T - 2 then w[i + 5] else w[i])\n", NULL, 0, NULL,
              "3:48: error: `i + 5` reaches T + 4, but the axis has `T` entries, counted from 0\n"
              "3:48: note: guard it with an `if`, or give the index a range");
}
END_TEST

// ---- what is too large ----

START_TEST(functions_that_grow_without_end_are_an_error) {
  Text t;
  text_init(&t);
  text_put(&t, "def f0(x) = x + 1\n");
  for (int k = 1; k < 40; k++) text_printf(&t, "def f%d(x) = f%d(x) * f%d(x + 1)\n", k, k - 1, k - 1);
  text_put(&t, "predict p = f39(1)\n");
  Run r;
  run(&r, t.s);
  ck_assert(!r.model);
  ck_assert_ptr_nonnull(strstr(told(&r), "the model calls functions more than"));
  arena_free(r.arena);
  text_free(&t);
}
END_TEST

START_TEST(depth_is_limited_and_length_is_not) {
  Text t;
  text_init(&t);
  text_put(&t, "param w\npredict p = w");
  for (int k = 0; k < 1500; k++) text_put(&t, " + w");
  Run r;
  run(&r, t.s);
  is_right(&r);
  arena_free(r.arena);
  text_clear(&t);
  text_put(&t, "param w\npredict p = ");
  for (int k = 0; k < 1500; k++) text_put(&t, "-");
  text_put(&t, "w\n");
  run(&r, t.s);
  ck_assert_ptr_nonnull(strstr(told(&r), "this is nested too deeply"));
  arena_free(r.arena);
  text_free(&t);
}
END_TEST

int main(void) {
  TCase *c = tcase_create("errors");
  tcase_add_loop_test(c, wrong_models_are_told_word_for_word, 0, WRONG);
  tcase_add_test(c, a_model_computes_something);
  tcase_add_test(c, neighbours_along_the_batch_are_a_warning);
  tcase_add_test(c, overrides_of_dimensions_that_are_not_there);
  tcase_add_test(c, several_errors_are_told_and_none_follows_from_another);
  tcase_add_test(c, imports_bring_definitions);
  tcase_add_test(c, an_argmax_of_nothing_is_found);
  tcase_add_test(c, subscripts_may_be_wrong_where_nothing_comes);
  tcase_add_test(c, functions_that_grow_without_end_are_an_error);
  tcase_add_test(c, depth_is_limited_and_length_is_not);
  return run_suite(c, "check");
}
