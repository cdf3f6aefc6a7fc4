#!/bin/sh
# example.sh MDLC FOLDER TEXT... - an example as its README has it (TAP): generate.awk makes the very data that stand there, every
# line "    mdlc …" of the README runs and succeeds, and together they print each TEXT.
mdlc=$(realpath "$1")
folder=$(realpath "$2")
shift 2
count=0
failed=0
top=$(mktemp -d) || exit 1
trap 'rm -rf "$top"' EXIT
trap 'exit 1' HUP INT TERM

mdlc() { "$mdlc" "$@"; }

verdict() { # status, name
  count=$((count + 1))
  if [ "$1" = 0 ]; then
    echo "ok $count - $2"
  else
    echo "not ok $count - $2"
    sed 's/^/# /' "$top/stderr"
    failed=$((failed + 1))
  fi
}

cp -R "$folder" "$top/here" && cd "$top/here" || exit 1
: > "$top/stderr"

# Its first line: # generate.awk - makes DATA:  awk -f generate.awk > DATA
if [ -e generate.awk ]; then
  data=$(sed -n '1s/.*> //p' generate.awk)
  awk -f generate.awk > "$top/made"
  cmp "$top/made" "$data" 2> "$top/stderr"
  verdict $? "generate.awk makes $data"
fi

sed -n 's/^    \(mdlc .*\)/\1/p' README.md > "$top/commands"
[ -s "$top/commands" ]
verdict $? "the README has commands"
while read -r command; do
  eval "$command" < /dev/null >> "$top/printed" 2> "$top/stderr"
  verdict $? "$command"
done < "$top/commands"

for text in "$@"; do
  grep -qF -e "$text" "$top/printed"
  verdict $? "prints $text"
done
echo "1..$count"
[ "$failed" = 0 ]
