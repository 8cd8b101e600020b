"""Fits to more rows than memory holds, and on clusters: the model is the one of all rows in memory, bit for bit."""

from skensemble.distributed._batches import Batches
from skensemble.distributed._fit import fit

__all__ = ["Batches", "fit"]
