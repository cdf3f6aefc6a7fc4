# Loops over lanes become vectors, with a plain gcc -O2: what keeps one from that costs four to eight times its time, and no result
# shows it.  (Read by run.sh.)  Other versions and compilers see the same text, but say in other words, or not, what they made of it.
examples=$(cd "$(dirname "$cases")/../../examples" && pwd)
avx512='-march=x86-64-v4 -mprefer-vector-width=512'
avx2='-march=x86-64-v3'

# The lines of those in the functions of gradients, but for fills, which become calls.
lane_loops() {
  awk '
    /^MDL_INLINE .*_body\(/ { inside = $0 ~ /_(forward|backward|value_and_grad)_body\(/ }
    /^}/ { inside = 0 }
    held && /^ *}$/ { if (!fills) print held; held = 0 }
    held { fills = fills && / = -?[0-9A-Z_.]+;$/ }
    marked { held = NR; fills = 1 }
    { marked = inside && /^ *MDL_LANES$/ }' "$1" | sort -u
}

become_vectors() { # of that model, which is there: vectors of so many bytes, with these options
  model=$1 bytes=$2
  lane_loops "$model/$model.c" > "$top/loops"
  [ -s "$top/loops" ] || { echo 'no loop over lanes is there'; return 1; }
  gcc -std=c99 -O2 $3 -DMDL_NO_DISPATCH -fopt-info-vec-optimized -c "$model/$model.c" -o "$model/$model.o" 2> "$top/said" || return 1
  sed -n "s/^[^:]*:\\([0-9]*\\):[0-9]*: optimized: loop vectorized using $bytes byte vectors.*/\\1/p" "$top/said" | sort -u > "$top/vectors"
  ! comm -23 "$top/loops" "$top/vectors" | sed "s/^/$model.c has a loop over lanes that is no vector of $bytes bytes at line /" | grep .
}

if [ "$(uname -m)" = x86_64 ] && command -v gcc > /dev/null && [ "$(gcc -dumpversion | sed 's/\..*//')" = 12 ]; then
  for example in thermometer logistic poisson robust mixture mlp convnet lstm hmm kalman lotka_volterra; do
    cp "$examples/$example"/*.mdl "$top/files"
    case_is "$example: built" 0 '' mdlc build "$example.mdl" -o "$example"
    wrong=
    { become_vectors "$example" 64 "$avx512" && become_vectors "$example" 32 "$avx2"; } > "$top/stdout" 2>&1 || wrong='not so'
    verdict "$wrong" "$example: loops over lanes are vectors, with AVX-512 and with AVX2"
  done
fi
