"""The same loop in PyTorch, as the tutorial writes it: prints one line in the form of bench.c's."""

import statistics
import time

import torch

EPOCHS, RUNS = 5000, 5

torch.set_num_threads(1)
t_c = torch.tensor([0.5, 14, 15, 28, 11, 8, 3, -4, 6, 13, 21], dtype=torch.float64)
t_u = torch.tensor([35.7, 55.9, 58.2, 81.9, 56.3, 48.9, 33.9, 21.8, 48.4, 60.4, 68.4], dtype=torch.float64)
t_un = 0.1 * t_u


def model(t_u, w, b):
    return w * t_u + b


def loss_fn(t_p, t_c):
    return ((t_p - t_c) ** 2).mean()


def train():
    params = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([params], lr=1e-2)
    start = time.perf_counter()
    for _ in range(EPOCHS):
        t_p = model(t_un, *params)
        loss = loss_fn(t_p, t_c)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return time.perf_counter() - start, loss.item(), params.tolist()


results = [train() for _ in range(RUNS)]
took = statistics.median(result[0] for result in results)
_, loss, (w, b) = results[0]
print(f"PyTorch {torch.__version__}\t{took:.9f}\t{loss!r}\t{w!r}\t{b!r}")
