# mdlc itself, and mdlc build.  (Read by run.sh.)
case_is 'no command' 2 '' mdlc
case_is 'help' 0 '' mdlc --help
prints 'Exit status: 0 ok'
case_is 'version' 0 '' mdlc --version
prints 'mdlc '
case_is 'an unknown command' 2 'no command `bild`' mdlc bild
case_is "a command's help" 0 '' mdlc build --help
prints '--output=DIR'
case_is 'no model' 2 'which model?' mdlc build
case_is 'two models' 2 'one model at a time' mdlc build line.mdl line.mdl
case_is 'an unknown option' 2 "unrecognized option '--frob'" mdlc build line.mdl --frob
case_is '-D without a value' 2 'write -D DIM=VALUE' mdlc build line.mdl -D n
case_is '-D with text' 2 'is not a whole number' mdlc build line.mdl -D n=x
case_is '-D beyond 64 bits' 2 'is not within' mdlc build line.mdl -D n=9223372036854775808
case_is 'a wrong real type' 2 '--real is double or float' mdlc build line.mdl --real half
case_is 'a wrong name' 2 'is not a C identifier' mdlc build line.mdl --name 2x

case_is 'build' 0 '' mdlc build line.mdl
leaves 'line.c line.h'
case_is 'build elsewhere, by another name' 0 '' mdlc build line.mdl -o out --name other
leaves 'out'
case_is 'build in float' 0 '' mdlc build line.mdl --real float
file sem.mdl 'param w = 3\nloss (w - 1)^2\n'
case_is 'functions named like those of the C library' 0 '' mdlc eval sem.mdl
prints 'gradient w 4'
case_is 'a dimension of the call' 1 '-D n: the dimension is known only when' mdlc build line.mdl -D n=5
case_is 'no such file' 3 'cannot read none.mdl: No such file or directory' mdlc build none.mdl
leaves ''
file bad.mdl 'param w = 1\nloss v^2\n'
case_is 'a wrong program' 1 'bad.mdl:2:6: error: ' mdlc build bad.mdl
leaves ''
case_is 'a directory that cannot be' 3 'cannot make directory line.csv/out' mdlc build line.mdl -o line.csv/out
case_is 'a file for a directory' 3 'cannot write line.csv/line.' mdlc build line.mdl -o line.csv

full_disk() { # a write beyond the first 512 bytes of a file fails
  trap '' XFSZ
  ulimit -f 1
  mdlc build line.mdl "$@"
}
on_full_disk() { (full_disk "$@"); }
case_is 'a full disk' 3 'cannot write ./line.' on_full_disk
leaves ''
case_is 'a full disk, a new directory' 3 'cannot write out/line.' on_full_disk -o out
leaves ''
full_output() { mdlc "$@" > /dev/full; }
case_is 'a full standard output' 3 'cannot write standard output' full_output --help
case_is "a full standard output for a command's help" 3 'cannot write standard output' full_output build --help
