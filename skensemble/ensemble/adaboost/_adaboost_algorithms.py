"""What AdaBoost's algorithms do in a round: which weights and targets a learner gets, and what its outputs add.

Raw predictions are log-odds: of the second class for two classes, else one per class, such that the probabilities
follow from them; "samme" has votes instead.  All but "logit" lower exponential loss.

    samme    Zhu, Zou, Rosset, Hastie 2009, algorithm 2; for two classes AdaBoost.M1 of Freund & Schapire 1997
    real     SAMME.R, ibid., algorithm 4; for two classes Friedman, Hastie, Tibshirani 2000, algorithm 2
    gentle   Friedman, Hastie, Tibshirani 2000, algorithm 4; more classes each against the rest, as in algorithm 5
    logit    ibid., algorithms 3 and 6
"""

from typing import NamedTuple

import numpy as np
from scipy.special import expit, logsumexp, softmax

from skensemble._random_bits import mixed_seed
from skensemble.ensemble.adaboost._boosting_weights import BoostingWeights

LARGEST_RESPONSE = 4.0  # of LogitBoost: Friedman, Hastie, Tibshirani suggest 2 to 4
N_HALVINGS = 20  # of a step of LogitBoost, whose curvature holds at its beginning only
SMALLEST_CURVATURE = 2.0 * np.finfo(np.float64).eps


class LearnerRound(NamedTuple):
    """The learners of a round, and how well they do.

    members : fitted learners, one or one per class
    outputs : of each member, for all rows
    weight, error : of the learner
    may_go_on : False if no further round makes sense
    overflowed : whether weights became infinite
    """

    members: list
    outputs: list
    weight: float
    error: float
    may_go_on: bool = True
    overflowed: bool = False


class Rows:
    """Training rows: their classes and weights, and the raw predictions so far.

    codes : (n_samples,) class index; n_columns : of raw predictions
    """

    def __init__(self, codes, copies, start, n_columns):
        self.codes, self.copies, self.start = codes, copies, start
        self.weights = BoostingWeights(copies, start)
        self.raw = np.zeros((len(codes), n_columns))

    def signs(self, k):
        """(n_samples,) 1 for class k, -1 for the others."""
        return np.where(self.codes == k, 1.0, -1.0)


class Algorithm:
    """A version of AdaBoost.

    task : what learners predict, "labels", "probabilities" or "numbers"
    has_sign_targets : whether those numbers are fitted to 1 and -1
    smoothing : minimum probability of a class
    """

    task = "numbers"
    has_sign_targets = False

    def __init__(self, n_classes, learning_rate, smoothing):
        self.n_classes, self.learning_rate, self.smoothing = n_classes, learning_rate, smoothing
        self.n_columns = 1 if n_classes <= 2 else n_classes

    @property
    def members_per_round(self):
        return 1

    def boost(self, rows, fit, seed):
        """LearnerRound, or None if the learner is no better than chance.

        fit : function of (seed, BoostingWeights, target or None) that returns (member, outputs)
        """
        raise NotImplementedError

    def increments(self, outputs, weight, k):
        """(n, n_columns) what outputs of members for n rows (or leaves) add to the raw predictions.

        weight : of the learner, a number or (n,);  k : which member of its round, a number or (n,)
        """
        raise NotImplementedError

    def losses(self, raw, codes):
        """(n_samples,) of rows with these raw predictions and class indices: the exponential of minus the margin."""
        return np.exp(-self._margins(raw, codes))

    def _margins(self, raw, codes):
        """(n_samples,) margins: half of the log-odds of a row's class."""
        if self.n_columns == 1:
            return 0.5 * np.where(codes == 1, raw[:, 0], -raw[:, 0])
        return raw[np.arange(len(codes)), codes]

    def divisor(self, total_weight):
        """Divisor of raw predictions in the decision function."""
        return 1.0

    def normalised(self, raw, total_weight):
        """Decision function from raw predictions."""
        divisor = self.divisor(total_weight)
        return raw if divisor == 1.0 else raw / divisor

    @property
    def link_name(self):
        """From probabilities to decisions, see `probabilities`."""
        return "logit" if self.n_columns == 1 else "softmax"

    @property
    def slope(self):
        """What decisions are multiplied by before they go into the inverse of the link."""
        return 1.0

    def probabilities(self, decision):
        """(n_samples, n_classes) from decisions (n_samples, n_columns)."""
        return _with_first_class(expit(decision[:, 0])) if self.n_classes == 2 else softmax(decision, axis=1)


def _with_first_class(second):
    return np.stack([1.0 - second, second], axis=1)


class Samme(Algorithm):
    """Votes of classifiers, each weighted by the log-odds of its accuracy."""

    task = "labels"

    def boost(self, rows, fit, seed):
        member, labels = fit(seed, rows.weights)
        is_wrong = labels != rows.codes
        error = rows.weights.error(is_wrong)
        if error <= 0.0:
            return LearnerRound([member], [labels], 1.0, 0.0, may_go_on=False)
        if error >= 1.0 - 1.0 / self.n_classes:
            return None
        weight = self.learning_rate * (np.log((1.0 - error) / error) + np.log(self.n_classes - 1.0))
        with np.errstate(over="ignore"):
            factors = np.where(is_wrong, np.exp(weight), 1.0)
        is_finite = rows.weights.multiply(factors)
        return LearnerRound([member], [labels], float(weight), error, overflowed=not is_finite)

    def increments(self, outputs, weight, k):
        if self.n_classes <= 2:
            return (2.0 * weight * (2.0 * outputs - 1.0))[:, None]
        votes = np.full((len(outputs), self.n_classes), -1.0 / (self.n_classes - 1))
        votes[np.arange(len(outputs)), outputs] = 1.0
        return votes * np.reshape(weight, (-1, 1))

    def _margins(self, raw, codes):
        return super()._margins(raw, codes) * (0.5 if self.n_columns == 1 else (self.n_classes - 1.0) / self.n_classes)

    def divisor(self, total_weight):
        return float(total_weight)

    @property
    def slope(self):
        return 1.0 if self.n_classes == 2 else 1.0 / (self.n_classes - 1.0)

    def probabilities(self, decision):
        return super().probabilities(decision if self.n_classes == 2 else decision / (self.n_classes - 1.0))


class Real(Algorithm):
    """Logarithms of the class probabilities of classifiers."""

    task = "probabilities"

    def boost(self, rows, fit, seed):
        member, probabilities = fit(seed, rows.weights)
        error = rows.weights.error(probabilities.argmax(axis=1) != rows.codes)
        if error <= 0.0:
            return LearnerRound([member], [probabilities], 1.0, 0.0, may_go_on=False)
        factors = self.losses(self.increments(probabilities, 1.0, 0), rows.codes)
        is_finite = rows.weights.multiply(factors)
        return LearnerRound([member], [probabilities], 1.0, error, overflowed=not is_finite)

    def increments(self, outputs, weight, k):
        smooth = (outputs + self.smoothing) / (1.0 + self.n_classes * self.smoothing)
        logarithms = self.learning_rate * np.log(smooth)
        if self.n_classes <= 2:
            return logarithms[:, -1:] - logarithms[:, :1]
        return logarithms - logarithms.mean(axis=1, keepdims=True)


class Regressions(Algorithm):
    """Algorithms whose learners are regressors: one for two classes, else one for each class."""

    @property
    def members_per_round(self):
        return self.n_columns

    def _own_classes(self):
        """Classes whose log-odds the learners of a round predict."""
        return [1] if self.n_columns == 1 else range(self.n_classes)

    def _error(self, outputs, rows, weights):
        if self.n_columns == 1:
            return weights.error((outputs[0] > 0) != (rows.codes == 1))
        return weights.error(np.argmax(outputs, axis=0) != rows.codes)


class Gentle(Regressions):
    """Least-squares regressions of the sign of the class: their steps are bounded, those of "real" are not."""

    has_sign_targets = True

    def boost(self, rows, fit, seed):
        weights, signs = self._weights_of_class(rows), [rows.signs(k) for k in self._own_classes()]
        fitted = [fit(mixed_seed(seed, k), weights[k], signs[k]) for k in range(self.n_columns)]
        members, outputs = map(list, zip(*fitted))
        error = self._error(outputs, rows, rows.weights)
        is_finite = True
        for k, output in enumerate(outputs):
            is_finite &= weights[k].multiply(np.exp(-self.learning_rate * signs[k] * output))
        return LearnerRound(members, outputs, 1.0, error, self.n_classes > 1, not is_finite)

    def _weights_of_class(self, rows):
        """BoostingWeights of each problem of one class against the rest."""
        if self.n_columns == 1:
            return [rows.weights]
        if not hasattr(rows, "weights_of_class"):
            rows.weights_of_class = [BoostingWeights(rows.copies, rows.start) for _ in range(self.n_classes)]
        return rows.weights_of_class

    def increments(self, outputs, weight, k):
        step = 2.0 * self.learning_rate * outputs
        if self.n_columns == 1:
            return step[:, None]
        increments = np.zeros((len(outputs), self.n_classes))
        increments[np.arange(len(outputs)), k] = step
        return increments

    def losses(self, raw, codes):
        if self.n_columns == 1:
            return super().losses(raw, codes)
        signs = np.where(codes[:, None] == np.arange(self.n_classes), 1.0, -1.0)
        return np.exp(-0.5 * signs * raw).mean(axis=1)

    @property
    def link_name(self):
        return "logit" if self.n_columns == 1 else "one-vs-rest"

    def probabilities(self, decision):
        if self.n_classes == 2:
            return super().probabilities(decision)
        odds = expit(decision) + np.finfo(np.float64).tiny
        return odds / odds.sum(axis=1, keepdims=True)


class Logit(Regressions):
    """Newton steps on log-loss (LogitBoost), cut in half where they overshoot."""

    def boost(self, rows, fit, seed):
        probabilities = expit(rows.raw) if self.n_columns == 1 else softmax(rows.raw, axis=1)
        members, outputs = [], []
        for k, of_class in enumerate(self._own_classes()):
            response, curvature = self._response(rows.codes == of_class, probabilities[:, k])
            member, output = fit(mixed_seed(seed, k), BoostingWeights(rows.copies, rows.start * curvature), response)
            members.append(member)
            outputs.append(output)
        error = self._error(outputs, rows, rows.weights)
        weight = self._step_length(rows, outputs)
        if weight is None:
            return None
        return LearnerRound(members, outputs, weight, error, self.n_classes > 1)

    def _step_length(self, rows, outputs):
        """Move the raw predictions; how much of the step that takes, so that the loss does not rise (None: nothing)."""
        step = sum(self.increments(output, 1.0, k) for k, output in enumerate(outputs))
        before, weight = rows.weights.mean(self.losses(rows.raw, rows.codes)), 1.0
        for _ in range(N_HALVINGS):
            moved = rows.raw + weight * step
            if rows.weights.mean(self.losses(moved, rows.codes)) <= before:
                rows.raw = moved
                return weight
            weight *= 0.5
        return None

    def losses(self, raw, codes):
        """(n_samples,) log-loss."""
        if self.n_columns == 1:
            return np.logaddexp(0.0, -2.0 * self._margins(raw, codes))
        return logsumexp(raw, axis=1) - self._margins(raw, codes)

    @staticmethod
    def _response(is_own, probability):
        """(working response z, weight) of the rows.

        Where z would be too large, the weight p (1 - p) becomes larger instead of z being cut: their product stays the
        gradient, so that the step goes downhill.
        """
        gradient = is_own - probability
        curvature = np.maximum(probability * (1.0 - probability), np.abs(gradient) / LARGEST_RESPONSE)
        curvature = np.maximum(curvature, SMALLEST_CURVATURE)
        return gradient / curvature, curvature

    def increments(self, outputs, weight, k):
        step = self.learning_rate * weight * outputs
        if self.n_columns == 1:
            return step[:, None]
        step *= (self.n_classes - 1.0) / self.n_classes
        increments = np.repeat(-step[:, None] / self.n_classes, self.n_classes, axis=1)
        increments[np.arange(len(outputs)), k] += step
        return increments


ALGORITHMS = {"samme": Samme, "real": Real, "gentle": Gentle, "logit": Logit}
