"""Optional packages: where one is missing, the error says what needs it, and which extra brings it."""

from contextlib import contextmanager


@contextmanager
def needed_by(what, package, extra):
    """Around imports of a package: raises an ImportError about `what`, where the package is not installed.

    extra : name of the extra of skensemble that installs it
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != package:
            raise
        message = f"{what} needs the package {package}: pip install 'skensemble[{extra}]'."
        raise ImportError(message, name=package) from None
