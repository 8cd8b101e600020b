"""Optional packages that are missing."""

import sys

import pytest

from skensemble._optional_packages import needed_by


def test_a_missing_package_is_named_with_its_extra():
    message = r"^to_x needs the package nowhere_to_be_found: pip install 'skensemble\[x\]'\.$"
    with pytest.raises(ImportError, match=message), needed_by("to_x", "nowhere_to_be_found", "x"):
        import nowhere_to_be_found.part  # noqa: F401


def test_what_is_missing_inside_of_a_package_is_another_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "nowhere", None)
    with pytest.raises(ModuleNotFoundError, match="nowhere"), needed_by("to_x", "shap", "shap"):
        import nowhere  # noqa: F401
