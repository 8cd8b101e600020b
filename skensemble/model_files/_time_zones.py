"""Time zones by their names."""

import pandas as pd

from skensemble.model_files._safetensors import Unsaveable


def write_zone(zone, where):
    """Name of a time zone, or None."""
    if zone is None:
        return None
    name = str(zone)
    try:
        read_zone(name)
    except (ValueError, KeyError, TypeError):
        raise Unsaveable(f"{where} must have a time zone with a name to be saved, got {zone!r}.") from None
    return name


def read_zone(name):
    """The time zone of a name, as pandas has it."""
    if name is None:
        return None
    if not isinstance(name, str) or len(name) > 64 or not name.replace("/", "").replace("_", "").isprintable():
        raise ValueError(f"not a time zone: {name!r}")
    return pd.DatetimeTZDtype("ns", name).tz
