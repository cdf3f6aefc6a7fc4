# generate.awk - makes readings.csv:  awk -f generate.awk > readings.csv
#
# y = 1.5 x - 2 with noise of 0.3, but every eighth reading is some ten too high.
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
  state = 20260105
  print "x,y"
  for (i = 0; i < 80; i++) {
    x = sprintf("%.4f", 6 * uniform() - 3)
    printf "%s,%.4f\n", x, 1.5 * x - 2 + 0.3 * normal() + (i % 8 == 7 ? 8 + 4 * uniform() : 0)
  }
}
