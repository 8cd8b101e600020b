"""scikit-learn's callbacks (progress bars, monitors, early stops by the user) where it has them, else nothing."""

from copy import copy

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn < 1.9

    class CallbackSupportMixin:
        """Stands in for scikit-learn's: an estimator without callbacks."""

    def with_callbacks(method):
        return method


class FitProgress:
    """Tells the callbacks of an estimator about its rounds.

    n_rounds : int, maximum number of rounds to come
    data : dict of what every hook is told: X, y, metadata
    """

    def __init__(self, estimator, n_rounds, data):
        self.estimator, self.data = estimator, data
        self.context = None
        if getattr(estimator, "_skl_callbacks", None) or hasattr(estimator, "_parent_callback_ctx"):
            self._begin(estimator._init_callback_context(max_subtasks=n_rounds))

    def _begin(self, context):
        self.context = context
        context.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    def part(self, name, n_tasks):
        """The FitProgress of a task that has tasks itself: `n_tasks` at most, None if nobody knows."""
        part = copy(self)
        if self.context is not None:
            part._begin(self.context.subcontext(task_name=name, max_subtasks=n_tasks))
        return part

    def __enter__(self):
        return self

    def __exit__(self, error, *_):
        if error is None:
            self.finish(dict)

    def run_round(self, round_, fitted_attributes):
        """Call `round_()`; True if a callback asks to stop.

        fitted_attributes() is called only if a callback wants them.
        """
        return self.run_task("round", round_, fitted_attributes)

    def run_task(self, name, task, fitted_attributes):
        """The same of a task that is called something else."""
        if self.context is None:
            task()
            return False
        context = self.context.subcontext(task_name=name)
        context.call_on_fit_task_begin(estimator=self.estimator, **self.data)
        task()
        return bool(
            context.call_on_fit_task_end(
                estimator=self.estimator, reconstruction_attributes=fitted_attributes, **self.data
            )
        )

    def run_fit(self, fitted, fit, fitted_attributes):
        """Call `fit()`, which fits another estimator; the callbacks that may be handed on are told about that, too."""
        if self.context is None:
            fit()
            return
        task = self.context.subcontext(task_name="estimator")
        task.call_on_fit_task_begin(estimator=self.estimator, **self.data)
        with task.propagate_callback_context(fitted):
            fit()
        task.call_on_fit_task_end(estimator=self.estimator, reconstruction_attributes=fitted_attributes, **self.data)

    def finish(self, fitted_attributes):
        if self.context is not None:
            self.context.call_on_fit_task_end(
                estimator=self.estimator, reconstruction_attributes=fitted_attributes, **self.data
            )
