"""A callback of scikit-learn that keeps what it is told."""


class Recorder:
    """Keeps what every hook is told, and stops or fails after so many rounds."""

    def __init__(self, stop_after=None, fail_after=None):
        self.stop_after, self.fail_after = stop_after, fail_after
        self.begun, self.ended, self.fitted, self.calls = [], [], [], []

    def setup(self, estimator, context):
        self.calls.append("setup")

    def teardown(self, estimator, context):
        self.calls.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.begun.append((context.task_name, context.task_id))

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None):
        self.ended.append((context.task_name, context.task_id, metadata))
        if context.task_name == "round":
            self.fitted.append(fitted_estimator)
            if self.fail_after == len(self.fitted):
                raise RuntimeError("enough")
        return self.stop_after is not None and len(self.fitted) >= self.stop_after
