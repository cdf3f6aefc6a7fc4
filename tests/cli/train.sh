# mdlc train.  (Read by run.sh.)
cat > "$top/files/thermometer.mdl" <<'MODEL'
batch n
data  t_u[n], t_c[n]
param w = 1, b = 0
predict t_p = w * (0.1 * t_u) + b
loss    mean((t_p - t_c)^2)
MODEL
cat > "$top/files/readings.csv" <<'TABLE'
t_c,t_u
0.5,35.7
14,55.9
15,58.2
28,81.9
11,56.3
8,48.9
3,33.9
-4,21.8
6,48.4
13,60.4
21,68.4
TABLE
sed 's/0.1 \* t_u/t_u/' "$top/files/thermometer.mdl" > "$top/files/raw.mdl"
train() { model=$1; shift; mdlc train "$model.mdl" --data readings.csv "$@"; }

case_is 'SGD, the default' 0 '' train thermometer --lr 1e-2 --epochs 5000 -o fitted.json
prints 'epoch 1  loss 80.364345'
prints 'epoch 2  loss 37.574914'
prints 'epoch 3  loss 30.871081'
prints 'epoch 500  loss 7.860124'
prints 'epoch 5000  loss 2.927647'
prints 'w = 5.36708979805'
prints 'b = -17.3012225210'
leaves 'fitted.json'
case_is 'the rate of SGD is 1e-2' 0 '' train thermometer --epochs 500
prints 'epoch 500  loss 7.860124'
case_is 'Adam' 0 '' train raw --optimizer adam --lr 0.1 --epochs 2000
prints 'epoch 2000  loss 2.927646'
prints 'w = 0.53672389698'
case_is 'in float' 0 '' train thermometer --epochs 500 --real float
prints 'epoch 500  loss 7.8601'
case_is 'validation and mini-batches' 0 '' train thermometer --epochs 20 --validation 0.2 --batch-size 4 --seed 3 --log-every 7
prints '  validation '
prints 'epoch 14  loss'
case_is 'options by either spelling' 0 '' train thermometer --optimizer AdamW --weight-decay 0.1 --betas 0.9,0.99 --amsgrad
case_is 'underscores' 0 '' train thermometer --optimizer AdamW --weight_decay 0.1
case_is 'no epochs' 0 '' train thermometer --epochs 0
prints 'w = 1'
file start.json '{"w": 5.367089798058013, "b": -17.301222521007173}'
case_is 'from given parameters' 0 '' train thermometer --epochs 1 --params start.json
prints 'epoch 1  loss 2.927647'

fit_and_predict() {
  train thermometer --epochs 10 -o fitted.json > out.txt && mdlc predict thermometer.mdl --params fitted.json --data readings.csv
}
case_is 'what it writes, predict reads' 0 '' fit_and_predict
prints 't_p'

case_is 'an option that the optimizer lacks' 2 'SGD has no option --betas; it has --lr, ' train thermometer --betas 0.9,0.99
case_is 'an option out of range' 2 '--lr must be 0 or more' train thermometer --lr -1
case_is 'nesterov without momentum' 2 'mdlc train:' train thermometer --nesterov
case_is 'no such optimizer' 2 "no optimizer 'sdg'; there are SGD, " train thermometer --optimizer sdg
case_is 'one beta' 2 '--betas takes two numbers' train thermometer --optimizer adam --betas 0.9
case_is 'a rate that is no number' 2 "--lr: 'fast' is not a number" train thermometer --lr fast
case_is 'epochs that are no number' 2 "--epochs: '1.5' is not a whole number" train thermometer --epochs 1.5
case_is 'all samples validate' 2 '--validation: a part of the samples, at least 0 and under 1 (0.2: a fifth), not 25' train thermometer --validation 25
case_is 'a batch of none' 2 '--batch-size: must be at least 1, not 0' train thermometer --batch-size 0
file no_batch.mdl 'dim n\ndata x[n]\nparam w = 1\nloss mean((w - x)^2)\n'
file three.json '{"x": [1, 2, 3]}'
case_is 'nothing to cut' 1 'no_batch.mdl declares no `batch` dimension to cut: write `batch n`' mdlc train no_batch.mdl --data three.json --batch-size 2
case_is 'no sample validates' 1 '--validation 0.01 of 11 samples is none' train thermometer --validation 0.01
case_is 'a slip in the command' 2 'no command `trian`; did you mean `train`?' mdlc trian
case_is 'no model' 2 'which model?' mdlc train
case_is 'help' 0 '' mdlc train --help
prints '--weight-decay=X'
prints 'readings.csv:4:2 is line 4'
prints 'Exit status: 0 ok'

case_is 'divergence' 4 'training diverged in epoch' train raw --epochs 200 -o fitted.json
prints 'w = '
leaves 'fitted.json'
file huge.json '{"w": 1e300, "b": 0}'
case_is 'divergence at once' 4 'training diverged in epoch 1: the loss became non-finite first' train raw --params huge.json
file loose.mdl 'batch n\ndata t_u[n]\nparam w = 1\npredict p = w * t_u\n'
case_is 'no loss' 1 'the model has no loss to train by' train loose
file fixed.mdl 'batch n\ndata t_u[n]\nloss mean(t_u)\n'
case_is 'no parameters' 1 'the model has no parameters to train' train fixed
file none.csv 't_u,t_c\n'
case_is 'no samples' 1 'no samples: n is 0' mdlc train raw.mdl --data none.csv
case_is 'a place that cannot be written' 3 'cannot write none/fitted.json: No such file or directory' train thermometer -o none/fitted.json
leaves ''
full_output() { train thermometer > /dev/full; }
case_is 'a full standard output' 3 'cannot write standard output' full_output

case_is 'a directory for the result is told of at once' 3 'cannot write .: it is a directory' mdlc train line.mdl --data line.csv -o .
case_is 'no name for the result' 3 'cannot write : ' mdlc train line.mdl --data line.csv -o ''
case_is 'options are named as they are written' 2 '--weight-decay must be 0 or more' mdlc train line.mdl --data line.csv --weight-decay -1

# ---- constraints ----
# The best sigma is the root of the mean square about mu, q are the shares, both known: mean 3, variance 8/3; 1/8, 3/8, 1/2.
file normal.mdl 'batch n
dim k = 3
data y[n], count[k]
param mu = 0, sigma > 0 = 5, q[k] in simplex
loss mean(-normal.log(y, mu, sigma)) - sum(count * log(q))
'
file normal.json '{"y": [1, 3, 5], "count": [1, 3, 4]}'
fit() { mdlc train normal.mdl --data normal.json --optimizer sgd --lr 0.1 --epochs 4000 "$@"; }
is_near() { # numbers of fitted.json, in their order
  tr -c '0-9.eE+\n-' ' ' < fitted.json | tr -s ' \n' '\n\n' | grep '[0-9]' | paste -sd' ' | awk -v want="$1" '{
    n = split(want, w)
    for (i = 1; i <= n; i++) if ($i - w[i] > 1e-9 || w[i] - $i > 1e-9 || $i == "") { print $i " is not " w[i]; exit 1 } }'
}
fit_well() { fit -o fitted.json && is_near '3 1.6329931618554521 0.125 0.375 0.5'; }
case_is 'a simplex and a positive parameter' 0 '' fit_well
fit_again() { fit -o fitted.json > out.txt && mdlc eval normal.mdl --data normal.json --params fitted.json; }
case_is 'what it writes keeps the constraints' 0 '' fit_again
case_is 'constraints in float' 0 '' fit --real float
prints 'sigma = 1.6329'
file flat.mdl 'batch n\ndata y[n]\nparam s > 0 = 1, p in (0, 1), q[2] in simplex\nloss mean(y) * s - p - q[0]\n'
file flat.json '{"y": [1, 1]}'
to_the_bounds() { mdlc train flat.mdl --data flat.json --optimizer adam --lr 20 --epochs 500 -o fitted.json > out.txt &&
  mdlc eval flat.mdl --data flat.json --params fitted.json; }
case_is 'parameters that run to their bounds stay within' 0 '' to_the_bounds
case_is 'the same in float' 0 '' sh -c '"$0" train flat.mdl --data flat.json --real float --optimizer adam --lr 20 --epochs 500 -o f.json &&
  "$0" eval flat.mdl --data flat.json --params f.json --real float' "$mdlc"
file wide.mdl 'dim m\nparam w[m] > 0 = normal(0, 1)\nloss sum(w)\n'
case_is 'a start drawn outside its bound' 1 'mdlc: the start of w[' mdlc train wide.mdl -D m=40
case_is 'a start drawn outside its bound, checked' 1 ', but it must be > 0' mdlc check wide.mdl -D m=40
file drawn.mdl 'dim m\nparam w[m] > 0 = exp(normal(0, 1))\nloss sum((w - 1)^2)\n'
case_is 'a start drawn within' 0 '' mdlc train drawn.mdl -D m=40
