"""Kernels of linear leaves: the features that they have slopes for, and what slopes add to predictions."""

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


# -- what slopes add ---------------------------------------------------------------------------------------------------


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
def _step(row, node, value, start, feature, mean, slope, limit, k):
    """What a leaf adds to a row: its constant `value` and its slopes, together no more than its limit."""
    step = value + _line(row, start[node], start[node + 1], feature, mean, slope, k)
    return min(max(step, -limit[node]), limit[node])


@kernel
def add_leaves(cells, leaf, values, start, feature, mean, slope, limit, k, raw):
    """raw[i] += value k of the row's leaf in one tree, constant and slopes."""
    for i in range(len(leaf)):
        node = leaf[i]
        raw[i] += _step(cells[i], node, values[node, k], start, feature, mean, slope, limit, k)


@kernel
def add_trees(cells, leaves, first_tree, last_tree, roots, output, values, start, feature, mean, slope, limit, raw):
    """raw[i, outputs] += the trees first_tree .. last_tree - 1;  leaves : (n_rows, n_trees), from apply_trees."""
    for i in range(len(cells)):
        for tree in range(first_tree, last_tree):
            node = roots[tree] + leaves[i, tree]
            if output[tree] >= 0:
                raw[i, output[tree]] += _step(cells[i], node, values[node, 0], start, feature, mean, slope, limit, 0)
            else:
                for k in range(raw.shape[1]):
                    raw[i, k] += _step(cells[i], node, values[node, k], start, feature, mean, slope, limit, k)
