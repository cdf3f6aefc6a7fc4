# generate.awk - makes walk.json:  awk -f generate.awk > walk.json
#
# A level whose steps have the variance 0.1 around a slope whose steps have the variance 0.01, seen with the variance 2.
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
  printf "{\"y\": ["
  for (t = 0; t < 200; t++) {
    slope += 0.1 * normal()
    level += slope + sqrt(0.1) * normal()
    printf "%s%.4f", t == 0 ? "" : t % 10 ? ", " : ",\n", level + sqrt(2) * normal()
  }
  print "]}"
}
