"""Kernels: what leaves with slopes add to rows."""

from skensemble._jit import kernel


@kernel
def linear_step(row, node, value, lines, terms, k):
    """What a leaf adds to a row: its constant `value` and its line, together no more than its limit.

    lines : (n_nodes,) first term, the one after the last, and the limit;  terms : (n_terms, n_values)
    A line with a missing or infinite cell is 0.
    """
    total = 0.0
    for entry in range(lines[node].start, lines[node].stop):
        x = row[terms[entry, k].feature]
        if not x - x == 0.0:
            total = 0.0
            break
        total += terms[entry, k].slope * (x - terms[entry, k].mean)
    limit = lines[node].limit
    return min(max(value + total, -limit), limit)


@kernel
def add_linear_trees(cells, leaves, first_tree, last_tree, roots, output, values, lines, terms, raw):
    """raw[i, outputs] += the trees first_tree .. last_tree - 1, in their order.

    leaves : (n_rows, n_trees), from apply_trees
    """
    for tree in range(first_tree, last_tree):
        for k in range(values.shape[1]):
            column = output[tree] if output[tree] >= 0 else k
            for i in range(len(cells)):
                node = roots[tree] + leaves[i, tree]
                raw[i, column] += linear_step(cells[i], node, values[node, k], lines, terms, k)
