# generate.awk - makes populations.json:  awk -f generate.awk > populations.json
#
# The equation x' = x (0.7 - 0.12 y), y' = y (0.09 x - 0.6) from (9, 3), solved in small steps, and seen at t = 1 … 30
# with an error of 5 per cent.  The numbers are those of S. K. Park and K. W. Miller's generator (CACM 31, 1988), the same
# in every awk.
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
  x = 9
  y = 3
  h = 0.0005
  printf "{\"seen\": ["
  for (t = 1; t <= 30; t++) {
    for (s = 0; s < 2000; s++) { # the midpoint rule
      a = x + h / 2 * x * (0.7 - 0.12 * y)
      b = y + h / 2 * y * (0.09 * x - 0.6)
      x += h * a * (0.7 - 0.12 * b)
      y += h * b * (0.09 * a - 0.6)
    }
    printf "%s[%.4f, %.4f]", (t > 1 ? ",\n" : ""), x * exp(0.05 * normal()), y * exp(0.05 * normal())
  }
  print "]}"
}
