import numpy as np

from skensemble.tree._node_heap import pop_node, push_node


def test_the_largest_key_comes_first_and_of_equal_ones_the_smallest_node():
    rng = np.random.default_rng(0)
    keys, nodes = np.empty(60), np.empty(60, np.int64)
    waiting, n_open = [], 0
    for node in range(200):
        if n_open < 60 and (n_open == 0 or rng.random() < 0.6):
            key = float(rng.integers(0, 12))
            n_open = push_node(keys, nodes, n_open, key, node)
            waiting.append((-key, node))
        else:
            assert pop_node(keys, nodes, n_open) == min(waiting)[1]
            waiting.remove(min(waiting))
            n_open -= 1
        assert sorted(zip(-keys[:n_open], nodes[:n_open])) == sorted(waiting)
    assert n_open > 5
