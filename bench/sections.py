"""The sections of the benchmark, in their order; each measures its rows and reports them."""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import cases
from build import HERE, PLAIN, ROOT
from gradbench import Suite
from gradbench import rows as gradbench_rows
from measure import Failure, Program, interleave, processor_seconds, quartiles, ratio

CLOSE = 1e-9  # how near the expert's gradient must be to ours, relative


def of_processor(field):
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        found = re.findall(rf"{field}\s*:\s*(.*)", file.read())
    return found[0] if found else ""


def processor():
    return of_processor("model name") or "a processor without a name"


def name_kernels():
    """OpenBLAS knows processors by number, and runs one that it does not know, as in a virtual machine, four times too slowly."""
    flags = of_processor("flags").split()
    if "avx2" in flags:
        os.environ.setdefault("OPENBLAS_CORETYPE", "SKYLAKEX" if {"avx512f", "avx512vl"} <= set(flags) else "HASWELL")


class Bench:
    """What all sections need."""

    def __init__(self, options, effort, builder, report):
        self.options, self.effort, self.builder, self.report = options, effort, builder, report

    def wants(self, section, case, quick=True):
        """Whether a row is to be measured."""
        if self.options.only:
            return any(name in section or name in case for name in self.options.only)
        return quick or not self.options.quick

    def start(self, executable, *arguments):
        return Program([executable, *arguments], self.options.core)

    def dims(self, text):
        """DIM=VALUE arguments; memory/B is as many as B bytes each fill memory."""
        limit = int(self.options.memory * 2**30)
        return [re.sub(r"memory/(\d+)", lambda m: str(limit // int(m[1])), dim) for dim in text.split()]


def model_path(name):
    for path in (f"{HERE}/models/{name}.mdl", f"{ROOT}/examples/{name}/{name}.mdl",
                 f"{ROOT}/examples/{name.split('_')[0]}/{name}.mdl"):
        if os.path.exists(path):
            return path
    raise Failure(f"no model is called {name}")


def defines(fixed):
    return [word for value in fixed.split() for word in ("-D", value)]


def built(rows, key, build):
    """Builds what the rows need, each key once, on all processors since nothing is timed: pairs of a row and what was built, or
    the failure to."""
    def attempt(which):
        try:
            return build(*which)
        except Failure as failure:
            return failure
    keys = list(dict.fromkeys(map(key, rows)))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        made = dict(zip(keys, pool.map(attempt, keys)))
    return [(row, made[key(row)]) for row in rows]


def measured(bench, rows, key, build, name, measure):
    """Builds and measures rows; a row that fails is reported, and the others go on."""
    for row, program in built(rows, key, build):
        try:
            if isinstance(program, Failure):
                raise program
            measure(bench, row, program)
        except Failure as failure:
            bench.report.failure(name(row), str(failure))


# ---- a gradient beside its objective and an expert's ----

def case_name(row):
    return " ".join(filter(None, [row.model, row.fixed, row.dims]))


def gradient_row(bench, row, executable):
    name = case_name(row)
    with bench.start(executable, *bench.dims(row.dims), *row.fills.split()) as program:
        differs = program.banner["differs"]
        if not differs <= CLOSE:
            raise Failure(f"the expert's gradient differs by {differs:.1e}")
        readings = interleave(program.sides(), bench.effort)
    runs, medians = len(readings["gradient"]), {side: median(r) for side, r in readings.items()}
    if "expert" in readings:
        best = min(("expert", "expert_native"), key=medians.get)
        note = "-O3 -march=native" if best == "expert_native" else "-O2"
        bench.report.row(name, "gradient", "expert", ratio(readings, "gradient", best), cases.EXPERT_GOAL,
                         [medians["gradient"], medians[best]], runs, note=f"expert {note}, differs {differs:.0e}")
    bench.report.row(name, "gradient", "objective", ratio(readings, "gradient", "objective"),
                     cases.OBJECTIVE_GOAL[row.kind], [medians["gradient"], medians["objective"]], runs)
    if row.model == "linear":
        bandwidth_row(bench, row, medians["gradient"])


def gradients(bench):
    rows = [row for row in cases.GRADIENTS if bench.wants("gradients", case_name(row), row.quick)]
    if not rows:
        return
    bench.report.begin("gradients", "value_and_grad over an expert's C, and over our own objective (forward)")
    measured(bench, rows, lambda row: (row.model, row.fixed),
             lambda model, fixed: bench.builder.gradient(model_path(model), defines(fixed)), case_name, gradient_row)


def bandwidth_row(bench, row, took):
    """A linear model reads its data once: the share of the memory's bandwidth."""
    sizes = dict(part.split("=") for part in row.dims.split())
    read = 8 * int(sizes["n"]) * (int(sizes["d"]) + 1)
    for limit in ("triad", "read"):
        if limit in bench.report.facts:
            share = read / took / bench.report.facts[limit]
            bench.report.row(case_name(row), "bytes a second", limit, [share] * 3, cases.LINEAR_GOAL if limit == "triad" else None,
                             [took, read / bench.report.facts[limit]], 1, lower_is_better=False)


# ---- the machine ----

def limits(bench):
    """Always measured: other sections compare with what it finds."""
    builder, report = bench.builder, bench.report
    report.begin("machine", "what one core reaches at most")
    flags = ["-std=gnu11", *PLAIN, "-D_POSIX_C_SOURCE=200809L", "-ffp-contract=fast", "-Wno-psabi"]
    objects = [builder.compile(f"{HERE}/machine.c", f"{builder.folder}/machine.o", flags), builder.harness(builder.folder)]
    with bench.start(builder.link(objects, f"{builder.folder}/machine")) as program:
        readings = interleave(program.sides(), bench.effort)
        amounts = program.banner["amounts"]
    for (side, took), amount in zip(readings.items(), amounts):
        reached = amount / median(took)
        unit = "GB/s" if side in ("triad", "read") else "GFLOP/s"
        report.fact(side, reached, f"{side:<16} {reached / 1e9:8.1f} {unit}")


# ---- matrix products ----

def products(bench):
    rows = [(n, goal, real) for real in ("double", "float") for n, goal in cases.PRODUCTS
            if bench.wants("products", f"product {real} {n}", real == "double" and n in cases.QUICK_PRODUCTS)]
    if not rows:
        return
    bench.report.begin("products", "the speed of C = A @ B over OpenBLAS's, one thread")
    if not has_library(bench, "cblas.h", "-lopenblas"):
        print("  OpenBLAS is not installed (libopenblas-dev): left out")
        return
    name_kernels()
    measured(bench, rows, lambda row: row,
             lambda n, _, real: bench.builder.program("product", model_path("product"), ["-D", f"n={n}", "--real", real],
                                                      libraries=("-lopenblas", "-lm")),
             lambda row: f"product {row[2]} {row[0]}", product_row)


def product_row(bench, row, executable):
    n, goal, real = row
    with bench.start(executable) as program:
        if not program.banner["differs"] <= (1e-12 if real == "double" else 1e-4):
            raise Failure(f"differs from OpenBLAS by {program.banner['differs']:.1e}")
        readings = interleave(program.sides(), bench.effort)
    took = [median(readings[side]) for side in ("generated", "openblas")]
    peak = max(value for fact, value in bench.report.facts.items() if fact.startswith(f"{real}_"))
    speed = 2 * n**3 / took[0]
    bench.report.row(f"product {real} {n}", "speed", "OpenBLAS", ratio(readings, "openblas", "generated"), goal, took,
                     len(readings["openblas"]), lower_is_better=False,
                     note=f"{speed / 1e9:.1f} GFLOP/s, {speed / peak:.2f} of the peak")


def has_library(bench, header, library, compiler=None):
    probe = f"{bench.builder.folder}/probe.{'cpp' if compiler else 'c'}"
    with open(probe, "w", encoding="utf-8") as file:
        file.write(f"#include <{header}>\nint main(void) {{ return 0; }}\n")
    try:
        bench.builder.link([probe], f"{bench.builder.folder}/probe", [library], compiler)
    except Failure:
        return False
    return True


# ---- training beside PyTorch ----

def python_with_torch():
    """Debian's python3-torch belongs to Debian's python3, which need not be the first on the path."""
    for python in ("python3", "/usr/bin/python3"):
        if subprocess.run([python, "-c", "import torch"], capture_output=True, check=False).returncode == 0:
            return python
    return None


def trainings(bench):
    rows = [row for row in cases.TRAININGS if bench.wants("training", f"{case_name(row)} {row.real}", row.quick)]
    if not rows:
        return
    bench.report.begin("training", "how many times as fast as PyTorch a step is: forward, backward, SGD; one thread")
    python = python_with_torch()
    if not python:
        print("  PyTorch is not installed (python3-torch): left out")
        return
    name_kernels()
    measured(bench, rows, lambda row: (row.model, row.fixed, row.real),
             lambda model, fixed, real: bench.builder.program("step", model_path(model), [*defines(fixed), "--real", real],
                                                              objects=bench.builder.runtime()),
             lambda row: f"{case_name(row)} {row.real}", lambda *which: training_row(*which, python))


def training_row(bench, row, executable, python):
    start = f"{executable}.start"
    with bench.start(executable, *row.dims.split(), *row.fills.split(), f"out:{start}", "steps:100") as ours, \
            bench.start(python, f"{HERE}/pytorch.py", row.model, row.real, start, *row.fixed.split(), *row.dims.split()) as torch:
        same_after(ours, torch, 1e-9 if row.real == "double" else 1e-4)
        readings = interleave({"ours": ours.sides()["step"], "torch": torch.sides()["step"]}, bench.effort)
    bench.report.row(f"{case_name(row)} {row.real}", "step", f"PyTorch {torch.banner['version']}", ratio(readings, "torch", "ours"),
                     row.goal, [median(readings["ours"]), median(readings["torch"])], len(readings["ours"]),
                     lower_is_better=False)


# ---- the time of compiling ----

def compiling(bench):
    names = [name for name in cases.EXAMPLES if bench.wants("compiling", name)]
    if not names:
        return
    bench.report.begin("compiling", "seconds of the processor: mdlc build on each example, and -O3 on what it writes")
    repeats = 3 if bench.options.quick else 9
    for example in names:
        folder = f"{bench.builder.folder}/compiling-{example}"
        command = [bench.builder.mdlc, "build", model_path(example), "-o", folder]
        took = [processor_seconds(command) for _ in range(repeats)]
        limit_row(bench, f"mdlc build {example}", took, cases.BUILD_GOAL)
        command = [bench.builder.cc, "-std=c99", "-O3", "-c", f"{folder}/{example}.c", "-o", f"{folder}/{example}.o"]
        took = [processor_seconds(command) for _ in range(1 if bench.options.quick else 3)]
        limit_row(bench, f"cc -O3 {example}.c", took, cases.COMPILE_GOAL)


def limit_row(bench, name, took, goal):
    bench.report.row(name, "time", "goal", [value / goal for value in quartiles(took)], 1, [median(took), goal], len(took))


# ---- ADOL-C ----

def adolc(bench):
    rows = [row for row in cases.ADOLC if bench.wants("adol-c", case_name(row), row.quick)]
    if not rows:
        return
    bench.report.begin("adol-c", "the mixture's gradient over ADOL-C's from a tape recorded once")
    if not has_library(bench, "adolc/adolc.h", "-ladolc", bench.builder.cxx):
        print("  ADOL-C is not installed (libadolc-dev): left out")
        return
    theirs = bench.builder.adolc()
    measured(bench, rows, lambda row: (row.model, row.fixed),
             lambda model, fixed: bench.builder.program("step", model_path(model), defines(fixed), objects=bench.builder.runtime()),
             case_name, lambda *which: adolc_row(*which, theirs))


def adolc_row(bench, row, executable, theirs):
    start = f"{executable}.start"
    with bench.start(executable, *row.dims.split(), f"out:{start}", "steps:1") as ours, \
            bench.start(theirs, start, *row.fixed.split(), *row.dims.split()) as other:
        same_after(ours, other, 1e-9)
        readings = interleave({"ours": ours.sides()["gradient"], "adol-c": other.sides()["gradient"]}, bench.effort)
    bench.report.row(case_name(row), "gradient", "ADOL-C", ratio(readings, "ours", "adol-c"), row.goal,
                     [median(readings["ours"]), median(readings["adol-c"])], len(readings["ours"]))


def same_after(ours, other, close):
    """Parameters after the same steps agree."""
    for a, b in zip(ours.banner["after"], other.banner["after"], strict=True):
        if not abs(a - b) <= close * max(1, abs(b)):
            raise Failure(f"after the same steps a parameter is {a!r}, theirs {b!r}")


# ---- GPT-2 beside llm.c ----

def llmc(bench):
    if not bench.options.llmc:
        return
    rows = [row for row in cases.GPT2 if bench.wants("llm.c", f"gpt2 {row.fixed} {row.dims}", row.quick)]
    if not rows:
        return
    bench.report.begin("llm.c", "GPT-2 in float, loss and gradient, over llm.c's CPU trainer with its own flags")
    theirs = bench.builder.llmc(bench.options.llmc)
    measured(bench, rows, lambda row: (row.fixed,),
             lambda fixed: bench.builder.program("step", model_path("gpt2"), [*defines(fixed), "--real", "float"],
                                                 objects=bench.builder.runtime()),
             case_name, lambda *which: llmc_row(*which, theirs))


def llmc_row(bench, row, executable, theirs):
    start = f"{executable}.start"
    with bench.start(executable, *row.dims.split(), f"out:{start}") as ours, \
            bench.start(theirs, start, *row.fixed.split(), *row.dims.split()) as other:
        losses = ours.banner["loss"], other.banner["loss"]
        if not abs(losses[0] - losses[1]) <= 1e-4 * abs(losses[1]):
            raise Failure(f"the loss is {losses[0]}, llm.c's {losses[1]}")
        readings = interleave({"ours": ours.sides()["gradient"], "llm.c": other.sides()["gradient"]},
                              bench.effort._replace(least=2))
    bench.report.row(case_name(row), "gradient", "llm.c", ratio(readings, "ours", "llm.c"), row.goal,
                     [median(readings["ours"]), median(readings["llm.c"])], len(readings["ours"]),
                     note=f"loss {losses[0]:.6f}, differs {abs(losses[0] - losses[1]):.0e}")


# ---- GradBench ----

def gradbench_goal(eval_name, tool, function, size):
    for evals, tools, functions, sizes, goal in cases.GRADBENCH_GOALS:
        if all(re.fullmatch(pattern, text) for pattern, text in
               ((evals, eval_name), (tools, tool), (functions, function), (sizes, size))):
            return goal
    return None


def gradbench(bench):
    if not bench.options.gradbench:
        return
    bench.report.begin("gradbench", "ours over the suite's own tools, its inputs and protocol, -O3 for this machine")
    suite = Suite(bench.options.gradbench, f"{bench.options.build}/examples/gradbench", bench.options.core,
                  3 if bench.options.quick else 5)
    for eval_name, full, quick in cases.GRADBENCH:
        if not bench.wants("gradbench", f"gradbench {eval_name}"):
            continue
        try:
            arguments = quick if bench.options.quick else full
            for function, size, tool, ratios, medians, differs in gradbench_rows(suite, eval_name, arguments.split()):
                bench.report.row(f"{eval_name} {function} {size}", "mdlc", tool, ratios, gradbench_goal(eval_name, tool, function, size),
                                 medians, suite.turns, note=f"differs {differs:.0e}")
        except (Failure, subprocess.TimeoutExpired) as failure:
            bench.report.failure(f"gradbench {eval_name}", str(failure))


SECTIONS = [limits, gradients, products, trainings, adolc, llmc, gradbench, compiling]
