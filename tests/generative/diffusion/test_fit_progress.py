import re
from types import SimpleNamespace

from skensemble.generative.diffusion import _fit_progress
from skensemble.generative.diffusion._fit_progress import RegressorProgress


class _Recorded:
    """Stands in for the progress that callbacks see."""

    def __init__(self, model, n_rounds, data):
        self.n_rounds, self.n_done, self.is_finished = n_rounds, 0, False

    def run_round(self, work, describe):
        self.n_done += 1
        return self.n_done == 3

    def finish(self, describe):
        self.is_finished = True


def test_rounds_are_counted_and_printed_in_tenths_and_a_callback_may_stop(monkeypatch, capsys):
    monkeypatch.setattr(_fit_progress, "FitProgress", _Recorded)
    progress = RegressorProgress(SimpleNamespace(verbose=1), {})
    assert [progress(n_done, 25) for n_done in range(1, 5)] == [False, False, True, True]
    assert progress.progress.n_rounds == 25
    lines = capsys.readouterr().out.splitlines()
    assert [re.sub(r"\d\.\d s", "0 s", line) for line in lines] == ["[2/25] 0 s left", "[4/25] 0 s left"]
    progress.finish()
    assert progress.progress.is_finished


def test_a_fit_without_rounds_is_finished_all_the_same(monkeypatch, capsys):
    monkeypatch.setattr(_fit_progress, "FitProgress", _Recorded)
    progress = RegressorProgress(SimpleNamespace(verbose=0), {})
    progress.finish()
    assert progress.progress.is_finished
    assert capsys.readouterr().out == ""


def test_rounds_of_a_later_fit_count_as_parts_of_those_of_the_first(monkeypatch, capsys):
    monkeypatch.setattr(_fit_progress, "FitProgress", _Recorded)
    progress = RegressorProgress(SimpleNamespace(verbose=2), {}, n_fits=2)
    for n_rounds in (2, 5):
        for n_done in range(1, n_rounds + 1):
            progress(n_done, n_rounds)
        progress.end_fit()
    assert progress.progress.n_rounds == progress.progress.n_done == 4
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["[1/4]", "[2/4]", "[3/4]", "[4/4]"]
