"""Errors for pickles whose modules this version does not have."""

import re
import sys
from importlib.abc import MetaPathFinder

_PRIVATE = re.compile(r"skensemble(\.[a-z]\w*)*\._[a-z]\w*")


class _NoSuchModule(MetaPathFinder):
    """Comes last among the finders: raises where a private module of the package was looked for and not found."""

    def find_spec(self, name, path=None, target=None):
        if _PRIVATE.fullmatch(name):
            raise ModuleNotFoundError(
                f"skensemble has no module {name!r}. A pickle that asks for it was written by another version of "
                "skensemble: fit the model again, or load it with the version that wrote it.",
                name=name,
            )


def explain_missing_modules():
    """Say of modules that are not there what a pickle that needs them is about."""
    sys.meta_path.append(_NoSuchModule())
