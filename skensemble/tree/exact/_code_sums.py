"""Best split of a feature for numbers, from sums by code: no sorting, no groups.

    rows of the node    7 2 9 4 ...      code of each        5 3 3 130 ...
    sums                amount, weight   of each code, zero between uses
    occurs              one bit a code   0000101000...1      the sweep visits the set bits, in ascending order

What it costs is in the number of rows and of different codes among them, however many codes the feature has.
"""

from numba import int64, uint64

from skensemble._jit import kernel, lowest_bit

MANY_CODES = 256  # more do not fit the bits of `occurs`
ALMOST = 1.0 - 1e-12  # more than the rounding of a few operations


@kernel
def sum_by_code(column, start, n_rows, n_codes, state):
    """Add up the node's rows code by code, and mark the codes that occur."""
    sums, occurs, rows = state.histogram, state.occurs, state.rows
    node_weight, node_amount = state.node_weight, state.node_amount
    # Where rows are many it is not worth asking which codes occur: most do, and the others have no weight.
    is_dense = n_rows >= 2 * n_codes
    mark_codes(n_codes if is_dense else 0, state)
    for i in range(uint64(n_rows)):
        code = uint64(column[rows[uint64(start) + i]])
        sums[uint64(2) * code] += node_amount[i, uint64(0)]
        sums[uint64(2) * code + uint64(1)] += node_weight[i]
        if not is_dense:
            occurs[code >> uint64(6)] |= uint64(1) << (code & uint64(63))


@kernel
def mark_codes(n_codes, state):
    """Codes below n_codes may occur, and no others."""
    for word in range(uint64(state.occurs.shape[0])):
        state.occurs[word] = ~uint64(0) if int64(word) << 6 < n_codes else uint64(0)


@kernel
def sweep_sums(sums, first, n_codes, clears, bar, state):
    """(code before the best split or -1, next code, its gain, some codes differ)

    Squared error of one output, no row missing.  A split lies before a code that occurs: what is on its left has been
    added up by then.  The divisions of a gain are done only where it may pass the bar.

    sums : amount and weight of each code, from `first` on;  clears : whether they are zero again afterwards
    """
    occurs, first = state.occurs, uint64(first)
    total_weight, min_weight = state.total[1], max(state.min_weight_leaf, 1)
    left_weight, left_amount, right_amount = int64(0), int64(0), state.total[0]
    last, best, above, differs = int64(-1), int64(-1), int64(-1), False
    for word in range(uint64(occurs.shape[0])):
        bits = occurs[word]
        while bits != 0:
            code = (word << uint64(6)) | uint64(lowest_bit(bits))
            bits &= bits - uint64(1)
            if code >= uint64(n_codes):
                break
            cell = first + uint64(2) * code
            weight = sums[cell + uint64(1)]
            if weight == 0:
                continue
            right_weight = total_weight - left_weight
            if min(left_weight, right_weight) >= min_weight:
                differs = True
                below, over = float(left_amount), float(right_amount)
                w, v = float(left_weight), float(right_weight)
                if below * below * v + over * over * w >= bar * ALMOST * w * v:
                    gain = below * below / w + over * over / v
                    if gain > bar:
                        bar, best, above = gain, last, int64(code)
            differs |= last >= 0
            amount = sums[cell]
            left_weight += weight
            left_amount += amount
            right_amount -= amount
            if clears:
                sums[cell] = 0
                sums[cell + uint64(1)] = 0
            last = int64(code)
    return best, above, bar, differs
