"""
When to stop
============

Rows that no tree has seen say when further rounds no longer help. `early_stopping` holds some rows back; `X_val` are rows of your own;
`n_estimators="auto"` asks folds of the rows, and then uses all of them.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from skensemble import NewtonBoostingClassifier

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.4, random_state=0)

# %%
# Too many rounds, and the loss on test rows after each of them.

long = NewtonBoostingClassifier(n_estimators=600, learning_rate=0.1, early_stopping=False, random_state=0)
long.fit(X_train, y_train)
losses = [log_loss(y_test, p) for p in long.staged_predict_proba(X_test)]

# %%
# The two ways of choosing, which have not seen the test rows.

stopped = NewtonBoostingClassifier(n_estimators=600, learning_rate=0.1, early_stopping=True, random_state=0)
stopped.fit(X_train, y_train)
chosen = NewtonBoostingClassifier(n_estimators="auto", random_state=0).fit(X_train, y_train)

# %%
# What to see: the curve turns; both ways end left of where it climbs.

figure, axis = plt.subplots(figsize=(8, 3.8), layout="constrained")
axis.plot(np.arange(1, 601), losses, color="grey", label="all training rows, loss on test rows")
for model, name, color in ((stopped, "early_stopping=True", "tab:orange"), (chosen, 'n_estimators="auto"', "tab:blue")):
    loss = log_loss(y_test, model.predict_proba(X_test))
    axis.axhline(loss, color=color, linestyle="--", label=f"{name}: {model.n_iter_} rounds, {loss:.3f}")
axis.set(xlabel="rounds", ylabel="log-loss", ylim=(0.9 * min(losses), 2 * min(losses)))
axis.legend()
figure.savefig("early_stopping.png")
print(f"best on the test rows: {np.argmin(losses) + 1} rounds; picture: early_stopping.png")
