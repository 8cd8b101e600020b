"""Tests of what might wait for ever: they fail instead."""

import threading

from skensemble import _parallel

PATIENCE = 60  # seconds that a test waits for what takes none


def in_time(function, patience=PATIENCE):
    """`function()`, or what it raises; a failure where it takes longer than `patience` seconds.

    Then the pools are dropped with all they have not begun, so that the threads that wait for it end.
    """
    results, errors = [], []

    def run():
        try:
            results.append(function())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(patience)
    if thread.is_alive():
        for pool in _parallel._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        _parallel._forget_pools()
        raise AssertionError(f"not done after {patience} s: threads wait for each other")
    if errors:
        raise errors[0]
    return results[0]
