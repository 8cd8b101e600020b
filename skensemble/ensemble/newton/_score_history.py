"""Scores of a booster after each round."""

import numpy as np


class ScoreHistory:
    """Scores of the rows that train and of those that are held out, with one entry for each number of rounds from 0 up.

    estimator : may have scores already, of an earlier fit
    score : function of TrainingData, larger for better; None: nobody asks, and the lists stay as they are
    n_rounds : rounds that the model has already; NaN stands for those that nobody scored
    """

    def __init__(self, estimator, score, train, held_out, n_rounds):
        self._score = score
        self.train_score = list(getattr(estimator, "train_score_", ()))
        self.validation_score = list(getattr(estimator, "validation_score_", ()))
        scored = ((train, self.train_score), (held_out, self.validation_score))
        self._scored = [] if score is None else [(data, scores) for data, scores in scored if data is not None]
        if score is None:
            return
        for scores in (self.train_score, self.validation_score):
            del scores[n_rounds + 1 :]  # rounds that early stopping dropped
        for data, scores in self._scored:
            if len(scores) <= n_rounds:
                scores.extend([np.nan] * (n_rounds - len(scores)))
                scores.append(score(data))

    def record(self):
        """Score another round."""
        for data, scores in self._scored:
            scores.append(self._score(data))
