"""Kernels of linear leaves: the features that they have slopes for, and how rows move by a tree of them."""

from skensemble._jit import kernel


@kernel
def find_path_features(parent, feature, is_leaf, start, out):
    """Write the distinct features >= 0 on the way to each leaf; those of node v are out[start[v] : start[v + 1]]."""
    n = 0
    for node in range(len(parent)):
        start[node] = n
        if is_leaf[node]:
            above = parent[node]
            while above >= 0:
                is_new = feature[above] >= 0
                for k in range(start[node], n):
                    is_new = is_new and out[k] != feature[above]
                if is_new:
                    out[n] = feature[above]
                    n += 1
                above = parent[above]
    start[len(parent)] = n


# -- how rows move by a tree -------------------------------------------------------------------------------------------


@kernel
def _line(row, first, last, feature, mean, slope, k):
    """Sum of slope * (x - mean); 0 if a cell is missing or infinite."""
    total = 0.0
    for entry in range(first, last):
        x = row[feature[entry]]
        if not x - x == 0.0:
            return 0.0
        total += slope[entry, k] * (x - mean[entry, k])
    return total


@kernel
def add_leaves(cells, leaf, values, start, feature, mean, slope, limit, k, raw):
    """raw[i] += value k of the row's leaf in one tree, constant and slopes, with the sums of `add_linear_trees`."""
    for i in range(len(leaf)):
        node = leaf[i]
        step = values[node, k] + _line(cells[i], start[node], start[node + 1], feature, mean, slope, k)
        raw[i] += min(max(step, -limit[node]), limit[node])
