"""A Session alone: no widget, no kernel, no TensorFlow; a training that takes no time stands in for the real one."""

import subprocess
import sys
import threading
import time

import pytest

from helpers import EXAMPLES, Experiment, Result
from helpers.experiment import MODELS
from helpers.lab import words
from helpers.lab.session import Session
from helpers.lab.worker import Worker
from helpers.results import Progress

QUICK = Experiment(epochs=2)
UPDATES = 20  # of a whole run


class Training:
    """Stands in for a real training: 5 updates at a time; it waits where the test holds its `gate`."""

    compiled, chunk = True, 5

    def __init__(self, experiment, gate, error=None):
        self.experiment, self.gate, self.error = experiment, gate, error
        self.updates, self.compilations, self.closed = 0, 0, False

    @property
    def over(self):
        return self.updates >= UPDATES

    @property
    def progress(self):
        return Progress(self.updates, 1, dict.fromkeys(MODELS, 0.1), dict.fromkeys(MODELS))

    def start(self, updates):
        def finish():
            assert self.gate.wait(5)
            if self.error:
                raise self.error
            self.updates += updates

        return finish

    def compile(self):
        self.compilations += 1

    def result(self):
        losses = {name: [0.5] for name in MODELS}
        status = "done" if self.over else "cancelled"
        return Result(self.experiment, losses, losses, 100, self.updates, 0.0, status, {}, {})

    def close(self):
        self.closed = True


class Lever:
    """What a test holds in its hand: the gate, what the next training fails with, and every training that was made."""

    def __init__(self):
        self.gate, self.error, self.made = threading.Event(), None, []
        self.gate.set()

    def start(self, experiment):
        self.made.append(Training(experiment, self.gate, self.error))
        return self.made[-1]


@pytest.fixture
def lever():
    lever = Lever()
    yield lever
    lever.gate.set()


@pytest.fixture
def worker():
    return Worker()


@pytest.fixture
def session(lever, worker):
    """A Session whose events are in `events`."""
    session = Session(QUICK, worker, lever.start)
    session.events = []
    session.listener = session.events.append
    return session


def until(condition):
    """Wait until a condition is true."""
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def under_way(session, lever):
    """Begin a run, and hold it in its first updates."""
    before = len(lever.made)
    lever.gate.clear()
    session.train()
    until(lambda: len(lever.made) > before and session.trainings and session.trainings[-1] is lever.made[-1])


def test_it_opens_ready_and_does_not_train(session, lever):
    assert (session.status, session.phase) == ("run 0: ready, press Train or move a slider", "ready")
    assert session.wait(0) and not lever.made and not session.events
    assert (session.runs, session.trainings, session.progress) == ([], [], None)


def test_quick_changes_make_one_run_of_the_last_settings(session, lever):
    for length in range(4, 14):
        session.change(length=length)
    assert session.wait(5)
    assert [result.experiment.length for result in session.runs] == [13] and len(lever.made) == 1
    assert session.status.startswith("run 1: done") and session.number == 1


def test_several_settings_change_at_once(session):
    session.change(**vars(EXAMPLES[3]))
    assert session.wait(5)
    assert session.runs[-1].experiment == session.experiment == EXAMPLES[3]
    assert session.events.count("settings") == 1


def test_a_change_to_what_is_so_already_trains_nothing(session, lever):
    session.change(length=QUICK.length)
    assert session.wait(5) and not lever.made and not session.events


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"length": 0}, "^length 0 is too small; use 1 or more$"),
        ({"stride": 3, "length": 9000}, "^length 9000 leaves no window in .*; use at most 1751$"),
        ({"lenght": 3}, "^setting 'lenght' is unknown; use 'series', 'noise', 'length', .* or 'seeds'$"),
    ],
)
def test_an_impossible_change_leaves_all_as_it_was(session, lever, settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        session.change(**settings)
    assert session.wait(5) and session.experiment == QUICK and not session.events and not lever.made


def test_a_change_in_the_middle_of_a_run_supersedes_it_and_its_result_is_not_kept(session, lever):
    under_way(session, lever)
    session.change(length=3)
    assert session.trainings == [] and session.progress is None
    lever.gate.set()
    assert session.wait(5)
    assert [result.experiment.length for result in session.runs] == [3] and session.number == 2
    assert all(training.closed for training in lever.made)


@pytest.mark.parametrize("change", [lambda session: session.change(length=3), lambda session: session.reset()])
def test_a_stale_run_tells_nothing(session, lever, change):
    under_way(session, lever)
    change(session)
    session.stop()  # and what the change has asked for does not begin
    session.events.clear()
    told = session.status
    lever.gate.set()
    until(lambda: lever.made[0].closed)
    assert session.wait(5) and not session.events and session.status == told
    assert session.trainings == [] and not session.runs


@pytest.mark.parametrize("presses", [1, 2, 7, 19])
def test_so_many_steps_make_so_many_updates_however_fast_they_are_pressed(session, presses):
    for _ in range(presses):
        session.step()
    assert session.wait(5)
    assert (session.trainings[0].updates, session.progress.updates, session.phase) == (presses, presses, "paused")
    assert f"update {presses}, " in session.status
    session.train()
    assert session.wait(5) and session.phase == "done" and session.trainings[0].updates >= UPDATES


def test_steps_from_many_threads_at_once_are_all_made(session, lever):
    under_way(session, lever)
    session.pause()
    many = [threading.Thread(target=session.step) for _ in range(12)]
    for thread in many:
        thread.start()
    for thread in many:
        thread.join()
    lever.gate.set()
    assert session.wait(5)
    assert session.trainings[0].updates == 5 + 12  # the advance that pause came into, and a step each


def test_pause_holds_and_train_goes_on_with_the_same_run(session, lever):
    under_way(session, lever)
    session.pause()
    lever.gate.set()
    assert session.wait(5) and session.phase == "paused"
    held = session.trainings[0].updates
    assert not session.events.count("begun") - 1 and session.events[-1] == "rest" and held < UPDATES
    session.train()
    assert session.wait(5) and session.phase == "done"
    assert len(lever.made) == 1 and len(session.runs) == 1


def test_pause_without_a_run_does_nothing(session, lever):
    session.pause()
    assert session.wait(5) and session.phase == "ready" and not session.events and not lever.made


def test_stop_ends_a_run_as_cancelled_and_keeps_what_it_has(session, lever):
    under_way(session, lever)
    session.stop()
    assert session.status == "run 1: cancelled, stopped"
    lever.gate.set()
    assert session.wait(5)
    assert session.status.startswith("run 1: cancelled, stopped; 5 updates in") and len(session.runs) == 1


def test_stop_before_any_run_is_no_cancelled(session, lever, worker):
    session.stop()
    session.reset()
    session.stop()
    assert session.status == "run 0: ready, press Train or move a slider" and session.events == ["reset"]
    session.change(length=3)
    session.stop()  # within the moment before it begins
    assert session.wait(5) and session.phase == "ready" and not lever.made
    ahead = Session(QUICK, worker, lever.start)
    ahead.warm_up()
    ahead.stop()
    assert ahead.phase == "ready"


def test_stop_after_a_run_is_over_changes_nothing(session):
    session.train()
    assert session.wait(5)
    told = session.status
    session.stop()
    assert session.status == told and session.phase == "done"


def test_reset_forgets_the_runs_and_keeps_the_settings(session):
    session.change(length=5)
    assert session.wait(5)
    session.reset()
    assert (session.runs, session.numbers, session.number, session.trainings, session.progress) == ([], [], 0, [], None)
    assert session.experiment.length == 5 and session.status.startswith("run 0: ready")
    session.train()
    assert session.wait(5) and session.status.startswith("run 1: done")


@pytest.mark.parametrize("error", [RuntimeError("no luck"), MemoryError(), OSError(28, "No space left on device")])
def test_a_failure_is_told_and_the_next_run_works(session, lever, error):
    lever.error = error
    session.train()
    assert session.wait(5)
    assert session.status == f"run 1: failed, {type(error).__name__}: {error}" and lever.made[0].closed
    lever.error = None
    session.train()
    assert session.wait(5) and session.status.startswith("run 2: done")


def test_a_listener_that_fails_is_told_and_the_next_run_works(session):
    def fail(event):
        if event == "rest":
            raise RuntimeError("no ink")

    session.listener = fail
    session.train()
    assert session.wait(5) and session.status == "run 1: failed, RuntimeError: no ink"
    session.listener = session.events.append
    session.train()
    assert session.wait(5) and session.status.startswith("run 2: done")


def test_of_two_sessions_the_one_last_touched_trains(session, lever, worker):
    other = Session(QUICK, worker, lever.start)
    under_way(session, lever)
    other.train()
    lever.gate.set()
    assert other.wait(5) and session.wait(5)
    assert session.status.startswith("run 1: cancelled, another Lab is training") and len(session.runs) == 1
    assert other.status.startswith("run 1: done")


def test_a_new_session_ends_what_the_others_train(session, lever, worker):
    under_way(session, lever)
    Session(QUICK, worker, lever.start)
    lever.gate.set()
    assert session.wait(5) and session.status.startswith("run 1: cancelled, a new Lab was opened")


def test_every_change_is_told_with_the_lock_held(session, worker):
    held = []
    tell = session.listener
    session.listener = lambda event: (held.append(worker.lock._is_owned()), tell(event))
    session.change(length=3)
    assert session.wait(5)
    assert [event for event in session.events if event != "progress"] == ["settings", "begun", "rest"]
    assert all(held)


def test_the_newest_progress_is_that_of_the_run_of_the_settings_now(session, lever):
    session.train()
    assert session.wait(5)
    assert session.progress == lever.made[-1].progress
    session.change(length=3)
    assert session.progress is None
    session.stop()


def test_compiling_ahead_is_no_run_and_nobody_waits_for_it(session, lever, monkeypatch):
    monkeypatch.setattr("helpers.lab.session.loaded", lambda: False)
    session.warm_up()
    assert session.wait(0)
    until(lambda: lever.made and lever.made[0].closed)
    assert (lever.made[0].compilations, lever.made[0].updates) == (1, 0)
    assert session.phase == "ready" and not session.events
    session.train()
    assert session.wait(5) and len(lever.made) == 2
    session.warm_up()
    assert session.wait(5) and len(lever.made) == 2


def test_compiling_ahead_ends_nothing_that_another_has_begun(session, lever, worker, monkeypatch):
    monkeypatch.setattr("helpers.lab.session.loaded", lambda: False)
    other = Session(QUICK, worker, lever.start)
    under_way(session, lever)
    other.warm_up()
    lever.gate.set()
    assert session.wait(5) and session.phase == "done" and len(lever.made) == 1


def test_a_run_that_another_lab_stops_before_it_begins_says_so(session, lever, worker):
    other = Session(QUICK, worker, lever.start)
    under_way(session, lever)
    session.change(length=3)  # it waits for the first to end
    other.train()
    told = "run 1: ready, another Lab is training; press Train or move a slider"
    assert (session.status, session.phase) == (told, "ready")
    lever.gate.set()
    assert other.wait(5) and other.phase == "done" and session.wait(0)
    assert session.status == told and not session.runs and len(lever.made) == 2
    session.pause()
    session.train()
    assert session.wait(5) and session.phase == "done" and session.number == 2


@pytest.mark.parametrize("error", [None, RuntimeError("no more memory")])
@pytest.mark.parametrize("forget", [lambda session: session.reset(), lambda session: session.change(length=3)])
def test_a_run_that_another_lab_has_stopped_tells_nothing_once_its_own_wants_none_of_it(
    session, lever, worker, forget, error
):
    lever.error = error
    other = Session(QUICK, worker, lever.start)
    session.live = False
    under_way(session, lever)
    lever.error = None
    other.train()
    forget(session)
    told = session.status
    assert session.phase == "ready"
    lever.gate.set()
    assert other.wait(5) and session.wait(5)
    assert session.status == told and not session.runs and session.progress is None


def test_one_worker_trains_for_all(session, lever, worker):
    for one in (session, Session(QUICK, worker, lever.start), session):
        one.train()
        assert one.wait(5)
    assert worker.thread.is_alive() and len(lever.made) == 3


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_several_seeds_train_side_by_side_as_one_run(session, lever, seeds):
    session.change(seed=7, seeds=seeds)
    assert session.wait(5)
    assert [training.experiment.seed for training in lever.made] == list(range(7, 7 + seeds))
    assert [training.updates for training in lever.made] == [UPDATES] * seeds
    (result,) = session.runs
    assert [other.experiment.seed for other in (result, *result.others)] == list(range(7, 7 + seeds))
    assert session.status.startswith("run 1: done, 20 updates each") and session.number == 1
    assert all(training.closed for training in lever.made)


def test_a_step_is_an_update_of_each_seed_and_pause_and_reset_hold_for_all(session, lever):
    session.change(seeds=3)
    session.step()
    session.step()
    assert session.wait(5) and session.phase == "paused"
    assert [training.updates for training in session.trainings] == [2, 2, 2]
    session.reset()
    until(lambda: all(training.closed for training in lever.made))
    assert session.trainings == [] and session.runs == [] and session.seeds == 3
    under_way(session, lever)
    session.change(seeds=2)
    lever.gate.set()
    assert session.wait(5) and len(session.runs) == 1 and len(session.runs[0].others) == 1
    assert all(training.closed for training in lever.made)


def test_the_progress_of_several_seeds_is_their_median(session, lever, monkeypatch):
    losses = {0: 0.5, 1: 0.2, 2: 0.9}
    progress = property(
        lambda training: Progress(
            training.updates,
            1,
            dict.fromkeys(MODELS, losses[training.experiment.seed]),
            dict.fromkeys(MODELS),
            float(training.experiment.seed),
        )
    )
    monkeypatch.setattr(Training, "progress", progress)
    session.change(seeds=3)
    session.step()
    assert session.wait(5)
    assert session.progress == Progress(1, 1, dict.fromkeys(MODELS, 0.5), dict.fromkeys(MODELS), 2.0)
    assert "LSTM 0.50, DNN 0.50" in session.status


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"seeds": 0}, "^seeds 0 is too small; use 1 or more$"),
        ({"seeds": 6}, "^seeds 6 is too large; use at most 5$"),
        ({"seeds": 1.5}, "^seeds 1.5 is not a whole number; use 1 or more$"),
        ({"seeds": 2, "seed": 2**32 - 1}, "^seed 4294967296 is too large; use at most 4294967295$"),
    ],
)
def test_seeds_that_cannot_be_had_are_refused(session, lever, worker, settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        session.change(**settings)
    assert session.wait(5) and session.seeds == 1 and not session.events and not lever.made
    with pytest.raises(ValueError, match="seeds 9 is too large; use at most 5"):
        Session(QUICK, worker, lever.start, seeds=9)


def test_where_one_of_the_seeds_cannot_begin_the_others_are_closed(session, lever):
    begin = lever.start

    def start(experiment):
        if experiment.seed == 2:
            raise MemoryError("too many")
        return begin(experiment)

    session._start = start
    session.change(seeds=3)
    assert session.wait(5)
    assert session.status == "run 1: failed, MemoryError: too many"
    assert len(lever.made) == 2 and all(training.closed for training in lever.made)


def test_a_session_that_is_not_live_waits_for_train(session, lever):
    session.live = False
    session.change(length=3)
    session.change(stride=8)
    assert session.wait(5) and not lever.made
    assert session.status == "run 0: ready, press Train to train with the new settings"
    session.train()
    assert session.wait(5)
    assert [(result.experiment.length, result.experiment.stride) for result in session.runs] == [(3, 8)]
    under_way(session, lever)
    session.change(length=5)  # what trains is no longer of these settings
    lever.gate.set()
    until(lambda: lever.made[-1].closed)
    assert session.wait(5) and len(session.runs) == 1 and session.phase == "ready"


def test_runs_keep_the_numbers_that_the_status_line_gave_them(session, lever):
    session.train()
    assert session.wait(5)
    under_way(session, lever)
    session.change(length=3)  # run 2 is superseded
    lever.gate.set()
    assert session.wait(5)
    assert session.numbers == [1, 3] and session.status.startswith("run 3: done")
    session.forget()
    assert (len(session.runs), session.numbers, session.number) == (1, [3], 3)
    assert session.runs[0].experiment.length == 3 and session.events[-1] == "forgotten"
    session.train()
    assert session.wait(5) and session.numbers == [3, 4]


def test_forgetting_without_a_run_forgets_nothing(session):
    session.forget()
    assert session.runs == [] and session.numbers == []


def test_a_closed_session_ends_its_run_and_tells_nothing_more(session, lever):
    under_way(session, lever)
    session.close()
    session.events.clear()
    lever.gate.set()
    until(lambda: lever.made[0].closed)
    assert session.wait(5) and not session.events
    assert session.status.startswith("run 1: cancelled, stopped")


PLACE = "each window is followed, in its place of the next batch, by one that begins "


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, PLACE + "8 samples after it ends"),
        ({"batch_size": 25}, PLACE + "1 sample after it ends"),
        ({"stride": 100, "batch_size": 20}, PLACE + "1,976 samples after it ends"),
        ({"batch_size": 24}, PLACE + "at once: they join"),
        ({"stride": 8, "batch_size": 3}, PLACE + "at once: they join"),
        ({"batch_size": 16}, PLACE + "8 samples before it ends: they overlap"),
        ({"batch_size": 23}, PLACE + "1 sample before it ends: they overlap"),
        ({"shuffle": True}, "shuffled: nothing joins"),
        ({"batch_size": 6984}, "one batch an epoch: no window is followed by another"),
    ],
)
def test_the_facts_say_what_a_kept_state_meets_next(settings, said):
    kept, plain = words.facts(Experiment(**settings, stateful=True)), words.facts(Experiment(**settings))
    assert kept[-1] == said and len(kept) == len(plain) + 1
    assert not any("window is followed" in fact or "joins" in fact for fact in plain)


def test_no_alarm_rings_for_a_kept_state_that_passes_the_floor_of_one_window():
    low = {name: [1e-6] for name in MODELS}
    for stateful, models in ((False, "LSTM and DNN"), (True, "DNN")):
        experiment = Experiment(noise=0.3, length=3, stateful=stateful)
        alarm = words.alarm(Result(experiment, low, low, 100, UPDATES, 0.0, "done", {}, {}))
        assert f"the training loss of {models} is below its floor" in alarm


def test_it_needs_neither_widgets_nor_pictures_nor_tensorflow():
    code = (
        "import sys, helpers.lab.session\n"
        "print([name for name in ('ipywidgets', 'anywidget', 'matplotlib', 'tensorflow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
