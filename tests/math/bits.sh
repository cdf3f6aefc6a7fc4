#!/bin/sh
# bits.sh SOURCE INCLUDE - the elementary functions have the same bits with every compiler at hand, at every level of
# optimisation, with and without the processor's own instructions; and without fma another set, again the same.
set -u
source=$1 include=$2
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
failed=0
one() { # COMPILER OPTIONS…: prints the bits
  "$@" -std=c99 -I"$include" "$source" -lm -o "$work/bits" && "$work/bits"
}
for fma in '' -DMDL_NO_FMA; do
  first=
  for cc in gcc clang; do
    command -v $cc >/dev/null || continue
    for options in -O0 -O2 '-O3 -march=native'; do
      bits=$(one $cc $options $fma)
      status=$?
      if [ $status -ne 0 ] || [ -z "$bits" ]; then
        echo "not ok - $cc $options $fma: exit status $status: $bits"
        failed=1
      elif [ -z "$first" ]; then
        first=$bits by="$cc $options $fma"
      elif [ "$bits" != "$first" ]; then
        echo "not ok - $cc $options $fma and $by differ:"
        printf '%s\n' "$first" >"$work/a"
        printf '%s\n' "$bits" | diff "$work/a" -
        failed=1
      fi
    done
  done
done
exit $failed
