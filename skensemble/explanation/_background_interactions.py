"""Interactions against a background table; a feature that is absent has the cell of each of its rows in turn."""

import numpy as np

from skensemble._parallel import for_blocks
from skensemble.explanation._background_values import background_values, cells_of, moments_of, parts_of
from skensemble.explanation._hybrid_kernels import add_hybrid_interactions
from skensemble.explanation._path_values import matrices, quadrature, rows_of_block, with_one_point
from skensemble.explanation._pattern_kernels import add_table_values, fill_tables
from skensemble.explanation._walked_trees import trees_of_outputs, used_features

MAX_FEATURES = 11  # distinct features on a path, of trees with tables of pairs


def background_interactions(additive, table, background, *, index="shapley", n_threads=1):
    """(n_samples, n_features, n_features, n_outputs) symmetric; rows of a matrix sum to `background_values`."""
    features = used_features(additive)
    values = background_values(additive, table, background, index=index, n_threads=n_threads)
    result = np.zeros((table.n_samples, table.n_features, *values.shape[1:]))
    if not len(features):
        return result
    cells, others = cells_of(additive, table, features), cells_of(additive, background, features)(0, None)
    for k, output in enumerate(trees_of_outputs(additive, features)):
        has_table = (output.width[output.chosen] <= MAX_FEATURES) & (additive.slopes is None)
        pairs = np.zeros((len(features) ** 2, table.n_samples))
        _add_by_tables(output, output.chosen[has_table], cells, others, index, pairs, n_threads)
        _add_by_hybrids(output, output.chosen[~has_table], cells, others, index, pairs, n_threads)
        phi = np.ascontiguousarray(values[:, features, k].T)
        square = matrices(phi, pairs.reshape(len(features), len(features), -1))
        result[:, features[:, None], features, k] = np.moveaxis(square, 2, 0)
    return result


def _add_by_tables(output, chosen, cells, others, index, pairs, n_threads):
    """pairs += interactions in the chosen trees, (n_used * n_used, n_samples)."""
    points, weights = quadrature(index)
    trees = with_one_point(output.trees) if index == "banzhaf" else output.trees
    sizes = np.where(trees.left < 0, output.distinct * (output.distinct - 1) // 2 << output.distinct, 0)
    for some, start, size in parts_of(trees, sizes, chosen):
        tables, most = np.empty(size), int(output.width[some].max())

        def fill(first, last, some=some, start=start, tables=tables, most=most):
            fill_tables(trees, some[first:last], others, points, weights, most, start, True, tables)

        def look_up(first, last, some=some, start=start, tables=tables):
            own = cells(first, last)
            found = np.zeros((len(pairs), own.shape[1]))
            add_table_values(trees, some, own, start, True, tables, found)
            pairs[:, first:last] += found

        for_blocks(fill, len(some), -(-len(some) // n_threads), n_threads)
        for_blocks(look_up, pairs.shape[1], rows_of_block(pairs.shape[1], len(pairs), n_threads), n_threads)


def _add_by_hybrids(output, chosen, cells, others, index, pairs, n_threads):
    """The same for trees without tables: row by row against each row of the background."""
    if not len(chosen):
        return
    moments = moments_of(index, int(output.trees.depth[chosen].max()) + 3)

    def add(first, last):
        own = cells(first, last)
        found = np.zeros((len(pairs), own.shape[1]))
        add_hybrid_interactions(output.trees, chosen, own, others, moments, found)
        pairs[:, first:last] += found

    n_rows = pairs.shape[1]
    for_blocks(add, n_rows, max(1, -(-n_rows // (4 * n_threads))), n_threads)
