"""Training: the formula of Adam, the schedule, and that nothing diverges."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_allclose
from threadpoolctl import threadpool_info

from skensemble.generative.networks._blas_threads import one_blas_thread
from skensemble.generative.networks._optimizers import Adam, TrainingPlan, gradient_norm, scheduled_rate, train


def _plain_adam(parameters, gradients, learning_rate, weight_decay, mask):
    first, second = np.zeros_like(parameters), np.zeros_like(parameters)
    for step, gradient in enumerate(gradients, start=1):
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        direction = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        parameters = parameters - learning_rate * (direction + weight_decay * mask * parameters)
    return parameters


def test_adam_is_the_published_formula():
    generator = np.random.default_rng(0)
    start, gradients, mask = generator.normal(size=5), generator.normal(size=(7, 5)), np.array([1.0, 0, 1, 0, 1])
    parameters = start.copy()
    adam = Adam(parameters, TrainingPlan(7, weight_decay=0.1, clip_norm=1e9), mask)
    for gradient in gradients:
        adam.step(gradient, gradient_norm(gradient), 0.01)
    assert_allclose(parameters, _plain_adam(start, gradients, 0.01, 0.1, mask), rtol=1e-12)


def test_long_gradients_are_shortened():
    parameters, other = np.zeros(2), np.zeros(2)
    for vector, factor in ((parameters, 1.0), (other, 1e6)):
        adam = Adam(vector, TrainingPlan(2, clip_norm=1.0))
        for gradient in (np.array([0.6, 0.8]), np.array([0.8, -0.6])):
            adam.step(factor * gradient, factor, 0.1)
    assert_allclose(parameters, other, rtol=1e-12)


def test_average_follows_the_parameters():
    parameters = np.zeros(1)
    adam = Adam(parameters, TrainingPlan(100, averaging=0.5))
    for _ in range(50):
        adam.step(np.array([-1.0]), 1.0, 0.1)
    assert 0.05 < parameters[0] - adam.average[0] < 0.2


def test_no_averaging_keeps_the_parameters_themselves():
    parameters = np.zeros(3)
    adam = Adam(parameters, TrainingPlan(100, averaging=0.0))
    adam.step(np.ones(3), 1.0, 0.1)
    assert_allclose(adam.average, parameters, rtol=1e-12)


def test_schedule_rises_and_falls():
    plan = TrainingPlan(100, learning_rate=2.0, n_warmup=10)
    rates = [scheduled_rate(plan, step) for step in range(100)]
    assert_allclose(rates[:10], np.linspace(0.2, 2.0, 10))
    assert_allclose(rates[55], 1.0)
    assert rates[99] < 0.01
    assert np.all(np.diff(rates[10:]) < 0)
    assert scheduled_rate(plan._replace(schedule="constant"), 99) == 2.0


def _least_squares(dtype=np.float64, seed=0):
    """A parabola with its minimum at `best`, seen through noise."""
    generator = np.random.default_rng(seed)
    best = generator.normal(size=4).astype(dtype)
    parameters, gradient = np.zeros(4, dtype), np.zeros(4, dtype)

    def fill_gradient(step):
        gradient[:] = parameters - best + generator.normal(scale=0.1, size=4)
        return float(np.sum((parameters - best) ** 2) / 2)

    return parameters, gradient, fill_gradient, best


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_training_finds_the_minimum(dtype):
    parameters, gradient, fill_gradient, best = _least_squares(dtype)
    history = train(parameters, gradient, fill_gradient, TrainingPlan(2000, learning_rate=0.02))
    assert_allclose(parameters, best, atol=0.02)
    assert history.n_steps == history.best_step == 2000
    assert history.losses[-1] < 1e-3 < history.losses[0]
    assert len(history.held_out_losses) == 0


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_gradients_that_are_not_finite_are_skipped(poison):
    parameters, gradient, fill_gradient, best = _least_squares()

    def sometimes_poisoned(step):
        loss = fill_gradient(step)
        if step % 500 == 3:
            gradient[1] = poison
        return loss

    plan = TrainingPlan(2000, learning_rate=0.1)
    history = train(parameters, gradient, sometimes_poisoned, plan)
    assert history.n_skipped == 4
    assert_allclose(parameters, best, atol=0.1)


def test_training_that_cannot_go_on_ends():
    parameters, gradient, _, _ = _least_squares()
    history = train(parameters, gradient, lambda step: math.nan, TrainingPlan(10_000))
    assert history.n_steps < 100
    assert not parameters.any()


def test_a_loss_above_that_of_random_weights_is_left_behind():
    parameters, gradient, fill_gradient, best = _least_squares()
    history = train(parameters, gradient, fill_gradient, TrainingPlan(5000, learning_rate=100.0, check_every=20))
    assert history.losses.max() > 100.0
    assert_allclose(parameters, best, atol=0.5)


def test_early_stopping_restores_the_best():
    parameters, gradient, fill_gradient, best = _least_squares()
    losses = []

    def held_out_loss():
        losses.append(float(np.sum((parameters - 0.5 * best) ** 2)))  # the way leads past its minimum
        return losses[-1]

    plan = TrainingPlan(5000, learning_rate=0.005, averaging=0.0, check_every=10, n_iter_no_change=5)
    history = train(parameters, gradient, fill_gradient, plan, held_out_loss=held_out_loss)
    assert history.n_steps < 1000
    before, *at_looks = losses
    assert before > min(at_looks)
    assert history.best_step == 10 * (1 + int(np.argmin(at_looks)))
    assert_allclose(np.sum((parameters - 0.5 * best) ** 2), min(at_looks))
    assert_allclose(history.held_out_losses, at_looks)


def test_a_look_can_stop_training():
    parameters, gradient, fill_gradient, _ = _least_squares()
    looks = []
    plan = TrainingPlan(1000, check_every=10)
    history = train(
        parameters, gradient, fill_gradient, plan, on_look=lambda *look: looks.append(look) or len(looks) == 3
    )
    assert history.n_steps == 30
    assert [look[0] for look in looks] == [10, 20, 30]


def _n_threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_one_blas_thread_is_lifted_by_the_last_to_leave():
    before = _n_threads()
    with one_blas_thread():
        with one_blas_thread():
            assert set(_n_threads()) == {1}
        assert set(_n_threads()) == {1}
    assert _n_threads() == before


def test_one_blas_thread_survives_many_threads_and_errors():
    before = _n_threads()

    def enter(number):
        with one_blas_thread():
            if number % 3 == 0:
                raise KeyError
            return len(_n_threads())

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(enter, number) for number in range(40)]
    assert sum(future.exception() is not None for future in futures) == 14
    assert _n_threads() == before


def test_batches_of_heavy_tails_are_not_taken_for_a_divergence():
    """The first batch is a lucky one: batches are 5 nats worse on average, while the held-out loss falls."""
    parameters, gradient = np.array([4.0]), np.zeros(1)

    def fill_gradient(step):
        gradient[:] = parameters
        return 0.5 * parameters[0] ** 2 + (0.0 if step == 0 else 5.0)

    plan = TrainingPlan(400, 0.02, schedule="constant", check_every=20, n_iter_no_change=5, averaging=0.9)
    train(parameters, gradient, fill_gradient, plan, held_out_loss=lambda: 0.5 * parameters[0] ** 2)
    assert abs(parameters[0]) < 0.5


def test_first_steps_that_are_left_out_do_not_stop_training():
    parameters, gradient, fill_gradient, best = _least_squares()

    def poisoned_at_first(step):
        loss = fill_gradient(step)
        return math.nan if step < 12 else loss

    train(parameters, gradient, poisoned_at_first, TrainingPlan(4000, learning_rate=300.0, check_every=20))
    assert_allclose(parameters, best, atol=0.5)
