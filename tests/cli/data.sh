# Data files that are right in unusual ways, and all that can be wrong with them.  (Read by run.sh.)
eval_with() { mdlc eval line.mdl --data "$1"; }
table() { # name, status, text, contents
  file t.csv "$4"
  case_is "$1" "$2" "$3" eval_with t.csv
}
arrays() {
  file t.json "$4"
  case_is "$1" "$2" "$3" eval_with t.json
}

case_is 'a table' 0 '' eval_with line.csv
prints 'loss 3'
table 'CRLF, a byte order mark, blanks, no newline at the end' 0 '' '\357\273\277x , y\r\n 1,2\r\n2, 4 \r\n3,5'
prints 'loss 3'
table 'quoted fields, columns in another order' 0 '' '"y","a ""b"", c","x"\n"2",,"1"\n4,"\n",2\n5,,3\n'
prints 'loss 3'
table 'empty lines at the end' 0 '' 'x,y\n1,2\n2,4\n3,5\n\n \n'
table 'an infinity' 0 '' 'x,y\n1,2\n2,inf\n'
prints 'loss inf'

table 'a hole' 1 't.csv:3:2: y has a hole' 'x,y\n1,2\n2,\n3,5\n'
table 'a hole in a later line after a quoted newline' 1 't.csv:5:1: x has a hole' 'x,y,z\n1,2,"a\nb"\n1,2,c\n,5,d\n'
table 'text in a number column' 1 't.csv:2:1: x must be a number, not `one`' 'x,y\none,2\n'
table 'a number with a tail' 1 't.csv:2:1: x must be a number, not `1.5m`' 'x,y\n1.5m,2\n'
table 'hexadecimal' 1 't.csv:2:1: x must be a number, not `0x10`' 'x,y\n0x10,2\n'
table 'not a number' 1 't.csv:2:2: y must be a number, not `nan`' 'x,y\n1,nan\n'
table 'a number too large' 1 't.csv:2:2: y is 1e999, too large for a double' 'x,y\n1,1e999\n'
table 'control characters are not repeated' 1 'not `?[31m`' 'x,y\n1,\033[31m\n'
table 'a row too short' 1 't.csv:3:2: 1 value in this row, but 2 columns' 'x,y\n1,2\n3\n'
table 'a row too long' 1 't.csv:2:3: 3 values in this row, but 2 columns' 'x,y\n1,2,3\n'
table 'an empty line between rows' 1 't.csv:3:1: an empty line between the rows' 'x,y\n1,2\n\n3,4\n'
table 'a column missing, a near name' 1 'no data for y[n]: no column `y` in t.csv' 'x,z\n1,2\n'
table 'both columns missing: both are told' 1 'no data for x[n]' 'u,v\n1,2\n'
table 'a column twice' 1 't.csv:1:3: a second column `x`, after column 1' 'x,y,x\n1,2,3\n'
table 'a column twice that nobody reads' 0 '' 'x,y,z,z\n1,2,3,4\n'
table 'columns parted by something else' 1 'no column `x` in t.csv; its header is one column, with `;` in it: columns are parted by commas' 'x;y\n1;2\n'
table 'columns parted by tabs' 1 'one column, with a tab in it' 'x\ty\n1\t2\n'
table 'an empty file' 1 't.csv:1:1: the file is empty' ''
table 'a quote that is not closed' 1 'a quote (") that is not closed' 'x,y\n1,"2\n3,4\n'
table 'a quote in the middle' 1 't.csv:2:2: a quote (") within a value' 'x,y\n1,2"3"\n'
case_is 'no file' 3 'cannot read none.csv: No such file or directory' eval_with none.csv
case_is 'a directory' 3 'cannot read .' eval_with .
case_is 'a file without end' 1 '/dev/zero:1: a zero byte: is this a text file?' timeout 20 "$mdlc" eval line.mdl --data /dev/zero
table 'a zero byte' 1 't.csv:2: a zero byte' 'x,y\n1,\0002\n'
case_is 'no data' 1 'no data for x[n]: give --data FILE' mdlc eval line.mdl

arrays 'arrays' 0 '' '{"x": [1, 2, 3], "y": [2, 4, 5.0], "z": "unused"}'
prints 'loss 3'
arrays 'JSON cut short' 1 't.json:1:' '{"x": [1, 2'
arrays 'not an object' 1 't.json:1:1: an object of names and values' '[1, 2]'
arrays 'a key twice' 1 't.json:1:' '{"x": [1], "x": [1], "y": [2]}'
arrays 'an array missing' 1 'no data for x[n]: nothing of that name in t.json' '{"y": [1]}'
arrays 'null' 1 't.json: x[1] is null' '{"x": [1, null], "y": [1, 2]}'
arrays 'text' 1 't.json: x[1] must be a number, not the text "two"' '{"x": [1, "two"], "y": [1, 2]}'
arrays 'an infinity as text' 0 '' '{"x": [1, 2], "y": [1, "-inf"]}'
arrays 'a ragged array' 1 't.json: x has 2 axes, but the model says x[n]' '{"x": [[1, 2], [3, 4]], "y": [1, 2]}'
arrays 'an array among numbers' 1 't.json: x[1] is an array, where a number stands before' '{"x": [1, [2]], "y": [1, 2]}'
arrays 'a scalar for a vector' 1 't.json: x is a single number, but the model says x[n]' '{"x": 1, "y": [1, 2]}'
arrays 'two lengths' 1 'n is 2 in t.json: x but 3 in t.json: y' '{"x": [1, 2], "y": [1, 2, 3]}'
arrays 'a number too large' 1 't.json:1:' '{"x": [1e999], "y": [1]}'

file xs.csv 'x\n1\n2\n3\n'
file ys.json '{"y": [2, 4, 5]}'
file ys2.json '{"y": [2, 4]}'
case_is 'a table and a JSON file' 0 '' mdlc eval line.mdl --data ys.json --data xs.csv
prints 'loss 3'
case_is 'contradiction names both places' 1 'n is 3 in xs.csv but 2 in ys2.json: y' mdlc eval line.mdl --data ys2.json --data xs.csv
case_is 'the same array in two files' 1 'x is both in line.csv and in xs.csv' mdlc eval line.mdl --data line.csv --data xs.csv
case_is '-D against data' 1 'n is 4 in -D n=4 but 3 in line.csv' mdlc eval line.mdl -D n=4 --data line.csv
case_is '-D as data' 0 '' mdlc eval line.mdl -D n=3 --data line.csv
case_is 'a column by another name' 0 '' mdlc eval line.mdl --data line.csv --column y=x
prints 'loss 0'
case_is 'a column range for a vector' 1 'x takes one column' mdlc eval line.mdl --data line.csv --column x=x..y
case_is 'a column for nothing' 1 'the model has no data `t`' mdlc eval line.mdl --data line.csv --column t=x

cat > "$top/files/wide.mdl" <<'MODEL'
dim k = 3
dim d
batch n
data x[n, d], label[n] in 0..k
param W[d, k] = 0.5
predict q = x @ W
loss mean(cross_entropy(q, label))
MODEL
wide() { # name, status, text, contents, more
  file w.csv "$4"
  case_is "$1" "$2" "$3" mdlc eval wide.mdl --data w.csv $5
}
wide 'numbered columns in any order' 0 '' 'x[1],label,x[0]\n1,0,2\n3,2,4\n'
prints 'loss 1.098612288668'
wide 'a range of columns' 0 '' 'a,b,c,label\n1,0,2,0\n3,2,4,2\n' '--column x=a..c'
prints 'gradient W[3, 3]'
wide 'a gap in the numbers' 1 'w.csv:1:1: no column `x[1]` for x[n, d]' 'x[0],x[2],label\n1,0,2\n'
wide 'an end before the beginning' 1 'column `c` stands after `a`' 'a,b,c,label\n1,0,2,0\n' '--column x=c..a'
wide 'a label out of range' 1 'w.csv:3:2: label is 3: it must be at least 0 and under 3 (k)' 'x[0],label\n1,0\n2,3\n'
wide 'a negative label' 1 'w.csv:2:2: label is -1: it must be at least 0 and under 3 (k)' 'x[0],label\n1,-1\n2,1\n'
wide 'a label between' 1 'w.csv:2:2: label is 0.5: it must be a whole number' 'x[0],label\n1,0.5\n'
file w.json '{"x": [[1, 2], [3, 4]], "label": [0, 7]}'
case_is 'a label out of range in JSON' 1 'w.json: label[1] is 7: it must be' mdlc eval wide.mdl --data w.json
file w.json '{"x": [[1, 2], [3]], "label": [0, 1]}'
case_is 'ragged rows in JSON' 1 'w.json: x[1] has 1 entries, those before it have 2' mdlc eval wide.mdl --data w.json

params() { # name, status, text, contents
  file p.json "$4"
  case_is "$1" "$2" "$3" mdlc eval line.mdl --data line.csv --params p.json
}
params 'parameters' 0 '' '{"b": 0.5, "w": 2}'
prints 'loss 0.9166666666666666'
params 'a parameter missing' 1 'p.json: no parameter `b`' '{"w": 2}'
params 'a parameter too many' 1 'p.json: the model has no parameter `v`' '{"w": 2, "b": 1, "v": 1}'
params 'a parameter of the wrong shape' 1 'p.json: w is a single number in the model, but an array of 1 axis here' '{"w": [2], "b": 1}'
file p.json '{"W": [[1, 2, 3], [4, 5, 6], [7, 8, 9]]}'
file w.csv 'x[0],x[1],label\n1,0,0\n'
case_is 'parameters against data' 1 'd is 2 in w.csv: x but 3 in p.json: W' mdlc eval wide.mdl --data w.csv --params p.json
