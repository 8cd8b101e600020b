"""Every derivative of a network equals finite differences."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skensemble.generative.networks._networks import CURVATURE, MLP, VALUE

ARCHITECTURES = {
    "plain": {"hidden_layer_sizes": (5, 4)},
    "no hidden layer": {"hidden_layer_sizes": ()},
    "residual": {"hidden_layer_sizes": (5, 5, 5), "residual": True},
    "layer norm": {"hidden_layer_sizes": (5, 4), "layer_norm": True},
    "residual, layer norm": {"hidden_layer_sizes": (6, 6), "residual": True, "layer_norm": True},
    "gated": {"hidden_layer_sizes": (5, 4), "activation": "swiglu"},
    "gated, residual, layer norm": {
        "hidden_layer_sizes": (5, 5),
        "activation": "geglu",
        "residual": True,
        "layer_norm": True,
    },
    "tanh": {"hidden_layer_sizes": (5, 4), "activation": "tanh"},
    "learned slope": {"hidden_layer_sizes": (5, 4), "activation": "prelu"},
    "learned slope, layer norm": {"hidden_layer_sizes": (5, 4), "activation": "prelu", "layer_norm": True},
}
N_ROWS, N_INPUTS, N_OUTPUTS = 7, 3, 2

every_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=ARCHITECTURES)


def _network(architecture, dtype=np.float64):
    network = MLP(N_INPUTS, N_OUTPUTS, **architecture, dtype=dtype)
    generator = np.random.default_rng(0)
    network.initialize(generator)
    network.parameters += generator.normal(scale=0.1, size=network.n_parameters).astype(dtype)
    return network


def _inputs(seed=1):
    return np.random.default_rng(seed).normal(size=(N_ROWS, N_INPUTS))


def _outputs(network, x):
    return network.forward(x, network.workspace(), VALUE).copy()


def _tangents(network, x, directions):
    workspace = network.workspace()
    network.forward(x, workspace)
    return network.tangent(directions, workspace).copy()


def _by_parameters(network, loss, step=1e-6):
    gradient = np.empty(network.n_parameters)
    for k in range(network.n_parameters):
        before = network.parameters[k]
        network.parameters[k] = before + step
        above = loss()
        network.parameters[k] = before - step
        gradient[k] = (above - loss()) / (2 * step)
        network.parameters[k] = before
    return gradient


def _by_inputs(x, loss, step=1e-6):
    gradient = np.empty_like(x)
    for cell in np.ndindex(*x.shape):
        shift = np.zeros_like(x)
        shift[cell] = step
        gradient[cell] = (loss(x + shift) - loss(x - shift)) / (2 * step)
    return gradient


@every_architecture
def test_backward_is_the_gradient(architecture):
    network, x = _network(architecture), _inputs()
    cotangent = np.random.default_rng(2).normal(size=(N_ROWS, N_OUTPUTS))
    workspace = network.workspace()
    network.forward(x, workspace)
    by_inputs = network.backward(cotangent, workspace, by_inputs=True)
    numeric = _by_parameters(network, lambda: np.sum(cotangent * _outputs(network, x)))
    assert_allclose(network.gradient, numeric, rtol=1e-6, atol=1e-8)
    numeric = _by_inputs(x, lambda x: np.sum(cotangent * _outputs(network, x)))
    assert_allclose(by_inputs, numeric, rtol=1e-6, atol=1e-8)


@every_architecture
def test_tangent_is_the_derivative_along_directions(architecture):
    network, x = _network(architecture), _inputs()
    directions = np.random.default_rng(3).normal(size=(2, N_ROWS, N_INPUTS))
    tangents = _tangents(network, x, directions)
    for tangent, direction in zip(tangents, directions):
        change = _outputs(network, x + 1e-6 * direction) - _outputs(network, x - 1e-6 * direction)
        assert_allclose(tangent, change / 2e-6, rtol=1e-6, atol=1e-8)


@every_architecture
def test_backward_with_tangents_is_the_gradient(architecture):
    network, x = _network(architecture), _inputs()
    generator = np.random.default_rng(4)
    directions = generator.normal(size=(2, N_ROWS, N_INPUTS))
    cotangent = generator.normal(size=(N_ROWS, N_OUTPUTS))
    tangent_cotangent = generator.normal(size=(2, N_ROWS, N_OUTPUTS))

    def loss(x=x):
        outputs, tangents = _outputs(network, x), _tangents(network, x, directions)
        return np.sum(cotangent * outputs) + np.sum(tangent_cotangent * tangents)

    workspace = network.workspace()
    network.forward(x, workspace, CURVATURE)
    network.tangent(directions, workspace)
    by_inputs = network.backward(cotangent, workspace, tangent_cotangent, by_inputs=True)
    assert_allclose(network.gradient, _by_parameters(network, loss), rtol=1e-5, atol=1e-7)
    assert_allclose(by_inputs, _by_inputs(x, loss), rtol=1e-5, atol=1e-7)


@every_architecture
def test_float32_is_float64_rounded(architecture):
    single, double, x = _network(architecture, np.float32), _network(architecture), _inputs()
    cotangent = np.ones((N_ROWS, N_OUTPUTS))
    for network in (single, double):
        workspace = network.workspace()
        network.forward(x, workspace)
        network.backward(cotangent, workspace)
    assert_allclose(_outputs(single, x), _outputs(double, x), rtol=1e-4, atol=1e-5)
    assert_allclose(single.gradient, double.gradient, rtol=1e-4, atol=1e-4)
    assert _outputs(single, x).dtype == np.float32


def test_a_workspace_serves_batches_of_any_size():
    network, x = _network(ARCHITECTURES["layer norm"]), _inputs()
    workspace = network.workspace()
    for n_rows in (3, 7, 1, 5):
        assert_allclose(network.forward(x[:n_rows], workspace), _outputs(network, x)[:n_rows], rtol=1e-12)
        network.backward(np.ones((n_rows, N_OUTPUTS)), workspace)


def test_gradient_does_not_depend_on_earlier_passes():
    network, x = _network(ARCHITECTURES["learned slope, layer norm"]), _inputs()
    workspace = network.workspace()
    gradients = []
    for _ in range(2):
        network.forward(x, workspace)
        network.backward(np.ones((N_ROWS, N_OUTPUTS)), workspace)
        gradients.append(network.gradient.copy())
    assert_allclose(gradients[0], gradients[1], rtol=0)


def test_networks_can_share_one_vector():
    first, second = (_network(ARCHITECTURES["plain"]) for _ in range(2))
    shared, gradient = np.zeros(2 * first.n_parameters), np.zeros(2 * first.n_parameters)
    first.bind(shared[: first.n_parameters], gradient[: first.n_parameters])
    second.bind(shared[first.n_parameters :], gradient[first.n_parameters :])
    second.initialize(np.random.default_rng(0))
    assert not shared[: first.n_parameters].any()
    assert shared[first.n_parameters :].any()


@pytest.mark.parametrize("activation", ["relu", "tanh", "silu", "mish"])
def test_sums_of_every_layer_have_unit_variance(activation):
    network = MLP(20, 300, (200, 200, 200), activation, dtype=np.float64)
    network.initialize(np.random.default_rng(0))
    outputs = _outputs(network, np.random.default_rng(1).normal(size=(200, 20)))
    assert 0.6 < outputs.std() < 1.6


def test_output_scale_0_begins_with_zeros():
    network = MLP(3, 2)
    network.initialize(np.random.default_rng(0), output_scale=0.0)
    assert not _outputs(network, _inputs()).any()


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))])
def test_copies_are_networks_of_their_own(duplicate):
    network, x = _network(ARCHITECTURES["plain"]), _inputs()
    twin = duplicate(network)
    expected = _outputs(network, x)
    network.parameters[:] = 0.0
    assert_allclose(_outputs(twin, x), expected)
    twin.parameters[:] = 0.0
    assert not _outputs(twin, x).any()
    assert len(pickle.dumps(network)) < 8 * network.n_parameters + 2_000


def test_weights_decay_and_biases_do_not():
    network = MLP(3, 2, (4,), layer_norm=True)
    assert network.weight_mask().sum() == 3 * 4 + 4 * 2
