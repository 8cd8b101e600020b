"""
In a Pipeline, tuned by GridSearchCV
====================================

Inside a Pipeline, tuned by GridSearchCV: nothing special is needed.
"""

from pathlib import Path

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skensemble import NewtonBoostingClassifier

table = pd.read_csv(Path(__file__).parent / "data" / "flights.csv.gz").sample(3000, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(table.drop(columns="late"), table["late"], random_state=0)

# Trees need no scaling; it stands here to show that columns pass through a transformer and keep their types.
scale_weather = make_column_transformer(
    (StandardScaler(), ["temp", "pressure", "wind_speed"]), remainder="passthrough", verbose_feature_names_out=False
).set_output(transform="pandas")
model = make_pipeline(scale_weather, NewtonBoostingClassifier(n_estimators=30, random_state=0))

grid = {
    "newtonboostingclassifier__max_depth": [3, 6],
    "newtonboostingclassifier__grow_policy": ["depthwise", "symmetric"],
}
search = GridSearchCV(model, grid, scoring="neg_log_loss", cv=3).fit(X_train, y_train)
print("Best parameters:", search.best_params_)
print(f"Held-out log-loss: {-search.score(X_test, y_test):.4f}")
