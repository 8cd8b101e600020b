"""Path-dependent values of rows: a feature that is absent sends a row both ways, as the training rows went."""

from functools import cache

import numpy as np

from skensemble._parallel import for_blocks
from skensemble.explanation._pair_kernels import add_interactions
from skensemble.explanation._walk_kernels import MAX_POINTS, STRIP, add_path_values
from skensemble.explanation._walked_trees import trees_of_outputs, used_features

BLOCK = 64 * STRIP  # rows of a block, maximum number
BLOCK_CELLS = 1 << 19  # cells of a block, maximum number but for a strip

INDICES = ("shapley", "banzhaf")


@cache
def quadrature(index):
    """(points, weights), each (MAX_POINTS + 1, MAX_POINTS): row k has the k points between 0 and 1 of an index."""
    points, weights = np.zeros((2, MAX_POINTS + 1, MAX_POINTS))
    for k in range(1, MAX_POINTS + 1):
        x, w = np.polynomial.legendre.leggauss(k)
        points[k, :k], weights[k, :k] = (x + 1) / 2, w / 2
    if index == "banzhaf":  # the derivative at 1/2, and no integral
        points[1:, 0], weights[1:] = 0.5, 0.0
        weights[1:, 0] = 1.0
    return points, weights


def path_values(additive, table, n_features, *, index="shapley", interactions=False, n_threads=1):
    """(values, base_values (n_outputs,)) of the raw predictions.

    values : (n_samples, n_features, n_outputs), of interactions (n_samples, n_features, n_features, n_outputs)
    """
    features, n_rows = used_features(additive), table.n_samples
    outputs = list(trees_of_outputs(additive, features))
    shape = (n_features, n_features) if interactions else (n_features,)
    values = np.zeros((n_rows, *shape, additive.n_outputs))
    points, weights = quadrature(index)
    if index == "banzhaf":
        outputs = [output._replace(trees=with_one_point(output.trees)) for output in outputs]
    encode, first = additive.encoder(table), int(_is_rest_of_others(additive))

    def explain(start, stop):
        cells = np.ascontiguousarray(np.asarray(encode(start, stop), np.float64)[:, features].T)
        for k, output in enumerate(outputs[first:], first):
            phi = np.zeros(cells.shape)
            add_path_values(output.trees, output.chosen, cells, points, weights, phi)
            if interactions:
                pairs = np.zeros((len(features), *cells.shape))
                add_interactions(output.trees, output.chosen, cells, points, weights, pairs)
                values[start:stop, features[:, None], features, k] = np.moveaxis(matrices(phi, pairs), 2, 0)
            else:
                values[start:stop, features, k] = phi.T
        if first:
            np.negative(values[start:stop, ..., 1:].sum(axis=-1), out=values[start:stop, ..., 0])

    if len(features):
        cells_of_row = len(features) ** 2 if interactions else len(features)
        for_blocks(explain, n_rows, rows_of_block(n_rows, cells_of_row, n_threads), n_threads)
    return values, np.array([output.base for output in outputs])


def _is_rest_of_others(additive):
    """Whether outputs sum to the same number in all leaves, as fractions of classes do: so the values sum to 0."""
    trees = additive.trees
    if additive.n_outputs == 1 or trees.n_values == 1 or additive.slopes is not None:
        return False
    total = trees.values[trees.is_leaf].sum(axis=1)
    return bool(np.ptp(total) <= 1e-14 * np.abs(total).max())


def matrices(phi, pairs):
    """(n_features, n_features, n_rows) symmetric: half of each interaction on a side of the diagonal, the rest on it.

    phi : (n_features, n_rows), the sums of the matrices' rows;  pairs[i, j] for i < j, else 0
    """
    pairs *= 0.5
    pairs += np.swapaxes(pairs, 0, 1).copy()
    each = np.arange(len(phi))
    pairs[each, each] = phi - pairs.sum(axis=1)
    return pairs


def rows_of_block(n_rows, cells_of_row, n_threads):
    """Rows of a block: whole strips, one block for each thread if they are few."""
    most = max(STRIP, min(BLOCK, BLOCK_CELLS // cells_of_row))
    return max(STRIP, min(most, -(-n_rows // n_threads)) // STRIP * STRIP)


def with_one_point(trees):
    return trees._replace(n_points=np.minimum(trees.n_points, 1))
