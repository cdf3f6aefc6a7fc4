# generate.awk - makes samples.csv:  awk -f generate.awk > samples.csv
#
# Three clouds of points in the plane, stretched along different directions: 100, 60 and 40 of them.
# The numbers are those of S. K. Park and K. W. Miller's generator (CACM 31, 1988), the same in every awk.
function uniform() {
  state = (16807 * state) % 2147483647
  return state / 2147483647
}
function normal(  radius) {
  radius = sqrt(-2 * log(uniform()))
  return radius * cos(6.283185307179586 * uniform())
}
function cloud(count, x, y, along, across, angle,  i, a, b) {
  for (i = 0; i < count; i++) {
    a = along * normal()
    b = across * normal()
    printf "%.4f,%.4f\n", x + a * cos(angle) - b * sin(angle), y + a * sin(angle) + b * cos(angle)
  }
}

BEGIN {
  state = 20260103
  print "x[0],x[1]"
  cloud(100, 0, 0, 1.2, 0.3, 0.6)
  cloud(60, 4, 2, 0.4, 0.4, 0)
  cloud(40, -2, 3.5, 1, 0.2, -0.8)
}
