"""GradBench's problems from their definitions, in plain numbers, to hold the models in examples/gradbench against.

An eval is a function that returns a list of cases (name of the function, input, expected output).  Derivatives are complex
steps, Im f(x + ih) / h, exact to rounding: nothing here is derived by rules.
"""

import cmath
import math
import random

STEP = 1e-30


def gradient(f, x):
    """The gradient of f at the list x."""
    return [f(x[:j] + [complex(x[j], STEP)] + x[j + 1:]).imag / STEP for j in range(len(x))]


def jacobian(f, x):
    """Rows: the components of f.  Columns: the entries of x."""
    columns = [f(x[:j] + [complex(x[j], STEP)] + x[j + 1:]) for j in range(len(x))]
    return [[column[i].imag / STEP for column in columns] for i in range(len(columns[0]))]


def real(x):
    return x.real if isinstance(x, complex) else x


def rows(flat, width):
    return [flat[i:i + width] for i in range(0, len(flat), width)]


def logsumexp(x):
    top = max(map(real, x))
    return top + cmath.log(sum(cmath.exp(v - top) for v in x))


def uniform(seed, n, low=0.0, high=1.0):
    source = random.Random(seed)
    return [source.uniform(low, high) for _ in range(n)]


def primal_and_gradient(f, argument, x, **rest):
    """Two functions of one input."""
    given = {argument: x, **rest}
    return [("primal", given, real(f(x))), ("gradient", given, gradient(f, x))]


def hello():
    return [("square", 3, 9), ("double", 9, 18), ("square", -0.5, 0.25), ("double", -0.5, -1)]


def lse():
    far = [-1000.0, 0.0, 700.0, 699.5, 710.0, 710.0]
    return [case for x in (uniform(1, 7, -3, 3), far, [2.5]) for case in primal_and_gradient(logsumexp, "x", x)]


def llsq():
    def cases(m, n):
        def f(x):
            total = 0
            for i in range(n):
                t = -1 + i * 2 / (n - 1)
                total += (((t > 0) - (t < 0)) - sum(x[j] * t**j for j in range(m)))**2
            return total / 2
        return primal_and_gradient(f, "x", uniform(2, m), n=n)
    return cases(4, 7) + cases(1, 2) + cases(20, 6)


def gmm():
    def cases(d, k, n, m, gamma):
        triangle = d * (d - 1) // 2
        sizes = {"alpha": (k,), "mu": (k, d), "q": (k, d), "l": (k, triangle)}
        x = rows(uniform(3, n * d, -2, 2), d)

        def parts(flat):
            flat, found = list(flat), {}
            for name, shape in sizes.items():
                count = shape[0] * (shape[1] if len(shape) > 1 else 1)
                found[name] = flat[:count] if len(shape) == 1 else \
                    [flat[i * shape[1]:(i + 1) * shape[1]] for i in range(shape[0])]
                flat = flat[count:]
            return found

        def factor(q, l):
            """The lower triangle, filled column by column."""
            result, below = [[0] * d for _ in range(d)], iter(l)
            for j in range(d):
                result[j][j] = cmath.exp(q[j])
                for i in range(j + 1, d):
                    result[i][j] = next(below)
            return result

        def f(flat):
            p = parts(flat)
            factors = [factor(q, l) for q, l in zip(p["q"], p["l"])]
            total = -n * (d / 2 * math.log(2 * math.pi) + logsumexp(p["alpha"]))
            for point in x:
                beta = []
                for c in range(k):
                    away = [point[j] - p["mu"][c][j] for j in range(d)]
                    turned = [sum(row[j] * away[j] for j in range(d)) for row in factors[c]]
                    beta.append(p["alpha"][c] + sum(p["q"][c]) - sum(t * t for t in turned) / 2)
                total += logsumexp(beta)
            freedom = d + m + 1
            log_gamma = d * (d - 1) / 4 * math.log(math.pi) + sum(math.lgamma((freedom - j) / 2) for j in range(d))
            for c in range(k):
                squares = sum(e * e for row in factors[c] for e in row)
                total += freedom * d * math.log(gamma / math.sqrt(2)) - log_gamma
                total += m * sum(p["q"][c]) - gamma**2 / 2 * squares
            return total

        flat = uniform(4, k + 2 * k * d + k * triangle, -1, 1)
        given = {"d": d, "k": k, "n": n, "x": x, "m": m, "gamma": gamma, **parts(flat)}
        return [("objective", given, real(f(flat))), ("jacobian", given, parts(gradient(f, flat)))]
    return cases(3, 2, 5, 0, 1.0) + cases(4, 3, 2, 2, 0.7) + cases(1, 1, 1, 1, 2.0)
