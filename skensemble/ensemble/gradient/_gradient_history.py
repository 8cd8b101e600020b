"""Trees and losses of all rounds of GBDT: as attributes of the model, and as printed lines."""

from time import perf_counter

import numpy as np

from skensemble.tree.trees._tree_arrays import concatenate


class GradientHistory:
    """All rounds of a model, those before a warm start included, and the attributes made of them."""

    def __init__(self, model):
        self._parameters, self._learning_rate = model._parameters_of_trees(), float(model.learning_rate)
        self._trees = [model._trees] if hasattr(model, "_trees") else []
        self._rates = list(getattr(model, "_rates", ()))
        self._batches = list(getattr(model, "_batches", ()))
        self.train_scores = list(getattr(model, "train_score_", ()))
        self.oob_scores = [None] * len(self.train_scores)
        self.oob_improvements = list(self.oob_scores)
        if hasattr(model, "oob_scores_"):  # 0 where no row was out of the bag
            self.oob_scores = [score or None for score in model.oob_scores_]
            self.oob_improvements = list(model.oob_improvement_)

    @property
    def last_oob_score(self):
        return self.oob_scores[-1] if self.oob_scores else None

    def add(self, round_):
        self._trees += round_.trees
        self._rates += [self._learning_rate] * len(round_.trees)
        self._batches.append((self._parameters, len(round_.trees)))
        self.train_scores.append(round_.train_score)
        self.oob_scores.append(round_.oob_score)
        self.oob_improvements.append(round_.oob_improvement)

    def attributes(self):
        attributes = {
            "_trees": concatenate(self._trees),
            "_rates": np.array(self._rates),
            "_batches": list(self._batches),
            "train_score_": np.array(self.train_scores),
        }
        if any(score is not None for score in self.oob_scores):
            attributes["oob_scores_"] = np.array([score or 0.0 for score in self.oob_scores])
            attributes["oob_improvement_"] = np.array([change or 0.0 for change in self.oob_improvements])
            attributes["oob_score_"] = float(attributes["oob_scores_"][-1])
        return attributes


class Printer:
    """Prints a line for each round, or with verbose=1 ten lines for each power of ten, as scikit-learn does."""

    def __init__(self, verbose, n_rounds, with_oob):
        self._verbose, self._n_rounds, self._with_oob = verbose, n_rounds, with_oob
        self._step, self._begin = 1, perf_counter()
        if verbose:
            self._print("Iter", "Train Loss", "OOB Improve", "Remaining Time")

    def report(self, number, history):
        """Print the last round of the history, whose number, from 0, is `number`."""
        if not self._verbose or (number + 1) % self._step:
            return
        seconds = (perf_counter() - self._begin) * (self._n_rounds - number - 1) / (number + 1)
        remaining = f"{seconds / 60:.2f}m" if seconds > 60 else f"{seconds:.2f}s"
        improvement = f"{history.oob_improvements[-1]:.4f}" if self._with_oob else ""
        self._print(number + 1, f"{history.train_scores[-1]:.4f}", improvement, remaining)
        if self._verbose == 1 and number + 1 >= 10 * self._step:
            self._step *= 10

    def _print(self, number, score, improvement, remaining):
        parts = [
            f"{number:>10}",
            f"{score:>16}",
            *([f"{improvement:>16}"] if self._with_oob else []),
            f"{remaining:>16}",
        ]
        print(" ".join(parts))
