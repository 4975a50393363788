"""
Writes linear.json, what scikit-learn 1.2.1 predicts with the linear models of its cases:

    python3 test/score/linear.py && npx biome format --write test/score/linear.json

Inputs, targets and weights of the cases that are there stay; wide ones (more columns than rows) are made here.
"""

import json
import pathlib

import numpy
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge

FILE = pathlib.Path(__file__).with_name("linear.json")


def standardized(X):
    isFlag = numpy.isin(X, [0, 1]).all(axis=0)
    scale = X.std(axis=0)
    scale[scale == 0] = 1
    return numpy.where(isFlag, X, (X - X.mean(axis=0)) / scale)


def wide():
    random = numpy.random.default_rng(3)
    X = random.normal(size=(18, 40)).astype(numpy.float32)
    X[:, 0] = X[:, 0] > 0
    X[:, 1] *= 1000
    X = X.astype(numpy.float32).round(3)
    z = X[:, 0] - X[:, 2] + X[:, 3] * X[:, 4]
    weights = (0.5 + numpy.arange(18) % 3 / 2).tolist()
    rows = [[float(x) for x in row] for row in X]
    three = numpy.digitize(z, numpy.quantile(z, [1 / 3, 2 / 3])).tolist()
    counts = numpy.exp(z.clip(-3, 3)).round().tolist()
    several = [z.round(3).tolist(), (1000 + 10 * X[:, 5]).round(3).tolist()]
    return [
        {"of": "more columns than rows: two targets", "X": rows, "y": several},
        {"of": "more columns than rows: weights", "X": rows, "weights": weights, "y": several[:1]},
        {"of": "more columns than rows: two classes", "X": rows, "y": [int(value > 0) for value in z], "probabilities": 2},
        {"of": "more columns than rows: three classes, weights", "X": rows, "weights": weights, "y": three, "probabilities": 3},
        {"of": "more columns than rows: counts", "X": rows, "y": [counts], "distribution": "poisson"},
    ]


def predicted(case):
    X = standardized(numpy.array(case["X"], numpy.float32).astype(float))
    weights = case.get("weights")
    if "probabilities" in case:
        model = LogisticRegression(tol=1e-12, max_iter=100_000).fit(X, case["y"], weights)
        return {**case, "probabilities": rounded(model.predict_proba(X))}
    poisson = PoissonRegressor(alpha=1 / len(X), tol=1e-13, max_iter=100_000)
    model = poisson if "distribution" in case else Ridge(solver="cholesky" if len(X) >= X.shape[1] else "svd")
    return {**case, "predicted": rounded(model.fit(X, y, weights).predict(X) for y in case["y"])}


def rounded(values):
    return [[float(f"{value:.9g}") for value in row] for row in values]


cases = [case for case in json.loads(FILE.read_text()) if not case["of"].startswith("more columns")]
FILE.write_text(json.dumps([predicted(case) for case in [*cases, *wide()]]) + "\n")
