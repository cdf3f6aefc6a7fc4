#!/usr/bin/env python3
"""Prints special.csv: lgamma, digamma and polygamma at 60 digits by mpmath (python3-mpmath), rounded to 20.

order   -1: lgamma, 0: digamma, n: the derivative of order n of digamma
scale   the largest term that the value is made of: where terms cancel an error is small beside it, not beside the value
"""
import random
from mpmath import mp, mpf, loggamma, psi, tan, pi, nstr

mp.dps = 60
random.seed(1)


def scale(order, x, value):
    size = abs(value)
    if order == -1:
        return max(size, abs(loggamma(-x)) if x < -0.5 else 0)
    if order == 0:
        poles = max(1 / abs(x), pi / abs(tan(pi * x))) if x < -0.5 else 1 / abs(x) if x < 2.5 else 0
        return max(size, poles)
    if x > 0:
        return size
    r = x - mp.floor(x)
    return max(abs(psi(order, r)), abs(psi(order, 1 - r)))


def points(order):
    xs = [1e-300, 1e-20, 1e-8, 0.1, 0.25, 0.49, 0.5, 0.75, 0.999999, 1, 1.0000001, 1.25, 1.4616321, 1.5, 1.999, 2,
          2.00001, 2.4999, 2.5001, 3, 4.5, 7.999, 8, 8.5, 9.75, 10, 12.25, 20, 50.5, 171.5, 1e3, 1e6, 1e10, 1e100, 1e300,
          -1e-300, -1e-9, -0.1, -0.4999, -0.5, -0.504, -0.75, -0.999, -1.0001, -1.5, -2.25,
          -2.457, -3.7, -7.5, -10.1, -20.3, -100.5, -1000.25, -123456.75]
    xs += [random.uniform(0.01, 12) for _ in range(60)] + [random.uniform(-12, 0) for _ in range(30)]
    if order < 2:  # to the last place for positive x: near the zeros, and at many points between 1/2 and 4
        xs += [at + step for at in (1, 1.4616321449683622, 2, 3) for step in (-0.01, -1e-5, -1e-9, 1e-12, 3e-7, 1e-3, 0.03)]
        xs += [random.uniform(0.5, 4) for _ in range(200)]
    return [x for x in xs if order < 20 or 0.01 < abs(x) < 1e3]


print("order,x,value,scale")
for order in (-1, 0, 1, 2, 3, 4, 7, 20, 60):
    for x in points(order):
        exact = mpf(x)
        value = loggamma(exact).real if order == -1 else psi(order, exact)
        if 1e-300 < abs(value) < 1e300:
            print(order, repr(x), nstr(value, 20), nstr(scale(order, exact, value), 5), sep=",")
