"""Timed programs, taking turns: every comparison is a median of ratios of readings taken one after the other."""

import json
import os
import resource
import statistics
import subprocess


class Failure(Exception):
    """A program that did not build or run, or whose results are wrong."""


class Program:
    """A running program that speaks harness.h's protocol, pinned to one core."""

    def __init__(self, command, core):
        self.command = command
        self.process = subprocess.Popen(
            command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}))
        try:
            self.banner = json.loads(self._line())
        except ValueError as error:
            raise Failure(f"{command[0]}: {error}") from error

    def _line(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f"{' '.join(command_name(self.command))} ended with status {self.process.wait()}")
        return line

    def seconds(self, side, repetitions):
        """The seconds that so many repetitions of a side (a number) took."""
        self.process.stdin.write(f"{side} {repetitions}\n")
        self.process.stdin.flush()
        return float(self._line())

    def sides(self):
        return {name: Side(self, number) for number, name in enumerate(self.banner["sides"])}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def command_name(command):
    return [os.path.basename(command[0])] + command[1:]


class Side:
    """One of the things that a program times."""

    def __init__(self, program, number):
        self.program, self.number, self.repetitions = program, number, 1

    def calibrate(self, reading):
        """As many repetitions as take `reading` seconds."""
        while True:
            took = self.program.seconds(self.number, self.repetitions)
            if took >= reading / 2:
                break
            self.repetitions *= 2 if took < reading / 10 else max(2, round(reading / took))
        return took

    def read(self):
        return self.program.seconds(self.number, self.repetitions) / self.repetitions


def quartiles(values):
    if len(values) < 2:
        return values * 3
    return statistics.quantiles(values, n=4, method="inclusive")


def interleave(sides, effort):
    """Readings of each side (a dictionary), in turns, until the budget is spent: lists of the same length, in seconds."""
    took = sum(side.calibrate(effort.reading) for side in sides.values())
    rounds = max(effort.least, min(effort.most, int(effort.budget / took)))
    readings = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            readings[name].append(side.read())
    return readings


def ratio(readings, above, below):
    """Quartiles of one side's time over another's, turn by turn."""
    return quartiles([a / b for a, b in zip(readings[above], readings[below])])


def processor_seconds(command):
    """The processor time that a command takes, its children's included."""
    def spent():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime
    before = spent()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"{' '.join(command)}: {done.stderr.strip()}")
    return spent() - before
