"""The progress of a fit, for callbacks and for the terminal."""

from skensemble._callbacks import FitProgress
from skensemble._progress_lines import ProgressLines


class RegressorProgress:
    """Reports the rounds of a regressor as those of a model's fit.

    model : estimator with `verbose`
    data : dict, what callbacks are told about the training data
    """

    def __init__(self, model, data):
        self.model, self.data = model, data
        self.progress = self.lines = None  # begin with the first round, which says how many there can be

    def __call__(self, n_done, n_rounds, loss=None):
        """After a round; returns True if a callback asks to stop."""
        self._begin(n_rounds)
        self.lines.report(n_done, "" if loss is None else f"loss {loss:.6g}")
        return self.progress.run_round(lambda: None, dict)

    def finish(self):
        if self.lines is None:  # a regressor that does not tell its rounds
            self._begin(1)
            self.lines.report(1, "fitted")
        self.progress.finish(dict)

    def _begin(self, n_rounds):
        if self.lines is None:
            self.progress = FitProgress(self.model, n_rounds, self.data)
            self.lines = ProgressLines(self.model.verbose, n_rounds)
