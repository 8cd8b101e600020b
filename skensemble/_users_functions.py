"""Functions of the user's own: where one raises, the error says which parameter it came by."""

from contextlib import contextmanager


@contextmanager
def naming(parameter, function):
    """Add a note to an error that is raised inside: it comes from the user's function (Python 3.11 and later)."""
    try:
        yield
    except Exception as error:
        if hasattr(error, "add_note"):
            error.add_note(f"Raised by {parameter}={function!r}, which was given to the estimator.")
        raise
