"""A layer in continuous time: rows follow a velocity field from data (t = 0) to the base (t = 1).

    d/dt [x, log det] = [v(x, t), tr dv/dx]     (Chen et al. 2018, equation 8; Grathwohl et al. 2019)

in fixed steps of the classical Runge-Kutta method, so that its gradient is that of a finite composition: forward
keeps every stage, backward goes through them in reverse.
"""

import copy

import numpy as np

from skensemble.generative.flows._bijections import Bijection
from skensemble.generative.networks._networks import CURVATURE, MLP, VALUE, Workspace

FREQUENCIES = np.array([0.5, 1.0, 2.0])  # of sine and cosine of the time, in periods
STAGES = ((0.0, 1.0), (0.5, 2.0), (0.5, 2.0), (1.0, 1.0))  # place within a step, weight in sixths
MOST_EXACT_COLUMNS = 50


class ContinuousLayer(Bijection):
    """The flow of a network's velocity.

    n_steps : int, Runge-Kutta steps from data to base
    kinetic : float, factor of the integral of |v|^2 that is added to a negative log-likelihood (Finlay et al. 2020)
    """

    def __init__(
        self, n_columns, n_condition, *, hidden_layer_sizes=(64, 64), activation="silu", n_steps=8, kinetic=0.0,
        dtype=np.float32,
    ):  # fmt: skip
        super().__init__(n_columns, dtype)
        n_inputs = n_columns + 1 + 2 * len(FREQUENCIES) + n_condition
        self.network = MLP(n_inputs, n_columns, hidden_layer_sizes, activation, residual=True, dtype=dtype)
        self.n_parameters = self.network.n_parameters
        self.n_steps, self.kinetic = n_steps, kinetic
        self.probes = self._probes()
        self._stages = []

    def _probes(self):
        """Directions (n_directions, n_columns) of the trace: of all columns, or Hutchinson's, the same ones always."""
        if self.n_columns <= MOST_EXACT_COLUMNS:
            return np.eye(self.n_columns, dtype=self.dtype)
        signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(8, self.n_columns))
        return (signs / np.sqrt(len(signs))).astype(self.dtype)

    def bind(self, parameters, gradient=None):
        super().bind(parameters, gradient)
        self.network.bind(parameters, gradient)

    def twin(self, gradient=None):
        other = copy.copy(self)
        other.network, other.workspace, other._stages = copy.copy(self.network), Workspace(self.dtype), []
        other.bind(self.parameters, gradient)
        return other

    def __getstate__(self):
        return {**super().__getstate__(), "_stages": []}

    def initialize(self, generator, x):
        self.network.initialize(generator, output_scale=0.0)

    # -- the field ---------------------------------------------------------------------------------------------------

    def inputs(self, x, t, condition):
        """[x | t, sine and cosine | condition]; t : a number, or (n_rows, 1)."""
        time = _time_features(t)
        return np.hstack([x, np.broadcast_to(time, (len(x), time.shape[-1])), condition]).astype(self.dtype, copy=False)

    def velocity(self, x, t, condition, workspace, order=VALUE):
        return self.network.forward(self.inputs(x, t, condition), workspace, order)

    def _rates(self, x, t, condition, workspace):
        """(velocity, its divergence), with what the pass back needs in the workspace."""
        velocity = self.velocity(x, t, condition, workspace, CURVATURE)
        moves = workspace.array(len(self.probes) * len(x), self.network.n_inputs, "moves")
        moves = moves.reshape(len(self.probes), len(x), -1)
        moves[:] = 0.0
        moves[:, :, : self.n_columns] = self.probes[:, np.newaxis]
        tangents = self.network.tangent(moves, workspace)
        return velocity, np.einsum("kij,kj->i", tangents, self.probes)

    # -- layer -------------------------------------------------------------------------------------------------------

    def forward(self, x, condition, log_det):
        """Also leaves the kinetic energy of each row in `energy`."""
        step = self.dtype.type(1.0 / self.n_steps)
        x, self.energy = x.copy(), np.zeros(len(x), self.dtype)
        for number in range(self.n_steps):
            change = np.zeros_like(x)
            velocity = np.zeros_like(x)
            for stage, (place, weight) in enumerate(STAGES):
                workspace = self._stage(4 * number + stage)
                here = x + self.dtype.type(place) * step * velocity
                velocity, divergence = self._rates(here, (number + place) / self.n_steps, condition, workspace)
                share = step * self.dtype.type(weight / 6.0)
                change += share * velocity
                log_det += share * divergence
                self.energy += share * np.einsum("ij,ij->i", velocity, velocity)
            x = x + change
        return x

    def _stage(self, number):
        while len(self._stages) <= number:
            self._stages.append(Workspace(self.dtype))
        return self._stages[number]

    def inverse(self, y, condition):
        step, workspace = 1.0 / self.n_steps, Workspace(self.dtype)
        x = y.copy()
        for number in reversed(range(self.n_steps)):
            change, velocity = np.zeros_like(x), np.zeros_like(x)
            for place, weight in STAGES:
                here = x - self.dtype.type(place * step) * velocity
                velocity = self.velocity(here, (number + 1.0 - place) * step, condition, workspace).copy()
                change += self.dtype.type(step * weight / 6.0) * velocity
            x = x - change
        return x

    def backward(self, cotangent, of_log_det, of_energy=None):
        if of_energy is None and self.kinetic > 0.0:
            of_energy = -of_log_det * self.dtype.type(self.kinetic)
        step, total = self.dtype.type(1.0 / self.n_steps), np.zeros_like(self.gradient)
        of_x = cotangent.copy()
        for number in reversed(range(self.n_steps)):
            of_end, later = of_x.copy(), np.zeros_like(of_x)
            for stage in reversed(range(4)):
                place, weight = STAGES[stage]
                share = step * self.dtype.type(weight / 6.0)
                of_here = self._backward_stage(4 * number + stage, share * of_end + later, share, of_log_det, of_energy)
                total += self.network.gradient
                of_x += of_here
                later = self.dtype.type(place) * step * of_here
        self.gradient[:] = total
        return of_x

    def _backward_stage(self, number, of_velocity, share, of_log_det, of_energy):
        workspace = self._stages[number]
        if of_energy is not None:
            velocity = workspace.kept("outputs")[: len(of_velocity)]
            of_velocity = of_velocity + 2.0 * share * of_energy[:, np.newaxis] * velocity
        of_tangents = share * of_log_det[:, np.newaxis] * self.probes[:, np.newaxis]
        pulled = self.network.backward(of_velocity, workspace, of_tangents, by_inputs=True)
        return pulled[:, : self.n_columns].copy()


def _time_features(t):
    t = np.asarray(t, np.float64)[..., np.newaxis] if np.ndim(t) == 0 else np.asarray(t)
    angle = 2.0 * np.pi * FREQUENCIES * t
    return np.concatenate([t, np.sin(angle), np.cos(angle)], axis=-1)
