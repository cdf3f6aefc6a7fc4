# generate.awk - makes points.json:  awk -f generate.awk > points.json
#
# y = sin(2 x[0]) + x[1]^2 / 4 and an error of 0.1, at 40 points of [-2, 2]^2.  The numbers are those of S. K. Park and
# K. W. Miller's generator (CACM 31, 1988), the same in every awk.
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
  for (i = 0; i < 40; i++) {
    a = 4 * uniform() - 2
    b = 4 * uniform() - 2
    x = x sprintf("%s[%.4f, %.4f]", i == 0 ? "" : i % 5 ? ", " : ",\n", a, b)
    y = y sprintf("%s%.4f", i == 0 ? "" : i % 10 ? ", " : ",\n", sin(2 * a) + b * b / 4 + 0.1 * normal())
  }
  print "{\"x\": [" x "],\n\"y\": [" y "]}"
}
