#!/usr/bin/env python3
"""The functions of the language and their derivatives to 17 digits, by mpmath: prints functions.def.

python3 functions.py > functions.def

A row of functions.def is FUNCTION(text, at, value, slope), where the text is an expression over a, b, c and d, which are
worth at[0] … at[3]; POINTS has the text, what it is, the points, and which arguments have a slope.  Points at kinks and
at infinity are in test_functions.c, where no digits count.
"""
from mpmath import mp, mpf, diff, nstr
import mpmath as m

mp.dps = 60
ROOT2 = m.sqrt(2)


def softplus(x):
    return m.log1p(m.exp(x)) if x < 0 else x + m.log1p(m.exp(-x))


def sigmoid(x):
    return 1 / (1 + m.exp(-x))


def logsumexp(*x):
    top = max(x)
    return top + m.log(sum(m.exp(y - top) for y in x))


def layernorm(x, k):
    mean = sum(x) / len(x)
    return (x[k] - mean) / m.sqrt(sum((y - mean) ** 2 for y in x) / len(x) + mpf(1e-5))


def norm(*x):
    return m.sqrt(sum(y * y for y in x))


def huber(p, y, delta):
    e = abs(p - y)
    return e * e / 2 if e <= delta else delta * (e - delta / 2)


def bce(l, y):
    return y * softplus(-l) + (1 - y) * softplus(l)


FAR = [1e-300, 1e-8, 0.3, 0.99, 1.01, 2.5, 7.0, 19.5, 40.25, 300.5]
BOTH = FAR + [-x for x in FAR]
UNIT = [1e-300, 1e-8, 0.1, 0.5, 0.75, 0.999999]
POSITIVE = [1e-300, 1e-8, 0.3, 0.999999, 1.000001, 2.5, 40.25, 1e8, 1e150, 1e300]
LOGITS = [(0.3, -0.2, 1.7), (40.0, 0.5, -3.0), (800.0, 1.0, -800.0), (1e6, 1e6 + 1, 1e6 - 2.5), (-745.0, -700.0, -740.5),
          (-1e5, -1e5 + 3, -1e5 + 1), (2.0, 2.0, 2.0)]

# text, its mathematics, points, the number of arguments with a slope
POINTS = [
    ("a + b", lambda a, b: a + b, [(0.3, -0.2), (1e300, -1e299)], 2),
    ("a - b", lambda a, b: a - b, [(0.3, -0.2), (1e300, 1e299)], 2),
    ("a * b", lambda a, b: a * b, [(0.3, -0.2), (1e200, -1e-199)], 2),
    ("a / b", lambda a, b: a / b, [(0.3, -0.2), (1e200, -1e150), (1e-200, 1e100)], 2),
    ("-a", lambda a: -a, [(0.3,)], 1),
    ("a^3", lambda a: a ** 3, [(x,) for x in (-1.7, 0.3, 1e90, -1e-90)], 1),
    ("a^(0 - 2)", lambda a: a ** -2, [(x,) for x in (-1.7, 0.3, 1e100, -1e-90)], 1),
    ("exp(a)", m.exp, [(x,) for x in BOTH + [700.0, -700.0]], 1),
    ("log(a)", m.log, [(x,) for x in POSITIVE], 1),
    ("log1p(a)", m.log1p, [(x,) for x in POSITIVE[:-1] + [-1e-8, -0.3, -0.999999]], 1),
    ("log1pmx(a)", lambda a: m.log1p(a) - a, [(x,) for x in POSITIVE[1:-1] + [1e-150, -1e-8, -0.295, -0.3, -0.5, -0.999999]], 1),
    ("expm1(a)", m.expm1, [(x,) for x in BOTH], 1),
    ("sqrt(a)", m.sqrt, [(x,) for x in POSITIVE], 1),
    ("sqrt(a)^2", lambda a: a, [(x,) for x in POSITIVE + [0.0]], 1),
    ("sqrt(a) * sqrt(a)", lambda a: a, [(x,) for x in POSITIVE + [0.0]], 1),
    ("abs(a)", abs, [(x,) for x in BOTH], 1),
    ("sin(a)", m.sin, [(x,) for x in BOTH + [3.14159, 1e8]], 1),
    ("cos(a)", m.cos, [(x,) for x in BOTH + [3.14159, 1e8]], 1),
    ("tan(a)", m.tan, [(x,) for x in (1e-8, 0.3, 1.57, -1.57, 10.0, 1e8)], 1),
    ("asin(a)", m.asin, [(x,) for x in UNIT + [-0.3, -0.9999999]], 1),
    ("acos(a)", m.acos, [(x,) for x in UNIT + [-0.3, -0.9999999]], 1),
    ("atan(a)", m.atan, [(x,) for x in BOTH + [1e100]], 1),
    ("atan2(a, b)", m.atan2, [(0.3, -0.2), (-0.3, 0.2), (0.5, 0.0), (-0.5, 0.0), (0.0, 2.0), (1e200, 1e199),
                              (1e-200, -1e-200), (1e-300, 1.0)], 2),
    ("sinh(a)", m.sinh, [(x,) for x in BOTH], 1),
    ("cosh(a)", m.cosh, [(x,) for x in BOTH], 1),
    ("tanh(a)", m.tanh, [(x,) for x in BOTH], 1),
    ("sech(a)", m.sech, [(x,) for x in BOTH + [700.0, -700.0]], 1),
    ("erf(a)", m.erf, [(x,) for x in (1e-300, 1e-8, 0.3, 0.99, 1.01, 2.5, 5.0, -0.3, -2.5, -5.3, 20.7, 25.9)], 1),
    ("erfc(a)", m.erfc, [(x,) for x in (1e-300, 1e-8, 0.3, 0.99, 1.01, 2.5, 5.0, -0.3, -2.5, -5.3, 20.7, 25.9)], 1),
    ("1 - erf(a)", m.erfc, [(x,) for x in (0.3, 5.0, 20.0)], 1),
    ("1 + erf(a)", lambda a: m.erfc(-a), [(x,) for x in (0.3, -5.0, -20.0)], 1),
    ("lgamma(a)", m.loggamma, [(x,) for x in (0.3, 1.5, 2.5, 40.25, 1e6, 1e-8)], 1),
    ("digamma(a)", lambda a: m.psi(0, a), [(x,) for x in (0.3, 2.5, 40.25, 1e6, 1e-8)], 1),
    ("polygamma(2, a)", lambda a: m.psi(2, a), [(x,) for x in (0.3, 2.5, 40.25, 1e6, 1e-8)], 1),
    ("pow(a, b)", lambda a, b: a ** b, [(0.3, 2.5), (1e-8, -3.5), (1e100, 2.5), (1.000001, 1e6), (40.0, 0.5), (3.0, 0.0)], 2),
    ("max(a, b)", lambda a, b: max(a, b), [(0.3, 2.0), (2.0, 0.3)], 2),
    ("min(a, b)", lambda a, b: min(a, b), [(0.3, 2.0), (2.0, 0.3)], 2),
    ("max([a, b, c])", lambda *x: max(x), [(0.3, 2.0, 1.0)], 3),
    ("min([a, b, c])", lambda *x: min(x), [(0.3, 2.0, 1.0)], 3),
    ("clamp(a, b, c)", lambda a, b, c: min(max(a, b), c), [(0.3, -1.0, 2.0), (-3.0, -1.0, 2.0), (7.0, -1.0, 2.0)], 3),
    ("hypot(a, b)", m.hypot, [(0.3, -0.2), (1e200, 1e200), (1e-200, -1e-200), (0.0, 2.0), (-2.0, 0.0)], 2),
    ("square(a)", lambda a: a * a, [(-1.7,)], 1),
    ("sigmoid(a)", sigmoid, [(x,) for x in BOTH + [700.0, -700.0]], 1),
    ("1 - sigmoid(a)", lambda a: sigmoid(-a), [(x,) for x in BOTH + [700.0, -700.0]], 1),
    ("log(sigmoid(a))", lambda a: -softplus(-a), [(x,) for x in BOTH + [700.0, -700.0]], 1),
    ("softplus(a)", softplus, [(x,) for x in BOTH + [700.0, -700.0]], 1),
    ("log(1 + exp(a))", softplus, [(x,) for x in BOTH + [800.0, -700.0]], 1),
    ("log1p(exp(a))", softplus, [(x,) for x in BOTH + [800.0, -700.0]], 1),
    ("relu(a)", lambda a: max(a, mpf(0)), [(x,) for x in (-1.7, 0.3, 1e300)], 1),
    ("leaky_relu(a, b)", lambda a, b: a if a > 0 else a * b, [(-1.7, 0.01), (0.3, 0.01)], 2),
    ("elu(a)", lambda a: a if a > 0 else m.expm1(a), [(x,) for x in (-40.0, -1.7, -1e-8, 0.3)], 1),
    ("silu(a)", lambda a: a * sigmoid(a), [(x,) for x in BOTH + [-700.0]], 1),
    ("gelu(a)", lambda a: a / 2 * m.erfc(-a / ROOT2), [(x,) for x in (-37.0, -20.0, -8.5, -3.0, -0.3, 1e-8, 0.3, 3.0, 8.5, 40.0)], 1),
    ("0.5 * a * (1 + erf(a / sqrt(2)))", lambda a: a / 2 * m.erfc(-a / ROOT2), [(x,) for x in (-20.0, -3.0, 0.3, 8.5)], 1),
    ("sum([a, b, c])", lambda *x: sum(x), [(0.3, -0.2, 1.7)], 3),
    ("mean([a, b, c])", lambda *x: sum(x) / 3, [(0.3, -0.2, 1.7)], 3),
    ("prod([a, b, c])", lambda a, b, c: a * b * c, [(0.3, -0.2, 1.7), (0.0, 2.0, 3.0), (0.0, 0.0, 3.0)], 3),
    ("logsumexp([a, b, c])", logsumexp, LOGITS, 3),
    ("log(sum(exp([a, b, c])))", logsumexp, LOGITS, 3),
    ("softmax([a, b, c])[0]", lambda *x: m.exp(x[0] - logsumexp(*x)), LOGITS, 3),
    ("log_softmax([a, b, c])[1]", lambda *x: x[1] - logsumexp(*x), LOGITS, 3),
    ("log(softmax([a, b, c]))[1]", lambda *x: x[1] - logsumexp(*x), LOGITS, 3),
    ("cross_entropy([a, b, c], 1)", lambda *x: logsumexp(*x) - x[1], LOGITS, 3),
    ("cumsum([a, b, c])[1]", lambda a, b, c: a + b, [(0.3, -0.2, 1.7)], 3),
    ("norm([a, b, c])", norm, [(0.3, -0.2, 1.7), (1e-100, 2e-100, 0.0), (1e150, -1e150, 1.0)], 3),
    ("dot([a, b], [c, d])", lambda a, b, c, d: a * c + b * d, [(0.3, -0.2, 1.7, 4.0)], 4),
    ("layernorm([a, b, c], ones[3], zeros[3])[0]", lambda *x: layernorm(x, 0),
     [(0.3, -0.2, 1.7), (1e4, 1e4 + 1, 1e4 - 2), (1e-3, 2e-3, 1e-3)], 3),
    ("mse(a, b)", lambda a, b: (a - b) ** 2, [(0.3, -0.2)], 2),
    ("huber(a, b, c)", huber, [(0.3, -0.2, 1.0), (7.0, -0.2, 1.0), (-7.0, -0.2, 1.0)], 3),
    ("binary_cross_entropy_with_logits(a, b)", bce,
     [(l, y) for l in (0.3, -0.2, 40.0, -40.0, 700.0, -700.0) for y in (0.0, 1.0, 0.25)], 2),
]


def slope(f, at, k):
    """By central differences at 800 digits: the step's square is beyond those that count."""
    with mp.workdps(800):
        at = [mpf(x) for x in at]
        h = (abs(at[k]) if at[k] else max([abs(x) for x in at] + [mpf(1e-300)])) * mpf(10) ** -60
        up, down = list(at), list(at)
        up[k] += h
        down[k] -= h
        d = (f(*up) - f(*down)) / (2 * h)
        return d


def number(x):
    if x == 0:
        return "0"
    text = nstr(mpf(x), 18)
    return text


def main():
    for text, f, points, count in POINTS:
        for at in points:
            with mp.workdps(800):
                value = f(*[mpf(x) for x in at])
            slopes = [slope(f, at, k) if k < count else 0 for k in range(len(at))]
            slopes = [0 if abs(s) < mpf(10) ** -330 else s for s in slopes]
            print('FUNCTION("%s", LIST(%s), %s, LIST(%s))'
                  % (text, ", ".join(repr(x) for x in at), number(value), ", ".join(number(s) for s in slopes)))


if __name__ == "__main__":
    main()
