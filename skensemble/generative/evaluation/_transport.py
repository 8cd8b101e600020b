"""Exact optimal transport between two small sets of points.

Shortest augmenting paths with capacities: from a source that still has something to give, Dijkstra's search over
reduced costs finds the nearest sink that still takes something, and sends along the path as much as fits.  With one
unit everywhere this is the algorithm of Jonker and Volgenant (1987) for assignments; unequal sets need no copies of
points.
"""

from math import gcd

import numpy as np

from skensemble.generative.evaluation._transport_kernels import send


def transport_distance(cost):
    """Smallest mean cost of moving the mass of n points, 1/n each, to m points that take 1/m each.

    cost : (n, m) float64
    """
    if cost.shape[0] < cost.shape[1]:
        cost = cost.T  # the search is over the sinks: the fewer, the faster
    n, m = cost.shape
    unit = gcd(n, m)
    flow = np.zeros((m, n), np.int64)
    send(np.ascontiguousarray(cost), m // unit, n // unit, flow)
    return float((cost.T * flow).sum() / (n * (m // unit)))
