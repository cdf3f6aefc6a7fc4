# generate.awk - makes scene.json:  awk -f generate.awk > scene.json
#
# Five cameras on an arc look at thirty points in a cube from six away; each sees a point with probability 0.9, to about a pixel.
# The first guesses are off by some hundredths.
# The numbers are those of S. K. Park and K. W. Miller's generator (CACM 31, 1988), the same in every awk.
function uniform() {
  state = (16807 * state) % 2147483647
  return state / 2147483647
}
function normal(  radius) {
  radius = sqrt(-2 * log(uniform()))
  return radius * cos(6.283185307179586 * uniform())
}
# A list of numbers under a name, `width` in a row; what follows it.
function put(name, list, count, width, format, end,  k) {
  printf "\"%s\": [", name
  for (k = 0; k < count; k++)
    printf "%s%s" format "%s", (k ? ", " : ""), (width > 1 && k % width == 0 ? "[" : ""), list[k],
      (width > 1 && k % width == width - 1 ? "]" : "")
  printf "]%s\n", end
}

BEGIN {
  state = 20260108
  for (k = 0; k < 90; k++) x[k] = 2 * uniform() - 1
  for (j = 0; j < 5; j++) {
    angle[j] = 0.25 * (j - 2)  # about the second axis: the camera looks along its third, at the origin
    cx[j] = -6 * sin(angle[j])
    cz[j] = -6 * cos(angle[j])
  }
  for (j = 0; j < 5; j++)
    for (p = 0; p < 30; p++) {
      if (uniform() > 0.9) continue
      a = x[3 * p] - cx[j]
      b = x[3 * p + 1]
      c = x[3 * p + 2] - cz[j]
      # the world turned by minus the angle
      u = (cos(angle[j]) * a - sin(angle[j]) * c) / (sin(angle[j]) * a + cos(angle[j]) * c)
      v = b / (sin(angle[j]) * a + cos(angle[j]) * c)
      bent = 1 - 0.1 * (u * u + v * v)
      camera[n] = j
      point[n] = p
      seen[2 * n] = u * bent + 0.001 * normal()
      seen[2 * n + 1] = v * bent + 0.001 * normal()
      n++
    }
  for (j = 0; j < 5; j++) {
    split("0 " (-angle[j]) " 0 " cx[j] " 0 " cz[j], true)
    for (k = 0; k < 6; k++) pose[6 * j + k] = true[k + 1] + 0.03 * normal()
    lens[3 * j] = 1
    lens[3 * j + 1] = lens[3 * j + 2] = 0
  }
  for (k = 0; k < 90; k++) x[k] += 0.05 * normal()
  printf "{"
  put("camera", camera, n, 1, "%d", ",")
  put("point", point, n, 1, "%d", ",")
  put("seen", seen, 2 * n, 2, "%.5f", ",")
  put("first_pose", pose, 30, 6, "%.4f", ",")
  put("first_lens", lens, 15, 3, "%d", ",")
  put("first_place", x, 90, 3, "%.4f", "}")
}
