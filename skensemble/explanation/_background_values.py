"""Values against a background table: a feature that is absent has the cell of each of its rows in turn."""

from math import comb

import numpy as np

from skensemble._parallel import for_blocks
from skensemble.explanation._hybrid_kernels import add_hybrid_values
from skensemble.explanation._path_values import quadrature, rows_of_block, with_one_point
from skensemble.explanation._pattern_kernels import add_table_values, fill_tables
from skensemble.explanation._response_values import of_response
from skensemble.explanation._walked_trees import trees_of_outputs, used_features

MAX_FEATURES = 12  # distinct features on a path, of trees with tables
MAX_OF_LINES = 8  # the same where leaves have slopes, whose tables are larger
TABLE_CELLS = 1 << 22  # of the tables of some trees at a time
HYBRID_CELLS = 1 << 20  # (rows, background rows, features) at a time


def background_values(additive, table, background, *, index="shapley", n_threads=1):
    """(n_samples, n_features, n_outputs) values of the raw predictions; they sum to the change from the background."""
    features = used_features(additive)
    values = np.zeros((table.n_samples, table.n_features, additive.n_outputs))
    if not len(features):
        return values
    cells, others = cells_of(additive, table, features), cells_of(additive, background, features)(0, None)
    for k, output in enumerate(trees_of_outputs(additive, features)):
        target = values[:, :, k]
        has_table = output.width[output.chosen] <= _most_features(additive.slopes)
        _add_by_tables(output, output.chosen[has_table], cells, others, index, features, target, n_threads)
        rest = output.chosen[~has_table]
        if len(rest):

            def explain(start, stop, trees=output.trees, rest=rest, target=target):
                target[start:stop, features] += _hybrid_values(trees, rest, cells(start, stop), others, index).T

            for_blocks(explain, table.n_samples, _rows_of_hybrids(others), n_threads)
    return values


def _most_features(slopes):
    """Distinct features on a path of trees with tables. A limit on lines makes them other than linear."""
    if slopes is None:
        return MAX_FEATURES
    return MAX_OF_LINES if np.isinf(slopes.limit).all() else 0


def _hybrid_values(trees, chosen, cells, others, index):
    """(n_used, n_rows) mean of the values against each of the others."""
    moments = moments_of(index, int(trees.depth[chosen].max()) + 3)
    values, block = np.empty(cells.shape), _rows_of_hybrids(others)
    for start in range(0, cells.shape[1], block):
        own = np.ascontiguousarray(cells[:, start : start + block])
        added = np.zeros((own.shape[1], others.shape[1], len(own)))
        add_hybrid_values(trees, chosen, own, others, moments, added)
        values[:, start : start + block] = added.mean(axis=1).T
    return values


def response_values(additive, table, background, *, index="shapley", n_threads=1):
    """(n_samples, n_features, n_outputs) values of the response, see `_response_values`."""
    features = used_features(additive)
    values = np.zeros((table.n_samples, table.n_features, additive.n_outputs))
    if not len(features):
        return values
    own, other = additive.raw(table), additive.raw(background)
    cells, others = cells_of(additive, table, features), cells_of(additive, background, features)(0, None)
    outputs = list(trees_of_outputs(additive, features))
    moments = moments_of(index, int(additive.trees.depth.max()) + 3)

    def explain(start, stop):
        added = np.zeros((len(outputs), stop - start, others.shape[1], len(features)))
        for k, output in enumerate(outputs):
            add_hybrid_values(output.trees, output.chosen, cells(start, stop), others, moments, added[k])
        values[start:stop, features] = of_response(additive.link, own[start:stop], other, np.moveaxis(added, 0, 3))

    for_blocks(explain, table.n_samples, _rows_of_hybrids(others), n_threads)
    return values


def cells_of(additive, table, features):
    """cells(start, stop): (n_used, n_rows) as the kernels read them; a stop of None means the end."""
    encode = additive.encoder(table)

    def cells(start, stop):
        encoded = encode(start, table.n_samples if stop is None else stop)
        return np.ascontiguousarray(np.asarray(encoded, np.float64)[:, features].T)

    return cells


def _rows_of_hybrids(others):
    return max(1, HYBRID_CELLS // others.size)


def _add_by_tables(output, chosen, cells, others, index, features, target, n_threads):
    """target[:, features] += what the chosen trees add."""
    points, weights = quadrature(index)
    trees = with_one_point(output.trees) if index == "banzhaf" else output.trees
    n_rows, numbers = len(target), np.unique(trees.line_feature)  # numbers: of lines
    sizes = np.where(trees.left < 0, (output.distinct << output.distinct) * (1 + np.diff(trees.line_start)), 0)
    for some, start, size in parts_of(trees, sizes, chosen):
        tables = np.empty(size)
        most = int(output.width[some].max())

        def fill(first, last, some=some, start=start, tables=tables, most=most):
            fill_tables(trees, some[first:last], others, points, weights, most, start, False, tables)

        def look_up(first, last, some=some, start=start, tables=tables):
            own = cells(first, last)
            phi = np.zeros(own.shape)
            add_table_values(trees, some, own, start, False, tables, phi)
            is_broken = ~np.isfinite(own[numbers]).all(axis=0)
            if is_broken.any():
                phi[:, is_broken] = _hybrid_values(trees, some, own[:, is_broken], others, index)
            target[first:last, features] += phi.T

        for_blocks(fill, len(some), -(-len(some) // n_threads), n_threads)
        for_blocks(look_up, n_rows, rows_of_block(n_rows, len(features), n_threads), n_threads)


def parts_of(trees, cells, chosen):
    """Yield (trees, start, size) with tables that fit into memory together; start[leaf] is where its table begins.

    cells : (n_nodes,) size of the table of each leaf, 0 of other nodes
    """
    before = np.concatenate([[0], np.cumsum(cells)])
    first = trees.roots[chosen]
    end = np.append(trees.roots, len(cells))[chosen + 1]
    of_tree = before[end] - before[first]
    part = np.cumsum(of_tree) // TABLE_CELLS if len(chosen) else of_tree
    for number in np.unique(part):
        mine = part == number
        start = np.zeros(len(cells), np.int64)
        size = 0
        for root, stop in zip(first[mine], end[mine]):
            start[root:stop] = size + before[root:stop] - before[root]
            size += int(before[stop] - before[root])
        yield chosen[mine], start, max(size, 1)


def moments_of(index, size):
    """(size, size) M(a, b), see `_hybrid_kernels`."""
    if index == "banzhaf":
        return np.array([[0.5 ** (a + b) for b in range(size)] for a in range(size)])
    return np.array([[1 / ((a + b + 1) * comb(a + b, a)) for b in range(size)] for a in range(size)])
