"""GradBench's own evals, several tools side by side: the suite makes the inputs and judges the first tool's outputs, each tool runs by
the suite's protocol (EVAL INPUT.json FUNCTION: the output, then a line of nanoseconds for each repetition), in turns on one core."""

import json
import os
import subprocess
import sys
import tempfile
from statistics import median

from measure import Failure, quartiles

# What the suite's Python asks of pydantic, where that is not installed.
BASE_MODEL = '''
class BaseModel:
    def __init__(self, **fields):
        for owner in reversed(type(self).__mro__):
            for name in getattr(owner, "__annotations__", {}):
                setattr(self, name, fields.get(name, getattr(owner, name, None)))

    @classmethod
    def model_validate(cls, fields):
        return cls(**fields)

    def model_dump(self):
        return dict(vars(self))
'''


def numbers(value):
    """All numbers of an output, in a fixed order."""
    if isinstance(value, dict):
        return [x for key in sorted(value) for x in numbers(value[key])]
    if isinstance(value, list):
        return [x for part in value for x in numbers(part)]
    return [value]


def differ(a, b):
    """The largest difference of two outputs over the largest entry."""
    a, b = numbers(a), numbers(b)
    if len(a) != len(b):
        return float("inf")
    top = max((abs(x) for x in b), default=0)
    return max((abs(x - y) for x, y in zip(a, b)), default=0) / (top or 1)


class Suite:
    """A checkout, the tools in it that are built, and ours."""

    def __init__(self, checkout, ours, core, turns):
        self.root, self.core, self.turns = os.path.abspath(checkout), core, turns
        self.folders = {"mdlc": ours}
        for tool in ("manual", "tapenade", "adol-c"):
            self.folders[tool] = f"{self.root}/tools/{tool}/bin"
        self.shim = tempfile.TemporaryDirectory(prefix="mdlc-gradbench-")
        os.mkdir(f"{self.shim.name}/pydantic")
        with open(f"{self.shim.name}/pydantic/__init__.py", "w", encoding="utf-8") as file:
            file.write(BASE_MODEL)

    def tools(self, eval_name):
        return {tool: f"{folder}/{eval_name}" for tool, folder in self.folders.items()
                if os.access(f"{folder}/{eval_name}", os.X_OK)}

    def python(self):
        """One that has what the suite's generators import."""
        for python in (sys.executable, "/usr/bin/python3"):
            if subprocess.run([python, "-c", "import numpy, scipy, dataclasses_json"], capture_output=True, check=False).returncode == 0:
                return python
        raise Failure("the suite needs python3-numpy, python3-scipy, python3-dataclasses-json")

    def run_tool(self, program, path, function):
        """An output and the seconds of the fastest repetition: the suite times by the clock, others on the core included."""
        done = subprocess.run([program, path, function], capture_output=True, text=True, timeout=120, check=False,
                              preexec_fn=lambda: os.sched_setaffinity(0, {self.core}))
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        if done.returncode or len(lines) < 2:
            raise Failure(f"{program} ended with status {done.returncode}: {done.stderr.strip()[-200:]}")
        times = [timing["nanoseconds"] * 1e-9 for timing in map(json.loads, lines[1:]) if timing["name"] == "evaluate"]
        return json.loads(lines[0]), min(times)

    def evaluate(self, tools, message):
        """All tools on one input, in turns: outputs and lists of seconds, by tool; a tool that fails is left out, ours may not."""
        outputs, seconds = {}, {tool: [] for tool in tools}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(message["input"], file)
            file.flush()
            for _ in range(self.turns):
                for tool in list(seconds):
                    try:
                        outputs[tool], took = self.run_tool(tools[tool], file.name, message["function"])
                        seconds[tool].append(took)
                    except (Failure, subprocess.TimeoutExpired):
                        if tool == "mdlc":
                            raise
                        del seconds[tool]
        return outputs, seconds

    def inputs(self, eval_name, arguments):
        """Speaks with the suite's generator: (message, outputs, seconds, why it is invalid or None) for each input."""
        tools = self.tools(eval_name)
        if "mdlc" not in tools:
            raise Failure(f"{self.folders['mdlc']}/{eval_name} is not built")
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join([self.shim.name, f"{self.root}/python/gradbench"]))
        script = f"{self.root}/python/gradbench/gradbench/evals/{eval_name}/run.py"
        with subprocess.Popen([self.python(), script, *arguments], cwd=self.root, env=environment, text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
            pending = None
            for line in child.stdout:
                message = json.loads(line)
                answer, kind = {"id": message["id"]}, message["kind"]
                if kind == "start":
                    answer["tool"] = "mdlc"
                elif kind == "define":
                    answer["success"] = True
                elif kind == "evaluate":
                    outputs, seconds = self.evaluate(tools, message)
                    pending = message, outputs, seconds
                    answer |= {"success": True, "output": outputs["mdlc"], "timings": []}
                elif kind == "analysis" and pending:
                    yield *pending, None if message["valid"] else str(message.get("error"))
                    pending = None
                elif kind == "end":
                    break
                child.stdin.write(json.dumps(answer) + "\n")
                child.stdin.flush()
            child.stdin.close()


def rows(suite, eval_name, arguments):
    """(function, size, other tool, quartiles of ours over it, medians, largest difference) for each input and tool."""
    for message, outputs, seconds, why in suite.inputs(eval_name, arguments):
        size, function = message.get("description") or "", message["function"]
        if why:
            raise Failure(f"{function} {size}: {why[:200]}")
        for tool, took in seconds.items():
            if tool == "mdlc":
                continue
            ratios = quartiles([a / b for a, b in zip(seconds["mdlc"], took)])
            yield function, size, tool, ratios, [median(seconds["mdlc"]), median(took)], differ(outputs["mdlc"], outputs[tool])
