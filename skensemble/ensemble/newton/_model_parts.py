"""Parts and sums of fitted boosters: the first rounds, two models added up, leaves for other rows."""

from __future__ import annotations

import copy
import operator
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.utils.validation import check_is_fitted

from skensemble._parallel import effective_n_jobs
from skensemble._parameters import Interval, check_parameter
from skensemble._validation import read_features
from skensemble.ensemble.newton._boosting_settings import limits_of
from skensemble.ensemble.newton._gradient_trees import GradientTrees
from skensemble.ensemble.newton._linear_leaves import LinearLeafTrees
from skensemble.ensemble.newton._refit import refitted
from skensemble.tree._binning import same_encoding

if TYPE_CHECKING:
    from skensemble._types import Column, Self, Table

ABOUT_ROUNDS = ("train_score_", "validation_score_", "cv_results_")


class ModelParts:
    """Of Newton boosters: slices of rounds, and what else can be made of a fitted model.

    They have no length: NumPy would take a list of models for a table of their rounds.
    """

    def __getitem__(self, rounds):
        """The model of some of the rounds.

        Parameters
        ----------
        rounds : slice or int
            Rounds in order, without a step: `model[:100]` predicts by the first 100 rounds. An int is the model of one
            round. The constant that boosting starts from is a part of all of them.

        Returns
        -------
        model : object
            A fitted estimator.
        """
        check_is_fitted(self)
        n_rounds = self._booster.n_rounds
        if not isinstance(rounds, slice):
            number = operator.index(rounds)
            if not -n_rounds <= number < n_rounds:
                raise IndexError(f"rounds must be below {n_rounds}, the number of rounds of the model, got {number}.")
            rounds = slice(number % n_rounds, number % n_rounds + 1)
        first, last, step = rounds.indices(n_rounds)
        if step != 1:
            raise ValueError(f"rounds must be a slice without a step, got a step of {step}.")
        return self._with_booster(self._booster.part(first, max(first, last)))

    def _with_booster(self, booster):
        """A copy of this estimator around another booster."""
        model = copy.copy(self)
        model._booster = booster.compiled()
        for name in ABOUT_ROUNDS:
            model.__dict__.pop(name, None)
        model.n_estimators = max(1, booster.n_rounds)
        return model

    def merge(self, other: Self) -> Self:
        """The model whose raw predictions are the sums of those of this one and of another one.

        Parameters
        ----------
        other : estimator of the same class
            Fitted to a table with the same columns and categories, for the same loss and classes: for example with the
            raw predictions of this one as `init_score`.

        Returns
        -------
        model : object
            A fitted estimator. Its rounds are those of this model, then those of the other.

        Raises
        ------
        ValueError
            If the models do not fit together; the message says why.
        """
        check_is_fitted(self)
        if type(other) is not type(self):
            raise TypeError(f"other must be a fitted {type(self).__name__}, got {type(other).__name__}.")
        check_is_fitted(other)
        names = [np.asarray(getattr(model, "feature_names_in_", ())).tolist() for model in (self, other)]
        if self.n_features_in_ != other.n_features_in_ or names[0] != names[1]:
            raise ValueError("other must be fitted to a table with the same columns.")
        if not same_encoding(self._booster.binner, other._booster.binner):
            raise ValueError("other must be fitted to a table with the same categories in each column.")
        if type(self._loss) is not type(other._loss) or self._loss.n_outputs != other._loss.n_outputs:
            raise ValueError(f"other must have the same loss and outputs, got {other.loss!r} beside {self.loss!r}.")
        if hasattr(self, "classes_") and not np.array_equal(self.classes_, other.classes_):
            raise ValueError("other must be fitted to the same classes.")
        return self._with_booster(self._booster.joined(other._booster))

    def refit(self, X: Table, y: Column, sample_weight: Column | None = None, *, decay_rate: float = 0.9) -> Self:
        """Give the leaves values for other samples; the splits stay.

        Round by round, each leaf gets `decay_rate` times its value plus (1 - decay_rate) times the value that it would
        have got from the new samples; linear leaves get lines in the same way. Leaves that no sample reaches stay as
        they are.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            Features, with the columns of fit.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target; of a classifier, the classes of fit.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights >= 0.
        decay_rate : float in [0, 1], default=0.9
            Share of the old values.

        Returns
        -------
        model : object
            A new fitted estimator.
        """
        check_is_fitted(self)
        check_parameter("decay_rate", decay_rate, (Interval(float, 0.0, 1.0, "both"),))
        self._check_refit()
        n_threads = effective_n_jobs(self.n_jobs)
        table = read_features(self, X, reset=False)
        target, weight = self._read_target(y, sample_weight, table.n_samples, True)
        self._loss.check_target(target)
        temperature = getattr(self, "temperature_", 1.0)
        before = self._booster if temperature == 1.0 else self._booster.tempered(1.0 / temperature)
        data = before.training_data(before.binner, table, target, weight, None, n_threads)
        data.raw = np.empty((len(before.baseline), table.n_samples))
        data.raw[:] = before.baseline[:, None]
        limits = limits_of(self._settled(True), self._loss)
        leaves = before.additive.apply(table, n_threads)
        rate = self._learning_rate / before.n_parallel
        how = (limits, rate, float(decay_rate), float(self.linear_lambda))
        after = refitted(before, self._loss, data, leaves, *how)
        return self._with_booster(after if temperature == 1.0 else after.tempered(temperature))

    def _check_refit(self):
        is_known = type(self._booster) in (GradientTrees, LinearLeafTrees)
        if not (is_known and (is_classifier(self) or is_regressor(self))):
            raise ValueError(
                "refit needs a classifier or regressor with booster='gbtree', got "
                f"{type(self).__name__} with booster={self.booster!r}."
            )
        if self._is_slim:
            raise ValueError("refit needs a model that was saved without slim=True, which leaves out its bins.")
        if self.monotonic_cst is not None:
            raise ValueError("monotonic_cst must be None for refit: new values of leaves would not obey it.")
