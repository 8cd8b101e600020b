"""
When to stop
============

Rows that no tree has seen say when further rounds no longer help. `early_stopping` holds some rows back; `X_val` are
rows of your own; `n_estimators="auto"` asks folds of the rows, and then uses all of them.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import train_test_split

from skensemble import NewtonBoostingRegressor

X, y = load_diabetes(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

# %%
# Too many rounds, and the loss on test rows after each of them.

long = NewtonBoostingRegressor(n_estimators=300, learning_rate=0.1, early_stopping=False, random_state=0)
long.fit(X_train, y_train)
losses = [root_mean_squared_error(y_test, p) for p in long.staged_predict(X_test)]

# %%
# The two ways of choosing, which have not seen the test rows.

stopped = NewtonBoostingRegressor(n_estimators=300, learning_rate=0.1, early_stopping=True, random_state=0)
stopped.fit(X_train, y_train)
chosen = NewtonBoostingRegressor(n_estimators="auto", random_state=0).fit(X_train, y_train)

# %%
# What to see: the curve turns after some twenty rounds. Both choices, made without the test rows, lie below its end.
# The folds choose more rounds because they also choose a smaller learning rate.

figure, axis = plt.subplots(figsize=(8, 3.8), layout="constrained")
axis.plot(np.arange(1, 301), losses, color="grey", label="all training rows, loss on test rows")
for model, name, color in ((stopped, "early_stopping=True", "tab:orange"), (chosen, 'n_estimators="auto"', "tab:blue")):
    loss = root_mean_squared_error(y_test, model.predict(X_test))
    axis.axhline(loss, color=color, linestyle="--", label=f"{name}: {model.n_iter_} rounds, {loss:.1f}")
axis.set(xlabel="rounds", ylabel="root mean squared error")
axis.legend()
figure.savefig("early_stopping.png")
print(f"best on the test rows: {np.argmin(losses) + 1} rounds; picture: early_stopping.png")
