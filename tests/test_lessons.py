"""Predictions and exercises, those of the notebooks too: right answers and likely wrong ones, by method and button."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from course import exercises

from helpers import Exercise, Experiment, Prediction, Windows, echo
from helpers.lessons import VIEW


@pytest.fixture
def prediction():
    return Prediction(
        "Whose loss is lower?",
        options={"lstm": "the LSTM's", "dnn": "the DNN's", "none": "neither"},
        why={"dnn": "It sees one sample."},
    )


@pytest.fixture
def exercise():
    def check(answer):
        return None if answer + 0 == 6 else "count again" if answer > 6 else "more"

    return Exercise(
        "How many?", check, hints=["More than `five`.", "Fewer than 7."], solution="answer = 6", right="six."
    )


def test_a_right_prediction_is_well_predicted(prediction):
    prediction.commit("lstm")
    assert prediction.compare("lstm") == "You predicted “the LSTM's”; the run says “the LSTM's”. Well predicted."


def test_a_wrong_prediction_gets_its_reason_if_there_is_one(prediction):
    prediction.commit("dnn")
    assert prediction.compare("lstm") == ("You predicted “the DNN's”; the run says “the LSTM's”. It sees one sample.")
    prediction.reset()
    prediction.commit("none")
    assert prediction.compare("lstm") == "You predicted “neither”; the run says “the LSTM's”."


def test_run_all_passes_a_question_that_nobody_answered(prediction):
    assert prediction.compare("lstm") == "You made no prediction; the run says “the LSTM's”."


def test_a_committed_answer_is_locked_until_reset(prediction):
    prediction.commit("dnn")
    assert "already committed" in prediction.commit("lstm")
    assert prediction.committed == "dnn"
    prediction.reset()
    assert prediction.committed is None
    prediction.commit("lstm")
    assert prediction.committed == "lstm"


@pytest.mark.parametrize("act", [Prediction.commit, Prediction.compare])
def test_an_unknown_key_gets_one_sentence(prediction, act):
    with pytest.raises(ValueError, match=r"^option 'gru' is unknown; use 'lstm' or 'dnn' or 'none'$"):
        act(prediction, "gru")


def test_a_question_needs_a_choice_and_reasons_need_their_options():
    with pytest.raises(ValueError, match="use at least 2"):
        Prediction("?", {"a": "only this"})
    with pytest.raises(ValueError, match="option 'c' is unknown"):
        Prediction("?", {"a": "this", "b": "that"}, why={"c": "because"})


def test_the_commit_button_commits_what_is_chosen_and_locks(prediction):
    prediction.button.click()
    assert prediction.committed is None and "Choose an answer first" in prediction.news.value
    prediction.choice.value = "none"
    prediction.button.click()
    assert prediction.committed == "none"
    assert prediction.choice.disabled and prediction.button.disabled
    prediction.reset()
    assert not prediction.choice.disabled and prediction.choice.value is None and not prediction.news.value


def test_a_commit_by_method_shows_in_the_widgets(prediction):
    prediction.commit("dnn")
    assert prediction.choice.value == "dnn" and prediction.button.disabled


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (6, "Right: six."),
        (7, "Not yet: count again"),
        (5, "Not yet: more"),
        (..., "Not yet: replace the ... by your answer"),
    ],
)
def test_an_answer_is_right_or_gets_the_hint_that_fits_it(exercise, answer, said):
    assert exercise.check(answer) == said


@pytest.mark.parametrize("answer", ["six", None, len, np.array([6, 7]), Experiment()])
def test_an_answer_of_another_kind_gets_a_sentence_not_a_traceback(exercise, answer):
    said = exercise.check(answer)
    assert said.startswith("Not yet: the check could make nothing of this answer, of type ")
    assert "\n" not in said and " at 0x" not in said


@pytest.mark.parametrize("answer", [6, 6.0, np.int64(6), np.float32(6), np.array(6), np.uint8(6)])
def test_where_a_number_is_asked_for_any_kind_of_number_is_taken(answer):
    asks = Exercise("How many?", lambda answer: None if answer == 6 else "count", [], "", number="a whole number")
    assert asks.check(answer) == "Right: that is it."


@pytest.mark.parametrize("answer", ["6", None, [6], np.array([6]), True, 6j, np.arange(99), Experiment(), {"a": 6}])
def test_where_a_number_is_asked_for_the_check_sees_nothing_else(answer):
    asks = Exercise("How many?", lambda answer: None, [], "", number="a whole number, such as 7")
    said = asks.check(answer)
    assert said.startswith("Not yet: ") and said.endswith(" is not a number; use a whole number, such as 7")
    assert "\n" not in said and len(said) < 100


def test_hints_come_one_at_a_time_and_end(exercise):
    assert exercise.hint() == "Hint 1 of 2: More than `five`."
    assert exercise.hint() == "Hint 2 of 2: Fewer than 7."
    assert exercise.hint() == exercise.hint() == "There are no more hints; solution() shows one way to do it."


def test_the_buttons_show_hint_and_solution_where_a_screen_reader_hears_them(exercise):
    hint, solution = exercise.box.children[1].children
    hint.click()
    assert "More than <code>five</code>." in exercise.news.value and 'role="status"' in exercise.news.value
    solution.click()
    assert "answer = 6" in exercise.news.value


def test_what_a_notebook_keeps_is_fixed_text(prediction, exercise):
    before = repr(prediction), repr(exercise)
    prediction.commit("dnn")
    exercise.hint()
    assert (repr(prediction), repr(exercise)) == before
    for card in (prediction, exercise):
        bundle = card._repr_mimebundle_()
        assert set(bundle) == {"text/plain", VIEW} and bundle["text/plain"] == repr(card)
    assert repr(exercise.check(6)) == "Right: six."  # without quotation marks
    assert repr(exercise.solution()) == "answer = 6"


def test_text_is_shown_as_text_in_the_colours_of_the_page():
    tricky = Prediction("Is <b>1 < 2</b>?", {"a": "yes", "b": "no"})
    question = tricky.box.children[0].value
    assert "&lt;b&gt;1 &lt; 2&lt;/b&gt;" in question and "color" not in question


def fair_map(strides=(1, 7, 24), seeds=3, **settings):
    """Experiments for lengths 3 and 24 by some strides and seeds."""
    cells = product((3, 24), strides, range(seeds))
    return [Experiment(length=length, stride=stride, seed=seed, **settings) for length, stride, seed in cells]


def two_columns(counts, degrees, length):
    """The windows of two columns, and the counts just after them."""
    both = np.column_stack([counts, degrees])
    return np.stack([both[row - length : row] for row in range(length, len(both))]), counts[length:]


RIGHT = "Right: "
ANSWERS = {  # notebook: for each exercise, answers with the beginning or a part of what they are told
    "series_and_windows": {
        1: [
            *((18, RIGHT), (18.0, RIGHT), (np.int64(18), RIGHT), (np.array(18), RIGHT)),
            *(
                (90, "stride 1"),
                (91, "row 100 has no target"),
                (19, "no target"),
                (20, "too few samples"),
                (17, "below 100"),
            ),
            *(("18", "'18' is not a number"), ([18], "[18] is not a number"), (None, "not a number")),
        ],
        2: [
            *((46, RIGHT), (46.0, RIGHT), (np.int64(46), RIGHT), (np.array(46.0), RIGHT)),
            *((49, "sampling rate 1"), (50, "never in its window"), (45, "50 - 24"), (26, "oldest"), (44, "5")),
            *(([46], "[46] is not a number"), ("46", "'46' is not a number"), (range(3), "not a number")),
        ],
        3: [
            (Windows(22, sampling_rate=3, batch_size=16), RIGHT),
            (Windows(24, sampling_rate=np.int64(3), batch_size=16), RIGHT),
            (Windows(8, batch_size=16), "hours between samples: 1, not 3"),
            (Windows(16, sampling_rate=2, batch_size=16), "hours between samples: 2, not 3"),
            (Windows(8, sampling_rate=3, batch_size=16), "samples in a window: 3, not 8"),
            (Windows(24, sampling_rate=3), "windows in a batch: 32, not 16"),
            *(((16, 8, 1), "set answer to Windows(...)"), (Windows, "with a value for each setting")),
        ],
    },
    "a_short_window": {
        1: [
            *((9, RIGHT), (27, RIGHT), (9.0, RIGHT), (np.int64(9), RIGHT), (np.float64(27), RIGHT)),
            *((18, "half days"), (36, "half days"), (6, "0.125"), (0, "length 0 is too small")),
            *((9.5, "length 9.5 is not a whole number"), ("9", "'9' is not a number; use a whole number")),
            *(([9], "[9] is not a number"), (None, "None is not a number"), (np.array(9), RIGHT)),
        ],
        2: [
            (Experiment(length=13, sampling_rate=12), RIGHT),
            (Experiment(length=2), "samples 1 h apart determine the sine"),
            (Experiment(length=4, sampling_rate=3), "3 h apart determine the sine"),
            (Experiment(length=4, sampling_rate=3, noise=0.001), "leave noise alone"),
            (Experiment("two_cycles", length=4, sampling_rate=3), "leave series alone"),
            (Experiment("trend", length=4, sampling_rate=3), "take the plain sine"),
            (Experiment(length=24), "samples in a window: 24, rather than two"),
            (12, "of type int"),
        ],
        3: [
            *((4.5, RIGHT), (np.float32(4.5), RIGHT)),
            *((0.5, "between -1 and 1"), (1.5, "tripling"), (9, "very top"), (3, "try it")),
            *(("4.5", "'4.5' is not a number"), ([4.5], "not a number")),
        ],
    },
    "a_longer_window": {
        1: [
            *((3, RIGHT), (9, RIGHT), (3.0, RIGHT), (np.int64(3), RIGHT), (np.float64(9), RIGHT)),
            *((6, "12 hours"), (18, "36 hours"), (12, "0.50"), (0, "length 0 is too small")),
            *((3.5, "length 3.5 is not a whole number"), ("3", "'3' is no number of samples")),
        ],
        2: [
            *((Experiment(sampling_rate=13), RIGHT), (Experiment(length=24, sampling_rate=np.int64(23)), RIGHT)),
            (Experiment(length=24, sampling_rate=12), "half a day apart"),
            (Experiment(length=24, sampling_rate=8), "samples in a window: 3, rather than 2"),
            (Experiment(echo(kept=1.0), sampling_rate=23), "leave series alone"),
            (Experiment("echo", sampling_rate=23, noise=0.1), "leave series and noise alone"),
            (Experiment(length=2), "keep it at 24"),
            (Experiment(), "samples in a window: 24"),
            *((18, "of type int"), ("18", "of type str")),
        ],
        3: [
            *((73, RIGHT), (73.0, RIGHT), (np.int64(73), RIGHT), (np.float64(73), RIGHT), (np.array(73), RIGHT)),
            *((72, "not yet more"), (0, "not yet more"), (-5, "not yet more"), (72.5, "steps are whole")),
            *((74, "a step less"), (10_000, "a step less"), ("73", "'73' is no number"), ([73], "is no number")),
        ],
    },
    "stride": {
        1: [
            *((23, RIGHT), (23.0, RIGHT), (np.int64(23), RIGHT), (np.float64(23), RIGHT)),
            *((19, "a larger stride"), (24, "only 1 of"), (8, "only 3 of"), (25, "up to 24"), (0, "too small")),
            *((7.5, "stride 7.5 is not a whole number"), ("23", "'23' is no stride")),
        ],
        2: [
            *((4, RIGHT), (4.0, RIGHT), (np.int64(4), RIGHT)),
            *((36, "rows apart"), (144, "stride 1"), (24, "not 24"), (5, "count"), ("4", "'4' is no number")),
        ],
        3: [
            (lambda loss, floor: loss < 0.9 * floor, RIGHT),
            (lambda loss, floor: (floor - loss) > 0.1 * floor, RIGHT),
            (lambda loss, floor: np.less(loss, np.multiply(floor, 0.9)), RIGHT),
            (lambda loss, floor: loss < floor, "a little below"),
            (lambda loss, floor: loss < 0.9999 * floor, "a little below"),
            (lambda loss, floor: loss < 0.995 * floor, "9.5 % below"),
            (lambda loss, floor: loss < 0.95 * floor, "9.5 % below"),
            (lambda loss, floor: loss > 0 and (floor - loss) / loss > 0.1, "9.5 % below"),
            (lambda loss, floor: loss < 0.81 * floor, "12 % below"),
            (lambda loss, floor: loss > floor, "is far below"),
            (lambda loss, floor: loss < floor - 0.1, "12 % below"),
            (lambda loss, floor: floor - loss > 0.04, "less than a tenth"),
            (lambda loss, floor: loss < 0.9 * floor and floor - loss > 0.02, "part of the floor"),
            (lambda loss, floor: loss / floor < 0.9, "ZeroDivisionError"),
            (0.45, "0.45 is no function"),
        ],
    },
    "inside_the_lstm": {
        1: [
            *((6, RIGHT), (6.0, RIGHT), (np.int64(6), RIGHT), (-6, RIGHT)),
            *((3, "count from the row"), (2, "its index"), (5, "not 0"), (8, "largest influence")),
            *((0.88, "largest influence"), ("6", "largest influence"), ([6], "of type list")),
        ],
        2: [
            *((1, RIGHT), (1.0, RIGHT), (np.float32(1), RIGHT), (0.2 * (0.5 * 6 + 0.25 * 8), RIGHT)),
            *((5, "output gate"), (2.8, "are missing"), (2.2, "input gate"), (1.6, "old cell state")),
            *((3, "first find"), (14 * 0.2, "are missing"), ("1", "of type str")),
        ],
        3: [
            *((14, RIGHT), (14.0, RIGHT), (np.int64(14), RIGHT)),
            *((12, "two older"), (13, "two older"), (26, "a day has 12"), (10, "must contain it")),
            *((15, "two older"), (14.5, "two older"), ([14], "of type list")),
        ],
    },
    "from_window_to_window": {
        1: [
            *((9, RIGHT), (9.0, RIGHT), (np.int64(9), RIGHT)),
            *((36, "is 108"), (8, "is -4"), (10, "is 4"), (9.5, "is 2.0"), (0, "is -36")),
            ("9", "of type str"),
        ],
        2: [
            *((12, RIGHT), (12.0, RIGHT), (np.int64(12), RIGHT)),
            *((3, "window 10 alone"), (13, "no window of this place"), (33, "its own state"), (4, "list the windows")),
            *(("12", "list the windows"), ([12], "of type list")),
        ],
        3: [
            *(("abcd", RIGHT), ("dcba", RIGHT), (["a", "b", "c", "d"], RIGHT), ({"a", "b", "c", "d"}, RIGHT)),
            *(("bcd", "look at a again: 6,984"), ("acd", "b again"), ("abd", "c again"), ("abc", "d again")),
            *(("abcde", "e again: training changes"), ("abcdf", "f again"), ("ef", "a again"), ("abcdz", "no such")),
            *(("ABCD", "A again: no such"), (4, "of type int")),
        ],
    },
    "a_fair_race": {
        1: [
            (207, RIGHT),
            (209, "near: at length 209"),
            (208, "more"),
            (12, "701, which is fewer"),
            (24, "1,301"),
            (207.5, "whole"),
            (0, "at least 1"),
        ],
        2: [(0.25, RIGHT), (0.5, "standard deviation"), (0.15, "squared"), (0.09, "own noise"), ("0.25", "type str")],
        3: [
            (lambda a, b: "first" if a.max() < b.min() else "second" if b.max() < a.min() else "undecided", RIGHT),
            (
                lambda a, b: "first" if np.max(a) < np.min(b) else "second" if np.max(b) < np.min(a) else "undecided",
                RIGHT,
            ),
            (lambda a, b: "first" if max(a) < min(b) else "second" if max(b) < min(a) else "undecided", "NaN"),
            (lambda a, b: "first" if a.max() <= b.min() else "second" if b.max() <= a.min() else "undecided", "equal"),
            (
                lambda a, b: "first" if a.max() < b.min() else "second" if np.nanmax(b) < a.min() else "undecided",
                "[1, 2, nan] it says 'second'",
            ),
            (lambda a, b: "first" if np.mean(a) < np.mean(b) else "second", "the worst of all"),
            (lambda a, b: "first" if np.max(a) < np.min(b) else "undecided", "the other way round"),
            (
                lambda a, b: "second" if np.all(np.less(b, a)) else "first" if np.max(a) < np.min(b) else "undecided",
                "not below all of the first",
            ),
            (lambda a, b: max(a) < min(b), "it says"),
            ("first", "of type str"),
        ],
    },
    "normalisation": {
        1: [
            *((7.17, RIGHT), (7.2, RIGHT), (np.float64(7.17), RIGHT), (7, "give one decimal"), (7.1, "round it")),
            *((-1.86, "the way back"), (9.5, "standard deviations"), (5, "both steps"), ("7.2", "of type str")),
        ],
        2: [
            (lambda train, valid: ((train - train.mean()) / train.std(), (valid - train.mean()) / train.std()), RIGHT),
            (lambda train, valid: [(p - np.mean(train)) / np.std(train) for p in (train, valid)], RIGHT),
            (lambda train, valid: tuple((p - p.mean()) / p.std() for p in (train, valid)), "its own scale"),
            (lambda train, valid: tuple((p - 6) / np.std([1, 3, 5, 7, 9, 11]) for p in (train, valid)), "a leak"),
            (lambda train, valid: (train - train.mean(), valid - train.mean()), "divide"),
            (lambda train, valid: tuple((p - 4) / train.std(ddof=1) for p in (train, valid)), "ddof=1 is pandas's"),
            (lambda train, valid: tuple((p - 4) / (train.std() + 1e-4) for p in (train, valid)), "scale both parts"),
            (lambda train, valid: ((train - train.mean()) / train.std(), valid), "scale both parts"),
            (lambda train, valid: (train / train.max(), valid / train.max()), "scale both parts"),
            (lambda train, valid: (train - train.mean()) / train.std(), "a tuple of two arrays"),
            (4.0, "of type float"),
        ],
    },
    "know_your_series": {
        1: [
            *((31, RIGHT), (31.0, RIGHT), (np.int64(31), RIGHT), (62, "a shorter length"), (32, "a shorter length")),
            *((30, "not alike"), (24.0, "lag 24"), (15.5, "whole"), (0, "at least 1"), ([31], "of type list")),
        ],
        2: [
            *((1, RIGHT), (1.0, RIGHT), (np.float64(1), RIGHT), (9, "so few"), (8, "are a day"), (3, "want cycles")),
            *((17, "slowest"), (6, "f - n"), (2, "f - n"), ([1], "of type list")),
        ],
    },
    "the_clinic_data": {
        1: [
            (lambda targets: targets[24:], RIGHT),
            (lambda targets: list(targets)[24:], RIGHT),
            (lambda targets: targets, "the target of row 0; is that inside it?"),
            (lambda targets: targets[:-24], "the target of row 0"),
            (lambda targets: targets[23:], "row 23"),
            (lambda targets: targets[25:], "row 25"),
            (lambda targets: np.roll(targets, -24), "the last gets the target of row 0"),
            (lambda targets: targets[24:-24], "windows with a target: 52"),
            (24, "of type int"),
        ],
        2: [
            (lambda hours, count, length: [r for r in range(hours * count) if r % hours >= length], RIGHT),
            (lambda hours, count, length: np.flatnonzero(np.arange(hours * count) % hours >= length), RIGHT),
            (lambda hours, count, length: [r for r in range(hours * count) if r % hours > length], "row 2 is missing"),
            (lambda hours, count, length: range(length, hours * count), "row 5 is kept, and lies over a seam"),
            (lambda hours, count, length: range(hours * count), "row 0 is kept"),
            (lambda hours, count, length: range(length, hours * count, hours), "row 3 is missing"),
            (lambda hours, count, length: hours - length, "not iterable"),
            ([24, 25], "of type list"),
        ],
    },
    "the_clinic_training": {
        1: [
            (lambda answers, targets: np.mean((answers.reshape(-1) - targets.reshape(-1)) ** 2), RIGHT),
            (lambda answers, targets: float(np.mean((np.ravel(answers) - np.ravel(targets)) ** 2)), RIGHT),
            (lambda answers, targets: 3, "it gives 3.00, not 1.67"),
            (lambda answers, targets: np.mean((answers - targets) ** 2), "for shapes (3, 1) and (3,) it gives"),
            (lambda answers, targets: np.mean((answers - targets.T) ** 2), "for shapes (3, 1) and (3, 1) it gives"),
            (lambda answers, targets: (answers.ravel() - targets.ravel()) ** 2, "array of shape (3,)"),
            (lambda answers, targets: np.mean(answers.ravel() - targets.ravel()) ** 2, "it gives 1.00, not 3.00"),
            (lambda answers, targets: np.mean((answers.ravel() - targets.ravel()) ** 2) ** 0.5, "the root"),
            (lambda answers, targets: np.mean((answers[:, 0] - targets.ravel()) ** 2), "IndexError"),
            (3.0, "of type float"),
        ],
        2: [
            (Experiment(length=168, stride=7, activation="tanh", max_updates=150), RIGHT),
            (Experiment(length=168, stride=24, epochs=2), "only 18 updates"),
            (Experiment(length=168, stride=24, activation="tanh", epochs=15), "1 of the 24 hours"),
            (Experiment(length=168, stride=23, epochs=15), "without limit"),
            (Experiment(length=168, activation="tanh"), "more than 300"),
            (Experiment(length=24, activation="tanh", max_updates=200), "the length of 168"),
            (Experiment(length=168, sampling_rate=7, max_updates=300), "all its samples"),
            ("tanh", "of type str"),
        ],
    },
    "your_own_series": {
        1: [
            ({"time": ["day", "hour"], "comment": "#", "na_values": "?", "thousands": "."}, RIGHT),
            ({"time": ("day", "hour"), "skiprows": 1, "na_values": ["?"], "decimal": ",", "thousands": "."}, RIGHT),
            (
                {"time": ["day", "hour"]},
                "from_csv says: line 2 of 'meter.csv' holds the names of the columns; give skip",
            ),
            ({"time": ["day", "hour"], "skiprows": 1}, "from_csv says: line 12 of column 'power'"),
            ({"time": ["day", "hour"], "skiprows": 1, "na_values": "?"}, "thousands='.' if so"),
            ({"time": ["day", "hour"], "skiprows": 1, "na_values": "?", "decimal": "."}, "the point mean"),
            ({"comment": "#", "na_values": "?", "thousands": "."}, "name the two columns of the time"),
            ({"time": "day", "comment": "#", "na_values": "?", "thousands": "."}, "tells them apart"),
            (["day", "hour"], "as a dict"),
        ],
        2: [
            *((23, RIGHT), (23.0, RIGHT), (np.int64(23), RIGHT)),
            *((24, "lies 25 hours after"), (0, "lies 1 hours after"), (22, "lies 23 hours"), (48, "row + ahead")),
            ([23], "of type list"),
        ],
    },
    "tomorrow": {
        1: [
            (lambda samples, border, length, horizon: range(border + length, samples - horizon + 1), RIGHT),
            (lambda samples, border, length, horizon: np.arange(border + length, samples - horizon + 1), RIGHT),
            (lambda samples, border, length, horizon: range(border, samples - horizon + 1), "begins at 76, in the"),
            (lambda samples, border, length, horizon: range(border + length, samples), "for row 222, beyond row 199"),
            (lambda samples, border, length, horizon: range(border + length, samples - horizon), "some are missing"),
            (lambda samples, border, length, horizon: range(124, 177, 24), "some are missing: 124 to 176 are right"),
            (lambda samples, border, length, horizon: [], "some are missing"),
            (124, "of type int"),
        ],
        2: [
            (two_columns, RIGHT),
            (lambda *given: tuple(part.tolist() for part in two_columns(*given)), RIGHT),
            (lambda *given: (two_columns(*given)[0][:, :, :1], two_columns(*given)[1]), "the shape (6, 4, 1)"),
            (lambda *given: (two_columns(*given)[0][:, :, ::-1], two_columns(*given)[1]), "a count and a temperature"),
            (lambda *given: (two_columns(*given)[0], given[0][3:-1]), "the first should be the count after its window"),
            (lambda *given: two_columns(*given)[0], "ValueError"),
        ],
    },
    "the_playground": {
        1: [
            (fair_map(epochs=20, max_updates=200), RIGHT),
            (fair_map(epochs=500, max_updates=200)[::-1], RIGHT),
            (fair_map(max_updates=200), "at stride 24 a run makes 100 updates"),
            (fair_map(epochs=20), "which setting ends it early"),
            (iter(fair_map(epochs=20, max_updates=200)), RIGHT),
            (fair_map(seeds=1, epochs=20, max_updates=200), "has the seeds [0]; give"),
            (fair_map(strides=(1, 7), epochs=20, max_updates=200), "has 4 cells"),
            (3 * fair_map(seeds=1, epochs=20, max_updates=200), "has the seeds [0, 0, 0]"),
            ([replace(e, noise=e.seed / 9) for e in fair_map(epochs=20, max_updates=200)], "changes nothing else"),
            ([replace(e, units=e.seed + 1) for e in fair_map(epochs=20, max_updates=200)], "changes nothing else"),
            ([(3, 1), (3, 7)], "a list of Experiments"),
            (Experiment(), "of type Experiment"),
        ],
        2: [
            (73, RIGHT),
            (73.0, RIGHT),
            (np.int64(73), RIGHT),
            ([73], "of type list"),
            (33, "five seeds"),
            (100, "the file holds some"),
            (40, "stopped before"),
            (27, "not made again"),
        ],
    },
}


@pytest.mark.parametrize("notebook", ANSWERS)
def test_a_notebooks_exercises_know_right_from_wrong(notebook):
    given, names = exercises(notebook)
    assert set(given) == {f"exercise-{number}" for number in ANSWERS[notebook]}
    for number, answers in ANSWERS[notebook].items():
        exercise = given[f"exercise-{number}"]
        assert exercise.check(...) == "Not yet: replace the ... by your answer"
        for answer, told in answers:
            said = exercise.check(answer)
            assert said.startswith(RIGHT) == (told == RIGHT) and told in said, (number, answer, said)
        exec(exercise.source, names)
        assert exercise.check(names["answer"]).startswith(RIGHT), f"the solution of exercise {number} is wrong"
        assert len(exercise.hints) >= 2
