"""Registries of models, MLflow and skops, give back the model that they were given."""

import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skensemble import NewtonBoostingClassifier, RandomForestRegressor
from tests.model_files.models import LABEL, NUMBER, X, assert_same

MODELS = {
    "booster": lambda: NewtonBoostingClassifier(n_estimators=3, random_state=0).fit(X, LABEL),
    "forest": lambda: RandomForestRegressor(n_estimators=3, random_state=0).fit(X, NUMBER),
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # those of the registry
@pytest.mark.parametrize("name", MODELS)
def test_models_come_back_from_mlflow(name, tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow", reason="the package mlflow is not installed")
    skops = pytest.importorskip("skops.io", reason="the package skops is not installed")
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'runs.db'}")
    model = MODELS[name]()
    types = skops.get_untrusted_types(data=skops.dumps(model))
    assert all(each == "functools.partial" or each.startswith("skensemble.") for each in types)
    with mlflow.start_run():
        for form in ({"skops_trusted_types": types}, {"serialization_format": "cloudpickle"}):
            place = mlflow.sklearn.log_model(model, name="model", **form).model_uri
            assert_same(mlflow.sklearn.load_model(place).predict(X), model.predict(X))
    mlflow.sklearn.autolog(log_models=False)
    with mlflow.start_run() as run:
        make_pipeline(StandardScaler(), RandomForestRegressor(n_estimators=2)).fit(X, NUMBER)
    mlflow.sklearn.autolog(disable=True)
    assert "training_score" in mlflow.get_run(run.info.run_id).data.metrics
