"""Forests whose limits may be "auto": which these are, and what the search for them leaves behind."""

from functools import partial
from types import SimpleNamespace

import numpy as np

from skensemble._parallel import in_order
from skensemble._parameters import plain_value
from skensemble.ensemble.forest._limits_search import (
    OPEN,
    LimitsSearch,
    OutOfBagLoss,
    candidates_of,
    in_words,
    number_of_trees,
)
from skensemble.ensemble.rows._row_sampling import copies_of
from skensemble.tree._content_keys import content_keys, keys_with_target
from skensemble.tree.exact._cart_limits import CART_PARAMETERS, count_features, read_cart_limits, read_directions

SEARCHED = "max_features_", "min_samples_leaf_", "search_results_"  # what a search leaves behind


class OpenLimits:
    """What a forest knows of limits that it chooses itself."""

    def _open_limits(self):
        return [name for name in OPEN if plain_value(getattr(self, name)) == "auto"]

    def _check_known_limits(self):
        for name in self._open_limits():
            if not hasattr(self, f"{name}_"):
                raise ValueError(
                    f"{name} must be a number to continue a fit that did not choose it (warm_start=True), got 'auto'."
                )

    def _limits(self):
        """The parameters of the trees, where "auto" is what was chosen, or the default before that."""
        limits = {name: getattr(self, name) for name in CART_PARAMETERS}
        default = {name: self._parameters[name].default for name in OPEN}
        return limits | {name: getattr(self, f"{name}_", default[name]) for name in self._open_limits()}

    def _read_limits(self, table, weight, **changes):
        n_rows = table.n_samples if weight is None else np.count_nonzero(weight)
        limits = SimpleNamespace(**self._limits() | changes, n_features_in_=self.n_features_in_)
        return read_cart_limits(limits, n_rows, criterion=self.criterion, splitter=self._splitter)

    def _search(self, table, target, sample_weight, weight, n_threads):
        """The first trees of the forest, with the limits that do best for out-of-bag rows; none if nothing is "auto".

        Sets the attributes that say what was found.
        """
        if not self._open_limits():
            return ()
        copies = copies_of(sample_weight)
        n_rows = table.n_samples if copies is None else int(copies.sum())
        directions = read_directions(self, self._n_classes_of_outputs, self._binner.is_categorical_)
        out_of_bag = []  # the OutOfBagLoss, when there are draws

        def judge(limits):
            read = self._read_limits(table, weight, **limits)
            grower = self._make_grower(table, target, weight, read, directions, n_threads)
            if not out_of_bag:
                self._prepare_draws(grower.binned, target, sample_weight, weight)
                out_of_bag.append(self._out_of_bag_loss(grower.binned, target, weight, copies, n_threads))
            grow, n_side_by_side = partial(self._grown, grower, target, with_leaf=True), self._n_side_by_side(n_threads)
            trees = []
            loss = out_of_bag[0].of(_kept(in_order(grow, range(number_of_trees(n_rows)), n_side_by_side), trees))
            if self.verbose and not self._is_silent:
                print(in_words(limits, loss))
            return loss, trees

        default = {name: self._parameters[name].default for name in self._open_limits()}
        if "max_features" in default:
            default["max_features"] = count_features(default["max_features"], self.n_features_in_)
        candidates = {name: candidates_of(name, start, self.n_features_in_, n_rows) for name, start in default.items()}
        search = LimitsSearch(judge, default, candidates).run()
        for name, value in search.chosen.items():
            setattr(self, f"{name}_", value)
        self.search_results_ = search.results
        return search.trees

    def _out_of_bag_loss(self, binned, target, weight, copies, n_threads):
        keys = content_keys(binned, weight, n_threads).rows
        content = keys_with_target(keys, self._target_numbers(target), copies)
        return OutOfBagLoss(self._true_values(target), weight, self._scale_of_values(target, weight), content)


def _kept(grown, trees):
    """Yield (values, leaf of each row, draws) of trees as they are grown, and add these to the list `trees`."""
    for tree, leaf, drawn in grown:
        trees.append(tree)
        yield tree.values, leaf, drawn
