"""Kernel: sums of weights over the rows of each node."""

from skensemble._jit import kernel


@kernel
def sum_nodes(units, rows, nodes, sums):
    """Leaves are summed up, and then their parents: children have larger numbers."""
    for node in range(len(nodes) - 1, -1, -1):
        if nodes[node].left >= 0:
            sums[node] = sums[nodes[node].left] + sums[nodes[node].right]
            continue
        total = 0
        for i in range(nodes[node].start, nodes[node].stop):
            total += units[rows[i]]
        sums[node] = total
