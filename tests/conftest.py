"""Settings and tables shared by all tests."""

import os

os.environ.setdefault("MPLBACKEND", "Agg")  # no window opens, and no display is needed
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # peers' threads do not spin where another process has their core

from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def flights():
    """The mixed table of the examples: numbers, text and missing cells; the target is the column `late`."""
    return pd.read_csv(ROOT / "examples" / "data" / "flights.csv.gz")


@pytest.fixture(autouse=True)
def _teams_for_small_trees(monkeypatch):
    """Let threads share trees that are too small to be worth it, so that small tests see what large data sees."""
    monkeypatch.setattr("skensemble.tree.histogram._team_growing.TEAM_WORK", 40_000)
