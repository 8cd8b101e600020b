"""Kernels: optimal transport between samples."""

import numpy as np

from skensemble._jit import kernel


@kernel
def send(cost, supply, demand, flow):
    """Fill flow (m, n): how much goes from each of n sources with `supply` to each of m sinks with `demand` units."""
    n, m = cost.shape
    price = np.empty(n)  # of sources; cost - price - toll >= 0, and 0 where something flows
    toll = np.zeros(m)  # of sinks
    room = np.full(m, demand)
    distance = np.empty(m)
    before_sink = np.empty(m, np.int64)
    before_source = np.empty(n, np.int64)
    is_settled = np.empty(m, np.bool_)
    waiting = np.empty(n, np.int64)
    for source in range(n):
        price[source] = cost[source].min()
    for source in range(n):
        left = supply
        while left > 0:
            sink = _search(
                cost, price, toll, room, flow, source, distance, before_sink, before_source, is_settled, waiting
            )
            _reprice(price, toll, distance, distance[sink], source, before_source, is_settled)
            left -= _augment(flow, room, source, sink, left, before_sink, before_source)


@kernel
def _search(cost, price, toll, room, flow, source, distance, before_sink, before_source, is_settled, waiting):
    """The nearest sink with room; `before_sink` and `before_source` lead from it back to the source."""
    n, m = cost.shape
    distance[:] = np.inf
    is_settled[:] = False
    before_source[:] = -1
    waiting[0] = source
    n_waiting = 1
    reached = 0.0
    while True:
        while n_waiting > 0:
            n_waiting -= 1
            row = waiting[n_waiting]
            base = reached - price[row]
            for j in range(m):
                through = base + cost[row, j] - toll[j]
                if through < distance[j] and not is_settled[j]:
                    distance[j] = through
                    before_sink[j] = row
        nearest = -1
        for j in range(m):
            if not is_settled[j] and (
                nearest < 0
                or distance[j] < distance[nearest]
                or (distance[j] == distance[nearest] and room[j] > room[nearest])
            ):
                nearest = j
        is_settled[nearest] = True
        if room[nearest] > 0:
            return nearest
        reached = distance[nearest]
        for row in range(n):
            if flow[nearest, row] > 0 and before_source[row] < 0 and row != source:
                before_source[row] = nearest
                waiting[n_waiting] = row
                n_waiting += 1


@kernel
def _reprice(price, toll, distance, reached, source, before_source, is_settled):
    """Change the dual variables so that the path found costs nothing, and nothing costs less than that."""
    price[source] += reached
    for row in range(len(price)):
        if before_source[row] >= 0:
            price[row] += reached - distance[before_source[row]]
    for j in range(len(toll)):
        if is_settled[j]:
            toll[j] -= reached - distance[j]


@kernel
def _augment(flow, room, source, sink, left, before_sink, before_source):
    """Send as much as fits along the path; returns how much."""
    amount = min(left, room[sink])
    j = sink
    while before_sink[j] != source:
        row = before_sink[j]
        j = before_source[row]
        amount = min(amount, flow[j, row])
    room[sink] -= amount
    j = sink
    while True:
        row = before_sink[j]
        flow[j, row] += amount
        if row == source:
            return amount
        j = before_source[row]
        flow[j, row] -= amount
