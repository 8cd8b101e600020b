"""What every booster is: a fitted model, and a way to add rounds to it."""

from typing import NamedTuple

import numpy as np

from skensemble.ensemble.newton._training_data import TrainingData
from skensemble.explanation._explained_trees import ExplainedTrees
from skensemble.tree._binning import Binner


class FitRequest(NamedTuple):
    """What a booster makes its rounds from."""

    parameters: object  # the parameters of the estimator are its attributes
    features: object  # FeatureNames
    loss: object
    train: TrainingData
    held_out: TrainingData | None
    seed: int
    n_threads: int
    known: object = None  # rounds of the same data, which stand where the booster stands


class Booster:
    """A fitted model of one kind.  It never changes: `extended` makes another one, with more rounds.

    A kind is a subclass with an entry in BOOSTERS.  It says how a table is read (Encoder, training_data), what is there
    before the first round (started), what a round does (rounds), and what is predicted.
    """

    Encoder = Binner  # learns from the training table how tables are read
    makes_trees = True
    allows_blocks = False  # can rounds be made from codes that are there row by row only (data_in_blocks)?

    binner: object  # the fitted Encoder
    baseline: np.ndarray  # (n_outputs,) raw prediction without any round

    # -- training ----------------------------------------------------------------------------------------------------

    @classmethod
    def training_data(cls, binner, table, target, weight, start, n_threads):
        """TrainingData of a table, without raw predictions."""
        return TrainingData(binner.transform(table, n_threads), target, weight, start=start)

    @classmethod
    def started(cls, binner, baseline, *, vector, n_parallel, link, output_names):
        """The model before its first round.

        vector : whether leaves hold a value for each output;  n_parallel : trees for each output in a round
        link, output_names : of its AdditiveTrees
        """
        raise NotImplementedError

    def recall(self, data, table, n_threads):
        """Store in `data` the model's predictions for `table` (DART: leaves of its rows), before rows are held out."""
        data.before = np.concatenate(table.each_part(lambda _, part: self.raw(part, n_threads))).T

    def moves_exactly(self, data):
        """Are raw predictions that rounds have moved, from those of `fill_raw` on, what `recall` finds, bit for bit?"""
        return False

    def fill_raw(self, data, n_threads):
        """Set the raw predictions that the next round starts from."""
        data.raw = np.empty((len(self.baseline), data.y.shape[-1]))
        data.raw[:] = self.baseline[:, None] if data.before is None else data.before
        if data.start is not None:
            data.raw += data.start

    def rounds(self, request):
        """What makes the rounds that follow: `round(number)` moves the raw predictions and returns what it has made.

        Raises a ValueError about parameters that do not go together.
        """
        raise NotImplementedError

    def extended(self, rounds):
        """The model with rounds, as `round` returned them, after its own."""
        raise NotImplementedError

    def tempered(self, temperature):
        """The model with all raw predictions divided by `temperature`; kinds that a search may choose have it."""
        raise NotImplementedError

    @staticmethod
    def summary(round_):
        """What a round has made, in a few words."""
        raise NotImplementedError

    # -- the model ---------------------------------------------------------------------------------------------------

    @property
    def n_rounds(self):
        raise NotImplementedError

    def compiled(self):
        """This model, ready to predict: no prediction changes it any more."""
        return self

    def raw(self, table, n_threads=1):
        """(n_samples, n_outputs) raw predictions."""
        raise NotImplementedError

    def staged_raw(self, table, n_threads=1):
        """Yield them after each round."""
        raise NotImplementedError

    def importances(self, n_features, importance_type):
        """(n_features,) float64, not normalised."""
        raise NotImplementedError

    def additive_trees(self):
        """The model as AdditiveTrees."""
        raise NotImplementedError

    def explained(self, link, output_names):
        """What can be said about the predictions, see `explain`; trees hold their link and names themselves."""
        return ExplainedTrees(self.additive_trees())

    # -- parts and sums ----------------------------------------------------------------------------------------------

    def part(self, first, last):
        """The model of the rounds first .. last - 1, with the same baseline."""
        raise NotImplementedError

    def joined(self, other):
        """The model of these rounds, and those of another model of the same kind after them; baselines add up."""
        raise NotImplementedError

    def linear_model(self):
        """The model, which has `coef`, `intercept` and the names of its terms."""
        raise AttributeError("coef_, intercept_ and coef_names_ need booster='gblinear': trees have none.")

    def check(self, n_features):
        """Raise a ValueError unless every kernel can safely run over the model, which may come from outside."""
