"""Rows that a flow is trained on: boxes, from which batches are drawn."""

import numpy as np

from skensemble._weights import MOST_WRITTEN_OUT, is_whole
from skensemble.generative.networks._shuffled_rows import ShuffledRows


class FlowRows:
    """Boxes of rows to draw batches from, in an order that does not depend on that of the table.

    boxes : Boxes of the rows;  condition : (n_rows, n_condition)
    """

    def __init__(self, boxes, condition, weight, rng):
        middle = boxes.middle
        is_counted = ~np.isnan(condition).any(axis=1) & (True if weight is None else weight > 0)
        order = np.lexsort(np.hstack([condition, middle]).T[::-1]) if middle.shape[1] else np.arange(len(middle))
        order = order[is_counted[order]]
        weight = np.ones(len(order)) if weight is None else weight[order]
        if is_whole(weight, MOST_WRITTEN_OUT):  # otherwise rows are drawn in proportion
            order, weight = np.repeat(order, weight.astype(np.int64)), None
        self._set(boxes.take(order), condition[order].astype(np.float32), weight, rng)

    def _set(self, boxes, condition, weight, rng):
        self.boxes, self.condition, self.weight, self.rng = boxes, condition, weight, rng
        self._order = ShuffledRows(len(boxes), weight, rng)

    @property
    def n_columns(self):
        return self.boxes.n_columns

    def __len__(self):
        return len(self.boxes)

    def draw(self, n_rows):
        """(rows, condition) of a batch, float32; a new place in the boxes each time."""
        taken = self._order.take(n_rows)
        boxes = self.boxes.take(taken)
        x = boxes.places(self.rng.random(boxes.start.shape)) if boxes.has_width else boxes.middle
        return x.astype(np.float32), self.condition[taken]

    def split(self, share):
        """(rows to train on, held-out rows); None where one row is all there is."""
        if len(self) < 2:
            return self, None
        order = self.rng.permutation(len(self))
        n_held_out = int(np.clip(round(share * len(self)), 1, len(self) - 1))
        return self._some(order[n_held_out:]), self._some(order[:n_held_out])

    def _some(self, rows):
        part = object.__new__(FlowRows)
        weight = None if self.weight is None else self.weight[rows]
        part._set(self.boxes.take(rows), self.condition[rows], weight, self.rng)
        return part
