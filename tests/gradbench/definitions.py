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


def ode():
    def cases(n, s):
        def final(x):
            y, h = [0] * n, 2 / s

            def slope(y):
                return [x[0]] + [x[i] * y[i - 1] for i in range(1, n)]

            def moved(y, k, step):
                return [a + step * b for a, b in zip(y, k)]

            for _ in range(s):
                k1 = slope(y)
                k2 = slope(moved(y, k1, h / 2))
                k3 = slope(moved(y, k2, h / 2))
                k4 = slope(moved(y, k3, h))
                y = [a + h * (b + 2 * c + 2 * d + e) / 6 for a, b, c, d, e in zip(y, k1, k2, k3, k4)]
            return y

        x = uniform(5, n)
        given = {"x": x, "s": s}
        return [("primal", given, final(x)), ("gradient", given, gradient(lambda x: final(x)[-1], x))]
    return cases(4, 3) + cases(7, 10) + cases(1, 1)


def det():
    def cases(ell):
        def minor(a, row, columns):
            """Of the rows from `row` on, expanded along the first of them."""
            if row == ell:
                return 1
            return sum((-1)**k * a[row * ell + j] * minor(a, row + 1, columns[:k] + columns[k + 1:])
                       for k, j in enumerate(columns))
        return primal_and_gradient(lambda a: minor(a, 0, list(range(ell))), "A", uniform(6, ell * ell), ell=ell)
    return cases(5) + cases(2) + cases(1)


def lstm():
    def cases(layers, length, bits):
        state = rows(uniform(7, 2 * layers * bits), bits)
        sequence = [[float(v > 0.5) for v in row] for row in rows(uniform(8, length * bits), bits)]

        def sigmoid(x):
            return 1 / (1 + cmath.exp(-x))

        def f(flat):
            main, extra = rows(flat[:8 * layers * bits], bits), rows(flat[8 * layers * bits:], bits)
            hidden, cell = [list(h) for h in state[::2]], [list(c) for c in state[1::2]]
            total = 0
            for t in range(length - 1):
                z = [a * w for a, w in zip(sequence[t], extra[0])]
                for i in range(layers):
                    weight, bias = main[8 * i:8 * i + 4], main[8 * i + 4:8 * i + 8]
                    for k in range(bits):
                        h = hidden[i][k]
                        forget, ingate, outgate = (
                            sigmoid(v * weight[g][k] + bias[g][k]) for g, v in enumerate((z[k], h, z[k])))
                        change = cmath.tanh(h * weight[3][k] + bias[3][k])
                        cell[i][k] = cell[i][k] * forget + ingate * change
                        hidden[i][k] = outgate * cmath.tanh(cell[i][k])
                    z = hidden[i]
                y = [a * w + v for a, w, v in zip(z, extra[1], extra[2])]
                normal = cmath.log(2 + sum(map(cmath.exp, y)))
                total += sum(gold * (v - normal) for gold, v in zip(sequence[t + 1], y))
            return -total / ((length - 1) * bits)

        flat = uniform(9, (8 * layers + 3) * bits)
        given = {"main_params": rows(flat[:8 * layers * bits], 4 * bits),
                 "extra_params": rows(flat[8 * layers * bits:], bits), "state": state, "sequence": sequence}
        return [("objective", given, real(f(flat))), ("jacobian", given, gradient(f, flat))]
    return cases(2, 5, 3) + cases(1, 3, 2) + cases(3, 2, 4)


def cross(a, b):
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def turned(axis, point):
    """The point turned about the axis by the axis's length."""
    angle = cmath.sqrt(sum(a * a for a in axis))
    if angle.real == 0:
        return [p + c for p, c in zip(point, cross(axis, point))]
    unit = [a / angle for a in axis]
    along = sum(u * p for u, p in zip(unit, point)) * (1 - cmath.cos(angle))
    return [p * cmath.cos(angle) + c * cmath.sin(angle) + u * along
            for p, c, u in zip(point, cross(unit, point), unit)]


def ba():
    def cases(n, m, p, cam, x, w, feat):
        def errors(flat):
            """Of one observation, from the numbers of its camera, point and weight."""
            c, x, w = flat[:11], flat[11:14], flat[14]
            seen = turned(c[:3], [a - b for a, b in zip(x, c[3:6])])
            u, v = seen[0] / seen[2], seen[1] / seen[2]
            square = u * u + v * v
            distorted = 1 + c[9] * square + c[10] * square * square
            return [w * (u * distorted * c[6] + c[7] - feat[0]), w * (v * distorted * c[6] + c[8] - feat[1])]

        flat = cam + x + [w]
        given = {"n": n, "m": m, "p": p, "cam": cam, "x": x, "w": w, "feat": feat}
        objective = {"reproj_error": {"elements": [real(e) for e in errors(flat)], "repeated": p},
                     "w_err": {"element": 1 - w * w, "repeated": p}}
        # Rows: two an observation, one a weight.  The first 30 entries are those of the first observation, whose camera and
        # point are the first ones; the last one is the last weight's.  `rows` says where each row starts.
        columns = list(range(11)) + [11 * n + k for k in range(3)] + [11 * n + 3 * m]
        starts = [15 * k for k in range(2 * p)] + [30 * p + k for k in range(p + 1)]
        sparse = {"rows": starts[:30] + starts[-1:],
                  "cols": 2 * columns + [11 * n + 3 * m + p - 1],
                  "vals": [v for row in jacobian(errors, flat) for v in row] + [-2 * w]}
        return [("objective", given, objective), ("jacobian", given, sparse)]

    camera = [0.1, -0.2, 0.3, 0.5, -0.4, 2.0, 700.0, 5.0, -3.0, 0.01, -0.002]
    return (cases(3, 5, 17, camera, [0.3, -0.2, 7.0], 0.8, [10.0, 20.0]) +
            cases(2, 4, 12, [0.0, 0.0, 0.0] + camera[3:], [1.0, 1.5, 9.0], 1.1, [-4.0, 3.0]))


def ht():
    def product(a, b):
        return [[sum(x * b[k][j] for k, x in enumerate(row)) for j in range(len(b[0]))] for row in a]

    def about(axis, angle):
        """The rotation about a coordinate axis, 4 x 4."""
        unit = [[float(i == j) for j in range(4)] for i in range(4)]
        a, b = ((1, 2), (2, 0), (0, 1))[axis]
        unit[a][a] = unit[b][b] = cmath.cos(angle)
        unit[b][a] = cmath.sin(angle)
        unit[a][b] = -unit[b][a]
        return unit

    def cases(mirrored, simple, turn):
        source = random.Random(10)
        bones, points = 22, 4

        def numbers(*shape):
            return source.uniform(-1, 1) if not shape else [numbers(*shape[1:]) for _ in range(shape[0])]

        def placement():
            return numbers(3, 4) + [[0.0, 0.0, 0.0, 1.0]]

        model = {
            "bone_count": bones, "bone_names": [f"bone{i}" for i in range(bones)],
            "parents": [-1] + [0 if i % 4 == 1 else i - 1 for i in range(1, bones)],
            "base_relatives": [placement() for _ in range(bones)],
            "inverse_base_absolutes": [placement() for _ in range(bones)],
            "base_positions": [row + [1.0] for row in numbers(6, 3)], "weights": numbers(6, bones),
            "triangles": [[0, 1, 2], [3, 2, 5], [4, 0, 3]], "is_mirrored": mirrored}
        correspondences = [source.randrange(6 if simple else 3) for _ in range(points)]
        data = {"model": model, "correspondences": correspondences, "points": numbers(points, 3)}
        us = [] if simple else numbers(points, 2)

        def vertices(theta):
            bends = [(0, 0)] * bones
            for finger in range(5):
                angles = theta[6 + 4 * finger:10 + 4 * finger]
                bends[2 + 4 * finger:5 + 4 * finger] = [(angles[0], angles[1]), (angles[2], 0), (angles[3], 0)]
            absolute = []
            for i, (bend, spread) in enumerate(bends):
                posed = product(model["base_relatives"][i], product(about(2, spread), about(0, bend)))
                parent = model["parents"][i]
                absolute.append(posed if parent < 0 else product(absolute[parent], posed))
            transforms = [product(a, b) for a, b in zip(absolute, model["inverse_base_absolutes"])]
            found = []
            for base, weights in zip(model["base_positions"], model["weights"]):
                moved = [product(t, [[x] for x in base]) for t in transforms]
                at = [sum(w * m[j][0] for w, m in zip(weights, moved)) for j in range(3)]
                at[0] *= -1 if mirrored else 1
                small = abs(cmath.sqrt(sum(t * t for t in theta[:3]))) < 1e-4
                found.append([a + t for a, t in zip(at if small else turned(theta[:3], at), theta[3:6])])
            return found

        def errors(us, theta):
            vertex, result = vertices(theta), []
            for i, c in enumerate(correspondences):
                corners, u = (([c] * 3, [0, 0]) if simple else (model["triangles"][c], us[2 * i:2 * i + 2]))
                for j in range(3):
                    on_hand = u[0] * vertex[corners[0]][j] + u[1] * vertex[corners[1]][j] + \
                        (1 - u[0] - u[1]) * vertex[corners[2]][j]
                    result.append(data["points"][i][j] - on_hand)
            return result

        theta = turn + [source.uniform(-0.5, 0.5) for _ in range(23)]
        flat = [u for pair in us for u in pair]
        matrix = jacobian(lambda theta: errors(flat, theta), theta)
        if not simple:  # a row has the two coordinates of its own point in front
            own = jacobian(lambda us: errors(us, theta), flat)
            matrix = [own[r][2 * (r // 3):2 * (r // 3) + 2] + row for r, row in enumerate(matrix)]
        given = {"theta": theta, "data": data, "us": us}
        return [("objective", given, [real(e) for e in errors(flat, theta)]), ("jacobian", given, matrix)]
    return (cases(False, False, [0.4, -0.3, 0.2]) + cases(True, True, [-0.1, 0.7, 0.5]) + cases(True, False, [0.0, 0.0, 0.0]))


def kmeans():
    def cases(k, n, d):
        points = rows(uniform(11, n * d), d)
        centroids = rows(uniform(12, k * d), d)[:k - 1] + [points[0]]

        def distance(a, b):
            return sum((x - y)**2 for x, y in zip(a, b))

        nearest = [min(range(k), key=lambda j, p=p: distance(p, centroids[j])) for p in points]
        cost = sum(distance(p, centroids[j]) for p, j in zip(points, nearest))
        members = [[p for p, i in zip(points, nearest) if i == j] for j in range(k)]
        assert all(members)
        # The gradient by a centroid is 2 (centroid - point), summed over its points, the Hessian 2 each.
        steps = [[c - sum(p[a] for p in own) / len(own) for a, c in enumerate(centroid)]
                 for centroid, own in zip(centroids, members)]
        given = {"points": points, "centroids": centroids}
        return [("cost", given, cost), ("dir", given, steps)]
    return cases(3, 30, 2) + cases(1, 4, 3) + cases(2, 9, 1)


def descent(f, slope, x):
    """Gradient descent as GradBench does it: steps twice as long after ten that went down, half as long after one that did not."""
    value, g, eta, count = f(x), slope(x), 1e-5, 0
    while math.hypot(*g) > 1e-5:
        if count == 10:
            eta, count = 2 * eta, 0
            continue
        trial = [a - eta * b for a, b in zip(x, g)]
        if math.dist(x, trial) <= 1e-5:
            break
        if real(f(trial)) < real(value):
            x, value, g, count = trial, f(trial), slope(trial), count + 1
        else:
            eta, count = eta / 2, 0
    return x


MODES = ("ff", "fr", "rf", "rr")


def particle():
    def miss(w):
        charges, x, v = [(10, 10 - w[0]), (10, 0)], [0, 8], [0.75, 0]
        while True:
            # Minus the gradient of the sum of 1 / distance.
            pull = [sum((x[a] - c[a]) / ((x[0] - c[0])**2 + (x[1] - c[1])**2)**1.5 for c in charges) for a in (0, 1)]
            if real(x[1] + 0.1 * v[1]) <= 0:
                return (x[0] - x[1] / v[1] * v[0])**2
            x = [a + 0.1 * b for a, b in zip(x, v)]
            v = [a + 0.1 * b for a, b in zip(v, pull)]
    return [(mode, {"w": w}, descent(miss, lambda w: gradient(miss, w), [w])[0]) for w in (0.0, 0.1) for mode in MODES]


def saddle():
    def cases(start):
        # y does not depend on x, so the highest value's gradient by x is that of ||x||^2.
        y = descent(lambda y: sum(v * v for v in y), lambda y: [2 * v for v in y], start)
        highest = -sum(v * v for v in y)
        x = descent(lambda x: sum(v * v for v in x) + highest, lambda x: [2 * v for v in x], start)
        return [(mode, {"start": start}, x + y) for mode in MODES]
    return cases([1.0, 1.0]) + cases([-3.0, 0.25])
