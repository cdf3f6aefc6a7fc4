# generate.awk - makes readings.csv:  awk -f generate.awk > readings.csv
#
# Eight groups of 3 to 24 readings: intercepts around 5 with width 2, slopes around 1 with width 0.5, noise of 1.
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
  state = 20260106
  print "group,x,y"
  for (g = 0; g < 8; g++) {
    a = 5 + 2 * normal()
    b = 1 + 0.5 * normal()
    for (i = 0; i < 3 * (g + 1); i++) {
      x = sprintf("%.4f", 4 * uniform() - 2)
      printf "%d,%s,%.4f\n", g, x, a + b * x + normal()
    }
  }
}
