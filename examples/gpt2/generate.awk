# generate.awk - makes tokens.csv:  awk -f generate.awk > tokens.csv
#
# Rows of nine tokens; from the second on each is the one before plus a step that is the row's own, modulo 11: what comes
# third can be told from the first two.  The numbers are those of S. K. Park and K. W. Miller's generator (CACM 31, 1988),
# the same in every awk.
function below(n) {
  state = (16807 * state) % 2147483647
  return int(state / 2147483647 * n)
}

BEGIN {
  state = 20260101
  for (t = 0; t < 9; t++) printf "%stoken[%d]", t ? "," : "", t
  print ""
  for (i = 0; i < 64; i++) {
    at = below(11)
    step = 1 + below(10)
    for (t = 0; t < 9; t++) printf "%s%d", t ? "," : "", (at + t * step) % 11
    print ""
  }
}
