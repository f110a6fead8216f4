"""What `from_window_to_window` says of the state holds for other seeds and other draws of the noise than its own."""

from dataclasses import replace

import numpy as np
import pytest
from claims import best, last, trained

from helpers import EXAMPLES, Experiment, echo, floor
from helpers.models import TimeseriesGenerator, keras

NOISY = Experiment(
    length=3, noise=0.3, activation="tanh", learning_rate=0.003, epochs=1, batch_size=3, draw=1, stateful=True
)
ECHO = replace(NOISY, series=echo(4, 2190, seed=1), noise=0, epochs=2)
ONE_WINDOW = floor(replace(NOISY, stateful=False))["lstm"]


def ends(experiment):
    """The LSTM's last losses, one for each of three seeds: in training, as trained, reading on."""
    kinds = ("losses", *(["val_losses_as_trained"] if experiment.stateful else []), "val_losses")
    return [last(experiment, kind=kind) for kind in kinds]


def gap(experiment, samples):
    """The same with a gap, and about as many updates."""
    size = experiment.length + samples
    wide = replace(experiment, batch_size=size, epochs=experiment.epochs * round(size / experiment.length))
    assert wide.gap == samples
    return wide


def test_the_random_order_of_all_windows_costs_nothing():
    in_order, shuffled = (best(replace(EXAMPLES[2], epochs=4, shuffle=how)) for how in (False, True))
    assert max(in_order.max(), shuffled.max()) < 1e-4
    assert 1 / 5 < np.median(shuffled) / np.median(in_order) < 5


def test_the_answers_of_a_stateless_lstm_are_the_same_in_every_order_and_those_of_a_stateful_one_are_not():
    windows = NOISY.windows.take(NOISY.train)[0][:96]
    stateless = trained(replace(NOISY, stateful=False))[0].models["lstm"]
    forward, backward = (stateless.predict(some, verbose=0) for some in (windows, windows[::-1]))
    assert np.abs(forward - backward[::-1]).max() < 1e-5
    for model, differs in ((stateless, False), (trained(NOISY)[0].models["lstm"], True)):
        answers = [model.predict(windows[:1], verbose=0).item() for _ in range(3)]
        assert (np.ptp(answers) > 0.01) == differs


def test_the_gaps_are_those_of_the_article_s_examples():
    gaps = [example.gap for example in EXAMPLES.values()]
    assert gaps == [29, 8, 232]
    assert replace(EXAMPLES[2], batch_size=24).gap == replace(EXAMPLES[3], batch_size=3).gap == 0


@pytest.mark.parametrize("draw", [1, 2])
def test_on_the_noisy_sine_a_state_that_joins_carries_what_a_window_of_three_lacks(draw):
    joined, stateless = (ends(replace(NOISY, draw=draw, stateful=kept)) for kept in (True, False))
    for losses in joined:
        assert losses.max() < ONE_WINDOW / 3
    assert stateless[-1].min() > ONE_WINDOW


@pytest.mark.parametrize("draw", [1, 2])
def test_shuffled_the_state_does_no_better_than_one_window(draw):
    training, as_trained, reading_on = ends(replace(NOISY, draw=draw, shuffle=True))
    assert min(training.min(), as_trained.min(), reading_on.min()) > 0.9 * ONE_WINDOW


@pytest.mark.parametrize("draw", [1, 2])
def test_trained_with_a_gap_it_is_good_with_the_gap_and_bad_without_unless_the_gap_is_a_day(draw):
    training, as_trained, reading_on = ends(gap(replace(NOISY, draw=draw), 29))
    assert max(training.max(), as_trained.max()) < ONE_WINDOW / 3 and reading_on.min() > 1.5 * ONE_WINDOW
    for losses in ends(gap(replace(NOISY, draw=draw), 24)):
        assert losses.max() < ONE_WINDOW / 3


def test_trained_with_a_gap_of_half_a_day_it_is_good_with_the_gap_and_worse_than_the_mean_without():
    for losses, good in zip(ends(gap(NOISY, 12))[1:], (True, False)):
        assert losses.max() < ONE_WINDOW / 3 if good else losses.min() > 0.5


@pytest.mark.parametrize("draw, most, middle", [(1, 1, 0.9), (2, 0.95, 0.8)])
def test_on_echo_windows_that_join_or_a_gap_of_whole_days_let_the_state_help_and_a_gap_of_29_does_not(
    draw, most, middle
):
    here = replace(ECHO, series=echo(4, 2190, seed=draw))
    (_, joined, _), (_, days, read_on), (_, other, _) = (ends(case) for case in (here, gap(here, 28), gap(here, 29)))
    shuffled = ends(replace(here, shuffle=True))[1]
    stateless = last(replace(here, stateful=False))
    nothing = min(other.min(), shuffled.min(), stateless.min())
    assert joined.max() < most * nothing and days.max() < 0.95 * nothing
    assert nothing > 0.95 and np.median(joined) < middle * nothing
    assert (read_on < days).all()  # its state is then that of the day before


@pytest.mark.parametrize("draw", [1])
def test_on_echo_at_its_full_length_a_kept_state_does_harm(draw):
    day = replace(ECHO, series=echo(8, 1095, seed=draw), length=8, batch_size=8, epochs=3)
    assert day.gap == 0
    assert last(day).min() > 2 * last(replace(day, stateful=False)).max()


def test_on_the_sine_without_noise_at_length_24_a_kept_state_brings_nothing():
    whole = replace(EXAMPLES[2], batch_size=24, epochs=1, activation="tanh")
    kept, empty = (last(replace(whole, stateful=how)) for how in (True, False))
    assert 0.5 < np.median(kept) / np.median(empty) < 2


SLOWLY = {"batch_size": 24, "learning_rate": 0.0001, "epochs": 6}


@pytest.mark.parametrize("settings", [{"batch_size": 24}, {}, {"stride": 8, "batch_size": 3}, SLOWLY], ids=str)
def test_with_fifty_units_of_relu_a_kept_state_diverges_joined_or_not_and_at_a_tenth_of_the_rate(settings):
    for result in trained(replace(EXAMPLES[2], stateful=True, **{"epochs": 3, **settings})):
        assert result.status == "diverged" and not np.isfinite(result.losses["lstm"][-1])


# what Keras empties, and what it does not, and the messages that people meet


def stateful(batch_size, steps=24):
    """A small Keras model with a stateful LSTM."""
    lstm = keras.layers.LSTM(8, stateful=True)
    model = keras.Sequential([keras.Input(batch_shape=(batch_size, steps, 1)), lstm, keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def held(model):
    """The output of the first unit that the LSTM holds in place 0: not 0, unless its state is empty."""
    return float(model.layers[0].states[0][0, 0])


def test_fit_evaluate_and_predict_read_on_and_only_reset_states_empties():
    inputs, targets = EXAMPLES[2].windows.take(EXAMPLES[2].train)
    inputs, targets = inputs[:96], targets[:96]
    model, seen = stateful(32), []
    assert held(model) == 0

    class Watch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            seen.append(("epoch", held(self.model)))

        def on_test_begin(self, logs=None):
            seen.append(("test", held(self.model)))

        def on_test_end(self, logs=None):
            seen.append(("tested", held(self.model)))

    validation = (inputs[::-1], targets[::-1])
    how = {"batch_size": 32, "shuffle": False, "verbose": 0}
    model.fit(inputs, targets, epochs=2, validation_data=validation, callbacks=[Watch()], **how)
    first, test, tested, second = (number for _, number in seen[:4])
    assert first == 0 and test != 0 and tested != test and second == tested
    model.predict(inputs, batch_size=32, verbose=0)  # in place 0 the last window is 64, before it was 31
    predicted = held(model)
    model.evaluate(inputs[:32], targets[:32], batch_size=32, verbose=0)
    assert len({0, second, predicted, held(model)}) == 4
    before = held(model)
    model.fit(inputs, targets, callbacks=[Watch()], **how)
    assert seen[-1] == ("epoch", before)
    model.layers[0].reset_states()
    assert held(model) == 0


def test_a_saved_model_begins_empty(tmp_path):
    model = stateful(32)
    model.predict(EXAMPLES[2].windows.take(EXAMPLES[2].train)[0][:32], verbose=0)
    model.save(tmp_path / "kept.keras")
    assert held(model) != 0 and held(keras.models.load_model(tmp_path / "kept.keras")) == 0


def test_the_messages_are_those_that_keras_gives():
    values, targets = EXAMPLES[2].train.values, EXAMPLES[2].train.targets
    inputs, wanted = EXAMPLES[2].windows.take(EXAMPLES[2].train)
    with pytest.raises(ValueError, match="the batch size must be static"):
        keras.Sequential([keras.Input((24, 1)), keras.layers.LSTM(8, stateful=True)])
    generator = TimeseriesGenerator(values, targets, length=24, batch_size=32)
    with pytest.raises(Exception, match=r"Incompatible shapes: \[8,\d+\] vs. \[32,\d+\]"):
        stateful(32).fit(generator, shuffle=False, verbose=0)
    with pytest.raises(ValueError, match="the batch size of the input sequences must be the same"):
        stateful(32).predict(inputs[:1], verbose=0)
    generator = TimeseriesGenerator(values[:40], targets[:40], length=24, batch_size=1)
    with pytest.raises(ValueError, match=r"enters the loop with shape \(1, 8\), but has shape \(None, 8\)"):
        stateful(1).fit(generator, verbose=0)
    stateful(1).fit(inputs[:4], wanted[:4], batch_size=1, shuffle=False, verbose=0)
    with pytest.raises(AttributeError, match="object has no attribute 'reset_states'"):
        stateful(32).reset_states()


def test_fit_shuffles_the_windows_and_the_batches_of_a_generator_unless_told():
    class Asked(TimeseriesGenerator):
        def __getitem__(self, index):
            asked.append(index)
            return super().__getitem__(index)

    values, targets = EXAMPLES[2].train.values[:504], EXAMPLES[2].train.targets[:504]
    for how, in_order in (({}, False), ({"shuffle": False}, True)):
        asked = []
        stateful(24).fit(Asked(values, targets, length=24, batch_size=24), verbose=0, **how)
        order = asked[-20:]
        assert (order == sorted(order)) == in_order, order
