"""How many rounds a booster makes, where that is "auto": rows that are left out, fold by fold, say it.

The rounds of a fold are those of the booster itself, at the same learning rate; the mean of the folds' curves says how
many are best.  The model is then fitted to all rows.
"""

import numpy as np

from skensemble._parameters import OneOf, plain_value
from skensemble.ensemble._early_stopping import Patience
from skensemble.ensemble.rows._folds import content_folds

PATIENCE = 30  # rounds of a fold without progress
N_FOLDS = 3
FEWEST_ROWS = 20  # folds of fewer judge nothing
ONE_FOLD_FROM = 20_000  # rows: (into how many folds they are cut, how many are used)
SHORT_FROM = 100_000


def or_auto(parameter, most):
    """The parameter `n_estimators` of a booster that may choose it; most : rounds of a search."""
    return parameter._replace(
        rules=(*parameter.rules, OneOf("auto")),
        kind='int or "auto"',
        text=f'{parameter.text} "auto": fit chooses it by 3 folds (one fold of a fifth beyond 20,000 samples, of a '
        f"tenth beyond 100,000): each is boosted until {PATIENCE} rounds bring nothing to the samples that are left "
        f"out, or to {most} rounds; the model is then fitted to all samples with the number that is best for the mean "
        f"of the folds. Fewer than {FEWEST_ROWS} samples: {parameter.default}.",
    )


def check_open_rounds(estimator, *, stops, continued):
    """Raise a ValueError where something else says how many rounds there are; is the number "auto" at all?

    stops : (name, value) of the parameter by which early stopping is off, and that value
    """
    if plain_value(estimator.n_estimators) != "auto":
        return False
    name, off = stops
    if getattr(estimator, name) is not off and plain_value(getattr(estimator, name)) != off:
        raise ValueError(
            f"{name} must be {off} if n_estimators='auto', which left-out samples decide by themselves, got "
            f"{getattr(estimator, name)!r}."
        )
    if continued:
        raise ValueError("n_estimators must be an int to continue a fit (warm_start=True), got 'auto'.")
    return True


def judging_folds(keys, feature_keys, strata, copies, seed):
    """Folds that judge how many rounds are best; none where rows are too few, or alone in their classes.

    See `content_folds` for the arguments.
    """
    n_rows = len(keys) if copies is None else int(copies.sum())
    if n_rows < FEWEST_ROWS:
        return []
    n_folds, n_used = (10, 1) if n_rows > SHORT_FROM else (5, 1) if n_rows > ONE_FOLD_FROM else (N_FOLDS, N_FOLDS)
    folds = content_folds(keys, feature_keys, strata, copies, n_folds, seed)[:n_used]
    folds = [fold for fold in folds if fold.train.any() and fold.left_out.any()]
    return folds if can_judge(folds, strata) else []


def can_judge(folds, strata):
    """Do the rows that are left out by some fold have two classes at least, if all have several?"""
    left_out = np.any([fold.left_out > 0 for fold in folds], axis=0) if folds else np.zeros(len(strata), bool)
    return len(np.unique(strata[left_out])) >= min(2, len(np.unique(strata)))


def curve_of(first, scores_of_rounds, most):
    """(n_rounds + 1,) scores of a fold: `first`, then those of an iterator, until they no longer improve."""
    scores = [first]
    patience = Patience(PATIENCE, 0.0, scores)
    for score in scores_of_rounds:
        scores.append(score)
        if not np.isfinite(score) or len(scores) > most or patience.is_over(scores):
            break
    return np.array(scores)


def best_rounds(curves, learning_rate, default):
    """(number of rounds, the attribute `cv_results_`, or None if nothing is known and the number is `default`)."""
    mean = mean_curve(curves)
    if len(mean) < 2:
        return default, None
    n_rounds = 1 + int(mean[1:].argmax())
    results = {
        "params": [{}],
        "mean_test_score": np.array([mean[n_rounds]]),
        "split_test_scores": [np.array([curve.max() for curve in curves])],
        "n_rounds": np.array([n_rounds]),
        "curves": [mean],
        "learning_rate": float(learning_rate),
        "best_index": 0,
    }
    return n_rounds, results


def mean_curve(curves):
    """Mean of some curves, of which those that stopped early keep their last value; empty if none is finite.

    Curves that are not finite are left out.
    """
    curves = [curve for curve in curves if np.isfinite(curve).all()]
    if not curves:
        return np.empty(0)
    length = max(map(len, curves))
    return np.mean([np.append(curve, np.full(length - len(curve), curve[-1])) for curve in curves], axis=0)


def report(number, curve):
    """A line about a fold."""
    print(f"search: fold {number}: {len(curve) - 1} rounds, best score {curve.max():.6g}")
