"""The progress of a fit, for callbacks and for the terminal."""

from skensemble._callbacks import FitProgress


class RegressorProgress:
    """Reports the rounds of a regressor as those of a model's fit.

    model : estimator with `verbose`
    data : dict, what callbacks are told about the training data
    """

    def __init__(self, model, data):
        self.model, self.data = model, data
        self.progress = None  # begins with the first round, which says how many there can be

    def __call__(self, n_done, n_rounds):
        """After a round; returns True if a callback asks to stop."""
        verbose = self.model.verbose
        if verbose and (n_done == n_rounds or n_done % max(1, n_rounds // 10) == 0):
            print(f"[{n_done}/{n_rounds}]")
        return self._progress(n_rounds).run_round(lambda: None, dict)

    def finish(self):
        self._progress(1).finish(dict)

    def _progress(self, n_rounds):
        if self.progress is None:
            self.progress = FitProgress(self.model, n_rounds, self.data)
        return self.progress
