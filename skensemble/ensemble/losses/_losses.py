"""The table of losses: which there are, who offers them, and how one is made."""

from skensemble.ensemble.losses._class_losses import BinaryLogLoss, ExponentialLoss
from skensemble.ensemble.losses._custom_loss import CustomLoss
from skensemble.ensemble.losses._ranking_losses import MapLoss, NdcgLoss, PairwiseLoss
from skensemble.ensemble.losses._regression_losses import (
    AbsoluteError,
    Expectile,
    Gamma,
    Huber,
    Poisson,
    PseudoHuber,
    Quantile,
    SquaredError,
    Tweedie,
)

LOSSES = {
    loss.name: loss
    for loss in (
        BinaryLogLoss,
        ExponentialLoss,
        SquaredError,
        AbsoluteError,
        Huber,
        Quantile,
        Poisson,
        Gamma,
        Tweedie,
        PseudoHuber,
        Expectile,
        NdcgLoss,
        PairwiseLoss,
        MapLoss,
    )
}


def offered_losses(family, target):
    """Names of the losses that the estimators of a family offer for a kind of target, see `Loss`."""
    return tuple(name for name, loss in LOSSES.items() if family in loss.families and loss.target == target)


def class_of_loss(loss):
    """The class of a loss by its name, or CustomLoss for anything else."""
    return LOSSES.get(loss, CustomLoss) if isinstance(loss, str) else CustomLoss


def make_loss(loss, /, **settings):
    """The loss called `loss`, or CustomLoss for a callable, with those of the settings that it has.

    settings : n_outputs, n_classes, and any parameters of an estimator
    """
    if callable(loss):
        return CustomLoss(loss, settings.get("n_outputs", 1), settings.get("n_classes"))
    kind, n_outputs = LOSSES[loss], settings.get("n_outputs", 1)
    if n_outputs > 1 and not takes_outputs(kind):
        raise ValueError(f"loss={loss!r} needs a single target column, got y with {n_outputs}.")
    return kind.made_for(**settings)


def takes_outputs(kind):
    """Can a loss of this class have targets of several columns?"""
    return "n_outputs" in kind.settings()
