"""Kernels: the queue of open nodes, a heap whose top has the largest key, and of equal keys the smallest node."""

from skensemble._jit import kernel


@kernel
def push_node(keys, nodes, n_open, key, node):
    """Put a node on a heap of `n_open` nodes, keys[:n_open] and nodes[:n_open]; returns how many there are now."""
    child = n_open
    while child > 0:
        parent = (child - 1) >> 1
        if keys[parent] > key or (keys[parent] == key and nodes[parent] < node):
            break
        keys[child], nodes[child] = keys[parent], nodes[parent]
        child = parent
    keys[child], nodes[child] = key, node
    return n_open + 1


@kernel
def pop_node(keys, nodes, n_open):
    """Take the top off a heap of `n_open` nodes; returns that node, and the heap has one less."""
    top = nodes[0]
    last = n_open - 1
    key, node = keys[last], nodes[last]
    parent, child = 0, 1
    while child < last:
        right = child + 1
        if right < last and (keys[right] > keys[child] or (keys[right] == keys[child] and nodes[right] < nodes[child])):
            child = right
        if key > keys[child] or (key == keys[child] and node < nodes[child]):
            break
        keys[parent], nodes[parent] = keys[child], nodes[child]
        parent = child
        child = 2 * parent + 1
    keys[parent], nodes[parent] = key, node
    return top
