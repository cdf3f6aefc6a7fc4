# generate.awk - makes wave.json:  awk -f generate.awk > wave.json
#
# A wave of two periods; y[t] is x[t + 3].
BEGIN {
  for (t = 0; t < 83; t++) w[t] = sprintf("%.4f", 0.6 * sin(0.31 * t) + 0.4 * sin(0.77 * t))
  for (t = 0; t < 80; t++) {
    gap = t == 0 ? "" : t % 8 ? ", " : ",\n"
    x = x gap "[" w[t] "]"
    y = y gap "[" w[t + 3] "]"
  }
  print "{\"x\": [" x "],\n\"y\": [" y "]}"
}
