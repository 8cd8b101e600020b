"""The progress of a fit, for callbacks and for the terminal."""

from skensemble._callbacks import FitProgress
from skensemble._progress_lines import ProgressLines


class RegressorProgress:
    """Reports the rounds of a regressor, which may be fitted several times, as those of a model's fit.

    model : estimator with `verbose`
    data : dict, what callbacks are told about the training data
    n_fits : int, how often a regressor is fitted
    """

    def __init__(self, model, data, n_fits=1):
        self.model, self.data, self.n_fits = model, data, n_fits
        self.n_fitted, self.place, self.is_told, self.wants_stop = 0, 0, False, False
        self.progress = self.lines = None  # begin with the first round, which says how many there can be

    def __call__(self, n_done, n_rounds, loss=None):
        """After a round; returns True if a callback has asked to stop.

        A later fit may have more rounds than the first, from which callbacks and the terminal know how many to expect:
        its rounds count as parts of those.
        """
        self._begin(n_rounds)
        self.is_told = True
        place = self.n_fitted * self.n_of_fit + n_done * self.n_of_fit // n_rounds
        if place > self.place:
            self.place = place
            self.lines.report(place, "" if loss is None else f"loss {loss:.6g}")
            self.wants_stop |= bool(self.progress.run_round(lambda: None, dict))
        return self.wants_stop

    def end_fit(self):
        """After a fit of a regressor."""
        if not self.is_told:  # by regressors that know of no rounds
            self._begin(1)
            self.lines.report(self.n_fitted + 1, "fitted")
        self.n_fitted, self.is_told = self.n_fitted + 1, False

    def finish(self):
        self._begin(1)
        self.progress.finish(dict)

    def _begin(self, n_rounds):
        if self.lines is None:
            self.n_of_fit = n_rounds
            self.progress = FitProgress(self.model, self.n_fits * n_rounds, self.data)
            self.lines = ProgressLines(self.model.verbose, self.n_fits * n_rounds)
