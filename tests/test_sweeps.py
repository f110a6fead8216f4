"""A sweep gives what `run` gives, on any Executor, and stopped or broken it loses nothing."""

import json
import multiprocessing
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import product

import nbformat
import numpy as np
import pandas as pd
import pytest
from distributed import Client, LocalCluster
from nbclient import NotebookClient

import helpers.trainer.training
from helpers import Experiment, Series, Windows, run, show_losses, sine, sweep
from helpers.sweeps import SweepError

EXPERIMENTS = [Experiment(sine(24, 30), length=length, epochs=2, seed=seed) for length, seed in product((6, 3), (1, 0))]
WIDGET = "application/vnd.jupyter.widget-view+json"


@contextmanager
def threads(number=2):
    with ThreadPoolExecutor(number) as pool:
        yield pool


@contextmanager
def dask():
    """A cluster of two worker processes on this machine, as an Executor."""
    look = {"processes": True, "dashboard_address": None, "host": "127.0.0.1"}
    with LocalCluster(n_workers=2, threads_per_worker=1, **look) as cluster, Client(cluster) as client:
        yield client.get_executor()


@contextmanager
def own_processes():
    yield None


@pytest.fixture(scope="module")
def expected():
    """What `run` gives for the experiments."""
    return [run(experiment) for experiment in EXPERIMENTS]


@pytest.fixture
def one():
    """An Executor that makes one run at a time."""
    with threads(1) as pool:
        yield pool


@pytest.fixture
def path(tmp_path):
    """Where the file will be."""
    return tmp_path / "sweep.jsonl"


def same(results, expected):
    """Whether Results are the same run by run; the time they took is not compared."""
    names = ("experiment", "losses", "val_losses", "val_losses_as_trained", "windows", "updates", "status")
    return [[repr(getattr(result, name)) for name in names] for result in results] == [
        [repr(getattr(result, name)) for name in names] for result in expected
    ]


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()


class TestExecutors:
    """Where the runs are made changes nothing."""

    @pytest.mark.parametrize("place", [own_processes, threads, dask])
    def test_the_results_are_those_of_run_in_the_order_of_the_experiments(self, place, expected, monkeypatch):
        if place is not threads:  # then it is other processes that run them
            monkeypatch.setattr(helpers.trainer.training, "run", None)
        came = {}
        with place() as executor:
            results = sweep(EXPERIMENTS, executor, on_result=came.__setitem__)
        assert same(results, expected)
        assert came == dict(enumerate(results))
        assert place is dask or not multiprocessing.active_children()

    def test_a_given_executor_is_left_open(self, one):
        sweep(EXPERIMENTS[:1], one)
        assert one.submit(int).result() == 0

    def test_results_come_without_models_and_say_so(self, one):
        (result,) = sweep(EXPERIMENTS[:1], one)
        with pytest.raises(RuntimeError, match="come without weights; call run"):
            _ = result.models

    def test_results_are_told_in_the_thread_that_asked(self, one):
        told = []
        sweep(EXPERIMENTS, one, on_result=lambda *_: told.append(threading.current_thread()))
        assert told == [threading.current_thread()] * 4

    def test_nothing_to_do_is_done_at_once(self):
        assert sweep([]) == []


class TestStopping:
    """A sweep that is stopped, or in which a run fails, returns and keeps what is finished."""

    @pytest.mark.parametrize("how", ["event", "function", "interrupt"])
    def test_what_has_not_begun_is_dropped_and_what_is_finished_is_kept(self, how, one, path, expected):
        stop, handler = threading.Event(), signal.getsignal(signal.SIGINT)
        enough = {"event": stop.set, "function": stop.set, "interrupt": lambda: signal.raise_signal(signal.SIGINT)}

        def on_result(place, _):
            told.append(place)
            if len(told) == 1:
                enough[how]()

        told, cancel = [], {"event": stop, "function": stop.is_set, "interrupt": None}[how]
        many = EXPERIMENTS + [Experiment(sine(24, 30), length=3, epochs=20, seed=seed) for seed in range(2, 40)]
        results = sweep(many, one, path, on_result, cancel)
        assert 1 <= len(results) < len(many)
        assert same(results[:4], expected[: len(results)])
        assert len(lines(path)) == len(results)
        assert signal.getsignal(signal.SIGINT) is handler

    def test_a_second_interrupt_breaks_in(self, one):
        with pytest.raises(KeyboardInterrupt):
            sweep(EXPERIMENTS, one, on_result=lambda *_: [signal.raise_signal(signal.SIGINT) for _ in range(2)])

    def test_a_run_that_fails_is_named_after_all_others_are_saved(self, one, path, expected, monkeypatch):
        def fails(experiment):
            if experiment == EXPERIMENTS[1]:
                raise MemoryError("no room")
            return run(experiment)

        monkeypatch.setattr(helpers.trainer.training, "run", fails)
        with pytest.raises(SweepError) as error:
            sweep(EXPERIMENTS, one, path)
        said = f"1 of 4 runs failed, first experiments[1], {EXPERIMENTS[1]!r}: MemoryError: no room"
        assert str(error.value) == said
        others = [expected[place] for place in (0, 2, 3)]
        assert same(error.value.results, others)
        monkeypatch.undo()
        told = []
        assert same(sweep(EXPERIMENTS, one, path, lambda place, _: told.append(place)), expected)
        assert told == [1]

    def test_an_executor_that_takes_no_more_work_is_an_error_of_the_run(self, one):
        one.shutdown()
        with pytest.raises(SweepError, match=r"^4 of 4 runs failed, first experiments\[0\].* after shutdown$"):
            sweep(EXPERIMENTS, one)


class TestFile:
    """The file of finished runs, a line of JSON each."""

    def test_a_sweep_goes_on_where_it_stopped(self, one, path, expected):
        sweep(EXPERIMENTS[1:3], one, path)
        told = []
        results = sweep(EXPERIMENTS, one, path, lambda place, _: told.append(place))
        assert told == [0, 3]
        assert same(results, expected)
        one.shutdown()  # from here on nothing can be run
        assert same(sweep(EXPERIMENTS[::-1], one, path), expected[::-1])
        assert len(lines(path)) == 4

    def test_what_it_held_draws_like_what_was_just_run(self, one, path, expected):
        sweep(EXPERIMENTS, one, path)
        held = sweep(EXPERIMENTS, one, path)
        assert show_losses(*held).sentence == show_losses(*expected).sentence
        per_epoch = Windows(6).updates_per_epoch(EXPERIMENTS[0].train)
        at = (per_epoch, 2 * per_epoch)
        assert held[0].trace == {name: list(zip(at, losses)) for name, losses in expected[0].losses.items()}

    def test_a_line_holds_the_settings_and_what_came_of_them(self, one, path, expected):
        sweep(EXPERIMENTS, one, path)
        for row, result in zip(map(json.loads, lines(path)), expected, strict=True):
            assert row["experiment"] == repr(result.experiment)
            settings = {name: getattr(result.experiment, name) for name in ("length", "seed", "max_updates", "draw")}
            assert {name: row[name] for name in settings} == settings
            assert (row["losses"], row["val_losses"]) == (result.losses, result.val_losses)
        table = pd.read_json(path, lines=True)
        assert table["length"].tolist() == [6, 6, 3, 3] and table["status"].eq("done").all()

    def test_it_holds_both_validation_losses_of_a_stateful_run(self, one, path):
        kept = [Experiment(sine(24, 30), length=6, epochs=2, activation="tanh", stateful=True)]
        (ran,) = sweep(kept, one, path)
        one.shutdown()
        (held,) = sweep(kept, one, path)
        assert len(ran.val_losses_as_trained["lstm"]) == 2 and same([held], [ran])
        assert show_losses(held).sentence == show_losses(ran).sentence

    @pytest.mark.parametrize("left", [0, 1, 60, 200, -2, -1])
    def test_a_last_line_that_was_left_half_written_costs_that_run_alone(self, left, one, path, expected):
        sweep(EXPERIMENTS, one, path)
        *others, last = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(others) + last[:left])
        told = []
        assert same(sweep(EXPERIMENTS, one, path, lambda place, _: told.append(place)), expected)
        assert told == ([] if left == -1 else [3])  # only the end of the line was missing
        more = [*EXPERIMENTS, Experiment(sine(24, 30), length=3, epochs=1)]
        results = sweep(more, one, path)
        one.shutdown()
        assert same(sweep(more, one, path), results)

    @pytest.mark.parametrize("left", [0, 20, 300])
    def test_a_first_line_that_was_left_half_written_is_written_anew(self, left, one, path):
        sweep(EXPERIMENTS[:1], one, path)
        whole = path.read_bytes()
        path.write_bytes(whole[:left])
        sweep(EXPERIMENTS[:1], one, path)
        assert len(lines(path)) == 1 and json.loads(lines(path)[0])["experiment"] == repr(EXPERIMENTS[0])

    @pytest.mark.parametrize("harm", [lambda line: line[:40], lambda line: line.replace("[", "("), lambda line: "[]"])
    def test_a_damaged_line_is_named_and_the_file_left_alone(self, harm, one, path):
        sweep(EXPERIMENTS, one, path)
        text = lines(path)
        text[2] = harm(text[2])
        path.write_text("\n".join(text) + "\n", encoding="utf-8")
        before = path.read_bytes()
        with pytest.raises(ValueError, match="is damaged in line 3; delete that line"):
            sweep(EXPERIMENTS, one, path)
        assert path.read_bytes() == before

    @pytest.mark.parametrize("text", ["date,temperature\n2020-01-01,3\n", '{"a": 1}\n', "no line at all", '{"a": 1}'])
    def test_a_file_of_someone_else_is_refused_and_left_alone(self, text, one, path):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match="is not a file that sweep has made; name a new one"):
            sweep(EXPERIMENTS, one, path)
        assert path.read_text(encoding="utf-8") == text

    def test_a_place_where_nothing_can_be_written_is_said_before_anything_runs(self, one, tmp_path):
        one.shutdown()
        for wrong in (tmp_path / "nowhere" / "sweep.jsonl", tmp_path, 3):
            with pytest.raises(ValueError, match=r"cannot be used .*; name a file in a folder that exists"):
                sweep(EXPERIMENTS, one, wrong)

    def test_series_of_the_same_code_are_told_apart_by_their_numbers(self, one, path):
        values = np.sin(np.arange(720) / 4)
        series = [Series(values * height, values * height, code="Series(\n    mine)") for height in (1, 2)]
        first, second = (Experiment(one_of, length=3, epochs=1) for one_of in series)
        assert repr(first) == repr(second)
        sweep([first], one, path)
        told = []
        sweep([second, first], one, path, lambda place, _: told.append(place))
        assert told == [0]

    def test_a_run_that_diverged_is_kept_as_it_is(self, one, path):
        wild = Experiment(sine(24, 30), length=24, learning_rate=1e9, epochs=3)
        ran, held = sweep([wild], one, path), sweep([wild], one, path)
        assert ran[0].status == "diverged" and not np.isfinite(ran[0].val_losses["lstm"][-1])
        assert same(held, ran)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"experiments": [EXPERIMENTS[0], 3]}, r"experiments\[1\] is of type int; use Experiment"),
        ({"experiments": EXPERIMENTS[0]}, "experiments of type Experiment is not a list; use "),
        ({"executor": 2}, "executor of type int .*; use client.get_executor"),
        ({"cancel": True}, "cancel True cannot be asked; use a threading.Event or a function"),
        ({"csv": "a.csv"}, "csv 'a.csv' has a new name and a new form, lines of JSON; use file='sweep.jsonl'"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(given, said):
    with pytest.raises(ValueError, match=said) as error:
        sweep(**{"experiments": EXPERIMENTS} | given)
    assert "\n" not in str(error.value)


def test_a_notebook_keeps_the_same_words_of_a_sweep_each_time_and_nothing_on_stderr(path):
    sources = [
        "from helpers import Experiment, sine, sweep\n"
        "runs = [Experiment(sine(24, 30), length=3, epochs=1, seed=seed) for seed in range(2)]",
        f"results = sweep(runs, file={str(path)!r})",
        f"results = sweep(runs, file={str(path)!r})",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    quiet, first, second = ([dict(output) for output in cell.outputs] for cell in notebook.cells)
    assert quiet == []
    for outputs in (first, second):
        assert [output["output_type"] for output in outputs] == ["display_data"]
        assert {kind: text for kind, text in outputs[0]["data"].items() if kind != WIDGET} == {
            "text/plain": "sweep of 2 runs"
        }
    assert len(lines(path)) == 2
