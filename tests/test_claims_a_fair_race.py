"""What `a_fair_race` says of a fair race holds for other seeds than its own."""

from dataclasses import replace

import numpy as np
import pytest
from claims import SEEDS, anew, last, losses

from helpers import Experiment, baselines, build, floor, run
from helpers.experiment import MODELS

FAIR = Experiment(length=12, dnn_sees="window")
NOISY = replace(FAIR, noise=0.3)
TANH = replace(NOISY, activation="tanh")
LONG = {"activation": "tanh", "epochs": 30}
EIGHT_OR_MORE = [NOISY, replace(NOISY, epochs=8, draw=1), *(replace(TANH, epochs=8, draw=draw) for draw in (1, 4, 5))]
EIGHT_OR_MORE.append(replace(TANH, epochs=30, draw=2))  # the longer ones serve other tests too


def both(experiment):
    """The last validation losses of both models, one for each of three seeds."""
    return {model: last(experiment, model) for model in MODELS}


@pytest.fixture(scope="module")
def clean():
    return both(replace(FAIR, epochs=3))


@pytest.fixture(scope="module")
def relu():
    return both(NOISY)


@pytest.fixture(scope="module")
def tanh():
    return both(TANH)


@pytest.fixture(scope="module")
def short():
    return both(replace(NOISY, length=3))


def test_the_dnn_learns_from_the_window_what_it_cannot_learn_from_one_sample(clean):
    assert clean["dnn"].max() < 0.001
    assert last(replace(FAIR, length=1, epochs=1), "dnn").min() > 0.4


def test_the_article_s_sine_takes_no_network(clean):
    free = baselines(FAIR)
    assert free["same hour yesterday"] < 1e-6 and free["linear autoregression"] < 1e-12
    for found in clean.values():
        assert found.min() > 1000 * free["linear autoregression"]


def test_on_the_article_s_sine_relu_suits_the_lstm_and_tanh_the_dnn(clean):
    assert np.median(clean["lstm"]) < np.median(clean["dnn"])
    tanh = both(replace(FAIR, epochs=3, activation="tanh"))
    assert np.median(tanh["dnn"]) < np.median(tanh["lstm"])


def test_one_seed_may_say_the_opposite_of_another():
    results = [run(Experiment(dnn_sees="window", epochs=1, seed=seed)) for seed in range(10)]
    ratio = [result.val_losses["lstm"][-1] / result.val_losses["dnn"][-1] for result in results]
    assert min(ratio) < 0.5 and max(ratio) > 2


def test_with_noise_every_network_beats_every_baseline_and_none_its_floor(relu, tanh):
    found = np.concatenate([*relu.values(), *tanh.values()])
    assert found.max() < min(baselines(NOISY).values())
    assert found.min() > floor(NOISY)["lstm"]


@pytest.mark.parametrize("experiment", EIGHT_OR_MORE, ids=lambda each: f"{each.activation}, draw {each.draw}")
def test_with_noise_and_half_a_day_the_lstm_is_ahead_after_8_epochs_on_every_draw(experiment):
    lstm, dnn = (np.median(losses(experiment, model)[:, 7]) for model in MODELS)
    assert lstm < 0.95 * dnn


def test_after_30_epochs_the_draw_of_the_noise_decides():
    first, other = (both(replace(TANH, epochs=30, draw=draw)) for draw in (0, 2))
    assert np.median(first["dnn"]) < 0.99 * np.median(first["lstm"])
    assert np.median(other["lstm"]) < 0.95 * np.median(other["dnn"])
    linear = baselines(replace(TANH, draw=2))["linear autoregression"]
    assert other["dnn"].min() > linear and np.median(other["lstm"]) > 0.95 * linear


@pytest.mark.parametrize("draw", [0, 2])
def test_with_three_hours_the_order_hangs_on_activation_and_epochs(draw):
    relu, tanh = (both(replace(NOISY, length=3, draw=draw, **how)) for how in ({"epochs": 8}, LONG))
    assert np.median(relu["dnn"]) < 0.99 * np.median(relu["lstm"])
    assert np.median(tanh["lstm"]) < 0.99 * np.median(tanh["dnn"])
    for found in (*relu.values(), *tanh.values()):
        assert found.min() > 1.5 * baselines(NOISY)["same hour yesterday"]


def test_a_dnn_as_large_as_the_lstm_is_worse_than_a_small_one():
    inputs, targets = TANH.windows.take(TANH.train)
    asked, known = TANH.validation_windows.take(TANH.validation)
    small = losses(TANH, "dnn")[:, 7]
    large = build(replace(TANH, units=746))["dnn"]
    assert large.count_params() == 10_445
    for seed in SEEDS:
        anew(large, build(replace(TANH, units=746, seed=seed))["dnn"].get_weights())
        large.fit(inputs[:, :, 0], targets, batch_size=32, epochs=8, shuffle=False, verbose=0)
        assert large.evaluate(asked[:, :, 0], known, verbose=0) > 1.3 * small.max()


def test_the_activation_matters_as_much_as_the_network(relu, tanh):
    assert np.median(tanh["dnn"]) < np.median(relu["lstm"])


def test_with_relu_the_lead_is_not_a_matter_of_size(relu):
    assert np.median(last(replace(NOISY, units=12))) < 0.95 * np.median(relu["dnn"])


def test_with_three_hours_the_dnn_does_better_and_yesterday_best(short):
    assert np.median(short["dnn"]) < 0.98 * np.median(short["lstm"])
    assert min(found.min() for found in short.values()) > 1.5 * baselines(NOISY)["same hour yesterday"]


def test_the_dnn_is_not_immune_to_length(relu, short):
    assert short["dnn"].min() > 5 * relu["dnn"].max()


def test_the_dnn_is_not_immune_to_stride():
    equal = replace(FAIR, epochs=100, max_updates=280)
    assert last(equal, "dnn").max() < 0.001
    assert last(replace(equal, stride=24), "dnn").min() > 0.02


def test_on_two_cycles_hardly_anything_is_between_the_two():
    double = both(replace(TANH, series="two_cycles"))
    assert 0.9 < np.median(double["lstm"]) / np.median(double["dnn"]) < 1.1
