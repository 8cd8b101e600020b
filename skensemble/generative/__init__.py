"""Generative models of tables: diffusion, flows, and what they are made of.

Every name is imported on first use.
"""

from skensemble import _front_door

__all__, __getattr__, __dir__ = _front_door.open_door(__name__, globals())
