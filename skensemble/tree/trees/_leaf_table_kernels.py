"""Kernels: rows find their leaves in trees of few leaves, strip by strip of rows.

    code[row]    number of limits of a column that the cell of the row lies beyond         one byte, for all trees
    place[row]   of the row's leaf among those of a tree                                   one byte
    sums[row]   += values[place[row]]

A comparison of bytes answers a test for 32 rows or more in one instruction.  In a symmetric tree the answers are the
bits of the place.  In others a row stands at the first leaf below its node, and each test, parents before children,
moves on those that stand there and go to the second child.
"""

import numpy as np

from skensemble._jit import kernel
from skensemble.tree.trees._prediction_kernels import STRIP, ask_categorical, fill_strips

MOST_LIMITS = 254  # of a column: the codes of numbers are 0 .. MOST_LIMITS
CODE_OF_MISSING = 255
FEW_LIMITS = 64  # of a column, up to which comparing with all of them is faster than a search
SPAN = 16  # limits that are searched after those of every SPAN-th were counted
STRIPS = 4  # whose rows take a test together: its parameters are read once for all of them
TOGETHER = 4  # trees whose leaves are added in one pass over the sums


@kernel
def list_tests(layout, bounds, test_bounds, first_leaf, tests, exits):
    """The tests of all trees, and the nodes of their leaves in the order of places.

    bounds : of the nodes of trees;  test_bounds, first_leaf : where their tests and leaves are to stand
    """
    given, given_exits, nodes = layout.tests, layout.exits, layout.nodes
    for tree in range(len(first_leaf)):
        own, leaves = tests[test_bounds[tree, 0] : test_bounds[tree, 2]], exits[first_leaf[tree] :]
        if not layout.symmetric[tree]:
            _list_from_root(nodes, bounds[tree], bounds[tree + 1], own, leaves)
            continue
        first_test, first_exit = layout.test_bounds[tree, 0], layout.first_exit[tree]
        for k in range(len(own)):
            test = given[first_test + k]
            own[k].threshold, own[k].column, own[k].strikes = test.threshold, test.column, test.strikes
            own[k].beyond = test.strikes
        for place in range(1 << len(own)):
            leaves[place] = given_exits[first_exit + place]


@kernel
def _list_from_root(nodes, root, stop, tests, exits):
    """The tests of a tree, parents before children, and its leaves from left to right."""
    n_leaves, place, n_tests = np.empty(stop - root, np.int64), np.zeros(stop - root, np.int64), 0
    for node in range(stop - 1, root - 1, -1):  # children lie after their parents
        first = nodes[node].child - root
        n_leaves[node - root] = 1 if nodes[node].child == node else n_leaves[first] + n_leaves[first + 1]
    for node in range(root, stop):
        first, here = nodes[node].child - root, place[node - root]
        if nodes[node].child == node:
            exits[here] = node
            continue
        place[first], place[first + 1] = here, here + n_leaves[first]
        test = tests[n_tests]
        test.threshold, test.column, test.strikes = nodes[node].threshold, nodes[node].column, 1
        test.here, test.beyond = here, here + n_leaves[first]
        n_tests += 1


@kernel
def run_leaf_tables(
    block, sources, limits, limit_bounds, tests, test_bounds, symmetric, categories, values, starts, output, raw
):
    """Add trees to `raw`: those that `output` has, in their order."""
    most_rows, n_columns, n_trees = min(STRIPS * STRIP, -(-len(raw) // STRIP) * STRIP), len(sources), len(output)
    strips, codes = np.zeros((STRIPS, n_columns + 1, STRIP)), np.empty((n_columns, most_rows), np.uint8)
    beyond, struck = np.empty(STRIP, np.int64), np.empty(most_rows, np.uint32)
    places, sums = np.empty((TOGETHER, most_rows), np.uint8), np.empty((raw.shape[1], most_rows))
    for start in range(0, len(block), most_rows):
        rows = raw[start : start + most_rows]
        fill_strips(block[start : start + most_rows], sources, strips)
        for s in range(-(-len(rows) // STRIP)):
            for column in range(n_columns):
                first, stop = limit_bounds[column]
                if stop - first > FEW_LIMITS:
                    _search_limits(strips[s, column], limits, first, stop, beyond)
                else:
                    _count_limits(strips[s, column], limits, first, stop, beyond)
                _write_codes(strips[s, column], beyond, codes[column, s * STRIP :])
        for i in range(len(rows)):
            for k in range(len(sums)):
                sums[k, i] = rows[i, k]
        tree = 0
        while tree < n_trees:
            n_together = _trees_together(output, tree)
            for k in range(n_together):
                first, middle, stop = test_bounds[tree + k]
                if symmetric[tree + k]:
                    _ask_codes(codes, tests, first, middle, places[k])
                    if stop > middle:
                        _ask_strips(strips, tests, middle, stop, categories, struck)
                        for r in range(most_rows):
                            places[k, r] |= np.uint8(struck[r])
                else:
                    _go_down(strips, codes, tests, first, stop, categories, struck, places[k])
            if n_together == TOGETHER:
                _add_four(places, values[0], starts, tree, sums[output[tree]])
            elif output[tree] >= 0:
                _add_one(places[0], values[0, starts[tree] :], sums[output[tree]])
            else:
                for k in range(len(sums)):
                    _add_one(places[0], values[k, starts[tree] :], sums[k])
            tree += n_together
        for i in range(len(rows)):
            for k in range(len(sums)):
                rows[i, k] = sums[k, i]


@kernel
def _trees_together(output, tree):
    """Number of trees, from this one on, that are added in one pass: they have the same output."""
    if output[tree] < 0 or tree + TOGETHER > len(output):
        return 1
    for k in range(1, TOGETHER):
        if output[tree + k] != output[tree]:
            return 1
    return TOGETHER


@kernel
def _count_limits(x, limits, first, stop, beyond):
    """beyond = number of limits that lie below x; four of them at a time save three passes over the counts."""
    for r in range(STRIP):
        beyond[r] = 0
    for i in range(first, stop - 3, 4):
        a, b, c, d = limits[i], limits[i + 1], limits[i + 2], limits[i + 3]
        for r in range(STRIP):
            beyond[r] += np.int64(x[r] > a) + np.int64(x[r] > b) + np.int64(x[r] > c) + np.int64(x[r] > d)
    for i in range(stop - (stop - first) % 4, stop):
        a = limits[i]
        for r in range(STRIP):
            beyond[r] += np.int64(x[r] > a)


@kernel
def _search_limits(x, limits, first, stop, beyond):
    """What `_count_limits` does: the spans whose last limit lies below x are counted, the next one is searched."""
    for r in range(STRIP):
        beyond[r] = 0
    for i in range(first + SPAN - 1, stop, SPAN):
        last = limits[i]
        for r in range(STRIP):
            beyond[r] += SPAN * np.int64(x[r] > last)
    own, step = limits[first:], SPAN >> 1
    while step > 0:
        for r in range(STRIP):
            beyond[r] += step * np.int64(x[r] > own[np.uint64(beyond[r] + step - 1)])
        step >>= 1


@kernel
def _write_codes(x, beyond, codes):
    for r in range(STRIP):
        codes[r] = beyond[r] if x[r] == x[r] else CODE_OF_MISSING


@kernel
def _ask_codes(codes, tests, first, stop, places):
    """places = strikes of every test where the code reaches the limit of the test."""
    none = np.uint8(0)
    for r in range(len(places)):
        places[r] = 0
    for i in range(first, stop):
        own, limit, strikes = codes[tests[i].column], tests[i].limit, tests[i].beyond
        for r in range(len(places)):
            places[r] |= strikes if own[r] >= limit else none


@kernel
def _ask_strips(strips, tests, first, stop, categories, struck):
    """struck = strikes of every categorical test whose set lacks the category, strip by strip."""
    struck[:] = 0
    for s in range(len(struck) // STRIP):
        ask_categorical(strips[s], tests, first, stop, categories, struck[s * STRIP :])


@kernel
def _go_down(strips, codes, tests, start, stop, categories, struck, places):
    """places = that of the leaf to which the tests, parents before children, lead."""
    for r in range(len(places)):
        places[r] = 0
    i = start
    while i < stop:
        if tests[i].column < 0:
            _ask_strips(strips, tests, i, i + 1, categories, struck)
            here, beyond = tests[i].here, tests[i].beyond
            for r in range(len(places)):
                places[r] = beyond if (struck[r] != 0) & (places[r] == here) else places[r]
            i += 1
        elif i + 4 <= stop and _are_numeric(tests, i + 1, i + 4):
            _pass_four(codes, tests, i, places)
            i += 4
        else:
            own, limit, here, beyond = _unpack(codes, tests[i])
            for r in range(len(places)):
                places[r] = beyond if (own[r] >= limit) & (places[r] == here) else places[r]
            i += 1


@kernel
def _are_numeric(tests, start, stop):
    for i in range(start, stop):
        if tests[i].column < 0:
            return False
    return True


@kernel
def _pass_four(codes, tests, i, places):
    """Four tests, one after the other, in one pass over the places."""
    a, limit_a, here_a, beyond_a = _unpack(codes, tests[i])
    b, limit_b, here_b, beyond_b = _unpack(codes, tests[i + 1])
    c, limit_c, here_c, beyond_c = _unpack(codes, tests[i + 2])
    d, limit_d, here_d, beyond_d = _unpack(codes, tests[i + 3])
    for r in range(len(places)):
        place = places[r]
        place = beyond_a if (a[r] >= limit_a) & (place == here_a) else place
        place = beyond_b if (b[r] >= limit_b) & (place == here_b) else place
        place = beyond_c if (c[r] >= limit_c) & (place == here_c) else place
        places[r] = beyond_d if (d[r] >= limit_d) & (place == here_d) else place


@kernel
def _unpack(codes, test):
    """Copies: the compiler must see that writing places does not change them."""
    return codes[test.column], test.limit, test.here, test.beyond


@kernel
def _add_one(places, values, sums):
    for r in range(len(sums)):
        sums[r] += values[np.uint64(places[r])]


@kernel
def _add_four(places, values, starts, tree, sums):
    """Add the leaves of four trees, in the order of the trees."""
    a, b, c, d = places[0], places[1], places[2], places[3]
    values_a, values_b = values[starts[tree] :], values[starts[tree + 1] :]
    values_c, values_d = values[starts[tree + 2] :], values[starts[tree + 3] :]
    for r in range(len(sums)):
        sum_of_two = (sums[r] + values_a[np.uint64(a[r])]) + values_b[np.uint64(b[r])]
        sums[r] = (sum_of_two + values_c[np.uint64(c[r])]) + values_d[np.uint64(d[r])]
