"""An Experiment is a checked, frozen value that prints as the code that makes it."""

import dataclasses
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import EXAMPLES, Experiment, Series, sine
from helpers.experiment import ACTIVATIONS, DNN_SEES
from helpers.series import BUILT_IN

SHORT = sine(24, 40)

SENTENCES = [
    ({"length": 0}, "length 0 is too small; use 1 or more"),
    ({"length": -3}, "length -3 is too small; use 1 or more"),
    ({"length": 2.5}, "length 2.5 is not a whole number; use 1 or more"),
    ({"length": "3"}, "length '3' is not a whole number; use 1 or more"),
    ({"length": True}, "length True is not a whole number; use 1 or more"),
    ({"length": None}, "length None is not a whole number; use 1 or more"),
    (
        {"length": 9000},
        "length 9000 leaves no window in the 1752 samples of the validation part; use at most 1751",
    ),
    (
        {"length": 1752},
        "length 1752 leaves no window in the 1752 samples of the validation part; use at most 1751",
    ),
    (
        {"length": 192, "series": SHORT},
        "length 192 leaves no window in the 192 samples of the validation part; use at most 191",
    ),
    ({"stride": 0}, "stride 0 is too small; use 1 or more"),
    ({"stride": -8}, "stride -8 is too small; use 1 or more"),
    ({"stride": 0.5}, "stride 0.5 is not a whole number; use 1 or more"),
    ({"stride": 9000}, "stride 9000 steps over all of the 1752 samples of the validation part; use at most 1752"),
    ({"sampling_rate": 0}, "sampling_rate 0 is too small; use 1 or more"),
    ({"sampling_rate": 1.5}, "sampling_rate 1.5 is not a whole number; use 1 or more"),
    ({"batch_size": 0}, "batch_size 0 is too small; use 1 or more"),
    ({"batch_size": 32.0}, "batch_size 32.0 is not a whole number; use 1 or more"),
    ({"batch_size": 10**6}, "batch_size 1000000 is too large; use at most 8192"),
    ({"units": 0}, "units 0 is too small; use 1 or more"),
    ({"units": 10**6}, "units 1000000 is too large; use at most 1024"),
    ({"epochs": 0}, "epochs 0 is too small; use 1 or more"),
    ({"max_updates": 0}, "max_updates 0 is too small; use 1 or more"),
    ({"max_updates": 1.5}, "max_updates 1.5 is not a whole number; use 1 or more"),
    ({"seed": -1}, "seed -1 is too small; use 0 or more"),
    ({"seed": 2**32}, "seed 4294967296 is too large; use at most 4294967295"),
    ({"draw": -1}, "draw -1 is too small; use 0 or more"),
    ({"draw": 0.5}, "draw 0.5 is not a whole number; use 0 or more"),
    ({"series": "memory"}, "series 'memory' has a new name, 'echo'; use series='echo'"),
    ({"series": "cosine"}, "series 'cosine' is unknown; use 'sine', 'two_cycles', 'echo', 'fast_cycle' or 'trend'"),
    ({"series": None}, "series None is unknown; use 'sine', 'two_cycles', 'echo', 'fast_cycle' or 'trend'"),
    ({"activation": "sigmoid"}, "activation 'sigmoid' is unknown; use 'relu' or 'tanh'"),
    ({"activation": "ReLU"}, "activation 'ReLU' is unknown; use 'relu' or 'tanh'"),
    ({"activation": None}, "activation None is unknown; use 'relu' or 'tanh'"),
    ({"dnn_sees": "all"}, "dnn_sees 'all' is unknown; use 'oldest', 'latest' or 'window'"),
    ({"shuffle": 1}, "shuffle 1 is not a yes or no; use True or False"),
    ({"stateful": "yes"}, "stateful 'yes' is not a yes or no; use True or False"),
    (
        {"stateful": True, "batch_size": 6985},
        "batch_size 6985 makes no full batch of 6984 windows; use at most 6984",
    ),
    (
        {"stateful": True, "series": SHORT, "length": 191, "stride": 192},
        "batch_size 32 makes no full batch of 4 windows; use at most 4",
    ),
    ({"noise": -0.1}, "noise -0.1 is not a number of 0 or more; try noise 0.1"),
    ({"noise": float("nan")}, "noise nan is not a number of 0 or more; try noise 0.1"),
    ({"noise": "much"}, "noise 'much' is not a number of 0 or more; try noise 0.1"),
    ({"learning_rate": 0}, "learning_rate 0 is not a number above 0; try learning_rate 0.1"),
    ({"learning_rate": -0.001}, "learning_rate -0.001 is not a number above 0; try learning_rate 0.1"),
    ({"learning_rate": float("inf")}, "learning_rate inf is not a number above 0; try learning_rate 0.1"),
    ({"learning_rate": True}, "learning_rate True is not a number above 0; try learning_rate 0.1"),
]

SETTINGS = [
    {},
    {"length": 3},
    {"stride": 8, "length": 24},
    {"series": SHORT},
    {"series": sine(24, 40, noise=0.3, seed=2).normalised(), "noise": 0.1},
    {"noise": 0.1 + 0.2, "learning_rate": 1e-5},
    {"shuffle": True, "dnn_sees": "window", "activation": "tanh", "units": 8},
    {"stateful": True, "length": 3},
    {"max_updates": 100, "epochs": 3, "seed": 2**32 - 1, "batch_size": 7, "sampling_rate": 12},
    {"length": np.int64(12), "learning_rate": np.float64(0.01)},
]


@pytest.mark.parametrize("settings, sentence", SENTENCES, ids=str)
def test_a_bad_setting_gets_one_sentence_that_names_it_and_what_would_work(settings, sentence):
    with pytest.raises(ValueError) as caught:
        Experiment(**settings)
    assert str(caught.value) == sentence


def test_what_the_sentences_propose_does_work():
    Experiment(length=1751)
    Experiment(stride=1752)
    Experiment(series=SHORT, length=191, stride=192)
    Experiment(stateful=True, batch_size=6984)
    Experiment(stateful=True, series=SHORT, length=191, stride=192, batch_size=4)
    Experiment(batch_size=8192, units=1024, seed=2**32 - 1, learning_rate=0.1, noise=0.1)
    for sees in DNN_SEES:
        Experiment(dnn_sees=sees)


def test_an_array_for_a_series_gets_a_sentence_about_the_series():
    with pytest.raises(ValueError) as caught:
        Experiment(series=np.sin(np.arange(100.0)))
    assert str(caught.value).startswith("series ")


def test_a_series_with_a_missing_value_never_becomes_an_experiment():
    with pytest.raises(ValueError, match=r"^values has nan at sample 1; fill or drop it first$"):
        Experiment(series=Series([1, float("nan"), 3], [1, 2, 3]))


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_the_repr_of_an_experiment_pastes_back_as_the_same_experiment(settings):
    experiment = Experiment(**settings)
    again = eval(repr(experiment), {"Experiment": Experiment, "sine": sine})
    assert again == experiment and hash(again) == hash(experiment) and repr(again) == repr(experiment)


def test_the_repr_names_only_what_is_not_the_default():
    assert repr(Experiment()) == "Experiment()"
    assert repr(Experiment(length=3, shuffle=True)) == "Experiment(length=3, shuffle=True)"
    assert Experiment(length=3, seed=0).changes() == {"length": 3}


def test_experiments_are_frozen_and_hashable():
    experiment = Experiment()
    with pytest.raises(dataclasses.FrozenInstanceError):
        experiment.length = 3
    assert {Experiment(length=3): 1}[Experiment(length=3)] == 1
    assert len({Experiment(), Experiment(length=24), Experiment(length=25), Experiment(series=SHORT)}) == 3
    assert dataclasses.replace(experiment, length=3) == Experiment(length=3)


def test_the_defaults_are_the_article_s_second_example():
    experiment = Experiment()
    assert dataclasses.asdict(experiment) == {
        "series": "sine",
        "noise": 0.0,
        "length": 24,
        "stride": 1,
        "sampling_rate": 1,
        "batch_size": 32,
        "shuffle": False,
        "dnn_sees": "oldest",
        "units": 50,
        "activation": "relu",
        "learning_rate": 0.001,
        "epochs": 10,
        "seed": 0,
        "max_updates": None,
        "draw": 0,
        "stateful": False,
    }


def test_the_examples_are_the_article_s_three():
    assert {1: Experiment(length=3), 2: Experiment(), 3: Experiment(length=24, stride=8)} == EXAMPLES
    assert [example.updates for example in EXAMPLES.values()] == [10 * math.ceil(7005 / 32), 10 * 219, 10 * 28]


@pytest.mark.parametrize("kind", [np.int64, np.int32, np.uint16])
def test_numpy_s_whole_numbers_are_welcome(kind):
    settings = {
        "length": 12,
        "stride": 2,
        "sampling_rate": 3,
        "batch_size": 16,
        "units": 8,
        "epochs": 2,
        "seed": 4,
        "max_updates": 5,
    }
    ours = Experiment(**{name: kind(value) for name, value in settings.items()})
    assert ours == Experiment(**settings) and hash(ours) == hash(Experiment(**settings))
    assert all(type(getattr(ours, name)) is int for name in settings)


@pytest.mark.parametrize("kind", [int, np.int64, np.float64, np.float32])
def test_numbers_of_any_kind_are_welcome_for_noise_and_learning_rate(kind):
    ours = Experiment(series=SHORT, noise=kind(1), learning_rate=kind(2))
    assert ours == Experiment(series=SHORT, noise=1.0, learning_rate=2.0)


@pytest.mark.parametrize(
    "settings", [{}, {"length": 3, "batch_size": 7}, {"stride": 8}, {"length": 191, "stride": 192}], ids=str
)
def test_the_updates_are_the_epochs_times_the_batches_unless_max_updates_ends_them_early(settings):
    experiment = Experiment(series=SHORT, epochs=3, **settings)
    all_of_them = 3 * len(experiment.windows.generator(experiment.train))
    assert experiment.updates == all_of_them
    for most in (1, all_of_them - 1, all_of_them, all_of_them + 1, 10**9):
        assert dataclasses.replace(experiment, max_updates=most).updates == min(most, all_of_them)


def test_the_validation_part_is_the_last_fifth_at_stride_1():
    experiment = Experiment(length=24, stride=8, sampling_rate=2, batch_size=16)
    assert (len(experiment.train), len(experiment.validation)) == (7008, 1752)
    assert experiment.validation_windows == dataclasses.replace(experiment.windows, stride=1)
    assert experiment.validation_windows.count(experiment.validation) == 1752 - 24
    assert np.array_equal(experiment.validation.values, sine().values[7008:])


@pytest.mark.parametrize("settings", [{}, {"length": 3, "batch_size": 7}, {"stride": 8, "batch_size": 5}], ids=str)
def test_a_stateful_run_counts_full_batches_alone(settings):
    plain = Experiment(series=SHORT, epochs=3, **settings)
    kept = dataclasses.replace(plain, stateful=True)
    windows, batch = plain.windows.count(plain.train), plain.batch_size
    assert windows % batch
    assert kept.windows.count(kept.train) == windows // batch * batch
    assert kept.updates == 3 * (windows // batch) == plain.updates - 3
    assert np.array_equal(kept.windows.rows(kept.train), plain.windows.rows(plain.train)[: windows // batch * batch])
    assert kept.validation_windows == plain.validation_windows


@pytest.mark.parametrize("length, stride, sampling_rate", [(24, 1, 1), (24, 8, 1), (7, 2, 3), (5, 1, 12)])
@pytest.mark.parametrize("batch_size", [1, 3, 24])
def test_the_gap_is_what_lies_between_a_window_and_that_in_its_place_of_the_next_batch(
    length, stride, sampling_rate, batch_size
):
    experiment = Experiment(length=length, stride=stride, sampling_rate=sampling_rate, batch_size=batch_size)
    samples = experiment.windows.samples(experiment.windows.rows(experiment.train))
    for place in (0, batch_size - 1):
        end = samples[place][-1] + sampling_rate
        assert samples[place + batch_size][0] - end == experiment.gap


def test_windows_join_where_a_batch_is_as_long_as_a_window():
    joined = [Experiment(batch_size=24), Experiment(stride=8, batch_size=3), Experiment(stride=24, batch_size=1)]
    assert [experiment.gap for experiment in joined] == [0, 0, 0]
    assert (Experiment().gap, Experiment(batch_size=16).gap) == (8, -8)


def test_noise_is_added_to_the_whole_series_before_it_is_split():
    experiment = Experiment(noise=0.3)
    both = np.concatenate([experiment.train.values, experiment.validation.values])
    assert np.array_equal(both, experiment.series_with_noise.values)
    assert np.array_equal(both, sine(noise=0.3).values)
    assert np.array_equal(experiment.validation.targets, sine().targets[7008:])
    assert experiment.series_with_noise == Experiment(noise=0.3, seed=1, length=3).series_with_noise


@pytest.mark.parametrize("length, sampling_rate", [(1, 1), (24, 1), (24, 5), (3, 12), (7, 7), (8, 7)])
def test_the_dnn_sees_the_oldest_the_latest_or_every_sample_of_the_window(length, sampling_rate):
    ages = list(range(length, 0, -sampling_rate))
    for sees, expected in (("oldest", ages[:1]), ("latest", ages[-1:]), ("window", ages)):
        experiment = Experiment(length=length, sampling_rate=sampling_rate, dnn_sees=sees)
        row = 100
        seen = experiment.windows.samples([row])[0][experiment.dnn_steps]
        assert (row - seen).tolist() == expected


POSSIBLE = {  # on 40 days: 768 samples to train on, 192 to validate on
    "length": st.integers(1, 191),
    "stride": st.integers(1, 192),
    "sampling_rate": st.integers(1, 300),
    "batch_size": st.integers(1, 8192),
    "units": st.integers(1, 1024),
    "epochs": st.integers(1, 100_000),
    "seed": st.integers(0, 2**32 - 1),
    "max_updates": st.none() | st.integers(1),
    "noise": st.floats(0, 1e6),
    "learning_rate": st.floats(0, exclude_min=True, allow_infinity=False),
    "shuffle": st.booleans(),
    "activation": st.sampled_from(ACTIVATIONS),
    "dnn_sees": st.sampled_from(list(DNN_SEES)),
}
ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text() | st.binary()
ANYTHING |= st.lists(st.integers()) | st.just(np.zeros(3)) | st.just(np.float32(0.5)) | st.just(object())


@given(st.fixed_dictionaries({}, optional=POSSIBLE))
def test_any_possible_settings_are_an_experiment_that_prints_as_itself(settings):
    experiment = Experiment(SHORT, **settings)
    assert eval(repr(experiment)) == experiment and hash(eval(repr(experiment))) == hash(experiment)
    assert experiment.changes().keys() <= {"series", *settings}
    windows = len(range(experiment.length, 768, experiment.stride))
    assert experiment.windows.count(experiment.train) == windows
    whole = experiment.epochs * math.ceil(windows / experiment.batch_size)
    assert experiment.updates == min(whole, experiment.max_updates or whole)
    assert len(experiment.dnn_steps) in (1, math.ceil(experiment.length / experiment.sampling_rate))


@given(st.sampled_from(sorted(POSSIBLE)), ANYTHING)
def test_anything_at_all_is_an_experiment_or_gets_one_sentence_that_begins_with_its_setting(name, value):
    try:
        experiment = Experiment(SHORT, **{name: value})
    except ValueError as error:
        assert str(error).startswith(f"{name} ") and re.search("; (use|try) ", str(error)) and "\n" not in str(error)
    else:
        assert getattr(experiment, name) == value and eval(repr(experiment)) == experiment


@pytest.mark.parametrize("series", ["sine", "echo", "two_cycles"])
def test_a_draw_is_the_seed_of_the_noise_and_of_the_shapes_of_echo(series):
    first, second = (Experiment(series, noise=0.3, draw=draw) for draw in (0, 1))
    assert first.series_with_noise == Experiment(series, noise=0.3).series_with_noise != second.series_with_noise
    assert second.series_with_noise == BUILT_IN[series](seed=1).noisy(0.3, 1)
    assert second.updates == first.updates and repr(second).endswith("noise=0.3, draw=1)")
    clean = Experiment(series, draw=1).series_with_noise == Experiment(series).series_with_noise
    assert clean == (series != "echo")


def test_a_draw_changes_the_noise_of_a_series_of_ones_own():
    own = sine(24, 30)
    drawn = [Experiment(own, noise=0.3, draw=draw).series_with_noise.values for draw in (0, 1)]
    assert not np.array_equal(*drawn) and drawn[1].tolist() == own.noisy(0.3, 1).values.tolist()


def test_the_old_name_of_echo_names_the_new_one():
    with pytest.raises(ImportError, match=r"^memory has a new name, echo; use from helpers import echo$"):
        from helpers import memory  # noqa: F401
