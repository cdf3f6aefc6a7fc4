# generate.awk - makes chain.json:  awk -f generate.awk > chain.json
#
# Three states around -2, 0.5 and 3 with deviations 0.5, 0.8 and 0.4; each is left for one of the others with probability
# 0.1.  The numbers are those of S. K. Park and K. W. Miller's generator (CACM 31, 1988), the same in every awk.
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
  split("-2 0.5 3", mu)
  split("0.5 0.8 0.4", sigma)
  k = 1
  printf "{\"y\": ["
  for (t = 0; t < 300; t++) {
    if (uniform() < 0.1) k = (k + (uniform() < 0.5 ? 0 : 1)) % 3 + 1
    printf "%s%.4f", t == 0 ? "" : t % 10 ? ", " : ",\n", mu[k] + sigma[k] * normal()
  }
  print "]}"
}
