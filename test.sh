#!/usr/bin/env bash
# test.sh - installs what is missing, builds, and runs every test.  The last line is "N passed, M failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=tools/setup.sh
. tools/setup.sh

set_up
say 'Running every test'
rm -f build/meson-logs/testlog.json
status=0
meson test -C build --no-rebuild --print-errorlogs < /dev/null || status=$?
counted=0
python3 tools/count_tests.py build/meson-logs/testlog.json || counted=$?
((status == 0 && counted == 0))
