"""Log densities and their derivatives to 17 digits, by mpmath: prints densities.def.

python3 densities.py > densities.def
"""
from mpmath import mp, mpf, exp, log, loggamma, pi

mp.dps = 1000


def softplus(x):
    return log(1 + exp(x))


def student_t(y, nu, mu, s):
    nu = mpf(nu)
    return (loggamma((nu + 1) / 2) - loggamma(nu / 2) - log(nu * pi) / 2 - log(s)
            - (nu + 1) / 2 * log(1 + ((y - mu) / s) ** 2 / nu))


def normal(y, mu, s):
    return -((y - mu) / s) ** 2 / 2 - log(s) - log(2 * pi) / 2


def choose(n, k):
    return loggamma(mpf(n) + 1) - loggamma(mpf(k) + 1) - loggamma(mpf(n - k) + 1)


# By the covariance S = L L', of two variates around (0.5, -1), L = [[c, 0], [d, 3]].
def multi_normal(a, b, c, d):
    s00, s01, s11 = c * c, c * d, d * d + 9
    det = s00 * s11 - s01 * s01
    x, y = a - mpf(0.5), b + 1
    return -(s11 * x * x - 2 * s01 * x * y + s00 * y * y) / det / 2 - log(det) / 2 - log(2 * pi)


DENSITIES = {
    "normal": normal,
    "student_t": student_t,
    "cauchy": lambda y, mu, s: -log(1 + ((y - mu) / s) ** 2) - log(s) - log(pi),
    "laplace": lambda y, mu, s: -abs(y - mu) / s - log(2 * s),
    "exponential": lambda y, r: log(r) - r * y,
    "gamma": lambda y, a, r: a * log(r) - loggamma(a) + (a - 1) * log(y) - r * y,
    "beta": lambda y, a, b: (a - 1) * log(y) + (b - 1) * log(1 - y) + loggamma(a + b) - loggamma(a) - loggamma(b),
    "lognormal": lambda y, mu, s: normal(log(y), mu, s) - log(y),
    "bernoulli_logit": lambda y, l: -softplus(-l if y else l),
    "binomial_logit": lambda y, n, l: choose(n, y) - y * softplus(-l) - (n - y) * softplus(l),
    "poisson_log": lambda y, l: y * l - exp(l) - loggamma(mpf(y) + 1),
    "multi_normal_cholesky": multi_normal,
    "categorical_logit": lambda y, *l: l[y] - log(sum(exp(x) for x in l)),
}

# Integers are integers of the language, the others parameters, by which the density is derived.
ROWS = [
    ("normal", 0.3, -0.2, 1.7), ("normal", 1e8, -3.0, 1e-3), ("normal", -40.0, 0.0, 1.0), ("normal", 2.0, 2.0, 1e150),
    ("student_t", 0.3, 4.0, -0.2, 1.7), ("student_t", 1e200, 2.5, 0.5, 3.0), ("student_t", -7.0, 0.1, 1.0, 0.25),
    ("student_t", 1.5, 59.5, 0.25, 2.0), ("student_t", 1.5, 61.0, 0.25, 2.0), ("student_t", 3.0, 1000000000, 0.5, 2.0),
    ("cauchy", 0.3, -0.2, 1.7), ("cauchy", -1e300, 2.0, 0.5), ("cauchy", 2e8, 0.0, 1.0), ("cauchy", 9e7, 0.0, 1.0),
    ("laplace", 0.3, -0.2, 1.7), ("laplace", -1e5, 3.0, 0.01),
    ("exponential", 2.0, 0.4), ("exponential", 0.0, 3.0), ("exponential", 1e-300, 1e-200),
    ("gamma", 2.5, 3.5, 0.7), ("gamma", 1e-200, 0.01, 2.0), ("gamma", 1000.0, 0.5, 3.0), ("gamma", 2.0, 1.0, 0.5),
    ("gamma", 17.5, 16.0, 0.75), ("gamma", 101000.0, 1e5, 1.0), ("gamma", 1.02e16, 1e8, 1e-8), ("gamma", 1.001e12, 1e12, 1.0),
    ("gamma", 1e-30, 1e4, 3.0), ("gamma", 1e-9, 1e-3, 3e7),
    ("beta", 0.3, 2.5, 0.7), ("beta", 1e-12, 0.5, 40.0), ("beta", 0.75, 1.0, 1.0), ("beta", 0.999, 30.0, 3.0),
    ("beta", 0.5, 40.0, 48.0), ("beta", 0.25, 1e5, 3.01e5), ("beta", 0.25, 1e8, 3.3e8), ("beta", 0.75, 3.3e12, 1e12),
    ("beta", 1e-9, 2.5, 1e9), ("beta", 1e-12, 0.25, 1e12), ("beta", 1e-7, 1e4, 1e12), ("beta", 1e-30, 1e3, 20.0),
    ("beta", 0.96875, 1e4, 12.5), ("beta", 0.75, 1e-3, 1e-4),
    ("lognormal", 0.3, -0.2, 1.7), ("lognormal", 1e-300, 1.0, 0.5), ("lognormal", 1e300, 0.0, 2.0),
    ("multi_normal_cholesky", 1.0, 2.0, 2.0, 1.0), ("multi_normal_cholesky", 1e5, -2.0, 1e-3, -40.0),
    ("bernoulli_logit", 1, 0.7), ("bernoulli_logit", 0, 0.7), ("bernoulli_logit", 1, 40.0),
    ("bernoulli_logit", 1, -800.0), ("bernoulli_logit", 0, -40.0), ("bernoulli_logit", 0, 800.0),
    ("binomial_logit", 3, 10, 0.7), ("binomial_logit", 10, 10, 40.0), ("binomial_logit", 0, 10, -40.0),
    ("binomial_logit", 7, 10, -300.0), ("binomial_logit", 0, 0, 1.5),
    ("poisson_log", 3, 0.7), ("poisson_log", 0, -40.0), ("poisson_log", 170, 5.0), ("poisson_log", 2, -700.0),
    ("categorical_logit", 1, 0.3, -0.2, 1.7), ("categorical_logit", 0, 1000.0, -1000.0, 40.0),
    ("categorical_logit", 2, 1000.0, 960.0, -1000.0),
]

print("// densities.def - by densities.py: DENSITY(expression, values of a, b, c, d, log density, its derivatives by them)")
for name, *args in ROWS:
    f = DENSITIES[name]
    real = [k for k, x in enumerate(args) if isinstance(x, float)]
    exact = [mpf(x) if k in real else x for k, x in enumerate(args)]
    names = iter("abcd")
    text = [next(names) if k in real else str(x) for k, x in enumerate(args)]
    form = {"categorical_logit": "{0}, [{rest}]", "multi_normal_cholesky": "[{0}, {1}], [0.5, -1], [[{2}, 0], [{3}, 3]]"}
    call = f"{name}.log({form.get(name, '{0}, {rest}').format(*text, rest=', '.join(text[1:]))})"

    def slope(k):
        at = exact[k]
        h = (abs(at) if at else mpf(1)) * mpf(10) ** -300
        return (f(*exact[:k], at + h, *exact[k + 1:]) - f(*exact[:k], at - h, *exact[k + 1:])) / (2 * h)

    row = [repr(float(x)) for x in [f(*exact)] + [slope(k) for k in real]]
    values = ", ".join(repr(args[k]) for k in real)
    print(f"DENSITY(\"{call}\", LIST({values}), {row[0]}, LIST({', '.join(row[1:])}))")
