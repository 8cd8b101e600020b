"""The order of drawn nodes, and where a drawing is cut off."""

from types import SimpleNamespace

import numpy as np
import pytest

from skensemble.inspection._drawn_nodes import drawn_nodes

#      0
#    1   2         numbered as a tree is that was grown best first
#       3 4
#      5 6
TREE = SimpleNamespace(
    children_left=np.array([1, -1, 3, 5, -1, -1, -1]), children_right=np.array([2, -1, 4, 6, -1, -1, -1])
)


def test_every_node_comes_before_its_children_and_left_before_right():
    nodes = list(drawn_nodes(TREE, None))
    assert [drawn.node for drawn in nodes] == [0, 1, 2, 3, 5, 6, 4]
    assert [drawn.parent for drawn in nodes] == [None, 0, 0, 2, 3, 3, 2]
    assert [drawn.depth for drawn in nodes] == [0, 1, 1, 2, 3, 3, 2]
    assert [drawn.is_left for drawn in nodes] == [True, True, False, True, True, False, False]
    assert [drawn.node for drawn in nodes if drawn.has_children] == [0, 2, 3]
    assert not any(drawn.is_cut for drawn in nodes)


@pytest.mark.parametrize(("max_depth", "drawn", "cut"), [(0, [0, 1, 2], [1, 2]), (1, [0, 1, 2, 3, 4], [3, 4])])
def test_one_level_below_the_largest_depth_is_cut(max_depth, drawn, cut):
    nodes = list(drawn_nodes(TREE, max_depth))
    assert [node.node for node in nodes] == drawn
    assert [node.node for node in nodes if node.is_cut] == cut
    assert not any(node.has_children for node in nodes if node.is_cut)
