#!/bin/sh
# run.sh MDLC CASES.sh - runs the command line's cases (TAP), each in a directory of its own that starts with the files below.
#
# A case file is a list of calls:
#   case_is 'name' STATUS 'text on stderr' command…      ('' : nothing is asked of stderr)
#   prints 'text'                                        what the last command must have on stdout
#   leaves 'file…'                                       all files that it must have made
mdlc=$(realpath "$1")
cases=$(realpath "$2")
count=0
failed=0
top=$(mktemp -d) || exit 1
trap 'rm -rf "$top"' EXIT
trap 'exit 1' HUP INT TERM
TMPDIR=$top/tmp
export TMPDIR
mkdir "$TMPDIR"
CFLAGS=-O0 # the command is tested, not its speed; the examples compile as a user does
export CFLAGS
ASAN_OPTIONS=allocator_may_return_null=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}
export ASAN_OPTIONS

mdlc() { "$mdlc" "$@"; }
optimized() { CFLAGS=-O2 "$mdlc" "$@"; } # where much is computed

# The files that each case finds.
mkdir "$top/files"
cat > "$top/files/line.mdl" <<'MODEL'
batch n
data  x[n], y[n]
param w = 1, b = 0
predict p = w * x + b
loss mean((p - y)^2)
MODEL
printf 'x,y,note\n1,2,a\n2,4,b\n3,5,c\n' > "$top/files/line.csv"
printf '{"w": 2, "b": 0.5}\n' > "$top/files/line.json"

verdict() { # text of what is wrong, or ''
  count=$((count + 1))
  if [ -z "$1" ]; then
    echo "ok $count - $2"
  else
    echo "not ok $count - $2"
    failed=$((failed + 1))
    echo "# $1"
    sed 's/^/# stderr: /' "$top/stderr"
    sed 's/^/# stdout: /' "$top/stdout" | head -n 20
  fi
}

case_is() {
  name=$1
  want_status=$2
  want_text=$3
  shift 3
  rm -rf "$top/here"
  cp -R "$top/files" "$top/here"
  cd "$top/here" || exit 1
  "$@" > "$top/stdout" 2> "$top/stderr"
  status=$?
  wrong=
  [ "$status" = "$want_status" ] || wrong="status $status, not $want_status"
  grep -qF -e "$want_text" "$top/stderr" || [ -z "$want_text" ] || wrong="$wrong; stderr lacks: $want_text"
  [ "$status" != 0 ] || [ -n "$want_text" ] || [ ! -s "$top/stderr" ] || wrong="$wrong; stderr is not empty"
  [ -z "$(ls -A "$TMPDIR")" ] || wrong="$wrong; temporary files are left: $(ls -A "$TMPDIR")"
  verdict "$wrong" "$name"
}

prints() {
  wrong=
  grep -qF -e "$1" "$top/stdout" || wrong="stdout lacks: $1"
  verdict "$wrong" "$name: prints $(printf '%s' "$1" | tr '\n' ' ')"
}

# What stdout has lines of, and none of these has: two extended regular expressions.
lacks() {
  wrong=
  grep -E -e "$1" "$top/stdout" > "$top/lines" || wrong="stdout has no line with: $1"
  ! grep -E -e "$2" "$top/lines" > "$top/found" || wrong="of the lines with $1, these have $2: $(cat "$top/found")"
  verdict "$wrong" "$name: $3"
}

leaves() {
  made=$(cd "$top/here" && ls -A | while read -r f; do [ -e "$top/files/$f" ] || printf '%s ' "$f"; done)
  wrong=
  [ "$made" = "$1${1:+ }" ] || wrong="files are: $made"
  verdict "$wrong" "$name: leaves ${1:-nothing}"
}

# A file for the cases that follow: file NAME 'printf format'.
file() { printf "$2" > "$top/files/$1"; }

. "$cases"
echo "1..$count"
[ "$failed" = 0 ]
