"""Warnings that point at the line of the user's code that caused them."""

import os
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path

import sklearn

_SKLEARN = Path(sklearn.__file__).parent
_WITHIN = (
    f"{Path(__file__).parent}{os.sep}",
    f"{_SKLEARN / 'callback'}{os.sep}",
    str(_SKLEARN / "utils/_set_output.py"),
)


def warn(message, category=UserWarning):
    """Warn about what the nearest caller outside of the package asked for, however deep the call."""
    warnings.warn(message, category, stacklevel=_depth_of_caller())


def _depth_of_caller():
    """Levels from the caller of this function to the first frame of other files."""
    frame, depth = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_WITHIN):
        frame, depth = frame.f_back, depth + 1
    return depth


@contextmanager
def caught_warnings():
    """A list to which the UserWarnings of the block are added when it ends, as (message, category)."""
    found = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield found
    found += [(str(one.message), one.category) for one in caught if issubclass(one.category, UserWarning)]


def warn_again(found):
    """Warn about what `caught_warnings` found elsewhere."""
    for message, category in found:
        warn(message, category)
