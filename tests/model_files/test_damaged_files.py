"""Damaged and malformed files are refused by a ValueError, or are the model that they say: never a crash or a hang."""

import copy
import io
import time
import tracemalloc
import zlib
from operator import attrgetter

import numpy as np
import pytest

from skensemble import load_model, save_model
from skensemble.model_files._safetensors import write_safetensors
from tests.model_files.models import MODELS, TREE_MODELS, answers, fitted
from tests.model_files.mutations import mutated

N_MUTATIONS, N_SLOW = 4, 1  # of each model, and of each that draws samples


def content_of(name, **options):
    file = io.BytesIO()
    save_model(fitted(name)[0], file, **options)
    return file.getvalue()


def is_refused(content):
    try:
        load_model(io.BytesIO(content))
    except ValueError as error:
        return str(error).startswith("the file cannot be loaded as a model: ")
    return False


@pytest.mark.parametrize("name", ["tree", "categories"])
def test_changed_bytes_are_refused(name):
    content = content_of(name)
    rng = np.random.default_rng(0)
    for place in rng.integers(len(content), size=150):
        changed = bytearray(content)
        changed[place] ^= 1 << rng.integers(8)
        assert is_refused(bytes(changed))


def test_cut_and_longer_files_are_refused():
    content = content_of("tree")
    for length in (0, 1, 7, 8, 9, 100, 1000, len(content) - 1):
        assert is_refused(content[:length])
    assert is_refused(content + b"\0")
    assert is_refused(b"\xff" * 8 + content[8:])


@pytest.mark.parametrize("times", [1, pytest.param(50, marks=pytest.mark.slow)])
@pytest.mark.parametrize("slim", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_changed_parts_are_refused_or_harmless(name, slim, times):
    """The checksum fits, so that the checks of contents have to find what is wrong."""
    _, table = fitted(name)
    content = content_of(name, slim=slim)
    rng = np.random.default_rng(zlib.crc32(name.encode()) + slim)
    for _ in range(times * (N_MUTATIONS if name in TREE_MODELS else N_SLOW)):
        changed, what = mutated(content, rng)
        start = time.process_time()
        try:
            with np.errstate(over="ignore", invalid="ignore"):  # as numbers of 1e308 may
                answers(load_model(io.BytesIO(changed)), table)
        except ValueError:
            continue
        assert time.process_time() - start < 30.0, what  # kernels may be compiled meanwhile


def test_sizes_that_are_not_there_are_not_allocated():
    tracemalloc.start()
    header = b'{"__metadata__":{},"x":{"dtype":"F64","shape":[1099511627776],"data_offsets":[0,8796093022208]}}'
    assert is_refused(len(header).to_bytes(8, "little") + header)
    texts = {"format": "skensemble model", "format_version": "1", "kind": "DecisionTreeClassifier"}
    for params in ("[" * 100_000, '{"max_depth": 1' + "0" * 10_000 + "}", '{"max_depth":{"table":["<U65536",[9],[]]}}'):
        assert is_refused(b"".join(map(bytes, write_safetensors({}, {**texts, "params": params}))))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def refusal(texts):
    file = io.BytesIO(b"".join(map(bytes, write_safetensors({}, texts))))
    with pytest.raises(ValueError, match="the file cannot be loaded as a model: ") as error:
        load_model(file)
    return str(error.value)


def test_the_message_says_what_is_wrong():
    texts = {"format": "skensemble model", "format_version": "1", "kind": "DecisionTreeClassifier", "params": "{}"}
    assert "it has no 'format'" in refusal({})
    assert "its format must be 'skensemble model', got 'pt'" in refusal({**texts, "format": "pt"})
    assert "format_version must be a number" in refusal({**texts, "format_version": "one"})
    later = {**texts, "format_version": "2", "skensemble": "9.9"}
    assert "it has format 2, which skensemble 9.9 wrote, and this version reads formats up to 1" in refusal(later)
    assert "a kind that this version does not know: 'os.system'" in refusal({**texts, "kind": "os.system"})
    assert "a kind that this version does not know: 'binner'" in refusal({**texts, "kind": "binner"})
    assert "has no parameter 'depth' in this version" in refusal({**texts, "params": '{"depth": 3}'})
    assert "params must be JSON" in refusal({**texts, "params": '{"max_depth": NaN}'})
    assert "a name is there twice" in refusal({**texts, "params": '{"max_depth": 1, "max_depth": 2}'})
    assert "params.max_depth" in refusal({**texts, "params": '{"max_depth": {"call": "exit"}}'})
    assert "fitted has no classes_" in refusal({**texts, "fitted": "{}"})
    wrong = refusal({**texts, "params": '{"max_depth": -3}', "fitted": "{}"})
    assert "max_depth must be" in wrong


def refusal_of(model):
    file = io.BytesIO()
    save_model(model, file)
    with pytest.raises(ValueError, match="the file cannot be loaded as a model: ") as error:
        load_model(io.BytesIO(file.getvalue()))
    return str(error.value)


@pytest.mark.parametrize("share", [-0.5, 1.5])
@pytest.mark.parametrize("name", ["tree", "extra trees", "forest of two targets", "adaboost"])
def test_shares_of_classes_are_shares(name, share):
    model = copy.deepcopy(fitted(name)[0])
    holder = next(getattr(model, name) for name in ("tree_", "_members", "_trees") if hasattr(model, name))
    getattr(holder, "trees", holder).values[-1, 0] = share
    assert f"shares of classes must be in [0, 1], got {min(share, 0.0)} to " in refusal_of(model)


def test_weights_of_adaboost_are_finite():
    for name, weight in (("adaboost of numbers", np.inf), ("adaboost", np.nan), ("adaboost regressor", -1.0)):
        model = copy.deepcopy(fitted(name)[0])
        model.estimator_weights_[0] = weight
        assert "estimator_weights_ must be" in refusal_of(model)


def test_numbers_of_networks_are_finite_and_divide():
    for place, wrong in (("network.parameters", np.nan), ("embedding.scale", 0.0), ("target_scale", -1.0)):
        model = copy.deepcopy(fitted("network")[0])
        attrgetter(place)(model.model_)[0] = wrong
        assert f"{place} must be" in refusal_of(model)


@pytest.mark.parametrize(("part", "wrong"), [("slopes", 1e308), ("slopes", 0.0), ("chords", 0.5)])
def test_slopes_of_splines_follow_from_their_knots(part, wrong):
    model = copy.deepcopy(fitted("continuous")[0])
    axes = [getattr(column, "calibrated_axis", None) for column in model.encoder_._columns]
    splines = [axis.calibration for axis in axes if getattr(axis, "calibration", None) is not None]
    getattr(splines[0], part)[0] = wrong
    assert "slopes of a spline must be those between its knots" in refusal_of(model)


def test_learners_of_adaboost_have_the_classes_of_the_model():
    model = copy.deepcopy(fitted("adaboost of forests")[0])
    learner = model._members.estimators[0]
    learner.classes_ = np.array([*learner.classes_[:-1], "another"])
    assert "classes of a learner must be among classes_" in refusal_of(model)
