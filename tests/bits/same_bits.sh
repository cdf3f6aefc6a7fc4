#!/bin/bash
# same_bits.sh MDLC INCLUDE DRIVER EXAMPLES - every model there has the same bits with every compiler at hand, at every level of
# optimisation, for the machine's own processor, and run as arm64 and riscv64.  Each model is built in a few of these ways, in turn,
# and every third one without fmas, too; all ways for all of them with SAME_BITS=all.  TAP.
set -u
mdlc=$(realpath "$1") include=$2 driver=$3 examples=$4
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

# How to compile, and what runs it.
ways=()
way() { # RUNNER COMPILER OPTIONS…
  command -v "$1" >/dev/null && command -v "$2" >/dev/null && ways+=("$*")
}
emulated() { # PROCESSOR: by qemu, if it is there
  way "qemu-$1-static" "$1-linux-gnu-gcc" -O2 -static || way "qemu-$1" "$1-linux-gnu-gcc" -O2 -static
}
way env clang -O2
emulated aarch64
way env gcc -O3 -march=native
way env gcc -O0
emulated riscv64
way env gcc -O3 -march=native -ffp-contract=fast
way env gcc -O2
way env g++ -O3 -march=native -fpermissive
way env clang -O0
way env gcc -O1 -DMDL_NO_DISPATCH
way env gcc -O3
way env clang -O1 -march=native
way env clang -O3
way env gcc -O0 -march=native
way env clang -O2 -DMDL_NO_DISPATCH
way env gcc -O2 -march=native

bits() { # RUNNER COMPILER OPTIONS…
  local runner=$1
  shift
  "$@" -w -DMODEL="${name}_model" -I"$include" -I. "$driver" "$name.c" -o "$name" -lm && $runner "./$name"
}

same() { # OPTIONS OF MDLC: the bits of all ways from `next` on
  local first='' by='' text status
  "$mdlc" build "$model" --name "$name" "$@" || return 1
  for ((k = 0; k < each; k++)); do
    local one=${ways[(next + k) % ${#ways[@]}]}
    text=$(bits ${one%% *} ${one#* })
    status=$?
    if [ $status -ne 0 ]; then
      echo "# $one: exit status $status"
      return 1
    elif [ -z "$first" ]; then
      first=$text by=$one
    elif [ "$text" != "$first" ]; then
      echo "# $by: $first"
      echo "# $one: $text"
      return 1
    fi
  done
}

verdict() { # STATUS NAME
  count=$((count + 1))
  [ "$1" -eq 0 ] && echo "ok $count - $2" || echo "not ok $count - $2"
}

refused() { # TEXT COMPILER OPTIONS…: it is an error that says so
  local text=$1
  shift
  ! "$@" -w -fsyntax-only "$name.c" 2>errors && grep -q "$text" errors
}

cd "$work" || exit 99
each=2 next=0 count=0 models=0
[ "${SAME_BITS:-}" = all ] && each=${#ways[@]}
for model in "$examples"/*/*.mdl; do
  grep -Eq '^(loss|predict) ' "$model" || continue # what others import
  name=$(basename "$model" .mdl)
  kinds=fma
  [ "${SAME_BITS:-}" = all ] || [ $((++models % 3)) -eq 0 ] && kinds='fma no-fma'
  for kind in $kinds; do
    options=--$kind
    [ "$kind" = fma ] && options=
    same --math own $options
    verdict $? "$name $options"
    next=$(((next + each - 1) % ${#ways[@]}))
  done
done
refused 'IEEE arithmetic' gcc -Ofast
verdict $? '-Ofast is refused'
if [ "$(uname -m)" = x86_64 ]; then
  refused 'a wider one' gcc -mfpmath=387
  verdict $? 'so are registers that are wider than the type'
fi
echo "1..$count"
