# generate.awk - makes counts.csv:  awk -f generate.awk > counts.csv
#
# y has the mean hours * exp(0.8 x[0] - 0.5 x[1] + 0.3); x[2] plays no part.
# The numbers are those of S. K. Park and K. W. Miller's generator (CACM 31, 1988), the same in every awk.
function uniform() {
  state = (16807 * state) % 2147483647
  return state / 2147483647
}
function normal(  radius) {
  radius = sqrt(-2 * log(uniform()))
  return radius * cos(6.283185307179586 * uniform())
}
# Events until their waiting times have come to the mean.
function poisson(mean,  count, total) {
  count = -1
  for (total = 0; total < mean; count++) total -= log(uniform())
  return count
}

BEGIN {
  state = 20260104
  print "x[0],x[1],x[2],hours,y"
  for (i = 0; i < 150; i++) {
    for (j = 0; j < 3; j++) x[j] = sprintf("%.4f", normal())
    hours = sprintf("%.2f", 0.5 + 3 * uniform())
    printf "%s,%s,%s,%s,%d\n", x[0], x[1], x[2], hours, poisson(hours * exp(0.8 * x[0] - 0.5 * x[1] + 0.3))
  }
}
