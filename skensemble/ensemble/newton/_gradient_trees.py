"""booster="gbtree": each round adds trees that are grown on the gradients of the loss."""

from dataclasses import dataclass, fields, replace

import numpy as np

from skensemble.ensemble.newton._blocked_rounds import BlockedRounds
from skensemble.ensemble.newton._booster import Booster
from skensemble.ensemble.newton._boosting_settings import read_settings
from skensemble.ensemble.newton._parted_rounds import PartedRounds
from skensemble.ensemble.newton._training_data import TrainingData
from skensemble.ensemble.newton._tree_rounds import TreeRounds
from skensemble.tree._binning import CodesByRows
from skensemble.tree.histogram._grown_trees import to_tree_arrays
from skensemble.tree.trees._additive_trees import AdditiveTrees
from skensemble.tree.trees._tree_arrays import concatenate, empty_trees, validate_trees


@dataclass(frozen=True, eq=False)
class GradientTrees(Booster):
    """Trees that add up.

    additive : AdditiveTrees
    n_parallel : trees for each output in a round
    """

    additive: AdditiveTrees
    n_parallel: int
    allows_blocks = True
    _kinds_of_rounds = TreeRounds, PartedRounds  # of rows in one process, and in several

    @classmethod
    def started(cls, binner, baseline, *, vector, n_parallel, link, output_names):
        trees = empty_trees(len(baseline) if vector else 1)
        return cls(AdditiveTrees(trees, binner, baseline, link=link, output_names=output_names), n_parallel)

    def __getattr__(self, name):
        """`additive` of a model that `extended` has made, which is put together when somebody first asks for it.

        Warm starts that add one round after another would else copy all trees in each fit.
        """
        later = vars(self).get("_later")
        if name == "additive" and later is not None:
            before, rounds = later
            vars(self)["additive"] = before._with_trees(rounds)
            vars(self).pop("_later", None)
        if name not in vars(self):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}.")
        return vars(self)[name]

    def __getstate__(self):
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def _known(self):
        """AdditiveTrees of the rounds that are put together, perhaps not all."""
        later = vars(self).get("_later")
        return self.additive if later is None else later[0].additive

    @property
    def binner(self):
        return self._known.binner

    @property
    def baseline(self):
        return self._known.baseline

    # -- training ----------------------------------------------------------------------------------------------------

    @classmethod
    def data_in_blocks(cls, binner, table, target, weight, start, n_threads):
        """TrainingData whose codes are there row by row only."""
        return TrainingData(binner.transform_by_rows(table, n_threads), target, weight, start=start)

    def moves_exactly(self, data):
        return data.start is None  # which is added last by `fill_raw`, and comes before the trees of later rounds

    def rounds(self, request):
        return self._rounds(request)

    def _rounds(self, request, *others):
        settings = self._settings(request)
        if request.known is not None and request.known.goes_on(settings, *others):
            return request.known
        alone, parted = self._kinds_of_rounds
        kind = parted if request.train.is_parted else alone
        if isinstance(request.train.binned, CodesByRows):
            kind = BlockedRounds
        return kind(request.loss, request.train, request.held_out, settings, *others)

    def _settings(self, request):
        return read_settings(request, vector=self._known.trees.n_values > 1)

    def extended(self, rounds):
        before, known = vars(self).get("_later", (self, ()))
        longer = object.__new__(type(self))
        vars(longer).update(n_parallel=self.n_parallel, _later=(before, (*known, *rounds)))
        return longer

    def tempered(self, temperature):
        """The model with all raw predictions divided by `temperature`."""
        return replace(self, additive=self.additive.tempered(temperature))

    def _with_trees(self, rounds, **changes):
        """AdditiveTrees of the model and some TreeRound after it, with other changes."""
        known = self.additive
        grown = [tree for round_ in rounds for tree in round_.trees]
        grown = to_tree_arrays(grown, known.binner.thresholds_, known.trees.n_values)
        trees = concatenate([known.trees, grown]) if known.trees.n_trees else grown
        return replace(known, trees=trees, node_weight=self._node_weight(grown, rounds), **changes)

    def _node_weight(self, grown, rounds):
        """Weights of the nodes with those of some TreeRound; None while rows are only counted."""
        weights = [weight for round_ in rounds for weight in round_.node_weights]
        if not weights and self.additive.node_weight.dtype.kind == "i":
            return None
        return np.concatenate([self.additive.node_weight, *(weights or [grown.count])])

    @staticmethod
    def summary(round_):
        trees = round_.trees
        n_leaves = sum(int((tree.nodes["left"] < 0).sum()) for tree in trees)
        depth = max(int(tree.nodes["depth"].max()) for tree in trees)
        return f"{len(trees)} tree{'s' * (len(trees) > 1)}, {n_leaves} leaves, depth {depth}"

    # -- the model ---------------------------------------------------------------------------------------------------

    @property
    def n_learners(self):
        """Trees of a round, but for those that are grown in parallel: 1, or one for each output."""
        n_outputs = self._known.n_outputs
        return 1 if self._known.trees.n_values == n_outputs else n_outputs

    @property
    def n_rounds(self):
        later = vars(self).get("_later")  # read once: another thread may put the trees together meanwhile
        if later is not None:
            before, rounds = later
            return before.n_rounds + len(rounds)
        return self.additive.trees.n_trees // (self.n_learners * self.n_parallel)

    @property
    def _stages(self):
        """Number of trees after each round."""
        each = self.n_learners * self.n_parallel
        return [each * (number + 1) for number in range(self.n_rounds)]

    def compiled(self):
        self.additive.compiled()
        return self

    def raw(self, table, n_threads=1):
        return self.additive.raw(table, n_threads)

    def staged_raw(self, table, n_threads=1):
        yield from self.additive.staged_raw(table, self._stages, n_threads)

    def importances(self, n_features, importance_type):
        return self.additive.trees.feature_importances(n_features, importance_type).astype(np.float64)

    def additive_trees(self):
        return self.additive

    def part(self, first, last):
        each = self.n_learners * self.n_parallel
        return replace(self, additive=self.additive.part(first * each, last * each))

    def joined(self, other):
        kinds = [(type(model), model.n_learners, model.n_parallel) for model in (self, other)]
        if kinds[0] != kinds[1]:
            raise ValueError("other must have the same booster, num_parallel_tree, linear_leaves and multi_strategy.")
        return replace(self, additive=self.additive.joined(other.additive))

    def check(self, n_features):
        validate_trees(self.additive.trees, n_features, self.additive.n_outputs)
