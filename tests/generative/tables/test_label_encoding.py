import numpy as np
import pandas as pd
import pytest

from skensemble.generative.tables._label_encoding import MOST_VALUES, LabelEncoding

LABELS = {
    "two ints": np.array([3, 7, 3, 7, 7]),
    "three strings": np.array(["b", "a", "c", "a", "b"], object),
    "bools": np.array([True, False, True, True, False]),
    "pandas strings": pd.Series(["x", "y", "x", "z", "y"], dtype="str"),
    "categories": pd.Series(["x", "y", "x", "z", "y"], dtype="category"),
}


@pytest.mark.parametrize("y", LABELS.values(), ids=LABELS)
def test_classes_have_codewords_of_their_own(y):
    encoding = LabelEncoding(y, None, 5)
    encoded = encoding.encode(y, 5)
    assert encoding.kind == "classes"
    assert encoded.shape == (5, encoding.n_columns)
    same = np.asarray(y)[:, None] == np.asarray(y)[None, :]
    distance = np.abs(encoded[:, None] - encoded[None, :]).sum(axis=2)
    assert np.array_equal(distance == 0.0, same)


def test_one_label_serves_all_rows():
    encoding = LabelEncoding(np.array(["no", "yes", "yes"]), None, 3)
    assert encoding.encode("yes", 2).tolist() == [[1.0], [1.0]]
    assert np.isnan(encoding.encode(None, 2)).all()


def test_missing_labels_say_nothing():
    encoding = LabelEncoding(pd.Series(["a", None, "b", "c"]), None, 4)
    encoded = encoding.encode(pd.Series(["a", None, "b", "c"]), 4)
    assert encoding.classes_.tolist() == ["a", "b", "c"]
    assert np.isnan(encoded[1]).all()
    assert not np.isnan(encoded[[0, 2, 3]]).any()


def test_numbers_are_standardised_with_their_weights():
    y, weight = np.array([0.5, 2.25, 9.75]), np.array([1.0, 0.0, 3.0])
    encoding = LabelEncoding(y, weight, 3)
    encoded = encoding.encode(y, 3)[:, 0]
    assert encoding.kind == "numbers"
    assert np.average(encoded, weights=weight) == pytest.approx(0.0, abs=1e-12)
    assert np.average(encoded**2, weights=weight) == pytest.approx(1.0)


def test_labels_are_drawn_in_proportion():
    y = np.repeat(["a", "b", "c"], [10, 30, 60])
    drawn = LabelEncoding(y, None, 100).draw(200, np.random.default_rng(0))
    assert np.unique(drawn, return_counts=True)[1].tolist() == [20, 60, 120]
    assert (drawn != np.sort(drawn)).any()


def test_weights_count_when_labels_are_drawn():
    y, weight = np.array([0, 1, 2]), np.array([1.0, 0.0, 3.0])
    drawn = LabelEncoding(y, weight, 3).draw(40, np.random.default_rng(0))
    assert np.bincount(drawn, minlength=3).tolist() == [10, 0, 30]
    numbers = LabelEncoding(y + 0.5, weight, 3).draw(40, np.random.default_rng(0))
    assert np.unique(numbers, return_counts=True)[1].tolist() == [10, 30]


def test_numbers_are_drawn_from_few_of_many_labels():
    y = np.random.default_rng(0).exponential(size=20_000)
    encoding = LabelEncoding(y, None, len(y))
    assert len(encoding._values) == MOST_VALUES
    drawn = encoding.draw(5000, np.random.default_rng(1))
    assert np.isin(drawn, y).all()
    assert np.quantile(drawn, [0.01, 0.1, 0.5, 0.9, 0.99]) == pytest.approx(
        np.quantile(y, [0.01, 0.1, 0.5, 0.9, 0.99]), rel=0.05
    )


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([None, None], "y must have a label in at least one row"),
        ([1, 2, 3], r"y must have one label for each row \(2\), got 3"),
        ([0.5, np.inf], "y must not hold infinite numbers"),
        ([1j, 2j], "Complex data not supported"),
        ([[1, 2], [3, 4]], "y should be a 1d array"),
    ],
)
def test_bad_labels(y, message):
    with pytest.raises(ValueError, match=message):
        LabelEncoding(np.array(y, object if None in np.ravel(y) else None), None, 2)


def test_labels_that_fit_has_not_seen():
    with pytest.raises(ValueError, match=r"y must hold labels that were seen in fit \('a', 'b'\), got 'c'"):
        LabelEncoding(np.array(["a", "b"], object), None, 2).encode("c", 3)
    with pytest.raises(ValueError, match="y must hold numbers, as in fit, got 'c'"):
        LabelEncoding(np.array([0.5, 1.5]), None, 2).encode("c", 3)


@pytest.mark.parametrize("dtype", ["category", "Int64"])
def test_labels_come_back_with_the_dtype_of_pandas(dtype):
    y = pd.Series([3, 7, 3, 9, 7], dtype=dtype)
    encoding = LabelEncoding(y, None, 5)
    assert encoding.classes_.dtype == np.int64
    drawn = encoding.as_given(encoding.draw(5, np.random.default_rng(0)))
    assert drawn.dtype == y.dtype
    assert np.array_equal(np.sort(drawn.to_numpy(int)), np.sort(y.to_numpy(int)))


def test_rows_of_unseen_classes_have_no_label():
    encoding = LabelEncoding(np.array(["a", "b"], object), None, 2)
    (seen, labels), (unseen, nothing) = encoding.split(np.array(["a", "c", None, "b"], object), 4)
    assert (seen.tolist(), labels.tolist()) == ([0, 3], ["a", "b"])
    assert (unseen.tolist(), nothing) == ([1, 2], None)
