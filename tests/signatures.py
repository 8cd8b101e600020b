"""Signatures and docstrings of estimators, written from the tables of their parameters.

`python -m tests.signatures`, a part of `make format`, rewrites for each estimator that has such a table, `_parameters`:
the arguments of `__init__` with their types and defaults, the assignments in its body, and the section "Parameters" of
the docstring of the class.  Arguments that stand before the `*` stay there.
"""

import ast
import inspect
import json
import re
import textwrap
from pathlib import Path

import skensemble
import skensemble.generative
from skensemble._front_door import received_names
from skensemble._parameters import Parameter

WIDTH = 120


def estimators():
    """Classes whose parameters are Parameters."""
    houses = skensemble, skensemble.generative
    public = [getattr(house, name) for house in houses for name in [*house.__all__, *received_names(house.__name__)]]
    classes = [each for each in public if inspect.isclass(each)]
    return [each for each in dict.fromkeys(classes) if any(isinstance(p, Parameter) for p in _table(each).values())]


def _table(estimator):
    return getattr(estimator, "_parameters", {})


def file_of(estimator):
    return Path(inspect.getfile(estimator))


def rewritten(source, estimator):
    """The source of a file, with what the table of one of its estimators says."""
    lines = source.splitlines()
    (node,) = [node for node in ast.parse(source).body if getattr(node, "name", None) == estimator.__name__]
    for init in [part for part in node.body if getattr(part, "name", None) == "__init__"]:  # none if it is inherited
        positional = [argument.arg for argument in init.args.args[1:]]
        lines[init.lineno - 1 : init.end_lineno] = _init(_table(estimator), positional)  # it stands below the docstring
    docstring = node.body[0]
    first = lines.index("    Parameters", docstring.lineno) + 2
    last = min(lines.index("", first), docstring.end_lineno - 1)  # an empty line, or the end of the docstring
    lines[first:last] = _section(_table(estimator))
    return "\n".join(lines) + "\n"


def _init(table, positional):
    names = [*positional, *(name for name in table if name not in positional)]
    arguments = [f"        {name}: {annotation(table[name])} = {_literal(table[name].default)}," for name in names]
    arguments.insert(len(positional), "        *,")
    assignments = [f"        self.{name} = {name}" for name in names]
    return ["    def __init__(", "        self,", *arguments, "    ):", *assignments]


# From words in the kind of a Parameter to types; what is in quotes becomes one Literal.
TYPES = {
    "array-like": "ArrayLike",
    "array-like of names or positions, or a mask": "ArrayLike",
    "array-like of shape (n_features,)": "ArrayLike",
    "bool": "bool",
    "callable": "Callable[..., Any]",
    "dict": "dict[Any, Any]",
    "estimator": "BaseEstimator",
    "float": "float",
    "int": "int",
    "list": "list[Any]",
    "list of dict": "list[dict[Any, Any]]",
    "list of float": "Sequence[float] | Array",
    "list of lists": "Sequence[Sequence[Any]]",
    "None": "None",
    "RandomState instance": "RandomState",
    "regressor": "BaseEstimator",
    "sequence of int": "Sequence[int] | Array",
    "splitter": "Any",
    "str": "str",
    "TableEncoder": "BaseEstimator",
}


def annotation(parameter):
    """The type of a Parameter, from its kind, with None last."""
    kinds = [parameter.kind] if parameter.kind in TYPES else re.split(r", | or ", parameter.kind.translate(NO_BRACES))
    unknown = [kind for kind in kinds if not kind.startswith('"') and kind not in TYPES]
    if unknown:
        raise KeyError(f"TYPES must say the type of {unknown[0]!r}, in the kind {parameter.kind!r} of a parameter")
    types = [TYPES[kind] for kind in kinds if not kind.startswith('"')]
    strings = ", ".join(kind for kind in kinds if kind.startswith('"'))
    literal = [f"Literal[{strings}]"] if strings else []
    return " | ".join(sorted([*types, *literal], key=lambda name: name == "None"))


NO_BRACES = str.maketrans("", "", "{}")


def _section(table):
    lines = []
    for name, parameter in table.items():
        lines.append(f"    {name} : {parameter.kind}, default={_literal(parameter.default)}")
        lines += _paragraph(parameter.text)
    return lines


def _paragraph(text):
    """Lines of a text; code and comparisons are not broken."""
    text = re.sub(r"`[^`]+`|>=? \S+", lambda match: match[0].replace(" ", "\0"), text)
    lines = textwrap.wrap(text, WIDTH - 8, break_on_hyphens=False, break_long_words=False)
    return [" " * 8 + line.replace("\0", " ") for line in lines]


def _literal(value):
    return json.dumps(value) if isinstance(value, str) else repr(value)


if __name__ == "__main__":
    for estimator in estimators():
        path = file_of(estimator)
        path.write_text(rewritten(path.read_text(encoding="utf-8"), estimator), encoding="utf-8")
