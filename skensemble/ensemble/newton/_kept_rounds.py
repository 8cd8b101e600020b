"""What a Newton booster keeps for a warm start: the rows as they were read, and the rounds that were made of them."""

from typing import NamedTuple

from skensemble._parameters import plain_value
from skensemble.ensemble.newton._training_data import TrainingData
from skensemble.ensemble.rows._kept_work import digest


class ReadRows(NamedTuple):
    """Rows as `fit` reads them."""

    X: object  # as the user gave it
    table: object  # Table
    target: object
    weight: object
    start: object  # raw predictions to start from, or None


class KeptRounds(NamedTuple):
    """Rounds, and data whose raw predictions are those of the model that has all of them."""

    train: TrainingData
    held_out: TrainingData | None
    rounds: object  # what makes the next ones; None before the first

    @property
    def parts(self):
        """Those of the data that there are."""
        return [data for data in self[:2] if data is not None]

    @classmethod
    def begun(cls, booster, train, held_out, n_threads):
        """Of data that have just been read."""
        made = cls(train, held_out, None)
        for data in made.parts:
            booster.fill_raw(data, n_threads)
        return made

    def resume(self, booster, rows, rows_val, n_threads):
        """Give the data the tables that hold their rows now, and the raw predictions that `recall` finds for these.

        rows, rows_val : ReadRows; those that judge are some of `rows` where rows_val is None
        """
        for data, read in zip(self.parts, (rows, rows_val or rows)):
            data.given = data.given.of(read.X)
            if not booster.moves_exactly(data):
                taken = data.given.rows
                booster.recall(data, read.table if taken is None else read.table.take(taken), n_threads)
                booster.fill_raw(data, n_threads)

    def at_rest(self):
        """The same without the tables of the user."""
        for data in self.parts:
            data.rest()
        return self


def key_of_rows(estimator, arrays_of, rows, rows_val, copies):
    """What a warm start recognises rows by, those that judge included; None where nothing is kept for it.

    arrays_of : function of a target: the arrays that it consists of
    copies : (n_samples,) how many rows each of `rows` stands for, or None
    """
    read = [(rows, copies)] if rows_val is None else [(rows, copies), (rows_val, None)]
    if not (estimator.warm_start and all(part.table.is_at_hand for part, _ in read)):
        return None
    contents = [
        digest(estimator._binner, part.table, (*arrays_of(part.target), part.weight, part.start, own))
        for part, own in read
    ]
    holds_out = rows_val is None and plain_value(estimator.early_stopping) is True
    return contents, estimator.validation_fraction if holds_out else None
