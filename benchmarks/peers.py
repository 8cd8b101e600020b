"""The libraries we measure ourselves against; each makes an estimator with its defaults, or with aligned settings."""

import importlib
from typing import NamedTuple

import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

QUANTILE, TWEEDIE_POWER = 0.9, 1.5


class Settings(NamedTuple):
    """What every peer can be told.  No row or column sampling, no early stopping."""

    n_estimators: int = 100
    n_leaves: int = 31  # a power of two, or one less: symmetric trees get the depth that fits
    learning_rate: float = 0.1
    reg_lambda: float = 1.0
    max_bins: int = 255
    n_jobs: int = 2
    loss: str = "default"  # or "poisson", "gamma", "tweedie", "quantile"

    @property
    def depth(self):
        return (self.n_leaves - 1).bit_length()


class Peer:
    """One library.  Subclasses name their module and make estimators."""

    name = module = ""
    symmetric = False  # trees with one split per level
    losses = {"default": {}}  # parameters that choose the loss, where the library has it

    def version(self):
        return importlib.import_module(self.module.split(".")[0]).__version__

    def prepare(self, X):
        """X as this library likes it best."""
        return X

    def default(self, task, X, n_jobs):
        raise NotImplementedError

    def aligned(self, task, X, settings):
        raise NotImplementedError


def _pick(task, classifier, regressor):
    return regressor if task == "regression" else classifier


def _plain_names(X):
    """Columns x0, x1, ... for libraries that refuse characters such as [ < : in a name."""
    return X.set_axis([f"x{i}" for i in range(X.shape[1])], axis=1) if isinstance(X, pd.DataFrame) else X


def categorical_columns(X):
    """Positions; arrays have none."""
    dtypes = getattr(X, "dtypes", ())
    return [i for i, dtype in enumerate(dtypes) if isinstance(dtype, pd.CategoricalDtype)]


class Ours(Peer):
    name, module = "skensemble", "skensemble"
    losses = {
        "default": {},
        "poisson": {"loss": "poisson"},
        "gamma": {"loss": "gamma"},
        "tweedie": {"loss": "tweedie", "tweedie_variance_power": TWEEDIE_POWER},
        "quantile": {"loss": "quantile", "quantile": QUANTILE},
    }
    grow_policy = "lossguide"

    def _class(self, task):
        module = importlib.import_module("skensemble")
        return _pick(task, module.NewtonBoostingClassifier, module.NewtonBoostingRegressor)

    def default(self, task, X, n_jobs, **params):
        return self._class(task)(**{"n_jobs": n_jobs, "random_state": 0, **params})

    def aligned(self, task, X, settings):
        return self._class(task)(
            n_estimators=settings.n_estimators,
            learning_rate=settings.learning_rate,
            grow_policy=self.grow_policy,
            max_depth=settings.depth if self.symmetric else None,
            max_leaf_nodes=None if self.symmetric else settings.n_leaves,
            min_samples_leaf=1,
            min_child_weight=1.0,
            reg_lambda=settings.reg_lambda,
            max_bins=settings.max_bins,
            subsample=1.0,
            colsample_bylevel=1.0,
            early_stopping=False,
            n_jobs=settings.n_jobs,
            random_state=0,
            **self.losses[settings.loss],
        )


class OursSymmetric(Ours):
    name = "skensemble symmetric"
    symmetric = True
    grow_policy = "symmetric"


class LightGBM(Peer):
    name, module = "LightGBM", "lightgbm"
    losses = {
        "default": {},
        "poisson": {"objective": "poisson"},
        "gamma": {"objective": "gamma"},
        "tweedie": {"objective": "tweedie", "tweedie_variance_power": TWEEDIE_POWER},
        "quantile": {"objective": "quantile", "alpha": QUANTILE},
    }
    extra = {}

    def _class(self, task):
        module = importlib.import_module("lightgbm")
        return _pick(task, module.LGBMClassifier, module.LGBMRegressor)

    def prepare(self, X):
        return _plain_names(X)

    def default(self, task, X, n_jobs):
        return self._class(task)(n_jobs=n_jobs, random_state=0, verbose=-1)

    def aligned(self, task, X, settings):
        return self._class(task)(
            n_estimators=settings.n_estimators,
            learning_rate=settings.learning_rate,
            num_leaves=settings.n_leaves,
            min_child_samples=1,
            min_child_weight=1.0,
            reg_lambda=settings.reg_lambda,
            max_bin=settings.max_bins,
            n_jobs=settings.n_jobs,
            random_state=0,
            verbose=-1,
            **self.extra,
            **self.losses[settings.loss],
        )


class LightGBMQuantized(LightGBM):
    name = "LightGBM quantized"
    extra = {"use_quantized_grad": True}


class XGBoost(Peer):
    name, module = "XGBoost", "xgboost"
    losses = {
        "default": {},
        "poisson": {"objective": "count:poisson"},
        "gamma": {"objective": "reg:gamma"},
        "tweedie": {"objective": "reg:tweedie", "tweedie_variance_power": TWEEDIE_POWER},
        "quantile": {"objective": "reg:quantileerror", "quantile_alpha": QUANTILE},
    }

    def _class(self, task):
        module = importlib.import_module("xgboost")
        return _pick(task, module.XGBClassifier, module.XGBRegressor)

    def prepare(self, X):
        return _plain_names(X)

    def default(self, task, X, n_jobs):
        return self._class(task)(n_jobs=n_jobs, random_state=0, enable_categorical=True)

    def aligned(self, task, X, settings):
        return self._class(task)(
            n_estimators=settings.n_estimators,
            learning_rate=settings.learning_rate,
            tree_method="hist",
            grow_policy="lossguide",
            max_leaves=settings.n_leaves,
            max_depth=0,
            min_child_weight=1.0,
            reg_lambda=settings.reg_lambda,
            max_bin=settings.max_bins,
            enable_categorical=True,
            n_jobs=settings.n_jobs,
            random_state=0,
            **self.losses[settings.loss],
        )


class HistGradientBoosting(Peer):
    """Its number of threads is set from outside: see `timing.threads`."""

    name, module = "scikit-learn HGB", "sklearn"
    losses = {
        "default": {},
        "poisson": {"loss": "poisson"},
        "gamma": {"loss": "gamma"},
        "quantile": {"loss": "quantile", "quantile": QUANTILE},
    }

    def _class(self, task):
        return _pick(task, HistGradientBoostingClassifier, HistGradientBoostingRegressor)

    def default(self, task, X, n_jobs):
        return self._class(task)(random_state=0)

    def aligned(self, task, X, settings):
        return self._class(task)(
            max_iter=settings.n_estimators,
            learning_rate=settings.learning_rate,
            max_leaf_nodes=settings.n_leaves,
            min_samples_leaf=1 if task == "regression" else 4,  # the fewest rows whose hessians p (1 - p) sum to 1
            l2_regularization=settings.reg_lambda,
            max_bins=settings.max_bins,
            early_stopping=False,
            random_state=0,
            **self.losses[settings.loss],
        )


class CatBoost(Peer):
    name, module = "CatBoost", "catboost"
    symmetric = True
    losses = {
        "default": {},
        "poisson": {"loss_function": "Poisson"},
        "tweedie": {"loss_function": f"Tweedie:variance_power={TWEEDIE_POWER}"},
        "quantile": {"loss_function": f"Quantile:alpha={QUANTILE}"},
    }

    def _class(self, task):
        module = importlib.import_module("catboost")
        return _pick(task, module.CatBoostClassifier, module.CatBoostRegressor)

    def prepare(self, X):
        """It refuses missing categories: they become a string of their own."""
        columns = categorical_columns(X)
        if not columns:
            return X
        X = X.copy()
        for name in X.columns[columns]:
            X[name] = X[name].astype(object).where(X[name].notna(), "nan").astype(str)
        return X

    def _quiet(self, X, n_jobs):
        return {
            "cat_features": categorical_columns(X) or None,
            "thread_count": n_jobs,
            "random_seed": 0,
            "verbose": False,
            "allow_writing_files": False,
        }

    def default(self, task, X, n_jobs):
        return self._class(task)(iterations=300, **self._quiet(X, n_jobs))

    def aligned(self, task, X, settings):
        return self._class(task)(
            iterations=settings.n_estimators,
            learning_rate=settings.learning_rate,
            depth=settings.depth,
            l2_leaf_reg=settings.reg_lambda,
            border_count=min(settings.max_bins, 254),
            boosting_type="Plain",
            bootstrap_type="No",
            random_strength=0,
            leaf_estimation_iterations=1,
            **self._quiet(X, settings.n_jobs),
            **self.losses[settings.loss],
        )


class ChimeraBoost(Peer):
    name, module = "ChimeraBoost", "chimeraboost"
    symmetric = True
    losses = {
        "default": {},
        "poisson": {"loss": "Poisson"},
        "gamma": {"loss": "Gamma"},
        "tweedie": {"loss": "Tweedie", "tweedie_variance_power": TWEEDIE_POWER},
        "quantile": {"loss": "Quantile", "alpha": QUANTILE},
    }

    def _class(self, task):
        module = importlib.import_module("chimeraboost")
        return _pick(task, module.ChimeraBoostClassifier, module.ChimeraBoostRegressor)

    def default(self, task, X, n_jobs):
        return self._class(task)(thread_count=n_jobs, random_state=0, cat_features=categorical_columns(X) or None)

    def aligned(self, task, X, settings):
        return self._class(task)(
            n_estimators=settings.n_estimators,
            learning_rate=settings.learning_rate,
            depth=settings.depth,
            l2_leaf_reg=settings.reg_lambda,
            max_bins=settings.max_bins,
            min_child_weight=1.0,
            early_stopping=False,
            linear_leaves=False,
            cross_features=False,
            leaf_estimation_iterations=1,
            cat_features=categorical_columns(X) or None,
            thread_count=settings.n_jobs,
            random_state=0,
            **self.losses[settings.loss],
        )


OURS = [Ours(), OursSymmetric()]
OTHERS = [LightGBM(), LightGBMQuantized(), XGBoost(), HistGradientBoosting(), CatBoost(), ChimeraBoost()]
BY_NAME = {peer.name: peer for peer in OURS + OTHERS}


def installed(peers, report=print):
    """Those that can be imported; the others get one printed line."""
    found = []
    for peer in peers:
        try:
            peer.version()
            if isinstance(peer, Ours):
                peer._class("binary")
            found.append(peer)
        except (ImportError, AttributeError) as error:
            report(f"skipped {peer.name}: {error}")
    return found
