"""Runs a GradBench tool on small inputs and holds its output against the definitions; prints TAP.

    run.py EVAL PROGRAM
"""

import json
import os
import subprocess
import sys
import tempfile

import definitions

TOLERANCE = 1e-12  # relative to an output's largest number


def flatten(value):
    """All numbers, with the structure around them as text."""
    if isinstance(value, dict):
        parts = [(key, value[key]) for key in sorted(value)]
    elif isinstance(value, list):
        parts = list(enumerate(value))
    else:
        return [("", value)]
    return [(f".{key}{path}", number) for key, part in parts for path, number in flatten(part)] + [(f"/{len(parts)}", 0)]


def difference(got, expected):
    """What is wrong with an output, or None."""
    got, expected = flatten(got), flatten(expected)
    if [path for path, _ in got] != [path for path, _ in expected]:
        return "it is not of the expected form"
    size = max(abs(number) for _, number in expected) or 1
    for (path, a), (_, b) in zip(got, expected):
        if not abs(a - b) <= TOLERANCE * size:
            return f"at {path or 'the number'}: {a!r}, not {b!r}"
    return None


def run(program, given, function):
    """Exit status, output and the lines after it."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(given if isinstance(given, str) else json.dumps(given))
        file.flush()
        done = subprocess.run([program, file.name, function], capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    if done.returncode:
        return done.returncode, None, lines, done.stderr
    return 0, json.loads(lines[0]), lines[1:], done.stderr


def verdict(program, function, given, expected):
    status, output, lines, errors = run(program, given, function)
    if status:
        return f"exit status {status}: {errors}"
    times = [json.loads(line) for line in lines]
    least = given.get("min_runs", 1) if isinstance(given, dict) else 1
    if len(times) < least or any(t["name"] != "evaluate" or t["nanoseconds"] < 0 for t in times):
        return f"the times are {times}"
    return difference(output, expected)


def complains(program, function, given, text):
    """Of bad input: exit status 1, a message, no output."""
    status, _, lines, errors = run(program, given, function)
    return None if status == 1 and text in errors and not lines else f"exit status {status}: {errors} {lines}"


def main():
    name, program = sys.argv[1], os.path.abspath(sys.argv[2])
    cases = getattr(definitions, name)()
    results = []
    for function, given, expected in cases:
        if isinstance(given, dict):
            given = {**given, "min_runs": 3, "min_seconds": 0.001}
        results.append((function, verdict(program, function, given, expected)))
    function, given, _ = cases[0]
    results.append(("an unknown function", complains(program, "nothing", given, "unknown function")))
    results.append(("no JSON", complains(program, function, "[1, ", "driver: ")))
    for missing in given if isinstance(given, dict) else ():
        rest = {name: value for name, value in given.items() if name != missing}
        results.append((f"no {missing}", complains(program, function, rest, f"no `{missing}`")))
    for number, (title, wrong) in enumerate(results, 1):
        print(f"ok {number} - {title}" if wrong is None else f"not ok {number} - {title}\n# {wrong}")
    print(f"1..{len(results)}")
    return any(wrong for _, wrong in results)


if __name__ == "__main__":
    sys.exit(main())
