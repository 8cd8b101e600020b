"""A fitted model and the table that it is asked about: what functions on effects of columns have in common."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skensemble._feature_positions import feature_positions
from skensemble._parallel import effective_n_jobs
from skensemble._parameters import NameIn, ParameterError, check_parameter
from skensemble._shared_parameters import JOBS
from skensemble._targets import FeatureNames, read_weight
from skensemble.explanation._explain import last_step
from skensemble.inspection._table_columns import read_column, with_columns
from skensemble.tree.trees._inspected import Inspected, feature_names

OUTPUTS = ("raw", "response")


@dataclass(frozen=True, eq=False)
class AskedModel:
    """A fitted model and a table.

    model : the estimator;  rows : the table as it reads it, of a Pipeline after the steps before it
    features : FeatureNames
    predictor : Predictor
    additive : AdditiveTrees whose sum is what is asked for, or None
    table : Table;  weight : (n_samples,) float64
    output : "raw" or "response"
    names : list of the labels of the columns
    classes : labels in the order of predict_proba, or None
    """

    model: object
    rows: object
    features: FeatureNames
    predictor: object
    additive: object
    table: object
    weight: np.ndarray
    output: str
    names: list
    classes: object
    n_threads: int

    def of_rows(self, rows):
        """The same for some rows (index array)."""
        return replace(self, table=self.table.take(rows), weight=self.weight[rows])

    def column(self, place):
        """NumberColumn or LevelColumn."""
        return read_column(self.table, place, self.predictor.binner)

    def encoded(self):
        """(n_samples, n_features) cells as the trees read them."""
        return self.additive.encoder(self.table)(0, self.table.n_samples)

    def predictions(self, changed):
        """(n_samples, n_outputs) predictions for the table with other columns.

        changed : dict, place -> column
        """
        raw = self.predictor.raw(with_columns(self.table, changed), self.n_threads)
        if self.output == "raw":
            return raw
        return np.asarray(self.predictor.link.response(raw)).reshape(len(raw), -1)

    def output_names(self, n_outputs):
        """List of the names of so many outputs; None where they have none."""
        names = self.predictor.output_names
        if self.output == "response" and self.classes is not None and len(self.classes) == n_outputs:
            names = self.classes
        return list(names) if names is not None and len(names) == n_outputs else None


def ask(model, X, *, output, sample_weight, n_jobs):
    """AskedModel of an estimator, or of the last step of a Pipeline; errors name the parameter that is wrong."""
    check_parameter("output", output, (NameIn(OUTPUTS),))
    check_parameter("n_jobs", n_jobs, JOBS.rules)
    model, (X,), labels = last_step(model, (X,))
    if not isinstance(model, Inspected):
        raise ParameterError(f"model must be a tree, forest or booster of skensemble, got {type(model).__name__}.")
    check_is_fitted(model)
    predictor = model._predictor()
    table = model._read_for_prediction(X)
    weight = read_weight(sample_weight, "sample_weight", table.n_samples)
    weight = np.ones(table.n_samples) if weight is None else weight
    is_linear = output == "raw" or predictor.link.name == "identity"
    additive = model._additive_trees() if is_linear and why_not_additive(model) is None else None
    features = FeatureNames.of(model) if labels is None else FeatureNames(model.n_features_in_, labels)
    names = feature_names(model) if labels is None else labels
    return AskedModel(
        model, X, features, predictor, additive, table, weight, output, names, getattr(model, "classes_", None),
        effective_n_jobs(n_jobs),
    )  # fmt: skip


def why_not_additive(model):
    """A sentence why the model is no sum of trees with constant leaves; None if it is one."""
    try:
        additive = model._additive_trees()
    except ValueError as error:
        return str(error)
    return None if additive.slopes is None else "linear_leaves must be False for it, got leaves with slopes."


def read_places(asked, features, *, allowed):
    """Positions of one column, or of a pair.

    allowed : numbers of columns that are allowed
    """
    given = list(features) if isinstance(features, (list, tuple)) else [features]
    if len(given) not in allowed or len(given) == 0:
        noun = "a column or a pair of columns" if 2 in allowed else "a column"
        raise ParameterError(f"features must be {noun}, got {features!r}.")
    places = feature_positions(given, asked.features, "features")
    if len(places) != len(given) or len(set(places)) < len(places):
        raise ParameterError(f"features must be different columns, got {features!r}.")
    return places
