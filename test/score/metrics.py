"""Writes the scores of the cases in metrics.json anew, with scikit-learn: python3 test/score/metrics.py

A score is null where scikit-learn refuses, warns that it is ill-defined, or gives NaN.
"""

import json
import pathlib
import warnings

import numpy as np
from sklearn import metrics


def regression(truth, predicted, quantile=None, distribution=None):
    scores = {
        "rmse": lambda: metrics.mean_squared_error(truth, predicted, squared=False),
        "mae": lambda: metrics.mean_absolute_error(truth, predicted),
        "r2": lambda: metrics.r2_score(truth, predicted),
        "medianAbsoluteError": lambda: metrics.median_absolute_error(truth, predicted),
        # of a true value of 0 theirs is about 1e15, which says nothing; of one below 2^-52, which no case has, too small
        "mape": lambda: np.nan if 0 in truth else metrics.mean_absolute_percentage_error(truth, predicted),
    }
    if quantile is not None:
        scores["pinball"] = lambda: metrics.mean_pinball_loss(truth, predicted, alpha=quantile)
    if distribution == "poisson":
        scores["poissonDeviance"] = lambda: metrics.mean_poisson_deviance(truth, predicted)
    return scores


def log_loss(truth, p):
    """scikit-learn's clips at 1 too, and divides what it clipped by its sum, which changes the eighth digit."""
    loss = -np.mean(np.log(np.maximum(p[range(len(truth)), truth], 2**-23)))
    theirs = metrics.log_loss(truth, p.astype(np.float32), labels=list(range(p.shape[1])))
    assert abs(loss - theirs) < 3e-7, (loss, theirs)
    return loss


def classification(truth, predicted, probabilities, classes):
    p = np.reshape(probabilities, (-1, classes))
    one_hot = np.eye(classes)[truth]
    # of two classes the positive one, of more the mean of one against the rest
    ranked = (one_hot[:, 1], p[:, 1]) if classes == 2 else (one_hot, p)
    occurring = sorted(set(truth) | set(predicted))
    f1 = {"average": "binary"} if classes == 2 else {"average": "macro", "labels": occurring}
    return {
        "accuracy": lambda: metrics.accuracy_score(truth, predicted),
        "error": lambda: metrics.zero_one_loss(truth, predicted),
        "logLoss": lambda: log_loss(truth, p),
        "balancedAccuracy": lambda: metrics.balanced_accuracy_score(truth, predicted),
        "f1": lambda: metrics.f1_score(truth, predicted, **f1),
        "rocAuc": lambda: metrics.roc_auc_score(*ranked),
        "averagePrecision": lambda: metrics.average_precision_score(*ranked),
    }


def score(of):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", FutureWarning)
        warnings.filterwarnings("ignore", message="y_pred contains classes not in y_true")
        try:
            value = float(of())
        except (ValueError, UserWarning, RuntimeWarning):
            return None
    return None if np.isnan(value) else value


path = pathlib.Path(__file__).with_name("metrics.json")
reference = json.loads(path.read_text())
for scores_of, cases in ((regression, reference["regression"]), (classification, reference["classification"])):
    for case in cases:
        inputs = {name: value for name, value in case.items() if name not in ("of", "scores")}
        case["scores"] = {name: score(of) for name, of in scores_of(**inputs).items()}
path.write_text(json.dumps(reference, indent=1) + "\n")
