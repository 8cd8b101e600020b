"""Kernels: thresholds of a column, and the codes of its values."""

import numpy as np

from skensemble._jit import kernel

# -- thresholds ------------------------------------------------------------------------------------------------------


@kernel
def find_thresholds(sorted_values, weights, max_values):
    """Thresholds that give a column at most `max_values` codes.

    sorted_values : (n,) float64 or float32, NaN last
    weights : (n,) int64 > 0, or empty for one each
    """
    values, ends = _distinct(sorted_values, weights)
    last_of_bin = _fill_bins(ends, max_values)
    thresholds = np.empty(max(len(last_of_bin) - 1, 0))
    for i in range(len(thresholds)):
        last = last_of_bin[i]
        thresholds[i] = between(np.float64(values[last]), np.float64(values[last + 1]))
    return thresholds


@kernel
def _distinct(sorted_values, weights):
    """(distinct values, weight of each together with all before it); NaN left out."""
    n_numbers, is_weighted = len(sorted_values), len(weights) > 0
    while n_numbers > 0 and np.isnan(sorted_values[n_numbers - 1]):
        n_numbers -= 1
    n_values = min(n_numbers, 1)
    for i in range(1, n_numbers):
        n_values += sorted_values[i] != sorted_values[i - 1]
    if n_values == n_numbers and not is_weighted:
        return sorted_values[:n_numbers], np.arange(1, n_numbers + 1)
    values, ends = np.empty(n_values, sorted_values.dtype), np.empty(n_values, np.int64)
    place, end = 0, 0
    for i in range(n_numbers):  # without a branch: equal values write over each other
        place += i > 0 and sorted_values[i] != sorted_values[i - 1]
        end += weights[i] if is_weighted else 1
        values[place], ends[place] = sorted_values[i], end
    return values, ends


@kernel
def _fill_bins(ends, max_bins):
    """Position of the last value of each bin.

    ends : weight of each value together with all before it

    A value that weighs as much as a bin has one to itself; the light ones share the other bins, equally by weight.
    """
    n_bins, n_values = min(max_bins, len(ends)), len(ends)
    if n_bins == n_values:
        return np.arange(n_values)
    share, light, light_bins = _share_of_light(ends, n_bins)
    has_heavy = light_bins < n_bins
    last_of_bin = np.empty(n_bins, np.int64)
    n, first, heavy = 0, 0, -1  # first: of the open bin, which is light; heavy: the next heavy value
    while first < n_values:
        if heavy < first:
            heavy = _next_heavy(ends, share, first) if has_heavy else n_values
        stop = _where_full(ends, first, heavy, light, light_bins)
        if stop == n_values:
            break
        weight = _weight_of(ends, first, stop)
        if stop < heavy or (stop > first and light_bins > 0 and 2 * weight * light_bins >= light):
            last_of_bin[n] = stop - 1
            n += 1
            light -= weight
            light_bins -= 1
            first, weight = stop, 0.0
        if stop == heavy:  # its bin also takes the few light values before it
            last_of_bin[n] = heavy
            n += 1
            light -= weight
            first = heavy + 1
    if first < n_values:  # if no bin is left, the last one takes these values
        n += light_bins > 0
        last_of_bin[n - 1] = n_values - 1
    return last_of_bin[:n]


@kernel
def _share_of_light(ends, n_bins):
    """(share of weight per bin, weight, number of bins) of the values that are lighter than this share."""
    total = ends[len(ends) - 1]
    light, light_bins = float(total), n_bins
    while True:
        share = light / light_bins
        least, n_heavy, heavy = np.int64(np.ceil(share)), 0, np.int64(0)
        for i in range(len(ends)):
            weight = ends[i] - (ends[i - 1] if i > 0 else 0)
            n_heavy += weight >= least
            heavy += weight if weight >= least else 0
        light = float(total - heavy)
        if n_bins - n_heavy == light_bins:
            return share, light, light_bins
        light_bins = n_bins - n_heavy


@kernel
def _next_heavy(ends, share, first):
    """The first value from `first` on that weighs at least `share`; the number of values if none does."""
    for i in range(first, len(ends)):
        if _weight_of(ends, i, i + 1) >= share:
            return i
    return len(ends)


@kernel
def _where_full(ends, first, heavy, light, light_bins):
    """Before which value a bin closes that begins at `first`: a light one, nearest to an equal share; or `heavy`."""
    if light_bins <= 1:
        return heavy
    low, high = first + 1, heavy
    while low < high:
        middle = (low + high) // 2
        if (_weight_of(ends, first, middle) + 0.5 * _weight_of(ends, middle, middle + 1)) * light_bins > light:
            high = middle
        else:
            low = middle + 1
    return high


@kernel
def _weight_of(ends, first, stop):
    """Of the values first .. stop - 1."""
    if stop == first:
        return 0.0
    return float(ends[stop - 1] - (ends[first - 1] if first > 0 else 0))


@kernel
def between(a, b):
    """A number t with a <= t < b: the middle, finite wherever it can be, rounded up to a float32 (see `as_float32`)."""
    largest = 1.7976931348623157e308
    low, high = max(a, -largest), min(b, largest)
    middle = 0.5 * low + 0.5 * high + 0.0  # never -0.0: the search subtracts
    if a == -np.inf:
        middle = -largest if b < np.inf else 0.0
    elif b == np.inf:
        middle = largest
    return as_float32(middle if a <= middle and middle < b else a, b)


@kernel
def as_float32(threshold, next_value):
    """The threshold, rounded up to a float32 if that is still below the next training value.

    The middle of two decimals is often a decimal that other rows have.  Where the threshold is a float32, these rows
    stay on their side if they are rounded to float32: x <= threshold implies the same of x rounded.
    """
    rounded = np.float32(threshold)
    if rounded < threshold:
        rounded = np.nextafter(rounded, np.float32(np.inf))
    up = np.float64(rounded) + 0.0  # never -0.0
    is_within = abs(threshold) <= 3.4028234663852886e38  # the largest float32
    return up if is_within and up < next_value else threshold


@kernel
def fill_search(all_thresholds, counts, thresholds, starts, guesses, cell_starts, origins, scales, n_steps):
    n_before = 0
    for j in range(len(counts)):
        ts = all_thresholds[n_before : n_before + counts[j]]
        n_before += counts[j]
        if len(ts) > 0:
            cells = guesses[cell_starts[j] : cell_starts[j + 1]]
            for i in range(len(ts)):  # assigning a slice would take seconds to compile
                thresholds[starts[j] + i] = ts[i]
            origins[j] = ts[0]
            scales[j] = (len(cells) - 2) / (ts[-1] - ts[0])
            most = _count_lower(ts, cells, origins[j], scales[j])
            while 1 << n_steps[j] <= most:
                n_steps[j] += 1


@kernel
def _count_lower(thresholds, cells, origin, scale):
    """Write the number of thresholds in lower cells into each cell; return the most that share a cell."""
    for threshold in thresholds:
        cells[_cell(threshold, origin, scale, len(cells) - 1.0)] += 1
    most, lower = 0, 0
    for c in range(len(cells)):
        here = cells[c]
        cells[c] = lower
        lower += here
        most = max(most, here)
    return most


@kernel
def _cell(x, origin, scale, last):
    """Cell of x; 0 for NaN, and for inf times 0 where the range of the thresholds is infinite or nothing."""
    place = (x - origin) * scale
    place = place if place > 0 else 0.0
    return np.uint64(np.int64(place if place < last else last))


# -- codes -----------------------------------------------------------------------------------------------------------


ENCODED_TOGETHER = 256


@kernel
def write_codes(
    block,
    thresholds,
    starts,
    guesses,
    cell_starts,
    origins,
    scales,
    n_steps,
    n_codes,
    is_categorical,
    columns,
    codes,
    first_row,
):
    """Write the codes of a block of rows, feature by feature and row by row.

    block : (n_features, n_rows) float64, numbers, or codes of categories, NaN = missing
    thresholds .. n_steps : the fields of a Search
    """
    n_features, n_rows = block.shape
    positions = np.empty(ENCODED_TOGETHER, np.int64)
    for j in range(n_features):
        out = columns[j, first_row : first_row + n_rows]
        if is_categorical[j]:
            _encode_categories(block[j], out)
        else:
            ts = thresholds[starts[j] : starts[j + 1]]
            cells = guesses[cell_starts[j] : cell_starts[j + 1]]
            _encode_numbers(block[j], ts, cells, origins[j], scales[j], n_steps[j], n_codes[j] - 1, positions, out)
    _transpose(columns, codes, first_row, n_rows)


@kernel
def _encode_categories(values, out):
    for i in range(len(values)):
        out[i] = 0 if np.isnan(values[i]) else np.int64(values[i])


@kernel
def _encode_numbers(values, thresholds, cells, origin, scale, n_steps, last_code, positions, out):
    """1 + number of thresholds below each value; 0 for NaN.

    The binary search goes on for many values at a time and takes no branch: the sign bit of (threshold - value) is the
    mask that admits a step.  A comparison would become a jump, mispredicted every other time (6 times slower).
    """
    last_cell = len(cells) - 1.0
    for first in range(0, len(values), ENCODED_TOGETHER):
        n = min(ENCODED_TOGETHER, len(values) - first)
        for i in range(n):
            positions[i] = cells[_cell(values[first + i], origin, scale, last_cell)]
        step = (1 << n_steps) >> 1
        while step > 0:
            for i in range(n):
                difference = np.float64(thresholds[np.uint64(positions[i] + step - 1)] - values[first + i])
                positions[i] += step & (difference.view(np.int64) >> 63)
            step >>= 1
        for i in range(n):
            out[first + i] = _code_at(positions[i], values[first + i], last_code)


@kernel
def _code_at(position, value, last_code):
    """The code; inf minus inf has no sign to trust."""
    code = last_code if value == np.inf else position + 1
    code = 1 if value == -np.inf else code
    return code if value == value else 0


@kernel
def _transpose(columns, codes, first_row, n_rows):
    """Copy columns to rows, in tiles that stay in the cache."""
    for start in range(first_row, first_row + n_rows, 64):
        stop = min(start + 64, first_row + n_rows)
        for j in range(columns.shape[0]):
            for i in range(start, stop):
                codes[i, j] = columns[j, i]
