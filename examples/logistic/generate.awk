# generate.awk - makes samples.csv:  awk -f generate.awk > samples.csv
#
# y is 1 with probability sigmoid(1.5 x[0] - 2 x[1] + 0.5 x[2] - 0.5), features are standard normal, x[3] plays no part.
# The numbers are those of S. K. Park and K. W. Miller's generator (CACM 31, 1988), the same in every awk.
function uniform() {
  state = (16807 * state) % 2147483647
  return state / 2147483647
}
function normal(  radius) {
  radius = sqrt(-2 * log(uniform()))
  return radius * cos(6.283185307179586 * uniform())
}

BEGIN {
  state = 20260101
  print "x[0],x[1],x[2],x[3],y"
  for (i = 0; i < 120; i++) {
    for (j = 0; j < 4; j++) x[j] = sprintf("%.4f", normal())
    z = 1.5 * x[0] - 2 * x[1] + 0.5 * x[2] - 0.5
    printf "%s,%s,%s,%s,%d\n", x[0], x[1], x[2], x[3], (uniform() < 1 / (1 + exp(-z)))
  }
}
