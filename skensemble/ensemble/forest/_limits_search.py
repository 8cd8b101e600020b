"""Which limits the trees of a forest have, where these are "auto": out-of-bag rows judge, and the trees stay.

A row's trees are those that have not seen it, k of them, with residuals r_t.  The mean of r_t r_u over all pairs of
different trees,

    ((sum of r_t)^2 - sum of r_t^2) / (k (k - 1)),

has the expectation (E r)^2, the row's squared error in a forest of infinitely many trees.  So a few trees say which
limits are best, and they do not favour those under which trees differ less.  The trees of the winner are the first ones
of the forest: what is left to do is to grow the others.
"""

import numpy as np

from skensemble.tree.exact._cart_limits import count_features

OPEN = "max_features", "min_samples_leaf"  # the parameters that may be "auto"
LEAVES = 1, 2, 3, 5, 10, 20, 50  # rows
LARGEST_LEAF = 0.1  # part of the rows
FEWEST_TREES, MOST_TREES = 8, 50
MARGIN = 0.005  # part of the loss that a value must gain over the one before
TREES_TIMES_ROWS = 200_000  # that are enough to tell limits apart


def number_of_trees(n_rows):
    """Trees by which limits are compared: fewer where rows are many."""
    return int(np.clip(TREES_TIMES_ROWS // max(n_rows, 1), FEWEST_TREES, MOST_TREES))


def candidates_of(name, default, n_features, n_rows):
    """Values of a parameter that are compared, ascending; the first to be judged is `default`."""
    if name == "min_samples_leaf":
        return [size for size in LEAVES if size == default or size <= LARGEST_LEAF * n_rows]
    shares = [round(np.sqrt(n_features)), round(n_features / 3), round(2 * n_features / 3), n_features]
    return sorted({count_features(default, n_features), *(max(1, share) for share in shares)})


class LimitsSearch:
    """Compares limits one parameter after the other, from the defaults on, upwards and downwards while it pays.

    judge : callable: dict of limits -> (loss, trees)
    starts : dict: parameter -> the value that is judged first;  candidates : dict: parameter -> ascending values
    """

    def __init__(self, judge, starts, candidates):
        self._judge, self._candidates = judge, candidates
        self.chosen = dict(starts)
        self.params, self.losses = [], []
        self.loss, self.trees = self._judged(self.chosen)

    def run(self):
        for name, values in self._candidates.items():
            place = values.index(self.chosen[name])
            for way in (values[place + 1 :], values[:place][::-1]):
                if self._climb(name, way):
                    break
        return self

    def _climb(self, name, values):
        """Take one value after the other while each is clearly better than the one before; is any of them?"""
        is_better = False
        for value in values:
            limits = {**self.chosen, name: value}
            loss, trees = self._judged(limits)
            if not self.loss - loss > MARGIN * abs(self.loss):
                break
            self.chosen, self.loss, self.trees, is_better = limits, loss, trees, True
        return is_better

    def _judged(self, limits):
        loss, trees = self._judge(limits)
        self.params.append(limits)
        self.losses.append(loss)
        return loss, trees

    @property
    def results(self):
        """The attribute `search_results_`."""
        return {
            "params": self.params,
            "oob_loss": np.array(self.losses),
            "best_index": self.params.index(self.chosen),
        }


class OutOfBagLoss:
    """Mean squared error of the out-of-bag rows in a forest of infinitely many trees, from a few of its trees.

    truth : (n_samples, n_values) what trees that know all would predict
    weight : (n_samples,) or None for ones;  scale : (n_values,) factors of the values, which give all the same say
    content : (n_samples,) int64, the same for rows that are alike: a row is out of bag where none of them was drawn
    """

    def __init__(self, truth, weight, scale, content):
        self._truth, self._weight = truth, np.ones(len(truth)) if weight is None else weight
        self._scale = scale
        self._content = np.unique(content, return_inverse=True)[1]

    def of(self, trees):
        """The loss, NaN where no row can tell.

        trees : iterable of (values (n_nodes, n_values), leaf of each row, how often each row was drawn)
        """
        n_samples, n_values = self._truth.shape
        sums, squares, counts = np.zeros((n_samples, n_values)), np.zeros(n_samples), np.zeros(n_samples)
        for values, leaf, drawn in trees:
            rows = np.flatnonzero(self._is_unseen(drawn))
            residual = (values[leaf[rows]] - self._truth[rows]) * self._scale
            sums[rows] += residual
            squares[rows] += np.square(residual).sum(axis=1)
            counts[rows] += 1.0
        rows = np.flatnonzero((counts > 1) & (self._weight > 0))
        if len(rows) == 0:
            return np.nan
        k = counts[rows]
        errors = (np.square(sums[rows]).sum(axis=1) - squares[rows]) / (k * (k - 1.0))
        return float(np.average(errors, weights=self._weight[rows]))

    def _is_unseen(self, drawn):
        return np.bincount(self._content, drawn)[self._content] == 0


def scale_of_numbers(y, weight):
    """(n_outputs,) factors that give all outputs (n_outputs, n_samples) the same variance."""
    deviation = y - np.average(y, axis=1, weights=weight)[:, None]
    variance = np.average(np.square(deviation), axis=1, weights=weight)
    return 1.0 / np.sqrt(np.where(variance > 0, variance, 1.0))


def in_words(limits, loss):
    return f"search: {', '.join(f'{name}={value}' for name, value in limits.items())}: out-of-bag loss {loss:.6g}"
