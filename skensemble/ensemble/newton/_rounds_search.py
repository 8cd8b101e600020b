"""Which rounds a fit makes: how many, at what learning rate, and of what trees.  Left-out rows judge.

Each candidate is trained on the rows of a fold, in large steps, and judged after each round by the rows that are left
out; the mean of the folds' curves says how far to go.  That is a length, rounds x learning rate: the rounds of the
model itself, on all rows, take it in smaller steps.  The table is binned once, and folds take codes out of it.
"""

import threading
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from skensemble._parallel import in_order
from skensemble._random_bits import mixed_seed
from skensemble.ensemble._early_stopping import Patience
from skensemble.ensemble.newton._booster import FitRequest
from skensemble.ensemble.newton._boosters import choose_booster
from skensemble.ensemble.newton._temperature import fitted_temperature
from skensemble.ensemble.rows._folds import content_folds, given_folds, group_folds
from skensemble.ensemble.rows._rounds_by_folds import can_judge, mean_curve
from skensemble.tree.histogram._team_growing import is_worth_a_team

SEARCH_STREAM = 2  # of the estimator's seed
SEARCH_RATE = 0.15
SEARCH_RATE_OF_MANY = 0.2  # of best-first trees, which are compared where rows are many, and rounds are dear
MOST_SEARCHED = 500  # rounds
# Where a round grows several trees, or rows are many, steps double after 100 rounds: 300 go as far as 500 otherwise.
LARGER_STEPS_FROM, LARGER_STEPS, MOST_SEARCHED_WITH_OUTPUTS = 100, 2, 300
PATIENCE = 20  # rounds of a fold without progress
NEGLIGIBLE = 2e-5  # share of all progress so far that is none, of classes: probabilities near 0 or 1 are near enough
N_FOLDS = 3
FEWEST_ROWS = 20  # for a search: folds of fewer judge nothing
ONE_FOLD_FROM = 20_000  # rows; one fold of a fifth is large enough to judge
SHORT_FROM = 100_000  # rows; one fold of a tenth, and a single candidate
SHORT_WITH_OUTPUTS = 50_000, 200_000  # rows x outputs: the same two limits where a round grows a tree for each output
TWO_FOLDS_WITH_OUTPUTS = 5000  # rows x outputs from which the third fold of several outputs is not asked
DEPTHWISE_FROM = 1000  # rows
BEST_FIRST_FROM = ONE_FOLD_FROM  # rows; six questions are too few for a symmetric tree there
LEAVES = 63, 127  # of best-first trees
BEHIND_SMALLER = 25, 0.0  # as BEHIND, of larger trees beside smaller ones: they are ahead early, or not at all
MOST_CATEGORIES = 255  # of a column; with many more, best-first trees lost to symmetric ones on one table of three
RACE = 0.01  # candidates that are worse than the best by this part of its loss leave after the first fold
MARGIN = 0.005  # part of the loss that a candidate must gain over the first
LITTLE_NOISE = 20.0  # rounds x learning rate from which more is asked of each tree
DEPTH_OF_LITTLE_NOISE = 8
BEHIND = 40, 0.03  # rounds after which what is tried there leaves a fold if it is worse by this part of the loss
MARGIN_OF_LITTLE_NOISE = 0.02  # part of the loss, where each fold must gain, too: such losses differ much by chance
WIDE = 500  # features from which rounds are dear, and few
MOST_SEARCHED_WIDE = 150  # rounds
ROUNDS_WIDE = 100, 300
ROUNDS = 100, 1000  # fewest and most of the model, unless the user sets the learning rate
ROUNDS_WITH_OUTPUTS = 100, 600  # the same where a round grows several trees
ROUNDS_OF_MANY = 100, 300  # the same beyond BEST_FIRST_FROM rows
ROUNDS_OF_MANY_WITH_OUTPUTS = 100, 200


class Plan(NamedTuple):
    """What the rounds of a model are, and how its raw predictions are scaled."""

    n_rounds: int
    learning_rate: float
    changes: dict  # parameters of the candidate that was chosen
    temperature: float
    results: dict  # the attribute `cv_results_`


class SearchRequest(NamedTuple):
    """What a search works with."""

    parameters: object  # those of the estimator are its attributes
    features: object  # FeatureNames
    loss: object  # prepared
    loss_of: object  # callable: TrainingData, number of threads -> the loss for its gradients
    train: object  # TrainingData of all rows
    folds: list  # of Fold
    candidates: list  # of dict: what each sets of the parameters
    refinements: list  # of dict: what may make the best candidate better where there is little noise
    learning_rate: float  # of the model, unless it would need too few or too many rounds
    seed: int
    n_threads: int
    divided: object  # callable: function of a list of jobs, such a list -> list of results; see `Table.divided`
    start: object  # callable: kind of booster, TrainingData -> the Booster before its first round
    score: object  # callable: TrainingData -> float, larger for better
    progress: object  # FitProgress, of whose tasks each is a candidate on a fold


# -- what is compared ------------------------------------------------------------------------------------------------


def candidates_of(settled, parameters, loss, binner, n_rows):
    """What each candidate sets of the parameters; the first one stays unless another is clearly better.

    parameters : as the user gave them;  settled : the same without "auto"
    """
    policy, linear = settled.grow_policy, settled.linear_leaves
    is_short, is_large = _is_short(n_rows, loss.n_outputs), n_rows > BEST_FIRST_FROM
    rows = {"subsample": 1.0} if is_large and _may_take_all_rows(parameters) else {}
    if is_large and _may_be_best_first(parameters, binner):
        best_first = {"grow_policy": "lossguide", "max_depth": None, "linear_leaves": linear, **rows}
        return [{**best_first, "max_leaf_nodes": n} for n in (LEAVES[-1:] if is_short else LEAVES)]
    candidates = [{"grow_policy": policy, "linear_leaves": linear, **rows}]
    if is_short:
        return candidates
    has_numbers = not binner.is_categorical_.all()
    allows_slopes = loss.optimal_leaf_values is None and parameters.monotonic_cst is None and has_numbers
    if parameters.linear_leaves == "auto" and allows_slopes:
        candidates.append({"grow_policy": policy, "linear_leaves": True, **rows})
    if parameters.grow_policy == "auto" and n_rows >= DEPTHWISE_FROM:
        candidates.append({"grow_policy": "depthwise", "linear_leaves": linear, **rows})
    return candidates


def refinements_of(parameters, loss, binner, n_rows):
    """What else is tried, one after another, where so many rounds bring progress that rows must have little noise.

    There, a sample of the rows is noise without a use; categories that say all about a row say it together, which may
    take more than six questions; and nodes of few rows may ask questions of their own, if that helps in each fold.
    """
    if _is_short(n_rows, loss.n_outputs):
        return []
    refinements = []
    if _may_take_all_rows(parameters):
        refinements.append({"subsample": 1.0})
    if parameters.max_depth == "auto" and parameters.max_leaf_nodes is None and binner.is_categorical_.all():
        refinements.append({"max_depth": DEPTH_OF_LITTLE_NOISE})
    if parameters.grow_policy == "auto" and n_rows < DEPTHWISE_FROM:
        refinements.append({"grow_policy": "depthwise"})
    return refinements


def _may_be_best_first(parameters, binner):
    is_free = parameters.grow_policy == parameters.max_depth == "auto" and parameters.max_leaf_nodes is None
    return is_free and binner.n_codes_[binner.is_categorical_].max(initial=0) <= 1 + MOST_CATEGORIES


def _may_take_all_rows(parameters):
    return parameters.subsample == "auto" and parameters.sampling_method == "uniform"


def _is_short(n_rows, n_outputs):
    return n_rows > SHORT_FROM or (n_outputs > 1 and n_rows * n_outputs > SHORT_WITH_OUTPUTS[1])


def choose_folds(data, strata, n_outputs, cv, groups, X, y, seed):
    """Folds to judge by; none where all classes but one have a single row,
    since a class that nobody judges seems to be none.

    n_outputs : of the loss;  cv : the parameter;  groups : (n_samples,) or None;  X, y : as the user gave them
    """
    if cv is not None and not isinstance(cv, (int, np.integer)):
        folds = given_folds(cv, X, y, groups)
    else:
        n_folds, n_used = _number_of_folds(cv, data.n_rows, n_outputs)
        content = data.content()
        keys = data.keys(content)
        if groups is not None:
            folds = group_folds(groups, keys, data.copies, n_folds)[:n_used]
        else:
            seed = mixed_seed(seed, SEARCH_STREAM)
            folds = content_folds(keys, content.rows, strata, data.copies, n_folds, seed)
            folds = folds[:n_used]
    folds = [fold for fold in folds if fold.train.any() and fold.left_out.any()]
    return folds if cv is not None or groups is not None or can_judge(folds, strata) else []


def _number_of_folds(cv, n_rows, n_outputs):
    """(into how many folds rows are cut, how many of them are used)"""
    if cv is not None:
        return int(cv), int(cv)
    if _is_short(n_rows, n_outputs):
        return 10, 1
    n_trees = n_rows * n_outputs if n_outputs > 1 else 0
    if n_rows > ONE_FOLD_FROM or n_trees > SHORT_WITH_OUTPUTS[0]:
        return 5, 1
    return N_FOLDS, N_FOLDS - (n_trees > TWO_FOLDS_WITH_OUTPUTS)


# -- the search ------------------------------------------------------------------------------------------------------


class FoldCurve(NamedTuple):
    """How a candidate does on a fold."""

    scores: np.ndarray  # (n_rounds + 1,) of the left-out rows after 0, 1, ... rounds
    y: np.ndarray  # of the left-out rows
    weight: np.ndarray | None
    raw: dict  # their raw predictions after some numbers of rounds; of classes only


class RoundsSearch:
    """The curves of all candidates on all folds."""

    def __init__(self, request):
        self.request, self.candidates = request, list(request.candidates)
        rate, self.is_best_first = request.parameters.learning_rate, "max_leaf_nodes" in request.candidates[0]
        steps = SEARCH_RATE_OF_MANY if self.is_best_first else SEARCH_RATE
        self.rate = steps if rate == "auto" else max(steps, float(rate))
        self.keeps_raw = request.loss.target == "classes" and request.loss.has_value and len(request.folds) > 1
        self.is_wide = request.train.binned.is_categorical.size > WIDE
        self.is_large = request.train.n_rows > BEST_FIRST_FROM
        takes_long = request.loss.n_outputs > 1 or self.is_large
        self.larger_steps = takes_long and self.rate == steps and not self.is_wide
        self.lengths = self._lengths()
        self.curves = []  # of each candidate its FoldCurves
        self._known = {}  # candidate -> the known one that it must not fall behind, and by how much: BEHIND
        self._is_stopped = threading.Event()  # by an error, or a callback, which leaves what is known so far to choose

    def _lengths(self):
        """Sums of learning rates after 0, 1, ... rounds, as many as a fold may make."""
        most = MOST_SEARCHED_WITH_OUTPUTS if self.larger_steps else MOST_SEARCHED
        numbers = np.arange(1 + (MOST_SEARCHED_WIDE if self.is_wide else most))
        after = np.maximum(numbers - LARGER_STEPS_FROM, 0) if self.larger_steps else 0
        return (numbers + (LARGER_STEPS - 1) * after) * self.rate

    def plan(self):
        """The Plan that the left-out rows recommend; None if they say nothing."""
        chosen = self._race(list(range(len(self.candidates))))
        for change in self.request.refinements:
            has_little_noise = self.lengths[self._n_rounds(chosen)] >= LITTLE_NOISE
            if has_little_noise and not self.is_large:
                self.candidates.append({**self.candidates[chosen], **change})
                if self._gains(len(self.candidates) - 1, chosen):
                    chosen = len(self.candidates) - 1
        if not np.isfinite(self._best(chosen)):
            return None
        n_searched = self._n_rounds(chosen)
        n_rounds, rate = self._model_rounds(float(self.lengths[max(n_searched, 1)]))
        numbers = range(len(self.candidates))
        results = {
            "params": self.candidates,
            "mean_test_score": np.array([self._best(number) for number in numbers]),
            "split_test_scores": [np.array([curve.scores.max() for curve in of_folds]) for of_folds in self.curves],
            "n_rounds": np.array([self._n_rounds(number) for number in numbers]),
            "curves": [self._mean(number) for number in numbers],
            "learning_rate": self.rate,
            "lengths": self.lengths,
            "best_index": chosen,
        }
        temperature = self._temperature(self.curves[chosen], n_searched)
        return Plan(n_rounds, rate, self.candidates[chosen], temperature, results)

    def _gains(self, number, known):
        """Is a candidate better than a known one on each fold, and clearly so on all?"""
        self.curves.append([])
        self._known[number] = known, BEHIND
        for n_folds in (1, len(self.request.folds)):  # the others are not asked if the first one says no
            self._judge([number], n_folds)
            pairs = zip(self.curves[number], self.curves[known])
            is_known = len(self.curves[number]) == n_folds  # unless a callback ended the search
            if not is_known or not all(curve.scores.max() > other.scores.max() for curve, other in pairs):
                return False
        return self._best(number) - self._best(known) > MARGIN_OF_LITTLE_NOISE * abs(self._best(known))

    def _model_rounds(self, length):
        """(number of rounds, learning rate) of the model."""
        rate, has_outputs = self.request.learning_rate, self.request.loss.n_outputs > 1
        if self.request.parameters.learning_rate != "auto":
            return rounds_of_length(length, rate, 1, None)
        if self.is_wide:
            return rounds_of_length(length, rate, *ROUNDS_WIDE)
        if self.is_large:
            limits = ROUNDS_OF_MANY_WITH_OUTPUTS if has_outputs else ROUNDS_OF_MANY
        else:
            limits = ROUNDS_WITH_OUTPUTS if has_outputs else ROUNDS
        return rounds_of_length(length, rate, *limits)

    def _is_behind(self, number, fold, scores):
        """Is a candidate so much worse than the known one after as many rounds that it will not catch up?"""
        if number not in self._known:
            return False
        known, (first, part) = self._known[number]
        known = self.curves[known][fold].scores
        if not first < len(scores) <= len(known):
            return False
        return scores[-1] < (best := known[len(scores) - 1]) - part * abs(best)

    def _mean(self, number):
        return mean_curve([curve.scores for curve in self.curves[number]])

    def _best(self, number):
        return float(self._mean(number).max(initial=-np.inf))

    def _n_rounds(self, number):
        mean = self._mean(number)
        return int(mean.argmax()) if len(mean) else 0

    def _race(self, numbers):
        """The best of some candidates: all folds judge them, or the first alone those that do much worse there."""
        self.curves = [[] for _ in numbers]
        n_folds = len(self.request.folds)
        if n_folds == 1 or self.is_best_first:
            best = numbers[0]
            for number in numbers:  # the next one knows the curve of the best before it
                if number != best:
                    self._known[number] = best, BEHIND_SMALLER if self.is_best_first else BEHIND
                self._judge([number], n_folds)
                best = max(best, number, key=self._best)
        elif len(numbers) > 1:
            self._judge(numbers, 1)
            numbers = [number for number in numbers if self.curves[number]]
            best = {number: self.curves[number][0].scores.max() for number in numbers}
            most = max(best.values(), key=lambda score: -np.inf if np.isnan(score) else score)
            self._judge([number for number in numbers if not best[number] < most - RACE * abs(most)], n_folds)
        else:
            self._judge(numbers, n_folds)
        n_judges = [len(self.curves[number]) for number in numbers]
        return numbers[_winner([self._best(number) for number in numbers], n_judges)]

    def _judge(self, numbers, n_folds):
        """Add what is missing to the curves of some candidates on the first folds."""
        jobs = [(number, fold) for number in numbers for fold in range(len(self.curves[number]), n_folds)]
        if not self._is_stopped.is_set():
            for (number, _), curve in zip(jobs, self._run(jobs), strict=False):
                self.curves[number].append(curve)

    def _run(self, jobs):
        """FoldCurves of pairs (candidate, fold)."""
        return self.request.divided(self._run_here, jobs)

    def _run_here(self, jobs):
        """FoldCurves of pairs (candidate, fold): side by side, unless a team of threads does better with each."""
        n_threads, n_cells = self.request.n_threads, self.request.train.binned.columns.size
        as_team = len(jobs) < n_threads and (len(jobs) <= 1 or is_worth_a_team(n_cells))
        as_team |= self.request.train.is_parted  # processes meet in one order
        n_side, n_own = (1, n_threads) if as_team else (n_threads, 1)
        curves, found = [], in_order(lambda job: self._curve(*job, n_own), jobs, n_side)
        try:
            for number, fold in jobs:
                wants_stop = self.request.progress.run_task("fold", lambda: curves.append(next(found)), dict)
                if self.request.parameters.verbose:
                    words, scores = _words(self.candidates[number]), curves[-1].scores
                    print(f"search: {words}, fold {fold + 1}: {len(scores) - 1} rounds, best score {scores.max():.6g}")
                if wants_stop:
                    self._is_stopped.set()
                    break
            return curves
        except BaseException:
            self._is_stopped.set()  # the others must not go on after an interrupt
            raise

    def _curve(self, number, fold, n_threads):
        request = self.request
        candidate = self.candidates[number]
        parameters = SimpleNamespace(**{**vars(request.parameters), **candidate, "learning_rate": self.rate})
        train, left_out = (request.train.part(part) for part in request.folds[fold])
        booster = request.start(choose_booster("gbtree", candidate["linear_leaves"]), train)
        for data in (train, left_out):
            booster.fill_raw(data, n_threads)
        seed = mixed_seed(request.seed, SEARCH_STREAM)
        loss = request.loss_of(train, n_threads)
        rounds = booster.rounds(FitRequest(parameters, request.features, loss, train, left_out, seed, n_threads))
        scores, kept = [request.score(left_out)], {0: left_out.raw.copy()}
        patience, negligible = Patience(PATIENCE, 0.0, scores), NEGLIGIBLE if request.loss.target == "classes" else 0.0
        for n_rounds in range(1, len(self.lengths)):
            if self.larger_steps and n_rounds == LARGER_STEPS_FROM + 1:
                rounds.set_learning_rate(LARGER_STEPS * self.rate)
            rounds.round(n_rounds)  # from 1, since round 0 warns about rounds without splits: the model's own does
            scores.append(request.score(left_out))
            if not np.isfinite(scores[-1]):
                break
            if self.keeps_raw and n_rounds - max(kept) >= max(1, n_rounds // 10):
                kept[n_rounds] = left_out.raw.copy()
            patience.tol = negligible * max(patience.best - scores[0], 0.0)
            if patience.is_over(scores) or self._is_behind(number, fold, scores) or self._is_stopped.is_set():
                break
        return FoldCurve(np.array(scores), left_out.y, left_out.weight, kept)

    def _temperature(self, curves, n_rounds):
        """That of the candidate's left-out rows near the chosen round."""
        if not self.keeps_raw or self.request.train.start is not None:
            return 1.0
        nearest = [min(curve.raw, key=lambda kept: abs(kept - n_rounds)) for curve in curves]
        raw = np.concatenate([curve.raw[kept] for curve, kept in zip(curves, nearest, strict=True)], axis=1)
        weights = [curve.weight for curve in curves]
        weight = None if weights[0] is None else np.concatenate(weights)
        return fitted_temperature(self.request.loss, np.concatenate([curve.y for curve in curves]), raw, weight)


# -- from curves to rounds -------------------------------------------------------------------------------------------


def _winner(best, n_folds):
    """The candidate with the best score among those judged by all folds; the first, unless it is clearly worse."""
    in_race = [number for number, n in enumerate(n_folds) if n == max(n_folds)]
    winner = max(in_race, key=lambda number: best[number])
    if in_race[0] == 0 and not best[winner] - best[0] > MARGIN * abs(best[0]):
        return 0
    return winner


def rounds_of_length(length, rate, fewest, most):
    """(number of rounds, learning rate) whose product is about `length`; the rate gives way to the limits."""
    n_rounds = max(round(length / rate), 1)
    if n_rounds < fewest:
        return fewest, length / fewest
    if most is not None and n_rounds > most:
        return most, length / most
    return n_rounds, rate


def report_of(plan):
    """Lines about what was compared and chosen."""
    results = plan.results
    lines = [
        f"search: {_words(changes)}: mean score {score:.6g} after {n_rounds} rounds"
        for changes, score, n_rounds in zip(
            results["params"], results["mean_test_score"], results["n_rounds"], strict=True
        )
    ]
    chosen = f"{plan.n_rounds} rounds of {plan.learning_rate:.3g}, temperature {plan.temperature:.3f}"
    return "\n".join([*lines, f"search: chosen: {_words(plan.changes)}, {chosen}"])


def _words(changes):
    n_leaves = f"{changes['max_leaf_nodes']} " if "max_leaf_nodes" in changes else ""
    kind = "linear" if changes["linear_leaves"] else "constant"
    depth = f" of depth {changes['max_depth']}" if changes.get("max_depth") else ""
    rows = ", all rows" if changes.get("subsample") == 1.0 else ""
    return f"{changes['grow_policy']} trees{depth}, {n_leaves}{kind} leaves{rows}"
