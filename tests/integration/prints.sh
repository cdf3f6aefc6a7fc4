#!/bin/sh
# prints.sh PROGRAM TEXT... - succeeds where PROGRAM does, and prints each TEXT.
program=$1
shift
output=$("$program") || exit 1
for text in "$@"; do
  case $output in
  *"$text"*) ;;
  *)
    printf '%s\n\ndoes not print: %s\n' "$output" "$text"
    exit 1
    ;;
  esac
done
