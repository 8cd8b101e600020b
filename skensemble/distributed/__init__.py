"""Fits to more rows than memory holds: the model is the one of all rows in memory, bit for bit."""

from skensemble.distributed._batches import Batches

__all__ = ["Batches"]
