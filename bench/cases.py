"""The rows of the benchmark: which models, at which sizes, and what the goals are."""

from collections import namedtuple

# A model's gradient: `fixed` goes to mdlc as -D, `dims` are known at call time, `fills` say how data are made (harness.c).
# `quick`: one of the rows that --quick runs.  `bytes`: of data, where they are to fill memory (n is computed from it).
Gradient = namedtuple("Gradient", "model fixed dims fills kind quick", defaults=("", "", "", "elementwise", False))

# Goals of gradient over objective by kind of model.
OBJECTIVE_GOAL = {"elementwise": 2.5, "products": 3.2}
EXPERT_GOAL = 1.0

BUNDLE = "first_pose:small first_lens:lens first_place:ahead"
GRADIENTS = [
    Gradient("thermometer_scaled", "", "n=11", quick=True),
    Gradient("thermometer_scaled", "", "n=1000"),
    Gradient("thermometer_scaled", "", "n=1000000"),
    Gradient("thermometer_scaled", "", "n=memory/16"),
    Gradient("linear", "", "n=1000000 d=8", quick=True),
    Gradient("logistic", "", "n=100 d=3"),
    Gradient("logistic", "", "n=1000000 d=8", quick=True),
    Gradient("logistic", "", "n=20000 d=128"),
    Gradient("logistic", "", "n=memory/516 d=64"),
    Gradient("poisson", "", "n=100 d=3", "hours:positive"),
    Gradient("poisson", "", "n=100000 d=8", "hours:positive", quick=True),
    Gradient("robust", "", "n=80"),
    Gradient("robust", "", "n=1000000", quick=True),
    Gradient("hierarchical", "", "n=100"),
    Gradient("hierarchical", "", "n=1000000", quick=True),
    Gradient("hierarchical", "groups=1000", "n=1000000"),
    Gradient("mixture", "", "n=200"),
    Gradient("mixture", "", "n=100000", quick=True),
    Gradient("mixture", "d=10 k=25", "n=1000"),
    Gradient("mixture", "d=64 k=25", "n=1000"),
    Gradient("bundle", "", "cameras=5 points=30 n=150", BUNDLE),
    Gradient("bundle", "", "cameras=50 points=10000 n=50000", BUNDLE, quick=True),
    Gradient("bundle", "", "cameras=1000 points=500000 n=2000000", BUNDLE),
    Gradient("mlp", "", "n=150", kind="products"),
    Gradient("mlp", "d=784 h=128 k=10", "n=1", kind="products"),
    Gradient("mlp", "d=784 h=128 k=10", "n=256", "x:unit", kind="products", quick=True),
    Gradient("mlp", "d=784 h=128 k=10", "n=10000", "x:unit", kind="products"),
    Gradient("convnet", "", "n=60", kind="products"),
    Gradient("convnet", "size=28 filters=8 classes=10", "n=256", "x:unit", kind="products", quick=True),
    Gradient("lstm", "", "T=100", kind="products"),
    Gradient("lstm", "m=64 d=16 k=16", "T=1000", kind="products", quick=True),
    Gradient("gpt2", "", "n=20", kind="products"),
    Gradient("gpt2", "V=1000 C=64 H=4 s=32 L=2", "n=2", kind="products", quick=True),
    Gradient("hmm", "", "T=300"),
    Gradient("hmm", "", "T=100000"),
    Gradient("hmm", "K=32", "T=1000", quick=True),
    Gradient("kalman", "", "T=120", quick=True),
    Gradient("kalman", "", "T=100000"),
    Gradient("lotka_volterra", "", "T=20", "seen:positive", quick=True),
    Gradient("lotka_volterra", "steps=100", "T=1000", "seen:positive"),
    Gradient("control", "", "", quick=True),
    Gradient("control", "T=1000", ""),
    Gradient("pinn", "", "", quick=True),
    Gradient("pinn", "h=64 points=1000", ""),
    Gradient("gaussian_process", "", "n=25 d=2", kind="products"),
    Gradient("gaussian_process", "", "n=300 d=4", kind="products", quick=True),
]

# Square products, ours (mdlc's `C = A @ B`) beside OpenBLAS; the goal is the share of its speed.
PRODUCTS = [(16, 1.0), (32, 0.75), (64, 0.75), (128, 0.9), (256, 0.9), (512, 0.9), (1024, 0.9)]
QUICK_PRODUCTS = {32, 128, 512}

# The share of the memory's bandwidth that a linear model over a million rows reaches.
LINEAR_GOAL = 0.8

# Steps of training beside PyTorch: model, fixed, dims, fills, real, how many times as fast.
Training = namedtuple("Training", "model fixed dims fills real goal quick", defaults=(False,))
MLP = "d=784 h=128 k=10"
TRAININGS = [
    Training("thermometer_scaled", "", "n=11", "", "double", 1000, True),
    Training("mlp", MLP, "n=1", "x:unit", "float", 5, True),
    Training("mlp", MLP, "n=32", "x:unit", "float", 1.5, True),
    Training("mlp", MLP, "n=256", "x:unit", "float", 1, True),
    Training("mlp", MLP, "n=32", "x:unit", "double", 1.5),
    Training("mlp", MLP, "n=256", "x:unit", "double", 1),
]

# The mixture beside ADOL-C, ours over its time.
ADOLC = [
    Training("mixture", "d=2 k=3", "n=1000", "", "double", 1, True),
    Training("mixture", "d=10 k=25", "n=1000", "", "double", 1),
]

# GPT-2 in float beside llm.c: the goal is the share of its time.  The last is the published model with 124 million parameters.
GPT2 = [
    Training("gpt2", "V=1000 C=64 H=4 s=32 L=2", "n=2", "", "float", 0.5, True),
    Training("gpt2", "V=8192 C=128 H=6 s=64 L=4", "n=1", "", "float", 0.5),
    Training("gpt2", "V=50257 C=64 H=12 s=64 L=12", "n=1", "", "float", 0.5),
]

# mdlc on each example, and the C compiler on what it writes: seconds.
BUILD_GOAL, COMPILE_GOAL = 0.05, 3.0
EXAMPLES = ["bundle", "control", "convnet", "gaussian_process", "gpt2", "hierarchical", "hmm", "kalman", "logistic",
            "lotka_volterra", "lstm", "mixture", "mlp", "pinn", "poisson", "robust", "thermometer"]

# GradBench's evals: what their own generators are told, in full and with --quick.
SHORT = "--min-seconds 0.05"
GRADBENCH = [
    ("hello", "", ""),
    ("lse", f"-n 1000 100000 1280000 {SHORT}", f"-n 100000 {SHORT}"),
    ("llsq", f"-n 16 1024 16392 -m 16 128 {SHORT}", f"-n 1024 {SHORT}"),
    ("ode", f"-n 1000 10000 -s 1 10 100 {SHORT}", f"-n 1000 -s 10 {SHORT}"),
    ("det", f"-l 5 6 7 8 9 {SHORT}", f"-l 6 8 {SHORT}"),
    ("gmm", f"--no-validation -d 2 10 32 64 -k 5 25 {SHORT}", f"--no-validation -d 2 10 -k 25 {SHORT}"),
    ("lstm", f"--no-validation -l 2 4 -c 1024 4096 {SHORT}", f"--no-validation -l 2 -c 1024 {SHORT}"),
    ("ba", f"--no-validation --min 1 --max 5 {SHORT}", f"--no-validation --min 1 --max 1 {SHORT}"),
    ("ht", f"--no-validation --model small --max 4 {SHORT}", f"--no-validation --model small --max 1 {SHORT}"),
    ("kmeans", f"-k 10 100 -n 1000 10000 -d 8 16 {SHORT}", f"-k 100 -n 1000 -d 16 {SHORT}"),
    ("particle", "", ""),
    ("saddle", "", ""),
]

# Goals of ours over a tool: patterns of eval, tool, function and size, the first that matches.
DERIVATIVE = "gradient|jacobian|dir|direction"
GRADBENCH_GOALS = [
    ("hello", ".*", ".*", ".*", None),
    ("gmm", "manual", DERIVATIVE, r"(32|64|128)_.*", 0.15),
    ("gmm", "manual", DERIVATIVE, r"10_25_.*", 0.25),
    ("gmm", "manual", DERIVATIVE, ".*", 0.5),
    ("kmeans", "manual", DERIVATIVE, ".*", 0.3),
    ("llsq", "manual", DERIVATIVE, ".*", 0.25),
    ("lse", "manual", DERIVATIVE, ".*", 0.5),
    ("lstm", "manual", DERIVATIVE, ".*", 0.3),
    ("ba", "manual", DERIVATIVE, ".*", 0.5),
    ("ht", "manual", DERIVATIVE, ".*", 0.8),
    ("det", "manual", DERIVATIVE, r"([89]|1\d)", 0.02),
    ("ode", "manual", DERIVATIVE, ".*", None),
    ("ode", "adol-c", DERIVATIVE, ".*", 0.05),
    (".*", ".*", ".*", ".*", 1),
]
