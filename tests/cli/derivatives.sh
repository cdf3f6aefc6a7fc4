# --derivatives and --wrt: further functions, checked, counted, and called from C.  (Read by run.sh.)
cat > "$top/files/net.mdl" <<'MODEL'
dim h = 3
batch n
data  x[n, h], y[n], s
data  t[n] in 0..h
param W[h, h] = normal(0, 1), v[h] = 1, b = 0.5, unused[2] = 1
z[i, k] = sum[j](x[i, j] * W[j, k])
e[i] = max[k](z[i, k]) * v[t[i]]
predict p = tanh(z) @ v + b
predict q = sum(W * W) * b
predict r[i] = logsumexp[k](z[i, k] * v[k])
predict best[i] = argmax[k](z[i, k])
loss mean((p - y)^2) + exp(v[0]) * s + mean(e * r)
MODEL
all=jvp,jvp:p,jvp:q,vjp,hvp,jacobian,sparse_jacobian,hessian,hessian_diagonal,gradient_and_diagonal

case_is 'every kind is held against dual numbers' 0 '' mdlc check net.mdl --derivatives "$all" --wrt x,s
prints 'worst relative errors of the other derivatives, against dual numbers'
for line in jvp jvp:p jvp:q vjp:p vjp:q vjp:r hvp jacobian:p jacobian:q jacobian:r sparse_jacobian:p hessian hessian_diagonal gradient_and_diagonal gradient; do
  prints "$line  "
done
case_is 'every kind without simplification' 0 '' mdlc check net.mdl --derivatives "$all" --wrt x,s --no-simplify
case_is 'every kind without fusion' 0 '' mdlc check net.mdl --derivatives "$all" --wrt x,s --no-fuse --no-contract
case_is 'every kind in float' 0 '' mdlc check net.mdl --derivatives "$all" --wrt x,s --real float
case_is 'every kind by the interpreter' 0 '' env CC=/nowhere/cc "$mdlc" check net.mdl --derivatives "$all" --wrt x,s
prints 'the interpreted graph (there is no C compiler)'
case_is 'few outputs: the Jacobian by reverse mode' 0 '' mdlc check net.mdl --derivatives jacobian:q --points 1

case_is 'costs of what was asked for' 0 '' mdlc cost net.mdl --derivatives hvp,jacobian:p
prints 'work memory of jacobian_p'
# What is 0 by its structure is not computed: k-means' diagonal costs what its gradient costs, up to a factor, and a
# Jacobian through gathers a row of what it reads.
cat > "$top/files/kmeans.mdl" <<'MODEL'
dim k
dim d
batch n
data p[n, d]
param c[k, d] = normal(0, 1)
loss sum[i](min[j](sum[a]((p[i, a] - c[j, a])^2)))
MODEL
cat > "$top/files/gathers.mdl" <<'MODEL'
dim m
dim l
dim n
data f[n, 2]
data cam[n] in 0..m, pt[n] in 0..l
param C[m, 6] = normal(0, 1), X[l, 3] = normal(0, 1), w[n] = 1
Y[o, k in 0..3] = X[pt[o], k] - C[cam[o], k]
predict r[o, a in 0..2] = w[o] * (Y[o, a] / (2 + Y[o, 2]^2) * C[cam[o], 3 + a] - f[o, a]) * C[cam[o], 5]
loss sum(r * r)
MODEL
case_is 'a diagonal of its own' 0 '' mdlc cost kmeans.mdl --derivatives hessian_diagonal
prints '  hessian_diagonal                   3*k*d*n + 2*k*n + k + n'
prints '  work memory of hessian_diagonal    66*k + 64*d'
case_is 'and right' 0 '' mdlc check kmeans.mdl --derivatives hessian_diagonal,hessian
case_is 'the gradient beside it' 0 '' mdlc cost kmeans.mdl --derivatives gradient_and_diagonal
prints '  gradient_and_diagonal                 6*k*d*n + k*d + 2*k*n + k + 2*n'
case_is 'and right, also' 0 '' mdlc check kmeans.mdl --derivatives gradient_and_diagonal
case_is 'a diagonal through gathers' 0 '' mdlc cost gathers.mdl --derivatives hessian_diagonal
lacks 'hessian_diagonal' '[mnl]\*[mnl]' 'no product of dimensions'
case_is 'and right, too' 0 '' mdlc check gathers.mdl --derivatives hessian_diagonal,jacobian,hvp,sparse_jacobian
case_is 'compressed rows' 0 '' mdlc cost gathers.mdl --derivatives sparse_jacobian:r
prints 'sparse_jacobian_r '
lacks 'sparse_jacobian' '[ml]\*' 'without a column that is 0 by structure'

cat > "$top/files/started.mdl" <<'MODEL'
dim n
data x[n]
param a = 1.3, b = 0.1
scan i in 0..n with s = a { s = b * s + x[i]; yield y = s }
scan i in 0..n with z = a * x { z[i] = z[i] * b }
predict p = y
predict q = z
loss sum(y) + sum(z)
MODEL
case_is 'a parameter read where a loop starts has its columns' 0 '' mdlc check started.mdl --derivatives sparse_jacobian
cat > "$top/files/rows.c" <<'C'
#include <stdio.h>
#include "pairs.h"
int main(void) { /* r[i] = w[a[i]] * w[b[i]] * s: columns a[i], b[i] and that of s */
  const int32_t a[] = {0, 2}, b[] = {1, 1};
  const double params[] = {2, 3, 5, 7};
  const pairs_dims dims = {2, 3};
  const pairs_data data = {a, b};
  int64_t start[3], column[6];
  double values[6];
  pairs_derivative_bytes sizes;
  if (pairs_derivative_sizes(&dims, &sizes) || sizes.sparse_jacobian_r_result != sizeof values) return 1;
  if (sizes.sparse_jacobian_r_work || sizes.sparse_jacobian_structure_r_work) return 2;
  pairs_sparse_jacobian_structure_r(&dims, &data, NULL, start, column);
  pairs_sparse_jacobian_r(&dims, &data, params, NULL, values);
  double dense[2][4] = {{0}};
  for (int row = 0; row < 2; row++)
    for (int64_t e = start[row]; e < start[row + 1]; e++) dense[row][column[e]] += values[e];
  for (int row = 0; row < 2; row++) printf("%g %g %g %g\n", dense[row][0], dense[row][1], dense[row][2], dense[row][3]);
  return 0;
}
C
printf 'dim n, m\ndata a[n] in 0..m, b[n] in 0..m\nparam w[m] = 1, s = 1\npredict r[i] = w[a[i]] * w[b[i]] * s\n' > "$top/files/pairs.mdl"
rows() { mdlc build pairs.mdl --derivatives sparse_jacobian && ${CC:-cc} -std=c99 -Wall -Wextra -Werror rows.c pairs.c -lm -o rows && ./rows; }
case_is 'compressed rows from C' 0 '' rows
prints '21 14 0 6'
prints '0 35 21 15'

# Gathers stay known through named arrays, functions and conditions: of an observation one block of its camera, one of its
# point, and work in proportion to the entries.
cp -R "$(dirname "$cases")/../../examples/bundle" "$top/files/bundle"
case_is 'bundle adjustment in blocks' 0 '' mdlc cost bundle/bundle.mdl --derivatives sparse_jacobian
prints '  sparse_jacobian_structure_projection                 0'
lacks 'sparse_jacobian' 'cameras\*|points\*' 'without work for what another observation sees'
case_is 'and right' 0 '' mdlc check bundle/bundle.mdl --derivatives sparse_jacobian
cat > "$top/files/edges.mdl" <<'MODEL'
dim m
dim n
data from[n] in 0..m, to[n] in 0..m, first[m, 3]
param pose[m, 3] = 0, unread = 1, scale[3] = 1
def turned(p[3]) = if p[2] > 0 then [p[0] * cos(p[2]), p[1], p[2]] else [p[0], p[1], p[2]]
poses = first + pose
middle[k] = turned(poses[from[k]]) + turned(poses[to[k]])
predict e[k, a in 0..3] = middle[k, a] * scale[a]
MODEL
cat > "$top/files/ends.c" <<'C'
#include <stdio.h>
#include "edges.h"
int main(void) {
  const int32_t from[] = {0, 4}, to[] = {3, 1};
  const double first[15] = {0};
  const edges_dims dims = {5, 2};
  const edges_data data = {from, to, first};
  int64_t start[7], column[42];
  edges_derivative_bytes sizes;
  if (edges_derivative_sizes(&dims, &sizes) || sizes.sparse_jacobian_structure_e_result != sizeof column) return 1;
  edges_sparse_jacobian_structure_e(&dims, &data, NULL, start, column);
  for (int row = 0; row < 6; row += 3) {
    for (int64_t e = start[row]; e < start[row + 1]; e++) printf("%d ", (int)column[e]);
    printf("\n");
  }
  return 0;
}
C
edges() { mdlc build edges.mdl --derivatives sparse_jacobian && ${CC:-cc} -std=c99 -Wall -Wextra -Werror ends.c edges.c -lm -o edges && ./edges; }
case_is 'an edge has the columns of its two ends' 0 '' edges
prints '9 10 11 0 1 2 16 '
prints '3 4 5 12 13 14 16 '

# A product's derivatives take two loops over its factors, not one for each of them, and so on with theirs.
printf 'batch m\ndim n\ndata x[m, n]\nparam w[n] = normal(0, 1)\np[k] = prod[i if x[k, i] > 0](1 - sigmoid(w[i]) * x[k, i])\nloss mean(p)\n' > "$top/files/factors.mdl"
case_is 'a product of many factors' 0 '' mdlc cost factors.mdl --derivatives hvp,jvp
lacks 'backward|gradient|hvp|jvp' 'n\*n' 'without a loop over all others for each'
printf 'dim n\nparam w[n, n] = 0.5\nloss prod[i, j if i <= j](1 - 0.1 * w[i, j])\n' > "$top/files/triangle.mdl"
case_is 'a product along two indices' 0 '' mdlc cost triangle.mdl --derivatives hvp,jvp
lacks 'backward|gradient|hvp|jvp' 'n\*n\*[n(]' 'by the products of its rows'

# Gathers stay known, too, through loops that each row runs by itself: a lens undone step by step, trajectories of individuals, entries of an
# array that each step sets.
cat > "$top/files/rows.mdl" <<'MODEL'
dim n, c
data lens[n] in 0..c, u[n], start[n, 2], y[n]
param theta[c, 3] = normal(0, 0.1), w[n] = normal(0, 1)
def undone(v, k) {
  iterate r = v, d = 1 while abs(d) > 1e-12 at most 8 {
    d = (r * (1 + k^2 * r^2) - v) / (1 + 3 * k^2 * r^2)
    r = r - d
  }
  return r
}
def field(x[2], p[3]) = [p[0] * x[0] - p[1] * x[0] * x[1], p[2] * x[1]]
def trajectory(x0[2], p[3]) {
  scan t in 0..20 with x = x0 {
    half = x + 0.05 * field(x, p)
    x = x + 0.1 * field(half, p)
    yield z = x[0]
  }
  return z
}
scan t in 0..10 with x = w { x[i in 0..n] = x[i] + 0.1 * sin(theta[lens[i], 0] * x[i]) }
predict e[i] = theta[lens[i], 0] * undone(u[i] + theta[lens[i], 1], theta[lens[i], 2]) - y[i]
predict f = trajectory(start, theta[lens])
predict g = x
loss mean(e^2) + mean(f^2) + mean(g^2)
MODEL
case_is 'rows with loops of their own' 0 '' sh -c "$mdlc build rows.mdl --derivatives sparse_jacobian && grep 'row_starts.*\[row\] = ' rows.c"
prints 'row_starts[row] = 3 * row'
prints 'row_starts[row] = 2 * row'
case_is 'cost what their entries do' 0 '' mdlc cost rows.mdl --derivatives sparse_jacobian
lacks 'sparse_jacobian' 'n\*n|n\*\(|c\*' 'without work for what other rows have'
case_is 'and are right' 0 '' mdlc check rows.mdl --derivatives sparse_jacobian
# The tangent of such a loop ends when the loop does: it goes along, and no state is kept for it.
case_is 'a tangent along an iterate' 0 '' mdlc cost rows.mdl --derivatives jvp:e
prints 'work memory of jvp_e               0'
printf 'dim n\ndata u[n]\nparam w[n] = normal(0, 1)\nscan s in 0..10 with x = u { x = x + 0.1 * sin(w * x) }\nloss mean(x^2)\n' > "$top/files/apart.mdl"
case_is "a Hessian's diagonal, each entry through a loop of its own" 0 '' mdlc cost apart.mdl --derivatives hessian_diagonal
lacks 'hessian_diagonal' 'n\*n' 'is no full one'

# Of a band the diagonals, each once; where they are too many to keep apart, all columns.
band() { # how many levels
  printf 'dim n\nparam p[n] = normal(0, 1)\nq0 = p\n'
  for k in $(seq "$1"); do printf 'q%d[i in 0..n - %d] = sin(q%d[i]) * q%d[i + 1]\n' "$k" "$k" $((k - 1)) $((k - 1)); done
  printf 'predict q = q%d\n' "$1"
}
band 4 > "$top/files/band.mdl"
band 20 > "$top/files/wide_band.mdl"
case_is 'a band' 0 '' sh -c "$mdlc build band.mdl --derivatives sparse_jacobian && grep 'row_starts\[row\]' band.c"
prints 'row_starts[row] = 5 * row'
case_is 'a wide band' 0 '' sh -c "$mdlc build wide_band.mdl --derivatives sparse_jacobian && grep 'row_starts\[row\]' wide_band.c"
prints 'row_starts[row] = row * n'

case_is 'no such kind' 2 'there is no kind `jakobian`; did you mean `jacobian`?' mdlc build net.mdl --derivatives jakobian:p
case_is 'no such prediction' 1 'there is no prediction `pp`; did you mean `p`?' mdlc build net.mdl --derivatives jvp:pp
case_is 'an integer has no derivative' 1 '`best` is not real' mdlc build net.mdl --derivatives jacobian:best
case_is 'a Hessian of a prediction' 2 'a hessian is of the loss' mdlc build net.mdl --derivatives hessian:p
case_is 'a kind twice' 2 'hvp is given twice' mdlc build net.mdl --derivatives hvp,jvp,hvp
case_is 'a comma too many' 2 'a name is missing' mdlc build net.mdl --derivatives hvp,
case_is 'no such data' 1 'there is no data `yy`; did you mean `y`?' mdlc build net.mdl --wrt yy
case_is 'by integers' 1 '`t` is integer data' mdlc build net.mdl --wrt t
printf 'data x\nparam w = 1\npredict p = w * x\n' > "$top/files/plain.mdl"
case_is 'no loss, no Hessian' 1 'the model has no loss, so it has no hessian' mdlc build plain.mdl --derivatives hessian
case_is 'no loss to derive by data' 1 'the model has no loss to derive' mdlc build plain.mdl --wrt x
case_is 'no loss, but a Jacobian' 0 '' mdlc build plain.mdl --derivatives jacobian:p,vjp --wrt x
leaves 'plain.c plain.h'

# loss = mean((w x + b - y)^2) at w = 2, b = 0.5: the numbers by hand.
cat > "$top/files/use.c" <<'C'
#include <stdio.h>
#include <stdlib.h>
#include "line.h"
int main(void) {
  const double x[] = {1, 2, 3}, y[] = {2, 4, 5}, params[] = {2, 0.5}, direction[] = {1, -1};
  const line_dims dims = {3};
  const line_data data = {x, y};
  line_derivative_bytes sizes;
  if (line_derivative_sizes(&dims, &sizes)) return 1;
  if (sizes.jacobian_p_result != 6 * sizeof(double) || sizes.hessian_result != 4 * sizeof(double)) return 2;
  void *work = malloc(sizes.hvp_work + sizes.hessian_work + sizes.jacobian_p_work + sizes.gradient_work + sizes.vjp_p_work + 64);
  double product[2], hessian[4], jacobian[6], by_x[3], grad[2], vjp_x[3];
  line_hvp(&dims, &data, params, direction, work, product);
  line_hessian(&dims, &data, params, work, hessian);
  line_jacobian_p(&dims, &data, params, work, jacobian);
  line_gradient(&dims, &data, params, work, by_x);
  line_vjp_p(&dims, &data, params, y, work, grad, vjp_x);
  printf("%.4f %.4f\n", product[0], product[1]);
  printf("%.4f %.4f %.4f %.4f\n", hessian[0], hessian[1], hessian[2], hessian[3]);
  for (int k = 0; k < 6; k++) printf("%g%s", jacobian[k], k < 5 ? " " : "\n");
  printf("%.4f %.4f %.4f\n", by_x[0], by_x[1], by_x[2]);
  printf("%g %g %g %g %g\n", grad[0], grad[1], vjp_x[0], vjp_x[1], vjp_x[2]);
  free(work);
  return 0;
}
C
called() {
  mdlc build line.mdl --derivatives hvp,hessian,jacobian,vjp --wrt x && ${CC:-cc} -std=c99 -Wall -Wextra -Werror -O1 use.c line.c -lm -o use && ./use
}
case_is 'called from C' 0 '' called
prints '5.3333 2.0000'
prints '9.3333 4.0000 4.0000 2.0000'
prints '1 1 2 1 3 1'
prints '0.6667 0.6667 2.0000'
prints '25 11 4 8 10'

# By data instead of the parameters: a planar arm's Jacobian by its joints, in the order of --wrt; without parameters that alone.
cat > "$top/files/arm.mdl" <<'MODEL'
data q[2], shift[2], weight
predict tip[k in 0..2] = shift[k] + (if k == 0 then cos(q[0]) + 2 * cos(q[0] + q[1]) else sin(q[0]) + 2 * sin(q[0] + q[1]))
loss weight * sum(tip^2)
MODEL
cat > "$top/files/joints.c" <<'C'
#include <stdio.h>
#include <string.h>
#include "arm.h"
int main(void) {
  const double q[] = {0, 1.5707963267948966}, shift[] = {1, 0}, weight[] = {0.5}, direction[] = {0, 0, 1, 2};
  const arm_data data = {q, shift, weight};
  double jacobian[8], tangent[2], product[4], values[8], work[64];
  int64_t start[3], column[8];
  arm_derivative_bytes sizes;
  if (arm_derivative_sizes(NULL, &sizes) || sizes.jacobian_by_data_tip_result != sizeof jacobian) return 1;
  if (sizes.hvp_by_data_work > sizeof work || sizes.sparse_jacobian_by_data_tip_result > sizeof values) return 2;
  arm_jacobian_by_data_tip(NULL, &data, NULL, work, jacobian);
  arm_jvp_by_data_tip(NULL, &data, NULL, direction, work, tangent);
  arm_hvp_by_data(NULL, &data, NULL, direction, work, product);
  arm_sparse_jacobian_structure_by_data_tip(NULL, &data, work, start, column);
  arm_sparse_jacobian_by_data_tip(NULL, &data, NULL, work, values);
  double dense[8] = {0};
  for (int row = 0; row < 2; row++)
    for (int64_t e = start[row]; e < start[row + 1]; e++) dense[row * 4 + column[e]] += values[e];
  for (int k = 0; k < 8; k++) printf("%.4f%s", jacobian[k] + 0.0, k < 7 ? " " : "\n");
  for (int k = 0; k < 8; k++) printf("%.4f%s", dense[k] - jacobian[k], k < 7 ? " " : "\n");
  printf("%.4f %.4f\n", tangent[0], tangent[1]);
  printf("%.4f %.4f %.4f %.4f\n", product[0], product[1], product[2], product[3]);
  printf("%s\n", arm_model.derivatives[0].kind);
  return 0;
}
C
joints() {
  mdlc build arm.mdl --derivatives jacobian,sparse_jacobian,jvp:tip,hvp --wrt q,shift &&
    ${CC:-cc} -std=c99 -Wall -Wextra -Werror joints.c arm.c -lm -o joints && ./joints
}
case_is 'by data instead of parameters' 0 '' joints
prints '-2.0000 -2.0000 1.0000 0.0000 1.0000 0.0000 0.0000 1.0000'
prints '1.0000 2.0000'
prints '0.0000 -2.0000 1.0000 2.0000'
prints 'jacobian_by_data'
case_is 'held against dual numbers' 0 '' mdlc check net.mdl --derivatives jvp:p,hvp,jacobian,sparse_jacobian:p,hessian,hessian_diagonal --wrt s,x
for line in jvp_by_data:p hvp_by_data jacobian_by_data:p sparse_jacobian_by_data:p hessian_by_data hessian_diagonal_by_data; do prints "$line  "; done
printf 'batch n\ndata x[n, 4]\nparam w[4] = 1\npredict p = tanh(x @ w)\n' > "$top/files/samples.mdl"
case_is 'a sample has its own columns' 0 '' sh -c "$mdlc build samples.mdl --derivatives sparse_jacobian --wrt x && grep -c 'row_starts\[row\] = 4 \* row' samples.c"
prints '2'

case_is "as JSON" 0 "" mdlc check net.mdl --derivatives hvp,vjp:p --json
prints '{"kind": "vjp", "of": "p", "error": '
