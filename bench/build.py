"""Builds the timed programs: mdlc as the build tree has it, and the C compiler with the flags of a plain user."""

import hashlib
import os
import subprocess
from measure import Failure

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
STRICT = ["-std=c99", "-D_POSIX_C_SOURCE=200809L"]
PLAIN = ["-O2"]
NATIVE = ["-O3", "-march=native"]


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"{' '.join(command)}\n{done.stderr.strip()}")


class Builder:
    """Everything is made afresh in one folder, which goes when the benchmark ends."""

    def __init__(self, mdlc, folder):
        self.mdlc, self.folder = mdlc, folder
        self.cc, self.cxx = os.environ.get("CC", "cc"), os.environ.get("CXX", "c++")
        self.include = ["-I", f"{ROOT}/runtime/include", "-I", HERE, "-I", f"{HERE}/expert"]

    def compile(self, source, output, flags, compiler=None):
        run([compiler or self.cc, *flags, *self.include, "-c", source, "-o", output])
        return output

    def link(self, objects, output, libraries=("-lm",), compiler=None):
        run([compiler or self.cc, *objects, "-o", output, *libraries])
        return output

    def model(self, path, options=()):
        """Generates a model's C; returns its name and its folder."""
        name = os.path.splitext(os.path.basename(path))[0]
        tag = hashlib.sha1(" ".join([path, *options]).encode()).hexdigest()[:10]
        folder = f"{self.folder}/{name}-{tag}"
        run([self.mdlc, "build", path, *options, "--name", name, "-o", folder])
        return name, folder

    def harness(self, folder):
        return self.compile(f"{HERE}/harness.c", f"{folder}/harness.o", STRICT + PLAIN)

    def program(self, main, path, options=(), flags=(), objects=(), libraries=("-lm",)):
        """`main` (a C file here) for a model: returns the executable."""
        name, folder = self.model(path, options)
        stem = f"{folder}/{main}"
        made = [
            self.compile(f"{folder}/{name}.c", f"{stem}-model.o", ["-std=c99", *PLAIN]),
            self.compile(f"{HERE}/{main}.c", f"{stem}.o", [*STRICT, *PLAIN, f"-DMODEL={name}_model", "-I", folder, *flags]),
            self.harness(folder),
        ]
        made += [source_object(self, source, folder, *how) for source, *how in objects]
        return self.link(made, stem, libraries)

    def gradient(self, path, options):
        """gradient.c for a model, with the expert's file where there is one."""
        name = os.path.splitext(os.path.basename(path))[0]
        expert = f"{HERE}/expert/{name}.c"
        objects = []
        if os.path.exists(expert):
            objects = [(expert, which, [*STRICT, *how, f"-Dexpert_work={which}_work",
                                        f"-Dexpert_value_and_grad={which}_value_and_grad"])
                       for which, how in (("plain", PLAIN), ("native", NATIVE))]
        return self.program("gradient", path, options, [f"-DEXPERT={1 if objects else 0}"], objects)

    def runtime(self):
        """The optimizers and what they need, once."""
        sources = [f for f in sorted(os.listdir(f"{ROOT}/runtime/src")) if f.endswith(".c")]
        return [(f"{ROOT}/runtime/src/{f}", "libmdl-" + f[:-2], ["-std=c11", *PLAIN]) for f in sources]

    def adolc(self):
        made = self.compile(f"{HERE}/adolc.cpp", f"{self.folder}/adolc.o", ["-std=c++17", "-O3", "-march=native"], self.cxx)
        return self.link([made], f"{self.folder}/adolc", ["-ladolc"], self.cxx)

    def llmc(self, checkout):
        """llm.c's trainer with the flags of its Makefile, without OpenMP: one core."""
        flags = ["-Ofast", "-march=native", "-w", "-I", checkout]
        objects = [self.compile(f"{HERE}/llmc.c", f"{self.folder}/llmc.o", flags), self.harness(self.folder)]
        return self.link(objects, f"{self.folder}/llmc")


def source_object(builder, source, folder, tag, flags):
    return builder.compile(source, f"{folder}/{tag}.o", [*flags, "-I", folder])
