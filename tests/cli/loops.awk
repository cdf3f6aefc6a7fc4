# loops.awk - the loops of one function, one a line: how many are around it, and what it counts with.
#   awk -f loops.awk -v named=NAME FILE.c       of generated C
#   awk -f loops.awk TREE                          of `mdlc explain --schedule`
# Of C, loops over the lanes of a tile, loops that only fill or copy memory (they have no braces), and those for the edges and the
# rest of a strip or a tile's vectors, blocks of steps and what is done beyond them are none of the tree; of the tree, products with a tile's rows are calls in C.
function tree_loop(line,   name) {
  if (line ~ /^[^#]*, rows( |$)/) return # a call
  match(line, /^ */)
  depth = RLENGTH / 2
  sub(/ *#.*/, "", line)
  name = line
  sub(/^ *for /, "", name)
  sub(/ in .*/, "", name)
  if (line ~ /\([a-zA-Z0-9_]*\)$/) {
    name = line
    sub(/.*\(/, "", name)
    sub(/\)$/, "", name)
  }
  print depth, name
}

function push(kind) { stack[++top] = kind }

function loops_around(   k, n) {
  n = 0
  for (k = 1; k <= top; k++) n += stack[k] == "loop"
  return n
}

function skipping(   k) {
  for (k = 1; k <= top; k++) if (stack[k] == "rest") return 1
  return 0
}

function c_line(line,   name) {
  if (line ~ /^ *}/) {
    top--
    if (line !~ /{$/) return
  }
  if (line ~ /^ *int64_t .* = /) vectors = 0
  if (line ~ /^ *for \(; /) {
    name = line
    sub(/^ *for \(; /, "", name)
    sub(/ .*/, "", name)
    if (line ~ /\+\+\) {$/) push("rest") # the first edge of a strip
    else if (line !~ /{$/) strip = name
    else if (name !~ /_round(_[0-9]+)?$/ && vectors++) push("rest") # one vector of entries of sums, behind some at a time
    else {
      if (!skipping()) print loops_around(), name
      push("loop")
    }
    return
  }
  if (line !~ /{$/) return
  if (line !~ /^ *for \(/) {
    if (line ~ /^ *if \([a-z0-9_]* (<|\+ [0-9]+ ==) [a-z0-9_]*\) {$/) push("rest") # beyond a block of steps
    else push(line ~ /^ *if \([a-z0-9_]*_strip(_[0-9]+)? < [a-z0-9_]*_end(_[0-9]+)? && / ? "rest" : "other") # a last vector, beyond the end
    return
  }
  if (strip != "") {
    if (!skipping()) print loops_around(), strip
    push("loop")
    strip = ""
    return
  }
  name = line
  sub(/^ *for \(int64_t /, "", name)
  sub(/ .*/, "", name)
  if (line ~ /_(strip|round)(_[0-9]+)?; / && line !~ /\+= /) push("rest")
  else if (line ~ /_strip(_[0-9]+)?, [a-z0-9_]*_edge(_[0-9]+)?\);/) push("rest") # the last edge
  else if (name ~ /_block(_[0-9]+)?$/ || line ~ /_(from|to)(_[0-9]+)? [+-]= [0-9]+\) {$/) push("other")
  else if (line ~ / = lanes(_[0-9]+)? - lanes(_[0-9]+)? % /) push("rest")
  else if (name ~ /^lane(_[0-9]+)?$/ || (line ~ /\+= [0-9]+\) {$/ && name !~ /_tile(_[0-9]+)?$/)) push("lanes")
  else {
    if (!skipping()) print loops_around(), name
    push("loop")
  }
}

named == "" && /^ *for [A-Za-z0-9_]+ in / { tree_loop($0) }

named != "" && !started && /^[A-Za-z]/ && index($0, named "(") + index($0, named "_body(") > 0 { begun = 1 }
named != "" && begun && !started && /;$/ { begun = 0 }
named != "" && begun && !started && /{$/ { started = 1; next }
started && /^}/ { exit }
started {
  text = text $0
  if (text ~ /^ *for \(/) { # its head, perhaps over several lines
    open = gsub(/\(/, "(", text)
    if (open != gsub(/\)/, ")", text)) next
  }
  c_line(text)
  text = ""
}
