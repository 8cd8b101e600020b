"""Signatures and docstrings of estimators are those of the tables of their parameters."""

import inspect
import re

import pytest

import skensemble
from skensemble._parameters import Parameter, check_parameters
from skensemble._shared_parameters import JOBS
from tests.signatures import WIDTH, annotation, estimators, file_of, rewritten

every_estimator = pytest.mark.parametrize("estimator", estimators(), ids=lambda estimator: estimator.__name__)


def test_all_estimators_of_trees_have_tables():
    names = {estimator.__name__ for estimator in estimators()}
    assert {name for name in skensemble.__all__ if re.search("Tree|Forest|Boost", name)} <= names


@every_estimator
def test_source_is_what_the_table_says(estimator):
    source = file_of(estimator).read_text(encoding="utf-8")
    assert rewritten(source, estimator) == source, "make format writes it"


def test_a_docstring_may_end_with_its_parameters():
    class Small:
        _parameters = {"depth": Parameter(3, (), "int", "How deep it is.")}

    source = [
        "class Small:",
        '    """Small.',
        "",
        "    Parameters",
        "    ----------",
        "    depth : int, default=1",
        "        Old.",
        '    """',
        "",
        "    def __init__(self, *, depth=1):",
        "        self.depth = depth",
    ]
    namespace = {}
    exec(rewritten("\n".join(source) + "\n", Small), namespace)
    assert inspect.getdoc(namespace["Small"]).endswith("depth : int, default=3\n    How deep it is.")
    assert namespace["Small"]().depth == 3


def test_a_kind_without_a_type_is_named():
    with pytest.raises(KeyError, match=r"type of 'float in \[0', in the kind 'float in \[0, 1\]'"):
        annotation(Parameter(0.1, (), "float in [0, 1]", "A share."))


@every_estimator
def test_defaults_obey_the_rules(estimator):
    check_parameters(estimator(), estimator._parameters)
    defaults = {name: parameter.default for name, parameter in inspect.signature(estimator).parameters.items()}
    assert defaults == {name: parameter.default for name, parameter in estimator._parameters.items()}
    assert list(defaults) == list(estimator._parameters)


@every_estimator
def test_texts_fit_the_page(estimator):
    for name, parameter in estimator._parameters.items():
        assert isinstance(parameter, Parameter)
        assert len(f"    {name} : {parameter.kind}, default={parameter.default!r}") <= WIDTH
        assert re.fullmatch(r"[A-Z].*\.", parameter.text)
        assert "  " not in parameter.text


# Parameters whose text is about what the estimator itself does: what it grows, predicts, holds out, scores or draws.
OWN_TEXT = {
    "activation", "base", "base_score", "class_weight", "criterion", "early_stopping", "estimator", "grow_policy",
    "hidden_layer_sizes", "importance_type", "init", "keep_leaf_rows", "learning_rate", "linear_leaves", "loss",
    "max_depth", "monotonic_cst", "n_estimators", "oob_score", "random_state", "scoring", "subsample",
    "validation_fraction",
}  # fmt: skip


def test_shared_parameters_have_one_text_in_a_family():
    """Estimators of one room share their parameters, and tell users the same about them."""
    texts = {}
    for estimator in estimators():
        room = estimator.__module__.rsplit(".", 1)[0]
        for name, parameter in estimator._parameters.items():
            texts.setdefault((room, name), set()).add((parameter.kind, parameter.text))
    differ = {name for (room, name), found in texts.items() if len(found) > 1 and not room.endswith(".fields")}
    assert differ <= OWN_TEXT, "two texts for one parameter in one room"
    (of_jobs,) = {parameter for (room, name), found in texts.items() if name == "n_jobs" for parameter in found}
    assert of_jobs == (JOBS.kind, JOBS.text)
