#!/usr/bin/env python3
"""The polynomials of runtime/include/mdl/math: minimax.py [NAME...] derives them anew and prints them.

Each is the best one for its weighted error (Remez exchange on a dense grid, in 60 digits).  Its coefficients are rounded
one after the other, those that matter most first, and after each the rest is fitted again, so that rounding costs next to
nothing.  Printed are the error before and after rounding, as a power of two, and the coefficients as the headers have them.
"""
import struct
import sys

from mpmath import mp, mpf

mp.dps = 60


def to_double(c):
    return mpf(float(c))


def to_float(c):
    return mpf(struct.unpack("f", struct.pack("f", float(c)))[0])


def shortest_float(c):
    for digits in range(1, 10):
        text = "%.*g" % (digits, float(c))
        if struct.pack("f", float(text)) == struct.pack("f", float(c)):
            return (text if "." in text or "e" in text else text + ".0") + "f"


ROUND = {"double": (to_double, lambda c: repr(float(c))), "float": (to_float, shortest_float)}


def exchange(chosen, errors, worst):
    """`worst` in place of a neighbour where the error has the same sign, or of the one at the other end."""
    same = lambda k: (errors[k] >= 0) == (errors[worst] >= 0)
    at = sum(k < worst for k in chosen)
    if at < len(chosen) and same(chosen[at]):
        return chosen[:at] + [worst] + chosen[at + 1 :]
    if at > 0 and same(chosen[at - 1]):
        return chosen[: at - 1] + [worst] + chosen[at:]
    return [worst] + chosen[:-1] if at == 0 else chosen[1:] + [worst]


def best(points, values, weights, powers):
    """Coefficients for `powers` of the x in points, so that the largest weight * |value - sum| is least, and that error."""
    n = len(powers)
    columns = [[x**p for p in powers] for x in points]
    last = len(points) - 1
    chosen = [int(round(last * (1 - mp.cos(mp.pi * k / n)) / 2)) for k in range(n + 1)]
    for _ in range(30):
        rows = mp.matrix(n + 1, n + 1)
        right = mp.matrix(n + 1, 1)
        for r, at in enumerate(chosen):
            for c in range(n):
                rows[r, c] = columns[at][c]
            rows[r, n] = (-1) ** r / weights[at]
            right[r] = values[at]
        solution = mp.lu_solve(rows, right)
        level = abs(solution[n])
        errors = [w * (v - mp.fdot(zip(row, solution[:n]))) for row, v, w in zip(columns, values, weights)]
        # One extremum for each run of one sign; of too many the smallest at an end goes.
        runs = []
        for k, e in enumerate(errors):
            if runs and (e >= 0) == (errors[runs[-1]] >= 0):
                if abs(e) > abs(errors[runs[-1]]):
                    runs[-1] = k
            else:
                runs.append(k)
        while len(runs) > n + 1:
            if len(runs) == n + 2:
                runs.pop(0 if abs(errors[runs[0]]) < abs(errors[runs[-1]]) else -1)
            else:
                gap = min(range(len(runs) - 1), key=lambda k: max(abs(errors[runs[k]]), abs(errors[runs[k + 1]])))
                del runs[gap : gap + 2]
        worst = max(range(len(errors)), key=lambda k: abs(errors[k]))
        if abs(errors[worst]) < level * mpf("1.001"):
            break
        chosen = runs if len(runs) == n + 1 else exchange(chosen, errors, worst)
    return list(solution[:n]), abs(errors[worst])


def largest(points, values, weights, powers, coefficients):
    """The largest weight * |value - sum|."""
    return max(w * abs(v - sum(c * x**p for c, p in zip(coefficients, powers))) for x, v, w in zip(points, values, weights))


def fit(f, weight, low, high, powers, form, fixed):
    """The rounded coefficients of f(x) = fixed + sum c_k x^powers[k], by their powers, and the errors before and after."""
    count = 40 * len(powers) + 40
    mid, half = (mpf(low) + high) / 2, (mpf(high) - low) / 2
    points = [mid - half * mp.cos(mp.pi * k / (count - 1)) for k in range(count)]
    most = max(weight(x) for x in points)
    points = [x for x in points if weight(x) > most * mpf(10) ** -7]  # where no error counts, nothing is to be fitted
    values = [mpf(f(x)) for x in points]
    weights = [mpf(weight(x)) for x in points]
    for p, c in fixed:
        values = [v - mpf(c) * x**p for v, x in zip(values, points)]
    powers, result, first, rest = list(powers), {}, None, None
    while powers:
        coefficients, error = best(points, values, weights, powers)
        first = error if first is None else first
        # High powers can do so little about what is left near 0 that the exchange may not settle: then they stay.
        if rest is None or error < largest(points, values, weights, powers, rest):
            rest = coefficients
        p, c = powers.pop(0), ROUND[form][0](rest.pop(0))
        result[p] = c
        values = [v - c * x**p for v, x in zip(values, points)]
    return result, first, largest(points, values, weights, [], [])


def odd_rest(f):
    """(f(s) / s - 1) / s^2 of an odd f, as a function of z = s^2."""
    return lambda z: (f(mp.sqrt(z)) / mp.sqrt(z) - 1) / z


LOG2 = mp.log(2)
ERFC_MIDDLE = mpf("4.0625")
TINY = mpf(10) ** -8
HALF_LOG2 = LOG2 / 2 + mpf(2) ** -20
LOG_Z = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2  # of f / (2 + f), squared
TAN_Z = (mp.sqrt(2) - 1) ** 2  # tan(pi / 8)^2


def exp_rest(r):
    return (mp.expm1(r) - r) / r**2 if abs(r) > TINY else mpf(1) / 2 + r / 6


def log_rest(z):
    s = mp.sqrt(z)
    return (mp.log((1 + s) / (1 - s)) / s - 2) / z if z > TINY else mpf(2) / 3 + 2 * z / 5


def cos_rest(z):
    return (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2 if z > TINY else mpf(1) / 24 - z / 720


def series(f, at_zero, slope):
    return lambda z: f(z) if z > TINY else at_zero + slope * z


SIN = series(odd_rest(mp.sin), -mpf(1) / 6, mpf(1) / 120)
ASIN = series(odd_rest(mp.asin), mpf(1) / 6, mpf(3) / 40)
ATAN = series(odd_rest(mp.atan), -mpf(1) / 3, mpf(1) / 5)

QUARTER = (mp.pi / 4 + mpf(2) ** -20) ** 2


def erf_rest(z):
    x = mp.sqrt(z)
    return mp.erf(x) / x - 1 if z > TINY else 2 / mp.sqrt(mp.pi) * (1 - z / 3) - 1


def erfc_scaled(factor):
    """(x + factor) exp(x^2) erfc(x) for q = (x - a) / (x + a); with 5/8 it changes little."""

    def scaled(q):
        x = ERFC_MIDDLE * (1 + q) / (1 - q)
        return (x + factor) * mp.exp(x * x) * mp.erfc(x)

    return scaled


def erfc_place(x):
    return (x - ERFC_MIDDLE) / (x + ERFC_MIDDLE)


# Between 1 and 2, by t = x - 3/2.
MIDDLE = mpf(3) / 2
DIGAMMA_ZERO = mp.findroot(lambda x: mp.psi(0, x), 1.46)


def lgamma_quotient(t):
    """lgamma(x) / ((x - 1) (x - 2))"""
    if abs(abs(t) - mpf(1) / 2) < TINY:
        return 1 - mp.euler if t > 0 else +mp.euler
    x = MIDDLE + t
    return mp.loggamma(x) / ((x - 1) * (x - 2))


def digamma_quotient(t):
    """digamma(x) / (x - z), z its zero"""
    d = MIDDLE + t - DIGAMMA_ZERO
    return mp.psi(0, MIDDLE + t) / d if abs(d) > TINY else mp.psi(1, DIGAMMA_ZERO) + mp.psi(2, DIGAMMA_ZERO) * d / 2


def trigamma_middle(t):
    return mp.psi(1, MIDDLE + t)


def lgamma_far(w):
    """What is left of lgamma(x) behind (x - 1/2) log(x) - x + log(2 pi) / 2, times x; w = 1 / x^2."""
    if w < TINY:
        return mpf(1) / 12 - w / 360
    x = 1 / mp.sqrt(w)
    return (mp.loggamma(x) - (x - mpf(1) / 2) * mp.log(x) + x - mp.log(2 * mp.pi) / 2) * x


def digamma_far(w):
    """(log(x) - 1 / (2 x) - digamma(x)) x^2; w = 1 / x^2."""
    if w < TINY:
        return mpf(1) / 12 - w / 120
    x = 1 / mp.sqrt(w)
    return (mp.log(x) - 1 / (2 * x) - mp.psi(0, x)) * x * x


def trigamma_far(w):
    """(trigamma(x) - 1 / x - 1 / (2 x^2)) x^3; w = 1 / x^2."""
    if w < TINY:
        return mpf(1) / 6 - w / 30
    x = 1 / mp.sqrt(w)
    return (mp.psi(1, x) - 1 / x - 1 / (2 * x * x)) * x**3


def sine_of_half(z):
    """(sin(pi r) / (pi r) - 1) / r^2; z = r^2."""
    r = mp.sqrt(z)
    return (mp.sin(mp.pi * r) / (mp.pi * r) - 1) / z if z > TINY else -(mp.pi**2) / 6 + mp.pi**4 * z / 120


def cosine_of_half(z):
    return (mp.cos(mp.pi * mp.sqrt(z)) - 1) / z if z > TINY else -(mp.pi**2) / 2 + mp.pi**4 * z / 24


def one(_):
    return mpf(1)


def over(f):
    return lambda x: 1 / f(x)


def odd_weight(f):
    return lambda z: z * mp.sqrt(z) / f(mp.sqrt(z)) if z else mpf(0)


def exp_weight(r):
    return r**2 / mp.exp(r)


def log_weight(z):
    return z / 2


def cos_weight(z):
    return z**2 / mp.cos(mp.sqrt(z))


EXP = (exp_rest, exp_weight, -HALF_LOG2, HALF_LOG2)
LOG = (log_rest, log_weight, 0, LOG_Z)
SINE = (SIN, odd_weight(mp.sin), 0, QUARTER)
COSINE = (cos_rest, cos_weight, 0, QUARTER)
ARCSINE = (ASIN, odd_weight(mp.asin), 0, mpf(1) / 4)
ARCTANGENT = (ATAN, odd_weight(mp.atan), 0, TAN_Z)
ERF = (erf_rest, lambda z: 1 / (1 + erf_rest(z)), 0, 1)
HALF = [(0, 0.5)]
ERFC_RANGE = (erfc_place(mpf("0.46875")), erfc_place(mpf(28)))
ERFC = erfc_scaled(mpf("0.625"))
ERFCF = erfc_scaled(ERFC_MIDDLE)

UNIT = (-mpf(1) / 2, mpf(1) / 2)

# name: f, weight (by which errors are multiplied), from, to, degree, format of coefficients, those that are given
TABLE = {
    "erf": (*ERF, 12, "double", []),
    "erfc": (ERFC, over(ERFC), *ERFC_RANGE, 22, "double", [(0, ERFC(mpf(0)))]),
    "lgamma": (lgamma_quotient, over(lgamma_quotient), *UNIT, 22, "double", [(0, lgamma_quotient(mpf(0)))]),
    "lgamma far": (lgamma_far, lambda w: mp.sqrt(w) / mp.loggamma(1 / mp.sqrt(w)) if w else mpf(0), 0, mpf(1) / 9, 10, "double", []),
    "digamma": (digamma_quotient, over(digamma_quotient), *UNIT, 22, "double", [(0, digamma_quotient(mpf(0)))]),
    "digamma far": (digamma_far, lambda w: w / mp.psi(0, 1 / mp.sqrt(w)) if w else mpf(0), 0, mpf(1) / 9, 11, "double", []),
    "trigamma": (trigamma_middle, over(trigamma_middle), *UNIT, 24, "double", [(0, trigamma_middle(mpf(0)))]),
    "trigamma far": (trigamma_far, lambda w: w, 0, mpf(1) / 9, 13, "double", []),
    "sine of turns": (sine_of_half, lambda z: z / (1 + z * sine_of_half(z)), 0, mpf(1) / 16, 5, "double", []),
    "cosine of turns": (cosine_of_half, lambda z: z, 0, mpf(1) / 16, 6, "double", []),
    # of float functions: in float, or in double where that saves second parts
    "expf": (*EXP, 4, "float", HALF),
    "logf": (*LOG, 2, "float", []),
    "exp of powf": (*EXP, 5, "double", HALF),
    "log of powf": (*LOG, 3, "double", []),
    "sinf": (*SINE, 3, "double", []),
    "cosf": (*COSINE, 2, "double", []),
    "asinf": (*ARCSINE, 5, "double", []),
    "atanf": (*ARCTANGENT, 4, "double", []),
    "erff": (*ERF, 6, "double", []),
    "erfcf": (ERFCF, over(ERFCF), *ERFC_RANGE, 11, "double", []),
}


def main():
    for name in sys.argv[1:] or TABLE:
        f, weight, low, high, degree, form, fixed = TABLE[name]
        given = {p: mpf(c) for p, c in fixed}
        powers = [p for p in range(degree + 1) if p not in given]
        coefficients, before, after = fit(f, weight, low, high, powers, form, fixed)
        print("%s: 2^%.1f, rounded 2^%.1f" % (name, mp.log(before, 2), mp.log(after, 2)))
        for p in sorted({**coefficients, **given}, reverse=True):
            print("  %s" % ROUND[form][1]({**coefficients, **given}[p]))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
