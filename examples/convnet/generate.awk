# generate.awk - makes pictures.csv:  awk -f generate.awk > pictures.csv
#
# Pictures of 8 by 8 with one stroke of five points on noise: 0 across, 1 down, 2 slanting.
# The numbers are those of S. K. Park and K. W. Miller's generator (CACM 31, 1988), the same in every awk.
function uniform() {
  state = (16807 * state) % 2147483647
  return state / 2147483647
}

BEGIN {
  state = 20260107
  for (k = 0; k < 64; k++) printf "x[%d],", k
  print "y"
  for (i = 0; i < 60; i++) {
    y = i % 3
    row = int((y == 0 ? 8 : 4) * uniform())
    column = int((y == 1 ? 8 : 4) * uniform())
    for (k = 0; k < 64; k++) x[k] = 0.4 * uniform()
    for (j = 0; j < 5; j++) x[(row + (y == 0 ? 0 : j)) * 8 + column + (y == 1 ? 0 : j)] += 0.6
    for (k = 0; k < 64; k++) printf "%.2f,", x[k]
    print y
  }
}
