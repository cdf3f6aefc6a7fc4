"""Prints "N passed, M failed" for a run of meson's tests, and fails where one failed or none ran.

    count_tests.py build/meson-logs/testlog.json

Counts cases: Check's totals ("97%: Checks: 40, Failures: 1, Errors: 0"), the lines of TAP, and one for a test that prints
neither.  A test that fails without a failed case of its own (it crashed, or ran out of time) is one failure.
"""

import json
import re
import sys

CHECK = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$", re.M)
TAP = re.compile(r"^(not )?ok\b", re.M)


def cases(test):
    """Passed and failed cases of one test."""
    if test["result"] == "SKIP":
        return 0, 0
    output = test.get("stdout") or ""
    totals = [tuple(map(int, row)) for row in CHECK.findall(output)]
    failed = sum(failures + errors for _, failures, errors in totals)
    passed = sum(checks for checks, _, _ in totals) - failed
    if not totals:
        failed = sum(1 for no in TAP.findall(output) if no)
        passed = len(TAP.findall(output)) - failed
    succeeded = test["result"] in ("OK", "EXPECTEDFAIL")
    if not succeeded:
        failed = max(failed, 1)
    elif passed + failed == 0:
        passed = 1
    return passed, failed


def main():
    try:
        with open(sys.argv[1], encoding="utf-8") as log:
            counts = [cases(json.loads(line)) for line in log if line.strip()]
    except FileNotFoundError:
        counts = []
    passed = sum(count[0] for count in counts)
    failed = sum(count[1] for count in counts)
    print(f"{passed} passed, {failed} failed")
    return 0 if passed > 0 and failed == 0 else 1


sys.exit(main())
