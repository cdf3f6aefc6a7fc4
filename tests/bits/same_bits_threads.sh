#!/bin/bash
# same_bits_threads.sh MDLC INCLUDE DRIVER MODELS - with --threads every model has the bits that it has without, run by any number of
# threads and compiled without OpenMP, and compiles without a warning.  SAME_BITS=all: with all compilers at hand.  TAP.
set -u
mdlc=$(realpath "$1") include=$2 driver=$3
shift 3
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
warnings='-Wall -Wextra -Wconversion -Wshadow -Wpedantic -Werror'
# few operations are enough for several threads, and threads that wait sleep
export OMP_WAIT_POLICY=passive
run() { # SAMPLES DIRECTORY COMPILER OPTIONS…
  local samples=$1 directory=$2
  shift 2
  "$@" -O1 -c $warnings -DMDL_WORTH_THREADS=0 "$directory/$name.c" -o model.o &&
    "$@" -O1 -w -DMODEL="${name}_model" -DSAMPLES="$samples" -I"$include" "$driver" model.o -o "$name" -lm && "./$name"
}

echo 'int main(void) { return 0; }' >empty.c
compilers=()
for compiler in gcc clang; do
  $compiler -fopenmp empty.c -o empty 2>/dev/null && ./empty && compilers+=("$compiler")
done
if [ ${#compilers[@]} -eq 0 ]; then
  echo '1..0 # SKIP no compiler with OpenMP'
  exit 0
fi

same() { # SAMPLES COMPILER
  local plain alone many threads
  plain=$(run "$1" plain "$2") && alone=$(run "$1" shared "$2") || return 1
  if [ "$alone" != "$plain" ]; then
    echo "# without OpenMP: $alone, without --threads: $plain"
    return 1
  fi
  OMP_NUM_THREADS=1 run "$1" shared "$2" -fopenmp >/dev/null || return 1
  for threads in 1 2 3 7; do
    if ! many=$(OMP_NUM_THREADS=$threads "./$name") || [ "$many" != "$plain" ]; then
      echo "# $threads threads: $many, without --threads: $plain"
      return 1
    fi
  done
}

count=0 next=0
verdict() { # STATUS NAME
  count=$((count + 1))
  [ "$1" -eq 0 ] && echo "ok $count - $2" || echo "not ok $count - $2"
}
for model in "$@"; do
  name=$(basename "$model" .mdl) samples=300
  case $name in logistic | mixture) samples=9000 ;; esac # more than a wave
  mkdir -p plain shared
  "$mdlc" build "$model" -o plain && "$mdlc" build "$model" --threads=5 -o shared
  verdict $? "$name is built"
  grep -q '#pragma omp parallel' "shared/$name.c"
  verdict $? "$name has loops to share out"
  some=("${compilers[$((next++ % ${#compilers[@]}))]}")
  [ "${SAME_BITS:-}" = all ] && some=("${compilers[@]}")
  for compiler in "${some[@]}"; do
    same $samples "$compiler"
    verdict $? "$name, $compiler"
  done
done
echo "1..$count"
