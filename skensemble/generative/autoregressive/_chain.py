"""Chain: the columns of a table in one order, each with its distribution given the labels and the columns before it."""

import numpy as np

from skensemble.generative.autoregressive._column_cells import NOWHERE


class Chain:
    """p(row) = product of p(column | columns before it)

    order : list of all columns, those first that are given and not modelled;  n_given : how many these are
    conditionals : list of Conditional, of the other columns in their order
    cells : list of the cells of all columns
    """

    def __init__(self, order, n_given, conditionals, cells):
        self.order, self.conditionals, self.cells = order, conditionals, cells
        self.modelled = order[n_given:]

    def steps(self):
        """(column, its conditional), one after the other."""
        return zip(self.modelled, self.conditionals, strict=True)

    def features(self, j, labels, plain):
        """(n_rows, n_features) what column j is given: labels and the columns before it."""
        before = self.order[: self.order.index(j)]
        return np.column_stack([labels, *(self.cells[i].as_feature(plain[i]) for i in before)])

    def log_density(self, plain, labels):
        """plain : list of all columns;  labels : (n_rows, n_labels)"""
        total = np.zeros(len(labels))
        for j, conditional in self.steps():
            total += self.log_density_of_column(j, conditional, plain, labels)
        return total

    def log_density_of_column(self, j, conditional, plain, labels):
        """A share of 1 / (n + 1) of the numbers is new: what no row of fit had is then possible."""
        cells = self.cells[j]
        codes = cells.codes(plain[j])
        known = conditional.log_density(self.features(j, labels, plain), plain[j], codes)
        new = cells.log_density_of_new(plain[j]) - np.log(cells.total + 1.0)
        if cells.is_level:
            return np.where(codes == NOWHERE, new, known)
        is_missing = np.isnan(plain[j]) & (codes != NOWHERE)
        mixed = np.logaddexp(known + np.log1p(-1.0 / (cells.total + 1.0)), new)
        return np.where(is_missing, known + np.log1p(-1.0 / (cells.total + 1.0)), mixed)
