"""Boosted levels: taken where they are likelier, probabilities that sum to 1, samples that follow them, and files."""

import numpy as np
import pandas as pd
import pytest

from skensemble import AutoregressiveForest, load_model, save_model

N = 400
rng = np.random.default_rng(0)
X = rng.normal(size=(N, 3))
CLEAR = np.select([X.sum(axis=1) + 0.3 * rng.normal(size=N) > 0.5, X[:, 0] > X[:, 1]], ["up", "left"], "right")
TABLE = pd.DataFrame(X, columns=list("abc")).assign(level=CLEAR)


def _fitted(kind):
    return AutoregressiveForest(1, condition_columns=list("abc"), conditional=kind, random_state=0).fit(TABLE[:250])


@pytest.fixture(scope="module")
def boosted():
    return _fitted("boosting")


def test_held_out_levels_are_likelier(boosted):
    assert boosted._chains[0][0].boosted_share > 0.3
    assert boosted.score(TABLE[250:]) > _fitted("trees").score(TABLE[250:]) + 0.03


def test_probabilities_sum_to_one_and_samples_follow_them(boosted):
    row = TABLE.iloc[[300]]
    share = np.exp([boosted.score_samples(row.assign(level=name))[0] for name in ("up", "left", "right")])
    assert share.sum() == pytest.approx(1.0, abs=0.005)  # the rest is for levels that no row had
    drawn = boosted.sample(2000, condition=dict(row[list("abc")].iloc[0]), random_state=0)["level"]
    made = [(drawn == name).mean() for name in ("up", "left", "right")]
    np.testing.assert_allclose(made, share, atol=0.04)


def test_a_chain_may_begin_with_levels():
    forest = AutoregressiveForest(2, conditional="boosting", random_state=2).fit(TABLE[:250])
    assert forest.order_[1][0] == 3
    assert forest._chains[0][3].boosted is not None
    assert forest._chains[1][0].boosted is None
    assert np.isfinite(forest.score_samples(TABLE)).all()


def test_a_file_keeps_them(boosted, tmp_path):
    save_model(boosted, tmp_path / "model")
    same = load_model(tmp_path / "model")
    np.testing.assert_array_equal(same.score_samples(TABLE), boosted.score_samples(TABLE))
