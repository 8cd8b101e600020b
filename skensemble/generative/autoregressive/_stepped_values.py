"""SteppedValues: how often each value of a bin is there, in a column whose values are multiples of a step.

People round: wages end in zeros, and hours are 40.  Within a bin, a value has its share of the rows of fit.  How likely
values are that no row had is estimated from those that one row had (Good 1953): with N rows in the bin, of which N1
have a value of their own, a share of (N1 + 1) / (N + 1) is spread evenly over all multiples of the step.
"""

import numpy as np


class SteppedValues:
    """Shares of values within bins

    low, high : (n_bins,), first and last value of each bin;  step : of the column
    values : (n_values,), ascending, in bins one after the other;  counts : (n_values,), weights of their rows
    """

    def __init__(self, low, high, step, values, counts):
        self.low, self.step, self.values = low, step, values
        self.n_steps = np.rint((high - low) / step) + 1.0
        self.ends = np.r_[0.0, np.cumsum(counts)]
        self.first = np.r_[np.searchsorted(values, low - step / 2), len(values)]
        alone = np.r_[0.0, np.cumsum(np.where(counts <= 1.0, counts, 0.0))]
        n_alone, n_rows = (np.diff(sums[self.first]) for sums in (alone, self.ends))
        self.fresh = (n_alone + 1.0) / (n_rows + 1.0)

    def at_most(self, t, bin_of):
        """Share of the bin that is not above t, a multiple of the step."""
        first, last = self.first[bin_of], self.first[bin_of + 1]
        place = np.clip(np.searchsorted(self.values, t + self.step / 2), first, last)
        before = self.ends[first]
        known = (self.ends[place] - before) / (self.ends[last] - before)
        even = np.clip((np.rint((t - self.low[bin_of]) / self.step) + 1.0) / self.n_steps[bin_of], 0.0, 1.0)
        return known + self.fresh[bin_of] * (even - known)

    def share(self, x, bin_of):
        """Share of a value in its bin."""
        return self.at_most(x, bin_of) - self.at_most(x - self.step, bin_of)

    def quantile(self, share, bin_of):
        """The first value of the bin of which a share or more is not above it."""
        low, high = np.zeros(len(bin_of)), self.n_steps[bin_of] - 1.0
        while np.any(low < high):
            middle = np.floor((low + high) / 2.0)
            is_reached = self.at_most(self.low[bin_of] + middle * self.step, bin_of) >= share
            low, high = np.where(is_reached, low, middle + 1.0), np.where(is_reached, middle, high)
            low = np.minimum(low, high)
        return self.low[bin_of] + high * self.step
