"""Training: Adam with decaying weights, schedule, clipping, averaging and early stopping in one loop.

Networks and flows train alike: they hand over one flat vector of parameters, one of its gradient, a function that
fills the gradient for the next batch, and perhaps one that tells the loss on held-out rows.
"""

import math
from typing import NamedTuple

import numpy as np

from skensemble.ensemble._early_stopping import Patience
from skensemble.generative.networks._blas_threads import one_blas_thread
from skensemble.generative.networks._optimizer_kernels import adam_step


class TrainingPlan(NamedTuple):
    """Settings of training.

    max_steps : int
    learning_rate : float, reached after `n_warmup` steps; then it falls along half a cosine if schedule="cosine"
    schedule : "cosine" or "constant"
    weight_decay : float, share of the weights that a step takes away at learning rate 1
    clip_norm : float, longer gradients are shortened to this norm
    averaging : float in [0, 1), decay of the exponential moving average of the parameters; 0 for none
    check_every : int, steps between two looks at the held-out loss
    n_iter_no_change : int, stop after so many looks without a lower loss; 0 never stops
    """

    max_steps: int
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    n_warmup: int = 0
    weight_decay: float = 0.0
    clip_norm: float = 1.0
    averaging: float = 0.999
    check_every: int = 100
    n_iter_no_change: int = 10


class TrainingHistory(NamedTuple):
    """Record of a training.

    n_steps : int, steps taken
    losses : (n_looks,), mean loss of the batches before each look
    held_out_losses : (n_looks,), of the averaged parameters; empty without held-out rows
    best_step : int, after which the parameters were taken
    n_skipped : int, steps that were left out because a gradient was not finite
    """

    n_steps: int
    losses: np.ndarray
    held_out_losses: np.ndarray
    best_step: int
    n_skipped: int


# -- one step --------------------------------------------------------------------------------------------------------


class Adam:
    """Adam (Kingma and Ba 2015) with decoupled weight decay, clipping by the global norm, and an average.

    parameters : (n_parameters,), changed in place
    plan : TrainingPlan
    mask : (n_parameters,), 1 for what decays; None if all does
    """

    def __init__(self, parameters, plan, mask=None, *, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.parameters, self.plan = parameters, plan
        self.mask = np.ones_like(parameters) if mask is None else mask
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        self.first, self.second = np.zeros_like(parameters), np.zeros_like(parameters)
        self.average = parameters.copy()
        self.n_steps = 0
        self._rates = np.empty(10, parameters.dtype)

    def step(self, gradient, norm, learning_rate):
        """Move the parameters against `gradient`, whose norm is known."""
        self.n_steps += 1
        bias_1, bias_2 = 1.0 - self.beta_1**self.n_steps, 1.0 - self.beta_2**self.n_steps
        scale = min(1.0, self.plan.clip_norm / max(norm, 1e-30))
        self._rates[:] = (
            scale,
            self.beta_1,
            1.0 - self.beta_1,
            self.beta_2,
            1.0 - self.beta_2,
            learning_rate / bias_1,
            1.0 / bias_2,
            self.epsilon,
            learning_rate * self.plan.weight_decay,
            1.0 - self._averaging(),
        )
        adam_step(self.parameters, gradient, self.mask, self.first, self.second, self.average, self._rates)

    def restart(self):
        """Forget the moments and the average: the parameters have been put elsewhere."""
        self.first[:], self.second[:] = 0.0, 0.0
        self.average[:] = self.parameters
        self.n_steps = 0

    def _averaging(self):
        """Decay of the average: smaller at the beginning, so that the first random weights are soon forgotten."""
        return min(self.plan.averaging, (1.0 + self.n_steps) / (10.0 + self.n_steps))


def scheduled_rate(plan, step):
    """Learning rate of step 0 .. max_steps - 1."""
    if step < plan.n_warmup:
        return plan.learning_rate * (step + 1) / plan.n_warmup
    if plan.schedule == "constant":
        return plan.learning_rate
    share = (step - plan.n_warmup) / max(1, plan.max_steps - plan.n_warmup)
    return plan.learning_rate * 0.5 * (1.0 + math.cos(math.pi * share))


def gradient_norm(gradient):
    """Euclidean norm; inf or NaN if an entry is, or if the sum of squares overflows."""
    return math.sqrt(np.dot(gradient, gradient))


# -- the loop --------------------------------------------------------------------------------------------------------

_MOST_SKIPPED_IN_A_ROW = 30
_DIVERGED = 1.0  # nats, or variances of the target, above the loss of the random weights
_FIRST_STEPS = 10  # whose worst batch stands for the random weights where no row is held out


def train(parameters, gradient, fill_gradient, plan, *, held_out_loss=None, mask=None, on_look=None):
    """Minimise a loss over batches; leave the best, or the averaged, parameters in `parameters`.

    A step whose loss or gradient is not finite is left out, and the learning rate is halved from there on; where the
    loss (of held-out rows, where there are some) has risen above that of the random weights, training goes back to the
    last look before it did, and on at a quarter of the rate.  Training slows down instead of diverging.

    Parameters
    ----------
    parameters, gradient : ndarray of shape (n_parameters,), contiguous, of one dtype
    fill_gradient : callable
        `fill_gradient(step)` draws its batch, writes `gradient`, and returns the loss.
    plan : TrainingPlan
    held_out_loss : callable, default=None
        `held_out_loss()` returns the loss of the present `parameters` on held-out rows.
    mask : ndarray of shape (n_parameters,), default=None
        1 for parameters that decay.
    on_look : callable, default=None
        `on_look(n_steps, loss, held_out_loss)` after every look; training stops if it returns True.

    Returns
    -------
    history : TrainingHistory
    """
    with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
        return _Training(parameters, plan, held_out_loss, mask, on_look).run(gradient, fill_gradient)


class _Training:
    def __init__(self, parameters, plan, held_out_loss, mask, on_look):
        self.parameters, self.plan = parameters, plan
        self.held_out_loss, self.on_look = held_out_loss, on_look
        self.optimizer = Adam(parameters, plan, mask)
        self.slow_down, self.n_steps, self.n_skipped, self.skipped_in_a_row = 1.0, 0, 0, 0
        self.first_loss, self.sound = -np.inf, parameters.copy()
        self.losses, self.held_out_losses = [], []
        self.best, self.best_loss, self.best_step = None, np.inf, 0
        self.patience = Patience(plan.n_iter_no_change, 0.0, [])

    def run(self, gradient, fill_gradient):
        if self.held_out_loss is not None:
            self.first_loss = float(self.held_out_loss())
        recent = []
        while self.n_steps < self.plan.max_steps and self.skipped_in_a_row < _MOST_SKIPPED_IN_A_ROW:
            loss = self._step(gradient, fill_gradient)
            recent += [] if loss is None else [loss]
            if self.n_steps % self.plan.check_every == 0 or self.n_steps == self.plan.max_steps:
                if self._look(float(np.mean(recent)) if recent else np.nan):
                    break
                recent = []
        return self._finish()

    def _step(self, gradient, fill_gradient):
        """The loss of the step, or None if it was left out."""
        loss, norm = fill_gradient(self.n_steps), gradient_norm(gradient)
        rate = self.slow_down * scheduled_rate(self.plan, self.n_steps)
        self.n_steps += 1
        if not (math.isfinite(loss) and math.isfinite(norm)):
            self.n_skipped += 1
            self.skipped_in_a_row += 1
            self.slow_down /= 2.0
            return None
        self.skipped_in_a_row = 0
        if self.held_out_loss is None and self.n_steps - self.n_skipped <= _FIRST_STEPS:
            self.first_loss = max(self.first_loss, loss)
        self.optimizer.step(gradient, norm, rate)
        return loss

    def _look(self, loss):
        """Record the losses, keep the best parameters, go back if training diverges; True to stop."""
        self.losses.append(loss)
        held_out = np.nan
        if self.held_out_loss is not None:
            held_out = self._average_loss()
            self.held_out_losses.append(held_out)
            self._remember_best(held_out)
        self._return_if_diverged(loss if self.held_out_loss is None else held_out)
        asked = self.on_look is not None and self.on_look(self.n_steps, loss, held_out)
        return bool(asked) or self._is_over()

    def _is_over(self):
        scores = [-loss for loss in self.held_out_losses]
        return self.plan.n_iter_no_change > 0 and bool(scores) and self.patience.is_over(scores)

    def _return_if_diverged(self, loss):
        """Where the loss is far above that of the random weights, go back to where it was not, and go on slowly.

        Batches of heavy tails differ by more than a training that goes well: held-out rows judge, where there are some.
        """
        if loss <= self.first_loss + _DIVERGED:
            self.sound[:] = self.optimizer.average
        else:
            self.parameters[:] = self.sound
            self.optimizer.restart()
            self.slow_down /= 4.0

    def _average_loss(self):
        """Held-out loss of the averaged parameters."""
        present = self.parameters.copy()
        self.parameters[:] = self.optimizer.average
        loss = float(self.held_out_loss())
        self.parameters[:] = present
        return loss

    def _remember_best(self, loss):
        if loss < self.best_loss:
            self.best, self.best_loss, self.best_step = self.optimizer.average.copy(), loss, self.n_steps

    def _finish(self):
        if self.best is None:
            self.best, self.best_step = self.optimizer.average, self.n_steps
        self.parameters[:] = self.best
        return TrainingHistory(
            self.n_steps, np.array(self.losses), np.array(self.held_out_losses), self.best_step, self.n_skipped
        )
