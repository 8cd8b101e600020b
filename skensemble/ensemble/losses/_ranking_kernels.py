"""Kernels of the ranking losses: the forces between the rows of a query (Burges 2010), and what a ranking is worth.

The rows of a query are sorted by score, and those alike in score and gain become one cell.  Cells of equal score form a
tie: they share the positions that their weights take up, as if a coin decided the order of their rows.  So a row of
weight k is k copies of it, and where a row stands in the table does not matter.

    rows       a      b c      d e e          e has weight 2
    score      9      7 7      3 3 3
    positions  [0,1)  [1,  3)  [3,       6)

What it would cost to swap two rows, a above b, falls into what depends on a and what depends on b:

    value = |up[a] - share[a] * down[b]|      in different ties
            inside[a]                         in the same one
"""

import math

from skensemble._jit import kernel
from skensemble.ensemble.losses._pointwise import exponential

NDCG, PAIRWISE, MAP = 0, 1, 2  # objectives and measures
SOFTNESS = 0.01  # of LightGBM: added to differences of scores before dividing by them

# Rows of `cells`, the memory of one query
SCORE, GAIN, WEIGHT, UP, DOWN, SHARE, INSIDE, FORCE, CURVATURE, KEY_SCORE, KEY_GAIN, PUSH, BEND = range(13)
N_FIELDS = 13
LANES = 8  # pairs whose forces are found at a time
FEW = 128  # rows up to which counting those before each is the fastest way to sort
# Rows of `slots`
ORDER, SPARE, CELL = range(3)
N_SLOTS = 3

# -- lambdas ---------------------------------------------------------------------------------------------------------


@kernel
def fill_lambdas(
    objective, truncation, is_normalised, rows, starts, first, last, gain, copies, raw, inverse_ideal, discounts,
    gradient, hessian, cells, slots,
):  # fmt: skip
    """Gradient and hessian of one copy of each row, for queries first .. last.

    truncation : float64, pairs count whose upper row is among so many
    rows, starts : query q is rows[starts[q] : starts[q + 1]]
    gain, copies : float64 (n_samples,); copies empty: one each
    inverse_ideal : float64 (n_queries,), what the cost of a swap is multiplied by
    discounts : float64 (2, n_positions + 1), see `integral` and `moment`
    cells, slots : memory for the largest query, (N_FIELDS, n + LANES) float64 and (N_SLOTS, n) int64
    """
    for q in range(first, last):
        start, stop = starts[q], starts[q + 1]
        n_cells = _fill_cells(rows, start, stop, gain, copies, raw, cells, slots)
        _weigh_swaps(objective, truncation, inverse_ideal[q], discounts, cells, n_cells)
        total = _add_pairs(objective, is_normalised, cells, n_cells)
        factor = math.log2(1.0 + total) / total if is_normalised and total > 0.0 else 1.0
        for k in range(start, stop):
            row, cell = rows[k], slots[CELL, k - start]
            gradient[row] = factor * cells[FORCE, cell] if cell >= 0 else 0.0
            hessian[row] = factor * cells[CURVATURE, cell] if cell >= 0 else 0.0


@kernel
def _add_pairs(objective, is_normalised, cells, n_cells):
    """Sum the forces of all pairs; returns the sum of their sizes.

    Those of a cell and all cells below it are found together, LANES at a time, and added in the order of the cells.
    """
    is_soft = is_normalised and objective != PAIRWISE and cells[SCORE, 0] != cells[SCORE, max(n_cells - 1, 0)]
    total = 0.0
    for a in range(n_cells):
        if cells[SHARE, a] <= 0.0:
            break
        n_below = n_cells - a - 1
        _push_pairs(
            objective == NDCG, is_soft, cells[SCORE, a], cells[GAIN, a], cells[UP, a], cells[SHARE, a],
            cells[INSIDE, a], cells[SCORE, a + 1 :], cells[GAIN, a + 1 :], cells[DOWN, a + 1 :],
            -(-n_below // LANES) * LANES, cells[PUSH], cells[BEND],
        )  # fmt: skip
        own_weight = cells[WEIGHT, a]
        _move(cells[PUSH], own_weight, n_below, cells[FORCE, a + 1 :])
        _move(cells[BEND], own_weight, n_below, cells[CURVATURE, a + 1 :])
        force, curvature = 0.0, 0.0
        for j in range(n_below):
            push, weight = cells[PUSH, j], cells[WEIGHT, a + 1 + j]
            force -= push * weight
            curvature += cells[BEND, j] * weight
            total += 2.0 * abs(push) * own_weight * weight
        cells[FORCE, a] += force
        cells[CURVATURE, a] += curvature
    return total


@kernel
def _push_pairs(is_graded, is_soft, score, gain, up, share, inside, scores, gains, downs, n, pushes, bends):
    """Forces between a cell and `n` cells below it, of one copy each: 0 where their gains are the same."""
    for j in range(n):
        gap, lead = gain - gains[j], score - scores[j]
        value = abs(up - share * downs[j]) if lead > 0.0 else inside
        value *= abs(gap) if is_graded else (1.0 if gap != 0.0 else 0.0)
        value /= SOFTNESS + lead if is_soft else 1.0
        chance = 1.0 / (1.0 + exponential(lead if gap > 0.0 else -lead))  # that the worse one is preferred
        size = value * chance
        pushes[j] = size if gap > 0.0 else -size
        bends[j] = size * (1.0 - chance)


@kernel
def _move(pushes, weight, n, forces):
    for j in range(n):
        forces[j] += pushes[j] * weight


# -- what a swap costs -----------------------------------------------------------------------------------------------


@kernel
def _weigh_swaps(objective, truncation, scale, discounts, cells, n_cells):
    """Fill UP, DOWN, SHARE and INSIDE, and clear the forces."""
    begin, relevant, precision = 0, 0.0, 0.0  # of this tie; sums of what stands above it
    position = 0.0
    while begin < n_cells:
        end, weight, gains = _tie(cells, begin, n_cells)
        reach = min(max(truncation - position, 0.0), weight)  # part of the tie above the truncation
        cells[SHARE, begin] = reach / weight
        if objective == NDCG:
            _weigh_ndcg(position, weight, position + reach, scale, discounts, cells, begin)
        elif objective == PAIRWISE:
            cells[UP, begin], cells[DOWN, begin] = cells[SHARE, begin], 0.0
            cells[INSIDE, begin] = _share_of_pairs(cells[SHARE, begin])
        for c in range(begin, end):
            cells[FORCE, c] = cells[CURVATURE, c] = 0.0
            for field in range(UP, INSIDE + 1):
                cells[field, c] = cells[field, begin]
        if objective == MAP:
            _weigh_map(position, weight, gains, relevant, precision, scale, cells, begin, end)
        position += weight
        relevant += gains
        precision += gains / position
        begin = end


@kernel
def _weigh_ndcg(position, weight, reach, scale, discounts, cells, tie):
    """E |D(a) - D(b)| |gain(a) - gain(b)| / ideal, over the order of the rows of each tie."""
    end = position + weight
    above = integral(discounts, reach) - integral(discounts, position)
    below = integral(discounts, end) - integral(discounts, reach)
    moments = moment(discounts, reach) - moment(discounts, position)
    cells[UP, tie] = scale * above / weight
    cells[DOWN, tie] = scale * (above + below) / weight
    # twice the integral of D(a) - D(b) over position < a < b < end, a < reach; of distinct copies
    twice = 2.0 * ((position + end) * above - 2.0 * moments - (reach - position) * below)
    cells[INSIDE, tie] = scale * abs(twice) / (weight * max(weight - 1.0, 0.5 * weight))


@kernel
def _weigh_map(position, weight, relevant_here, relevant, precision, scale, cells, begin, end):
    """Change of average precision, where the rows of a tie have the precision at its end.

    relevant, precision : sums of the ties above: of relevant rows, and of their shares of the positions
    """
    last = position + weight
    reached = relevant + relevant_here
    here = precision + relevant_here / last
    share = cells[SHARE, begin]
    inside = _map_inside(position, last, relevant, relevant_here / weight)
    for c in range(begin, end):
        if cells[GAIN, c] > 0.0:  # one relevant row less
            change = (relevant_here + reached - 1.0) / last
        else:
            change = (relevant_here + reached + 1.0) / last
        cells[UP, c] = scale * share * (change - here)
        cells[DOWN, c] = scale * (reached / last - precision)
        cells[INSIDE, c] = scale * _share_of_pairs(share) * inside


@kernel
def _map_inside(position, end, relevant, density):
    """Mean change in a tie with relevant rows spread evenly: a third of what swapping its two ends would change."""
    top, bottom = position + 0.5, end - 0.5
    if bottom <= top:
        return 0.0
    at_top = (relevant + density * (top - position)) / top
    at_bottom = (relevant + density * (bottom - position)) / bottom
    return abs(at_top - at_bottom + density * math.log(bottom / top)) / 3.0


@kernel
def _share_of_pairs(share):
    """Fraction of the pairs in a tie whose upper row is above the truncation."""
    return 1.0 - (1.0 - share) ** 2


# -- what a ranking is worth -----------------------------------------------------------------------------------------


@kernel
def measure(objective, at, rows, starts, first, last, gain, copies, raw, discounts, cells, slots, values):
    """values[q]: discounted cumulative gain, or average precision, of the first `at` positions (float64)."""
    for q in range(first, last):
        n_cells = _fill_cells(rows, starts[q], starts[q + 1], gain, copies, raw, cells, slots)
        if objective == NDCG:
            values[q] = _cumulative_gain(at, discounts, cells, n_cells)
        else:
            values[q] = _average_precision(at, cells, n_cells)


@kernel
def _cumulative_gain(at, discounts, cells, n_cells):
    begin, position, value = 0, 0.0, 0.0
    while begin < n_cells and position < at:
        begin, weight, gains = _tie(cells, begin, n_cells)
        discount = integral(discounts, min(position + weight, at)) - integral(discounts, position)
        value += gains / weight * discount
        position += weight
    return value


@kernel
def _average_precision(at, cells, n_cells):
    """NaN without a relevant row."""
    begin, position, relevant, value = 0, 0.0, 0.0, 0.0
    while begin < n_cells:
        begin, weight, gains = _tie(cells, begin, n_cells)
        relevant += gains
        share = min(max(at - position, 0.0), weight) / weight
        position += weight
        value += share * gains * relevant / position
    return value / min(relevant, at) if relevant > 0.0 else math.nan


@kernel
def integral(discounts, x):
    """Integral of the discount over positions [0, x): D(k) = 1 / log2(k + 2) on [k, k + 1).

    discounts : (2, n + 1), sums over the positions up to k of D, and of D times the position; beyond n, D is constant
    """
    k = min(int(x), discounts.shape[1] - 2)
    return discounts[0, k] + (x - k) * (discounts[0, k + 1] - discounts[0, k])


@kernel
def moment(discounts, x):
    """Integral of the discount times the position over positions [0, x)."""
    k = min(int(x), discounts.shape[1] - 2)
    return discounts[1, k] + 0.5 * (x - k) * (x + k) * (discounts[0, k + 1] - discounts[0, k])


# -- cells -----------------------------------------------------------------------------------------------------------


@kernel
def _tie(cells, begin, n_cells):
    """(end, weight, sum of gains) of the cells with the score of cell `begin`."""
    end, weight, gains = begin, 0.0, 0.0
    while end < n_cells and (end == begin or cells[SCORE, end] == cells[SCORE, begin]):
        weight += cells[WEIGHT, end]
        gains += cells[WEIGHT, end] * cells[GAIN, end]
        end += 1
    return end, weight, gains


@kernel
def _fill_cells(rows, start, stop, gain, copies, raw, cells, slots):
    """SCORE, GAIN and WEIGHT of the cells, and slots[CELL] of each row, -1 for a row of weight 0; returns n_cells."""
    n = 0
    for k in range(stop - start):
        row = rows[start + k]
        cells[KEY_SCORE, k], cells[KEY_GAIN, k] = raw[row], gain[row]
        slots[CELL, k] = -1
        slots[ORDER, n] = k
        n += copies.size == 0 or copies[row] > 0.0
    side = _sort_few(cells, slots, n) if n == stop - start <= FEW else _sort(cells, slots, n)
    cell = -1
    for place in range(n):
        k = slots[side, place]
        score, value = cells[KEY_SCORE, k], cells[KEY_GAIN, k]
        if cell < 0 or score != cells[SCORE, cell] or value != cells[GAIN, cell]:
            cell += 1
            cells[SCORE, cell], cells[GAIN, cell], cells[WEIGHT, cell] = score, value, 0.0
        cells[WEIGHT, cell] += copies[rows[start + k]] if copies.size else 1.0
        slots[CELL, k] = cell
    return cell + 1


@kernel
def _sort_few(cells, slots, n):
    """What `_sort` does: the place of a row is the number of rows before it, which are counted LANES at a time."""
    scores, gains = cells[KEY_SCORE], cells[KEY_GAIN]
    padded = -(-n // LANES) * LANES
    for j in range(n, padded):
        scores[j] = -math.inf
    for i in range(n):
        score, gain, place = scores[i], gains[i], 0
        for j in range(padded):
            is_before = (gains[j] > gain) | ((gains[j] == gain) & (j < i))
            place += (scores[j] > score) | ((scores[j] == score) & is_before)
        slots[SPARE, place] = i
    return SPARE


@kernel
def _sort(cells, slots, n):
    """Merge sort of slots[ORDER, :n], best score first, then largest gain; returns the row of `slots` it ends in."""
    source, target = ORDER, SPARE
    width = 1
    while width < n:
        for begin in range(0, n, 2 * width):
            middle, end = min(begin + width, n), min(begin + 2 * width, n)
            _merge(cells, slots, source, target, begin, middle, end)
        source, target = target, source
        width *= 2
    return source


@kernel
def _merge(cells, slots, source, target, begin, middle, end):
    left, right = begin, middle
    for place in range(begin, end):
        takes_left = right == end or (
            left < middle and not _is_before(cells, slots[source, right], slots[source, left])
        )
        slots[target, place] = slots[source, left if takes_left else right]
        left += takes_left
        right += not takes_left


@kernel
def _is_before(cells, i, j):
    if cells[KEY_SCORE, i] != cells[KEY_SCORE, j]:
        return cells[KEY_SCORE, i] > cells[KEY_SCORE, j]
    return cells[KEY_GAIN, i] > cells[KEY_GAIN, j]
