"""The same steps of training in PyTorch, as its tutorials write them, on one thread; speaks harness.h's protocol.

    pytorch.py MODEL REAL FILE DIM=VALUE…      FILE: what step.c wrote"""

import json
import sys
import time

import torch

STEPS, TOLD = 100, 8


def arrays(path, real, shapes):
    """Tensors of these shapes from a file of reals and int32, one after the other."""
    with open(path, "rb") as file:
        content = bytearray(file.read())
    at, made = 0, []
    for shape, kind in shapes:
        count = 1
        for extent in shape:
            count *= extent
        dtype = torch.int32 if kind == "int" else real
        made.append(torch.frombuffer(content, dtype=dtype, count=count, offset=at).reshape(shape).clone())
        at += count * made[-1].element_size()
    assert at == len(content)
    return made


def thermometer_scaled(path, real, dims):
    n = dims["n"]
    params, t_u, t_c = arrays(path, real, [((2,), "real"), ((n,), "real"), ((n,), "real")])
    params.requires_grad_()
    t_un = 0.1 * t_u
    def loss():
        w, b = params
        return ((w * t_un + b - t_c) ** 2).mean()
    return [params], loss, lambda: params


def mlp(path, real, dims):
    d, h, k, n = (dims[name] for name in "dhkn")
    W1, b1, W2, b2, x, y = arrays(path, real, [((d, h), "real"), ((h,), "real"), ((h, k), "real"), ((k,), "real"),
                                               ((n, d), "real"), ((n,), "int")])
    y = y.long()
    net = torch.nn.Sequential(torch.nn.Linear(d, h), torch.nn.Tanh(), torch.nn.Linear(h, k)).to(real)
    with torch.no_grad():
        for layer, W, b in ((net[0], W1, b1), (net[2], W2, b2)):
            layer.weight.copy_(W.T)
            layer.bias.copy_(b)
    cross_entropy = torch.nn.CrossEntropyLoss()
    told = lambda: torch.cat([net[0].weight.T.flatten(), net[0].bias, net[2].weight.T.flatten(), net[2].bias])
    return list(net.parameters()), lambda: cross_entropy(net(x), y), told


def main():
    torch.set_num_threads(1)
    model, real, path = sys.argv[1:4]
    dims = {name: int(value) for name, value in (part.split("=") for part in sys.argv[4:])}
    params, loss, told = globals()[model](path, getattr(torch, real), dims)
    optimizer = torch.optim.SGD(params, lr=1e-2)

    def step():
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    for _ in range(STEPS):
        step()
    after = told().detach().tolist()[::-1][:TOLD]
    print(json.dumps({"sides": ["step"], "after": after, "version": torch.__version__}), flush=True)
    for line in sys.stdin:
        repetitions = int(line.split()[1])
        start = time.process_time()
        for _ in range(repetitions):
            step()
        print(f"{time.process_time() - start:.9e}", flush=True)


main()
