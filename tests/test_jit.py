import ast
import importlib.util
import inspect
import itertools
import os
import pickle
import subprocess
import sys
import threading

import numba
import numpy as np
import pytest
from numba.core.runtime import _nrt_python, rtsys

import skensemble
from skensemble import _jit
from skensemble._jit import bits_of, kernel, lowest_bit, prefetch
from tests.conftest import ROOT

SOURCE = """
import numpy as np

from skensemble._jit import kernel

@kernel
def twice(x):
    return x + x

@kernel
def four_times(x):
    return twice(twice(x))

@kernel
def sorted_halves(values):
    if values.shape[0] % 2:
        raise ValueError("odd")
    result = np.zeros((2, values.shape[0] // 2))
    result[:] = np.sort(values).reshape(result.shape)
    return result, len(result)
"""
_numbers = itertools.count()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a file of kernels and a cache next to it, as for an installed package."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    (tmp_path / "kernels.py").write_text(SOURCE)
    return tmp_path


def import_anew(folder):
    """The kernels as a new process would see them."""
    name = f"kernels_{next(_numbers)}"
    spec = importlib.util.spec_from_file_location(name, folder / "kernels.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # Numba pickles by module name
    spec.loader.exec_module(module)
    return module


def hits(dispatcher):
    return sum(dispatcher.stats.cache_hits.values())


def cache_files(folder):
    return sorted((folder / "__pycache__").glob("kernels.four_times*.nbc"))


def fill_cache(folder):
    kernels = import_anew(folder)
    assert kernels.four_times(3) == 12
    assert kernels.four_times(0.5) == 2.0
    assert len(cache_files(folder)) == 2


def test_second_process_finds_the_first_ones_code(folder):
    fill_cache(folder)
    kernels = import_anew(folder)
    assert (kernels.four_times(5), kernels.four_times(0.25)) == (20, 1.0)
    assert hits(kernels.four_times) == 2


def test_loaded_code_makes_arrays_and_raises(folder):
    """What is kept on disk lacks the environments of Numba's own functions; nothing needs them."""
    import_anew(folder).sorted_halves(np.ones(2))
    kernels = import_anew(folder)
    halves, n_halves = kernels.sorted_halves(np.array([3.0, 1.0, 2.0, 0.0]))
    np.testing.assert_array_equal(halves, [[0.0, 1.0], [2.0, 3.0]])
    assert n_halves == 2
    with pytest.raises(ValueError, match="odd"):
        kernels.sorted_halves(np.ones(3))
    assert hits(kernels.sorted_halves) == 1


def damage_by(change):
    def damage(path):
        path.write_bytes(change(path.read_bytes()))

    return damage


DAMAGES = {
    "empty": damage_by(lambda content: b""),
    "truncated": damage_by(lambda content: content[: len(content) // 2]),
    "garbage": damage_by(lambda content: os.urandom(len(content))),
    "another pickle": damage_by(lambda content: pickle.dumps(["not", "code"])),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_files_are_compiled_and_written_anew(folder, damage):
    fill_cache(folder)
    for path in cache_files(folder):
        DAMAGES[damage](path)
    kernels = import_anew(folder)
    assert (kernels.four_times(5), kernels.four_times(0.25)) == (20, 1.0)
    assert hits(kernels.four_times) == 0
    kernels = import_anew(folder)
    assert (kernels.four_times(5), kernels.four_times(0.25)) == (20, 1.0)
    assert hits(kernels.four_times) == 2


COMPILE_TOGETHER = """
import sys, time
from pathlib import Path
from numba.core.caching import IndexDataCacheFile
folder, mine, other = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
sys.path.insert(0, str(folder))
dump = IndexDataCacheFile._dump

def dump_when_both_have_compiled(self, content):
    (folder / mine).touch()
    deadline = time.monotonic() + 60
    while not (folder / other).exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return dump(self, content)

IndexDataCacheFile._dump = dump_when_both_have_compiled
import kernels
assert kernels.four_times(eval(mine)) == 4 * eval(mine)
"""


def test_processes_that_compile_at_once_keep_both_signatures(folder, monkeypatch):
    """They write at the same moment, after both have looked what is there."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": ""}
    command = [sys.executable, "-c", COMPILE_TOGETHER, str(folder)]
    arguments = (["3", "0.5"], ["0.5", "3"])
    processes = [subprocess.Popen([*command, *numbers], env=environment) for numbers in arguments]
    assert [process.wait(120) for process in processes] == [0, 0]
    monkeypatch.setitem(sys.modules, "kernels", import_anew(folder))  # their code is pickled by this name
    kernels = import_anew(folder)
    assert (kernels.four_times(5), kernels.four_times(0.25)) == (20, 1.0)
    assert hits(kernels.four_times) == 2


def test_code_of_another_signature_is_not_used(folder):
    fill_cache(folder)
    first, second = cache_files(folder)
    contents = first.read_bytes(), second.read_bytes()
    first.write_bytes(contents[1])
    second.write_bytes(contents[0])
    kernels = import_anew(folder)
    assert isinstance(kernels.four_times(5), int)
    assert kernels.four_times(0.25) == 1.0


def test_code_of_another_version_is_not_used(folder, monkeypatch):
    """A process that began before an upgrade may overwrite the code of one that began after it."""
    monkeypatch.setattr(_jit, "_source_stamp", lambda file: "version 1")
    fill_cache(folder)
    old = [path.read_bytes() for path in cache_files(folder)]
    monkeypatch.setattr(_jit, "_source_stamp", lambda file: "version 2")
    fill_cache(folder)
    kernels = import_anew(folder)
    kernels.four_times(1), kernels.four_times(1.0)
    assert hits(kernels.four_times) == 2
    for path, content in zip(cache_files(folder), old):
        path.write_bytes(content)
    kernels = import_anew(folder)
    assert (kernels.four_times(5), kernels.four_times(0.25)) == (20, 1.0)
    assert hits(kernels.four_times) == 0


def test_a_change_in_any_file_makes_the_cache_stale(folder, monkeypatch):
    fill_cache(folder)
    monkeypatch.setattr(_jit, "_source_stamp", lambda file: "changed")
    kernels = import_anew(folder)
    kernels.four_times(5)
    assert hits(kernels.four_times) == 0


def test_stamp_covers_what_a_file_of_kernels_imports(tmp_path, monkeypatch):
    package = tmp_path / "package"
    (package / "inner").mkdir(parents=True)
    (package / "_jit.py").write_text("one")
    (package / "inner" / "kernels.py").write_text("from skensemble.inner.constants import TWO\n")
    (package / "inner" / "constants.py").write_text("from skensemble.other import (\n    TWO,\n)\n")
    (package / "other.py").write_text("TWO = 2")
    (package / "estimator.py").write_text("from skensemble.inner.kernels import twice\n")
    monkeypatch.setattr(_jit, "__file__", str(package / "_jit.py"))

    def stamp():
        _jit._read.cache_clear()
        return _jit._source_stamp.__wrapped__(str(package / "inner" / "kernels.py"))

    before = stamp()
    (package / "estimator.py").write_text("another docstring")
    assert stamp() == before
    for changed in (package / "other.py", package / "_jit.py", package / "inner" / "kernels.py"):
        old, text = stamp(), changed.read_text()
        changed.write_text(text + "# changed")
        assert stamp() != old, changed
        changed.write_text(text)
    assert stamp() == before
    _jit._read.cache_clear()


def test_editing_an_estimator_compiles_nothing_anew():
    """No file with a public class is among the sources of any kernel."""
    files = [path for path in (ROOT / "skensemble").rglob("*.py") if "\n@kernel" in path.read_text(encoding="utf-8")]
    sources = set().union(*(_jit.kernel_sources(path) for path in files))
    estimators = {inspect.getsourcefile(getattr(skensemble, name)) for name in skensemble.__all__ if name[0].isupper()}
    assert len(files) > 30
    assert {str(path) for path in sources} & estimators == set()


CODE_MAKERS = {  # files of plain functions whose results are compiled: what they say is part of a kernel
    "_shipped_kernels.py",  # whether a wheel brings the code
    "_jit.py",
    "_kernel_compiler.py",
    "_kernel_lowering.py",
    "_kernel_typing.py",
    "_team.py",  # how many words a team has
    "tree/_state_struct.py",  # structs
    "tree/_state_table.py",
    "generative/networks/_vector_math.py",  # formulas
    "tree/exact/_code_ranges.py",  # intrinsics for vectors of two widths
    "generative/networks/_matrix_product.py",  # tiles for a processor's registers
}
RECORDS = {"NamedTuple", "types.StructRef", "StateType", "structref.StructRefProxy"}


def _is_part_of_kernels(node):
    """Is a statement at the top of a file an import, a constant, a kernel, code that an intrinsic emits, or a record or
    struct that is defined?  Decided by its form."""
    if isinstance(node, ast.FunctionDef):
        decorators = {ast.unparse(decorator).split("(")[0] for decorator in node.decorator_list}
        emits = [argument.arg for argument in node.args.args[:2]] == ["context", "builder"]
        return emits or bool(decorators & {"kernel", "intrinsic", "formula"})
    if isinstance(node, ast.ClassDef):
        methods = {method.name for method in node.body if isinstance(method, ast.FunctionDef)}
        return {ast.unparse(base) for base in node.bases} <= RECORDS and methods <= {"preprocess_fields"}
    return True


def test_kernels_are_stamped_by_kernels_alone():
    """What Python does around kernels stands in files of its own: editing it compiles nothing anew."""
    package = ROOT / "skensemble"
    files = [path for path in package.rglob("*.py") if "\n@kernel" in path.read_text(encoding="utf-8")]
    sources = set().union(*(_jit.kernel_sources(path) for path in files))
    others = {}
    for path in sources:
        name = path.relative_to(package).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found = [node.name for node in tree.body if not _is_part_of_kernels(node)]
        if found and name not in CODE_MAKERS:
            others[name] = found
    assert others == {}


def no_folder_at_all(folder, monkeypatch):
    """Neither the package's folder nor the user's can be written: where a folder should be made stands a file."""
    (folder / "__pycache__").write_text("")
    for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "USERPROFILE"):
        monkeypatch.setenv(name, str(folder / "kernels.py"))


def test_kernels_work_where_nothing_can_be_written(folder, monkeypatch):
    no_folder_at_all(folder, monkeypatch)
    kernels = import_anew(folder)
    assert kernels.four_times(5) == 20
    assert sorted(path.name for path in folder.iterdir()) == ["__pycache__", "kernels.py"]


def test_whether_code_is_kept(folder, monkeypatch):
    assert _jit.cache_is_kept()
    monkeypatch.setattr(_jit, "_KernelCache", None)
    assert not _jit.cache_is_kept()


def test_kernels_work_where_the_users_folder_cannot_be_made(folder, monkeypatch):
    no_folder_at_all(folder, monkeypatch)
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(folder / "kernels.py" / "cache"))
    assert import_anew(folder).four_times(5) == 20


def test_read_only_package_uses_the_users_folder(folder, monkeypatch):
    (folder / "__pycache__").write_text("")
    home = folder / "home"
    home.mkdir()
    for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    import_anew(folder).four_times(5)
    kernels = import_anew(folder)
    assert kernels.four_times(5) == 20
    assert list(home.rglob("*.nbc"))
    assert hits(kernels.four_times) == 1


def test_folder_that_vanishes_before_the_first_call(folder):
    kernels = import_anew(folder)
    for path in (folder / "__pycache__").iterdir():
        path.unlink()
    (folder / "__pycache__").rmdir()
    (folder / "__pycache__").write_text("")
    assert kernels.four_times(5) == 20


def test_numba_without_the_cache_we_know(folder, monkeypatch):
    monkeypatch.setattr(_jit, "_KernelCache", None)
    assert import_anew(folder).four_times(5) == 20


# -- what a kernel is ------------------------------------------------------------------------------------------------


@kernel
def scaled(x, factor):
    return x * factor


@kernel
def scaled_by_constants(x):
    return scaled(x, 2) + scaled(x, 3) + scaled(x, int(x))


def test_constants_make_no_signatures_of_their_own():
    assert scaled_by_constants(5) == 10 + 15 + 25
    signatures = [
        signature
        for dispatcher in (scaled, *_inner_dispatchers(scaled))
        for signature in dispatcher.signatures
        if any(isinstance(kind, numba.types.Literal) for kind in signature)
    ]
    assert signatures == []


def _inner_dispatchers(outer):
    """Those that stand behind a kernel for calls from other kernels, if any."""
    owner = getattr(outer.get_overload, "__self__", outer)
    return [] if owner is outer else [owner]


@kernel
def divided(a, b):
    return a / b


def test_division_by_zero_is_infinite():
    assert divided(1.0, 0.0) == np.inf
    assert np.isnan(divided(0.0, 0.0))


@kernel
def wait_for_flag(flag):
    spins = 0
    while flag[0] == 0 and spins < 4_000_000_000:
        spins += 1
    return spins


def test_kernels_let_other_threads_run():
    flag = np.zeros(1, np.int64)
    wait_for_flag(np.ones(1, np.int64))
    waiting = threading.Thread(target=lambda: [flag.__setitem__(0, 1)])
    result = threading.Thread(target=wait_for_flag, args=(flag,))
    result.start()
    waiting.start()
    waiting.join(10)
    assert not waiting.is_alive()
    flag[0] = 1
    result.join(60)


@kernel
def touch(array):
    for i in range(array.shape[0]):
        prefetch(array, (i + 8) * array.itemsize)
    return array.sum()


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_prefetch_changes_nothing(dtype):
    array = np.arange(100).astype(dtype)
    read_only = array.copy()
    read_only.flags.writeable = False
    assert touch(array) == touch(read_only) == 4950


# -- memory ----------------------------------------------------------------------------------------------------------


@kernel
def _first_row(table):
    return table[0]


@kernel
def _doubled(values):
    result = np.empty(values.shape[0])
    for i in range(values.shape[0]):
        result[i] = 2.0 * values[i]
    return result


@kernel
def _sum(values):
    total = 0.0
    for i in range(values.shape[0]):
        total += values[i]
    return total


@kernel
def _sum_of_rows(table):
    total = 0.0
    for i in range(table.shape[0]):
        total += _sum(table[i]) + _sum(_doubled(_first_row(table)))
    return total


def test_kernels_keep_no_array_and_free_none_too_early():
    _nrt_python.memsys_enable_stats()
    table = np.arange(6.0).reshape(3, 2)
    assert _sum_of_rows(table) == 15.0 + 3 * 2.0
    before, references = rtsys.get_allocation_stats(), sys.getrefcount(table)
    for _ in range(10):
        row, doubled = _first_row(table), _doubled(table[1])
        _sum_of_rows(table)
        _sum(doubled)
    np.testing.assert_array_equal(row, table[0])
    np.testing.assert_array_equal(doubled, 2.0 * table[1])
    del row, doubled
    after = rtsys.get_allocation_stats()
    assert sys.getrefcount(table) == references
    assert after.mi_alloc - before.mi_alloc == after.mi_free - before.mi_free > 0


@kernel
def _floats_of_bits(numbers, words, bits, lowest):
    for i in range(numbers.shape[0]):
        bits[i], lowest[i] = bits_of(numbers[i]), lowest_bit(words[i])


def test_bits():
    numbers, words = np.array([1.5, -0.0, np.inf]), np.array([1, 6, 1 << 63], np.uint64)
    bits, lowest = np.empty(3, np.int64), np.empty(3, np.int64)
    _floats_of_bits(numbers, words, bits, lowest)
    np.testing.assert_array_equal(bits, numbers.view(np.int64))
    assert lowest.tolist() == [0, 1, 63]
