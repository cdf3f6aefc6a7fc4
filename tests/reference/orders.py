#!/usr/bin/env python3
"""The first four derivatives of functions of one number, far out too, to 17 digits, by mpmath: prints orders.def.

python3 orders.py > orders.def

A row is ORDERS(text, at, first, second, third, fourth), the text an expression over s.  Points where a second or further
derivative is what two equal terms leave (of sigmoid beside 0) are not here.
"""
from mpmath import mp, mpf, binomial, nstr
import mpmath as m


def sigmoid(x):
    return 1 / (1 + m.exp(-x))


def softplus(x):
    return m.log1p(m.exp(-abs(x))) + max(x, 0)


FAR = [0.3, -2.5, 19.5, -40.25, 200.5, -300.5, 400.0, -720.0, 1e3, -1e3]
BOTH = [0.0, 1e-8, -1e-8] + FAR + [1e10, -1e150, 1e160]
GROWING = [1e-8, -1e-8, 0.3, -2.5, 19.5, -40.25, 300.5, -700.0]
POSITIVE = [1e-8, 0.3, 1.000001, 40.25, 1e3, 1e10]
POINTS = [
    ("tanh(s)", m.tanh, BOTH),
    ("sech(s)", m.sech, BOTH),
    ("sigmoid(s)", sigmoid, FAR + [1e150, -1e160]),
    ("softplus(s)", softplus, FAR + [1e150, -1e160]),
    ("log(sigmoid(s))", lambda x: -softplus(-x), FAR + [1e150, -1e160]),
    ("log1p(exp(s))", softplus, FAR + [1e150, -1e160]),
    ("erf(s)", m.erf, [0.0, 1e-8, 0.3, -2.5, 5.25, -1e3, -1e150]),
    ("erfc(s)", m.erfc, [0.0, 1e-8, 0.3, -2.5, 5.25, -1e3, -1e150]),
    ("atan(s)", m.atan, [0.0, 1e-8, 0.3, -2.5, 19.5, -300.5, 1e3, 1e10, -1e150]),
    ("log1p(s)", m.log1p, [0.0, -0.75, 1e-8, 0.3, 40.25, 1e3, 1e10, 1e50]),
    ("expm1(s)", m.expm1, GROWING),
    ("sinh(s)", m.sinh, GROWING),
    ("cosh(s)", m.cosh, GROWING),
    ("log(s)", m.log, POSITIVE),
    ("lgamma(s)", m.loggamma, [0.3, 2.5, 40.25, 1e3, 1e10]),
    ("asin(s)", m.asin, [0.0, 0.3, -0.99]),
]


def derivative(f, at, order):
    """By central differences at many digits: where the function has become flat they are 0 but for their rounding."""
    with mp.workdps(2200):
        h = (abs(mpf(at)) if at else mpf(1e-8)) * mpf(10) ** -40
        if abs(at) > 1e4:
            h = mpf(10) ** -30 * min(abs(mpf(at)), 1e15)
        d = sum((-1) ** j * binomial(order, j) * f(mpf(at) + (mpf(order) / 2 - j) * h) for j in range(order + 1)) / h ** order
        return "0" if abs(d) < mpf(10) ** -330 else nstr(d, 18)


def main():
    mp.dps = 60
    flat = {"tanh(s)": 0, "sech(s)": 0, "erf(s)": 0, "erfc(s)": 0}
    print("// orders.def - by orders.py: ORDERS(expression, at, its first four derivatives)")
    for text, f, points in POINTS:
        for at in points:
            if abs(at) >= 1e10 and text in flat:
                row = ["0"] * 4
            elif abs(at) >= 1e150 and "at" not in text and text != "log1p(s)":
                side = (at > 0) != (text == "log(sigmoid(s))")
                row = ["1" if side and text != "sigmoid(s)" else "0"] + ["0"] * 3
            else:
                row = [derivative(f, at, k) for k in (1, 2, 3, 4)]
            print('ORDERS("%s", %r, %s)' % (text, at, ", ".join(row)))


if __name__ == "__main__":
    main()
