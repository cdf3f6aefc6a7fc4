#!/usr/bin/env bash
# try.sh - from a bare Debian 12 to a trained thermometer: installs what is missing, builds mdlc, trains and checks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=tools/setup.sh
. tools/setup.sh

set_up
model=examples/thermometer/thermometer_scaled.mdl
readings=examples/thermometer/readings.csv

say "The model, $model"
cat "$model"

say 'Training: 5000 epochs of SGD, learning rate 0.01'
build/compiler/mdlc train "$model" --data "$readings" --optimizer sgd --lr 1e-2 --epochs 5000 --log-every 500 -o build/fitted.json

say 'The trained parameters'
cat build/fitted.json
build/compiler/mdlc eval "$model" --data "$readings" --params build/fitted.json --json > build/fitted_eval.json
sed -n 's/^{*"loss": \([^,]*\),.*/loss \1/p' build/fitted_eval.json

say 'Checking the gradient: generated C against complex step, dual numbers, differences and the derivative by hand'
build/compiler/mdlc check "$model" --data "$readings"
