"""The closed table of kinds: all that a model file may hold.

A new kind of object is a line in one of these tables.  Those of generative models are imported when one is asked for.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module

TABLES = (
    "skensemble.model_files._tree_kinds",
    "skensemble.model_files._tree_estimators",
    "skensemble.model_files._imported_kinds",
)
GENERATIVE_TABLES = (
    "skensemble.model_files._table_kinds",
    "skensemble.model_files._field_kinds",
    "skensemble.model_files._generative_estimators",
    "skensemble.model_files._autoregressive_kinds",
)


class KindTable(Mapping):
    """{name: Kind}"""

    def __getitem__(self, name):
        tables = _by_name(TABLES)
        return tables[name] if name in tables else _by_name(GENERATIVE_TABLES)[name]

    def __iter__(self):
        return iter({**_by_name(TABLES), **_by_name(GENERATIVE_TABLES)})

    def __len__(self):
        return len(list(iter(self)))


def kind_of(value, slim=False):
    """The Kind of an object, or None.

    slim : whether what only training needs is left out
    """
    for tables in (TABLES, GENERATIVE_TABLES):
        kinds = _by_class(tables)
        kind = kinds.get((type(value), slim)) or kinds.get((type(value), False))
        if kind is not None:
            return kind
    return None


@cache
def _by_name(tables):
    return {kind.name: kind for kind in _kinds(tables)}


@cache
def _by_class(tables):
    return {(kind.cls, kind.is_slim): kind for kind in _kinds(tables)}


def _kinds(tables):
    return [kind for name in tables for kind in import_module(name).KINDS]
