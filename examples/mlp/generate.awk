# generate.awk - makes spirals.csv:  awk -f generate.awk > spirals.csv
#
# Three arms of a spiral, 100 points each, with a little noise in the angle.
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
  state = 20260102
  print "x[0],x[1],y"
  for (i = 0; i < 100; i++)
    for (arm = 0; arm < 3; arm++) {
      radius = 0.1 + 0.9 * i / 99
      angle = 2.0943951023931953 * arm + 4 * radius + 0.15 * normal()
      printf "%.4f,%.4f,%d\n", 2 * radius * cos(angle), 2 * radius * sin(angle), arm
    }
}
