"""The real rows with which all metrics compare a sample, and searches for nearest rows that several metrics need."""

from functools import cached_property

from skensemble.generative.evaluation._coverage import ball_radius
from skensemble.generative.evaluation._nearest_rows import NearestRows


class Comparison:
    """Training rows, held-out test rows, and the settings of the metrics.

    train, test : Rows
    target : position of the column that models are to predict, or None
    max_transport_rows : of each table in the exact transport
    """

    def __init__(self, train, test, target, max_transport_rows, n_threads):
        self.train, self.test, self.target = train, test, target
        self.max_transport_rows, self.n_threads = max_transport_rows, n_threads
        self._found = (None, None)

    @property
    def columns(self):
        return self.train.columns

    def nearest_rows(self, rows):
        return NearestRows(*rows.points(), self.n_threads)

    @cached_property
    def near_train(self):
        return self.nearest_rows(self.train)

    @cached_property
    def near_test(self):
        return self.nearest_rows(self.test)

    @cached_property
    def radius_of_test_rows(self):
        return ball_radius(self.test.points(), self.near_test, self.near_train)

    def distances_to_train(self, sample):
        """Distances of the rows of a sample to their two nearest training rows, (n_rows, 2)."""
        if self._found[0] is not sample:
            self._found = (sample, self.near_train.nearest(*sample.points(), 2)[0])
        return self._found[1]
