"""The nodes of a tree that are drawn, in order."""

from typing import NamedTuple

from skensemble.inspection._splits import is_split


class DrawnNode(NamedTuple):
    """A node of a drawn tree.

    node, parent : numbers in the tree; the root's parent is None
    depth : 0 for the root
    is_left : whether it is the left child
    is_cut : it lies too deep, and "(...)" stands for it and all below
    has_children : drawn ones
    """

    node: int
    parent: int | None
    depth: int
    is_left: bool
    is_cut: bool
    has_children: bool


def drawn_nodes(tree, max_depth):
    """Yield the nodes of a `tree_` down to max_depth + 1 (None: all), each before its children, left before right.

    No recursion, for trees may be deep.
    """
    pending = [(0, None, 0, True)]
    while pending:
        node, parent, depth, is_left = pending.pop()
        is_cut = max_depth is not None and depth > max_depth
        has_children = is_split(tree, node) and not is_cut
        yield DrawnNode(node, parent, depth, is_left, is_cut, has_children)
        if has_children:
            pending.append((int(tree.children_right[node]), node, depth + 1, False))
            pending.append((int(tree.children_left[node]), node, depth + 1, True))
