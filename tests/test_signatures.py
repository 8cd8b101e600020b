"""Signatures and docstrings of estimators are those of the tables of their parameters."""

import inspect
import re

import pytest

import skensemble
from skensemble._parameters import Parameter, check_parameters
from tests.signatures import WIDTH, estimators, file_of, rewritten

every_estimator = pytest.mark.parametrize("estimator", estimators(), ids=lambda estimator: estimator.__name__)


def test_all_estimators_of_trees_have_tables():
    names = {estimator.__name__ for estimator in estimators()}
    assert {name for name in skensemble.__all__ if re.search("Tree|Forest|Boost", name)} <= names


@every_estimator
def test_source_is_what_the_table_says(estimator):
    source = file_of(estimator).read_text(encoding="utf-8")
    assert rewritten(source, estimator) == source, "make format writes it"


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
