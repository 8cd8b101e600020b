"""The shape of the package: imports run one way, names say what things are, and public things are documented."""

import ast
import functools
import inspect
import sys
from pathlib import Path

import pytest

import skensemble
import skensemble.generative
from tests.conftest import ROOT

PACKAGE = ROOT / "skensemble"
FILES = sorted(path for path in PACKAGE.rglob("*.py"))
TREE = {"tree", "tree.trees", "explanation", "tree.histogram", "tree.exact", "tree.estimators"}
BASE_OF_ENSEMBLES = TREE | {"inspection", "ensemble", "ensemble.losses", "ensemble.rows"}
FAMILIES = {f"ensemble.{family}" for family in ("forest", "adaboost", "gradient", "newton")}
BELOW = BASE_OF_ENSEMBLES | FAMILIES
ROOMS = {  # what each room may import, besides itself and the foundation: the files beside the rooms
    "foundation": set(),
    "tree": set(),
    "tree.trees": {"tree"},
    "explanation": {"tree", "tree.trees"},
    "tree.histogram": {"tree", "tree.trees"},
    "tree.exact": {"tree", "tree.trees"},
    "tree.estimators": {"tree", "tree.trees", "tree.exact", "explanation"},
    "inspection": TREE,
    "ensemble": TREE,
    "ensemble.losses": TREE | {"ensemble"},
    "ensemble.rows": TREE | {"ensemble", "ensemble.losses"},
    **dict.fromkeys(FAMILIES, BASE_OF_ENSEMBLES),
    "generative.tables": BELOW,
    "generative.networks": BELOW,
    "generative.paths": BELOW,
    "generative.fields": BELOW | {"generative.networks", "generative.paths"},
    "generative.flows": BELOW | {"generative.tables", "generative.networks"},
    "generative.diffusion": BELOW | {"generative.tables", "generative.paths", "generative.fields"},
    "generative.evaluation": BELOW | {"generative.tables"},
    "generative.autoregressive": BELOW | {"generative.tables"},
    "generative": BELOW | {"generative.tables", "generative.flows"},
}
ROOMS["distributed"] = {"tree"}
ROOMS["ensemble.newton"] = ROOMS["ensemble.newton"] | {"distributed"}
ROOMS["ensemble.forest"] = ROOMS["ensemble.forest"] | {"distributed"}
ROOMS["imported"] = {"tree", "tree.trees", "explanation"}
ROOMS["exported"] = BELOW
ROOMS["serving"] = BELOW
ROOMS["model_files"] = set(ROOMS)  # files hold objects of all rooms
FRONT_DOOR = {"__main__", "_warmup"}
BUILT_ON_ESTIMATORS = {  # files that import public estimators of other files, and what for
    "skensemble.distributed._fit_part": "the partitions of a worker are batches",
    "skensemble.ensemble.adaboost._adaboost": "a decision tree is what it boosts unless it is told otherwise",
    "skensemble.ensemble.adaboost._weak_learners": "it grows decision trees from codes, and shows them as fitted ones",
    "skensemble.ensemble.forest._random_forest": "the trees of a forest are shown as fitted decision trees",
    "skensemble.ensemble.gradient._gradient_boosting": "and so are those of GBDT",
    "skensemble.exported._onnx_converters": "skl2onnx knows converters by the classes of estimators",
    "skensemble.generative.autoregressive._boosted_levels": "boosted trees say how likely levels are",
    "skensemble.generative.autoregressive._local_shares": "a tree says where residuals differ",
    "skensemble.generative.autoregressive._smooth_numbers": "boosted trees say where numbers lie",
    "skensemble.generative._outlier_detector": "a flow is the density that it asks unless it is told otherwise",
    "skensemble.generative.diffusion._field_parameters": "the parameter `encoder` is one",
    "skensemble.generative.diffusion._regressor_choice": "regressors and encoders that models have by default",
    "skensemble.generative.evaluation._two_sample": "a classifier is to tell real rows from generated ones",
    "skensemble.generative.evaluation._utility": "models are fitted to generated rows",
    "skensemble.generative.flows._flow_model": "the encoder of its tables",
    "skensemble.generative.flows._flow_parameters": "the parameter `encoder` is one",
    "skensemble.generative.flows._label_shares": "a classifier says how common labels are",
    "skensemble.model_files._autoregressive_kinds": "trees are a part of what is stored",
    "skensemble.model_files._generative_estimators": "an encoder is a part of what is stored",
    "skensemble.model_files._table_kinds": "an encoder is a part of what is stored",
}
OPTIONAL = {
    "matplotlib",
    "shap",
    "rich",
    "polars",
    "pyarrow",
    "narwhals",
    "dask",
    "distributed",
    "ray",
    "pyspark",
    "onnx",
    "skl2onnx",
    "treelite",
}
NOT_IN_KERNELS = {"pandas", "sklearn", "polars", "pyarrow", "narwhals"}
NAMED_FOR_NOTHING = {"utils", "helpers", "common", "misc"}


@functools.cache
def _parse(path):
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _module(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILE_OF = {_module(path): path for path in FILES}


def _room(path):
    """The folder of a file, as in ROOMS; "front door" where names of all rooms may be imported."""
    folders = path.relative_to(PACKAGE).parts[:-1]
    if path.stem == "__init__" or (not folders and path.stem in FRONT_DOOR):
        return "front door"
    return ".".join(folders) or "foundation"


def _imported(node):
    """Modules that an import statement may load."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    assert node.level == 0, "imports are absolute"
    return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]


def _imports(tree):
    return [
        name for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)) for name in _imported(node)
    ]


@functools.cache
def _imports_within(path):
    return {name for name in _imports(_parse(path)) if name in FILE_OF and name != _module(path)}


def _functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def _has_kernels(tree):
    decorators = [ast.unparse(decorator) for node in _functions(tree) for decorator in node.decorator_list]
    return any(decorator.split("(")[0] in ("kernel", "intrinsic") for decorator in decorators)


def _name(path):
    return path.relative_to(ROOT).as_posix()


every_file = pytest.mark.parametrize("path", FILES, ids=_name)


@every_file
def test_a_room_imports_what_lies_below_it(path):
    room = _room(path)
    if room == "front door":
        return
    rooms = {_room(FILE_OF[name]) for name in _imports_within(path)}
    assert rooms - ROOMS[room] - {room, "foundation"} == set()


@every_file
def test_names_are_imported_from_the_file_that_makes_them(path):
    """Kernels are stamped with the files that they import from, which a package's front door would hide."""
    if _room(path) != "front door":
        assert [name for name in _imports_within(path) if FILE_OF[name].name == "__init__.py"] == []


def _public_estimators():
    """Names of the public classes by the file that makes them."""
    values = [getattr(door, name) for door in (skensemble, skensemble.generative) for name in door.__all__]
    names = {}
    for value in filter(inspect.isclass, values):
        names.setdefault(value.__module__, set()).add(value.__name__)
    return names


def test_files_of_estimators_are_no_libraries():
    """What several estimators need has a file of its own; a file of estimators gives away its public classes only."""
    public = _public_estimators()
    users = set()
    for path in FILES:
        if _room(path) == "front door":
            continue
        for node in ast.walk(_parse(path)):
            if isinstance(node, ast.ImportFrom) and node.module in public:
                users.add(_module(path))
                assert {alias.name for alias in node.names} <= public[node.module], _name(path)
    assert users == set(BUILT_ON_ESTIMATORS)


def test_no_import_cycles():
    depends_on = {_module(path): _imports_within(path) for path in FILES if _module(path) != "skensemble"}
    while depends_on:
        free = {name for name, needed in depends_on.items() if not needed & depends_on.keys()}
        assert free, f"these import each other: {sorted(depends_on)}"
        depends_on = {name: needed for name, needed in depends_on.items() if name not in free}


@every_file
def test_functions_import_optional_packages_only(path):
    inner = [name for function in _functions(_parse(path)) for name in _imports(function)]
    assert [name for name in inner if name.split(".")[0] not in OPTIONAL] == []


@every_file
def test_kernels_see_no_frames_and_no_estimators(path):
    tree = _parse(path)
    if _has_kernels(tree) and _room(path) != "foundation":
        assert [name for name in _imports(tree) if name.split(".")[0] in NOT_IN_KERNELS] == []


@every_file
def test_only_declared_dependencies_are_imported(path):
    of_scikit_learn = {"joblib", "threadpoolctl"}
    of_type_checkers = {"typing_extensions"}  # all of them know it, and nobody else imports it
    declared = {"skensemble", "numpy", "scipy", "numba", "llvmlite", "sklearn", "pandas"} | of_scikit_learn | OPTIONAL
    imported = {name.split(".")[0] for name in _imports(_parse(path))}
    assert imported - declared - of_type_checkers - set(sys.stdlib_module_names) == set()


@pytest.mark.parametrize("folder", ["skensemble", "tests", "examples", "benchmarks"])
def test_files_are_named_for_what_they_hold(folder):
    names = [path for path in Path(ROOT / folder).rglob("*.py") if path.stem.strip("_") in NAMED_FOR_NOTHING]
    assert names == []


@every_file
def test_files_and_public_classes_have_docstrings(path):
    tree = _parse(path)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    assert [node.name for node in classes if ast.get_docstring(node) is None] == []
    assert ast.get_docstring(tree) is not None or not tree.body


@pytest.mark.parametrize("name", skensemble.__all__)
def test_public_names_have_docstrings(name):
    value = getattr(skensemble, name)
    methods = [method for method in dir(value) if inspect.isclass(value) and not method.startswith("_")]
    undocumented = [method for method in methods if not inspect.getdoc(getattr(value, method))]
    assert inspect.getdoc(value)
    assert undocumented == []


@every_file
def test_no_function_is_longer_than_a_screen(path):
    long = [f"{node.name} ({_length(node)} lines)" for node in _functions(_parse(path)) if _length(node) > 65]
    assert long == []


def _length(function):
    """Lines of the body, without the docstring."""
    documented = ast.get_docstring(function) is not None and len(function.body) > 1
    return function.end_lineno - function.body[1 if documented else 0].lineno + 1


@every_file
def test_no_file_is_longer_than_600_lines_of_code(path):
    assert _lines_of_code(path) <= 600


def _lines_of_code(path):
    """Lines that are neither empty nor of a docstring."""
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef)
    documented = [node for node in ast.walk(_parse(path)) if isinstance(node, owners) and ast.get_docstring(node)]
    docstrings = {line for node in documented for line in range(node.body[0].lineno, node.body[0].end_lineno + 1)}
    lines = path.read_text(encoding="utf-8").splitlines()
    return sum(bool(line.strip()) and number not in docstrings for number, line in enumerate(lines, 1))
