"""Kernels that fill and subtract histograms.

A histogram is a flat int64 array.  Feature `f` of a node's histogram begins at its cell `cells[f]`; a cell has
`n_channels` integers.  Integers add exactly and in any order, so the sibling is an exact difference, and the threads'
order does not show.

Histograms are filled from columns of codes, of which column `c` begins at cell `c << shift`.  A column is a feature, or
several that share it (see `_code_columns.py`); what is said of `features` below is meant for columns there.

    one output         one channel            g << 32 | h          (both sums in one addition)
    several outputs    one such channel for each; where cells must count rows, one more channel for the counts

The channels of a row stand together and move with the row: a node's targets are read in order, whatever its rows are.
"""

import math

import numpy as np
from llvmlite import ir
from numba import int32, int64, types, uint64
from numba.extending import intrinsic

from skensemble._jit import kernel, lowest_bit, prefetch

ROWS_AHEAD = 16  # prefetch distance; measured best between 8 and 32 for scattered rows


@kernel
def add_rows(words, rows, packed, start, stop, histogram, base, first, last):
    """Add packed[i] to the cells of row rows[i], for i in [start, stop) and features [first, last), `first` a
    multiple of 8.

    words : (n_samples, n_padded / 8) uint64, the uint8 codes read eight at a time; 256 cells per feature, a constant
    """
    width = int64(words.shape[1]) * 8
    first_word, last_word, n_rest = uint64(first) >> uint64(3), uint64(last) >> uint64(3), uint64(last) & uint64(7)
    origin = uint64(base) + (uint64(first) << uint64(8))
    for i in range(uint64(start), uint64(stop)):
        if i + uint64(ROWS_AHEAD) < uint64(stop):
            prefetch(words, int64(rows[i + uint64(ROWS_AHEAD)]) * width + first)
        row = uint64(rows[i])
        value = packed[i]
        cell = origin
        for k in range(first_word, last_word):
            word = words[row, k]
            for feature in range(uint64(8)):  # unrolled by the compiler
                code = (word >> (feature << uint64(3))) & uint64(255)
                histogram[cell + (feature << uint64(8)) + code] += value
            cell += uint64(2048)
        if n_rest > uint64(0):
            word = words[row, last_word]
            if n_rest & uint64(4):
                for feature in range(uint64(4)):  # unrolled, too: a loop of so few turns is mostly branches
                    code = (word >> (feature << uint64(3))) & uint64(255)
                    histogram[cell + (feature << uint64(8)) + code] += value
                word >>= uint64(32)
                cell += uint64(1024)
            if n_rest & uint64(2):
                histogram[cell + (word & uint64(255))] += value
                histogram[cell + uint64(256) + ((word >> uint64(8)) & uint64(255))] += value
                word >>= uint64(16)
                cell += uint64(512)
            if n_rest & uint64(1):
                histogram[cell + (word & uint64(255))] += value


@kernel
def add_unusual_codes(words, usual, rows, packed, start, stop, histogram, base, shift, first, last):
    """As `add_rows`, for words that are usual[0] in most rows: one-hot columns, counts.

    All rows are added to the usual codes at the end, as one sum; a row that has another code moves there from the usual
    one, so that it costs two additions for each of its unusual codes, and none for the others.
    """
    width = int64(words.shape[1]) * 8
    first_word, last_word = uint64(first) >> uint64(3), (uint64(last) + uint64(7)) >> uint64(3)
    n_features, origin, shift, total = uint64(last), uint64(base), uint64(shift), int64(0)
    for i in range(uint64(start), uint64(stop)):
        if i + uint64(ROWS_AHEAD) < uint64(stop):
            prefetch(words, int64(rows[i + uint64(ROWS_AHEAD)]) * width + first)
        row, value = uint64(rows[i]), packed[i]
        total += value
        for k in range(first_word, last_word):
            differing = words[row, k] ^ usual[0, k]
            while differing != uint64(0):
                bits = lowest_bit(differing) & ~uint64(7)
                feature = (k << uint64(3)) + (bits >> uint64(3))
                if feature >= n_features:
                    break
                cell = origin + (feature << shift)
                histogram[cell + ((words[row, k] >> bits) & uint64(255))] += value
                histogram[cell + ((usual[0, k] >> bits) & uint64(255))] -= value
                differing &= ~(uint64(255) << bits)
    for feature in range(uint64(first), n_features):
        code = (usual[0, feature >> uint64(3)] >> ((feature & uint64(7)) << uint64(3))) & uint64(255)
        histogram[origin + (feature << shift) + code] += total


@kernel
def add_words(words, usual, codes, rows, packed, start, stop, histogram, base, shift, features, cells, first, last):
    """As `add_rows`, by the quicker way for each word, for cells of any shift.  usual : see `usual_words`"""
    while first < last:
        end, is_usual = last, False
        if usual.shape[1] > 0:
            end, is_usual = min(first + 8, last), usual[1, first >> 3] != 0
        while end < last and (usual[1, end >> 3] != 0) == is_usual:
            end = min(end + 8, last)
        if is_usual:
            add_unusual_codes(words, usual, rows, packed, start, stop, histogram, base, shift, first, end)
        elif shift == 8:
            add_rows(words, rows, packed, start, stop, histogram, base, first, end)
        else:
            add_rows_of_features(codes, rows, packed, start, stop, histogram, base, features, cells, first, end)
        first = end


@kernel
def add_rows_of_features(codes, rows, packed, start, stop, histogram, base, features, cells, first, last):
    """As `add_rows`, for features[first:last] and codes of any width."""
    width = int64(codes.shape[1])
    origin = uint64(base)
    for i in range(uint64(start), uint64(stop)):
        if i + uint64(ROWS_AHEAD) < uint64(stop):
            prefetch(codes, int64(rows[i + uint64(ROWS_AHEAD)]) * width * codes.itemsize)
        row = uint64(rows[i])
        value = packed[i]
        for k in range(uint64(first), uint64(last)):
            feature = uint64(features[k])
            histogram[origin + uint64(cells[feature]) + uint64(codes[row, feature])] += value


@kernel
def add_columns(columns, rows, packed, start, stop, histogram, base, features, cells, first, last):
    """As `add_rows_of_features`, one feature after the other.

    columns : (n_features, n_samples), the codes of any width
    Columns of few features stay in the caches, where the rows of the table do not.
    """
    for k in range(uint64(first), uint64(last)):
        column, cell = columns[features[k]], uint64(base) + uint64(cells[features[k]])
        for i in range(uint64(start), uint64(stop)):
            if i + uint64(ROWS_AHEAD) < uint64(stop):
                prefetch(column, int64(rows[i + uint64(ROWS_AHEAD)]) * column.itemsize)
            histogram[cell + uint64(column[rows[i]])] += packed[i]


@intrinsic
def add_pair(typing_context, histogram, at, one, two):
    """histogram[at] += one and histogram[at + 1] += two, by one load, addition and store of both."""

    def emit(context, builder, signature, args):
        pair, i32 = ir.VectorType(ir.IntType(64), 2), ir.IntType(32)
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        place = builder.bitcast(builder.gep(data, [args[1]]), pair.as_pointer())
        added = ir.Constant(pair, ir.Undefined)
        for lane, value in enumerate(args[2:]):
            added = builder.insert_element(added, value, i32(lane))
        builder.store(builder.add(builder.load(place, align=8), added), place, align=8)
        return context.get_dummy_value()

    return types.void(histogram, types.uint64, types.int64, types.int64), emit


@kernel
def add_pairs(words, rows, pairs, start, stop, histogram, base, first, last):
    """As `add_rows`, for cells of two channels."""
    width = int64(words.shape[1]) * 8
    first_word, last_word, n_rest = uint64(first) >> uint64(3), uint64(last) >> uint64(3), uint64(last) & uint64(7)
    origin = uint64(base) + (uint64(first) << uint64(9))
    for i in range(uint64(start), uint64(stop)):
        if i + uint64(ROWS_AHEAD) < uint64(stop):
            prefetch(words, int64(rows[i + uint64(ROWS_AHEAD)]) * width + first)
        row = uint64(rows[i])
        one, two = pairs[i << uint64(1)], pairs[(i << uint64(1)) + uint64(1)]
        cell = origin
        for k in range(first_word, last_word):
            word = words[row, k]
            for feature in range(uint64(8)):  # unrolled by the compiler
                code = (word >> (feature << uint64(3))) & uint64(255)
                add_pair(histogram, cell + (feature << uint64(9)) + (code << uint64(1)), one, two)
            cell += uint64(4096)
        if n_rest > uint64(0):
            word = words[row, last_word]
            for _ in range(n_rest):
                add_pair(histogram, cell + ((word & uint64(255)) << uint64(1)), one, two)
                word >>= uint64(8)
                cell += uint64(512)


@kernel
def add_vectors(codes, rows, vectors, start, stop, histogram, base, n_channels, features, cells, first, last):
    """As `add_rows_of_features`, for cells of any number of channels: those of row rows[i] begin at i * n_channels."""
    width = int64(codes.shape[1])
    n_channels = uint64(n_channels)
    for i in range(uint64(start), uint64(stop)):
        if i + uint64(ROWS_AHEAD) < uint64(stop):
            prefetch(codes, int64(rows[i + uint64(ROWS_AHEAD)]) * width * codes.itemsize)
        row = uint64(rows[i])
        at = i * n_channels
        for k in range(uint64(first), uint64(last)):
            feature = uint64(features[k])
            cell = uint64(base) + (uint64(cells[feature]) + uint64(codes[row, feature])) * n_channels
            for channel in range(n_channels):
                histogram[cell + channel] += vectors[at + channel]


@kernel
def accumulate(
    words, usual, codes, rows, packed, start, stop, histogram, base, shift, n_channels, features, cells, first, last
):
    """Add the rows [start, stop) of a node to its cells of features[first:last], whatever the target.

    words, usual : see `add_words`; words has no rows where codes are wider than a byte, or features are left out
    features : (n,) int64, ascending;  cells : (n_features,) int64, where each of all features begins
    packed : the channels of row rows[i] begin at i * n_channels
    """
    by_words = words.shape[0] > 0 and first & 7 == 0
    if n_channels == 1 and by_words:
        add_words(words, usual, codes, rows, packed, start, stop, histogram, base, shift, features, cells, first, last)
    elif n_channels == 1:
        add_rows_of_features(codes, rows, packed, start, stop, histogram, base, features, cells, first, last)
    elif n_channels == 2 and by_words and shift == 8:
        add_pairs(words, rows, packed, start, stop, histogram, base, first, last)
    else:
        add_vectors(codes, rows, packed, start, stop, histogram, base, n_channels, features, cells, first, last)


@kernel
def clear_counts(counts, base, n_codes):
    for code in range(uint64(n_codes)):
        counts[uint64(base) + code] = 0


@kernel
def count_codes(column, rows, start, stop, weight, whole, counts, base):
    """Add to counts[base:] how many rows each code of a column has among rows[start:stop] (see `row_count`)."""
    weighted = weight.shape[0] > 0
    for i in range(uint64(start), uint64(stop)):
        if i + uint64(2 * ROWS_AHEAD) < uint64(stop):
            prefetch(column, int64(rows[i + uint64(2 * ROWS_AHEAD)]) * column.itemsize)
        row = uint64(rows[i])
        counts[uint64(base) + uint64(column[row])] += row_count(row, weight, whole) if weighted else int64(1)


@kernel
def row_count(row, weight, whole):
    """How many rows a row stands for: its weight if all are whole, else one, or none without weight."""
    if weight.shape[0] == 0:
        return int64(1)
    return int64(weight[row]) if whole else int64(weight[row] > 0.0)


# In what follows unsigned indices and no slices: a signed index may be negative, which keeps the compiler from using
# vectors, and assigning a slice takes it seconds.


@kernel
def clear(histogram, base, n_channels, n_codes, features, cells, first, last):
    for k in range(first, last):
        cell = uint64(base + cells[features[k]] * n_channels)
        for i in range(uint64(n_codes[features[k]] * n_channels)):
            histogram[cell + i] = 0


@kernel
def subtract(histogram, parent, child, n_channels, n_codes, features, cells, first, last):
    """Turn the parent's cells into those of the child's sibling."""
    for k in range(first, last):
        offset = cells[features[k]] * n_channels
        cell, other = uint64(parent + offset), uint64(child + offset)
        for i in range(uint64(n_codes[features[k]] * n_channels)):
            histogram[cell + i] -= histogram[other + i]


@kernel
def merge(histogram, target, source, n_channels, n_codes, features, cells, first, last):
    """Add the cells at `source` to those at `target`."""
    for k in range(first, last):
        offset = cells[features[k]] * n_channels
        cell, other = uint64(target + offset), uint64(source + offset)
        for i in range(uint64(n_codes[features[k]] * n_channels)):
            histogram[cell + i] += histogram[other + i]


@kernel
def complete(histogram, base, n_channels, n_codes, features, cells, usual, totals, first, last):
    """Write what the other codes of a feature leave of a node's sums `totals` to the cell of usual[feature] >= 0."""
    for k in range(first, last):
        feature = features[k]
        if usual[feature] >= 0:
            cell, n_integers = base + cells[feature] * n_channels, n_codes[feature] * n_channels
            for channel in range(n_channels):
                at = cell + usual[feature] * n_channels + channel
                rest = totals[channel] + histogram[at]
                for i in range(uint64(channel), uint64(n_integers), uint64(n_channels)):
                    rest -= histogram[uint64(cell) + i]
                histogram[at] = rest


# -- fixed point -----------------------------------------------------------------------------------------------------

PACKED_BITS, FINE_BITS = 31, 61  # room for the sum of all rows: two sums in a cell, or one sum alone


@kernel
def power_of_two_scale(total, n_units, bits):
    """Largest power of two by which values can be multiplied before they are rounded, so that sums fit `bits` bits.

    `total` is the sum of the absolute values, `n_units` the number of rounded terms in a sum.  It is a power of two, so
    that the last bit of `total` does not decide how rows are rounded.
    """
    if not total > 0.0:
        return 1.0
    exponent = math.frexp(room_of(n_units, bits) / max(total, 2.0**-900))[1]  # near 0 the quotient would overflow
    return math.ldexp(1.0, max(exponent - 1, -1000))


@kernel
def room_of(n_units, bits):
    """What a sum in `bits` bits may be, before its terms are rounded."""
    return 2.0**bits - 2.0 - 0.5 * n_units


@kernel
def pack(
    gradient, hessian, weight, whole, gradient_scale, hessian_scale, rows, start, stop, packed, n_channels, channel
):
    """Write g << 32 | h of the rows rows[start:stop], in fixed point, to a channel of `packed`; returns their sum.

    rows : empty for all in order.
    A whole weight multiplies the rounded row: weight k is k copies, exactly.
    """
    weighted = weight.shape[0] > 0
    if n_channels == 1 and not weighted and rows.shape[0] == 0:
        return pack_in_order(gradient, hessian, gradient_scale, hessian_scale, start, stop, packed)
    total = int64(0)
    for i in range(start, stop):
        row = rows[i] if rows.shape[0] else i
        g, h = gradient[row] * gradient_scale, hessian[row] * hessian_scale
        if weighted and not whole:
            g *= weight[row]
            h *= weight[row]
        g, h = np.rint(g), np.rint(h)
        if weighted and whole:
            g *= weight[row]
            h *= weight[row]
        value = (int64(g) << 32) + int64(h)
        packed[i * n_channels + channel] = value
        total += value
    return total


@kernel
def pack_in_order(gradient, hessian, gradient_scale, hessian_scale, start, stop, packed):
    """As `pack`, of all rows without weights.  Each half fits 32 bits, and to those vectors can convert floats."""
    total = int64(0)
    for i in range(uint64(start), uint64(stop)):
        g, h = np.rint(gradient[i] * gradient_scale), np.rint(hessian[i] * hessian_scale)
        value = (int64(int32(g)) << 32) + int64(int32(h))
        packed[i] = value
        total += value
    return total


@kernel
def weighted_sums(gradient, hessian, weight, whole, rows, start, stop):
    """Sums of |w g| and w h over rows[start:stop], or over start .. stop - 1 where `rows` is empty; and the least and
    the most that one counted row (see `row_count`) adds to the second, infinite and 0 if there is none."""
    if weight.shape[0] == 0 and rows.shape[0] == 0:
        return sums_in_order(gradient, hessian, start, stop)
    sum_gradient, sum_hessian = 0.0, 0.0
    least, most = np.inf, 0.0
    for i in range(start, stop):
        row = rows[i] if rows.shape[0] else i
        w = weight[row] if weight.shape[0] else 1.0
        h = hessian[row] * w
        sum_gradient += abs(gradient[row]) * w
        sum_hessian += h
        one = float(hessian[row]) if whole else h
        if w > 0.0:
            least, most = min(least, one), max(most, one)
    return sum_gradient, sum_hessian, least, most


@kernel
def sums_in_order(gradient, hessian, start, stop):
    """As `weighted_sums`, of all rows without weights: two chains of additions instead of one, so that none waits."""
    g, other_g, h, other_h = 0.0, 0.0, 0.0, 0.0
    least, most = np.float32(np.inf), np.float32(0.0)
    other_least, other_most = np.float32(np.inf), np.float32(0.0)
    start, stop = uint64(start), uint64(stop)
    for pair in range((stop - start) >> uint64(1)):
        i = start + (pair << uint64(1))
        one, other = hessian[i], hessian[i + uint64(1)]
        g += abs(gradient[i])
        other_g += abs(gradient[i + uint64(1)])
        h += one
        other_h += other
        least, most = min(least, one), max(most, one)
        other_least, other_most = min(other_least, other), max(other_most, other)
    if (stop - start) & uint64(1):
        i = stop - uint64(1)
        g += abs(gradient[i])
        h += hessian[i]
        least, most = min(least, hessian[i]), max(most, hessian[i])
    return g + other_g, h + other_h, float(min(least, other_least)), float(max(most, other_most))


@kernel
def write_counts(weight, whole, rows, start, stop, packed, n_channels):
    """Write how many rows each of rows[start:stop] stands for, into the last of its channels; returns their sum."""
    total = int64(0)
    for i in range(start, stop):
        count = row_count(uint64(rows[i]), weight, whole)
        packed[(i + 1) * n_channels - 1] = count
        total += count
    return total
