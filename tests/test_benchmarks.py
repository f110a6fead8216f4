"""What the class's benchmark computes and reads of a Lab's messages, and that it leaves nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

import benchmark_class
import classroom
import psutil
import pytest

from helpers import Lab
from helpers.lab import words

LINUX = pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="only Linux tells the PSS")
SHARED = """
import os, sys
held = bytearray(os.urandom(1)) * 100_000_000
child = os.fork()
if child:
    print(child, flush=True)
sys.stdin.read()
"""
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"
)


def inside(widget):
    """Yield a widget and all that are inside."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from inside(child)


@pytest.fixture
def learner():
    """A learner whose Lab is open, as its messages would have told, and the Lab."""
    lab, learner = Lab(), benchmark_class.Learner("learner-1", 0, None)
    for widget in inside(lab):
        learner.take("comm_open", "cell", {"comm_id": widget.model_id, "data": {"state": widget.get_state()}})
    yield learner, lab
    lab.close()


def update(learner, widget, value):
    """Take the message that a widget has a new value."""
    data = {"method": "update", "state": {"value": value}}
    learner.take("comm_msg", "cell", {"comm_id": widget.model_id, "data": data})


@pytest.mark.parametrize(
    ("numbers", "said"),
    [([5.0], 5.0), (range(1, 11), 9), (range(10, 0, -1), 9), (range(1, 12), 10), ([1, 2], 2), (range(100), 89)],
)
def test_nine_of_ten_do_not_exceed_it(numbers, said):
    assert benchmark_class.nine_of_ten(numbers) == said
    assert sum(number <= said for number in numbers) >= 0.9 * len(numbers)


def test_a_table_says_median_nine_of_ten_and_last(capsys):
    benchmark_class.say("waits", [float(number) for number in range(1, 11)], "s")
    assert capsys.readouterr().out.split() == ["waits", "5.50", "9.00", "10.00", "s"]
    benchmark_class.say("nobody waited", [], "s")
    assert capsys.readouterr().out == ""


@LINUX
def test_a_page_that_two_processes_share_counts_once():
    code = [sys.executable, "-c", SHARED]
    with subprocess.Popen(code, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        both = parent.pid, int(parent.stdout.readline())
        resident = sum(psutil.Process(pid).memory_info().rss for pid in both) / 1e6
        shared = sum(map(classroom.pss, both))
        parent.stdin.close()
    assert shared < 140 < 200 < resident  # MB: the 100 that both hold, and two Pythons


def test_it_finds_in_a_lab_what_a_learner_moves_and_presses(learner):
    learner, lab = learner
    for name in ("length", "stride"):
        assert learner.find(description=name, _model_name="IntSliderModel") == lab.controls[name].model_id
    assert learner.find(description="Train") == lab.buttons["Train"].model_id
    assert learner.moving("losses") == [lab.frames["losses"].moving.model_id]


def test_it_reads_the_first_point_and_the_end_of_a_run_from_the_messages(learner):
    learner, lab = learner
    for phase, what in [("ready", words.READY), ("training", words.LOADING), ("training", words.STARTING)]:
        update(learner, lab.status_line, words.status(3, phase, what))
    assert not learner.points and learner.ended == (0, 0.0)
    update(learner, lab.frames["losses"].moving, "<svg>")
    drawn = learner.drawn
    update(learner, lab.status_line, words.status(3, "training", "epoch 1 of 10, update 5, LSTM 0.5"))
    assert learner.points == {3: drawn} and learner.ended[0] == 0
    update(learner, lab.frames["losses"].moving, "<svg>")
    update(learner, lab.status_line, words.status(3, "done", "110 updates in 0.8 s <strong>Alarm</strong>"))
    assert learner.points == {3: drawn} and learner.ended[0] == 3 and learner.ended[1] >= learner.drawn >= drawn > 0
    assert learner.errors == []
    update(learner, lab.status_line, words.status(4, "failed", words.failure(ValueError("no"))))
    assert learner.errors == ["run 4: failed, ValueError: no"] and learner.ended[0] == 4


def test_what_goes_wrong_in_a_kernel_is_an_error(learner):
    learner, _ = learner
    learner.take("error", "cell", {"ename": "ValueError", "evalue": "no"})
    learner.take("stream", "cell", {"name": "stderr", "text": "oh\n"})
    learner.take("stream", "cell", {"name": "stdout", "text": "fine"})
    learner.take("status", "cell", {"execution_state": "restarting"})
    assert learner.errors == ["ValueError: no", "oh", "the kernel has died"]
    learner.take("status", "cell", {"execution_state": "idle"})
    assert learner.idle == {"cell"}


def test_all_that_a_room_starts_is_gone_after_it_also_when_it_is_stopped():
    with pytest.raises(KeyboardInterrupt), classroom.room({"COLOUR": "green"}) as room:
        started = [room.start("-c", code) for code in ("import time; time.sleep(60)", "# jupyterlab\n" + STUBBORN)]
        while "here" not in (room.folder / "log").read_text():
            assert started[1].poll() is None
        found = {process.pid: kind for kind, process in classroom.processes(room.folder)}
        assert found == {started[0].pid: "hub", started[1].pid: "server"}
        assert psutil.Process(started[0].pid).environ()["COLOUR"] == "green"
        room.patience = 1
        raise KeyboardInterrupt
    assert all(process.poll() is not None for process in started)
    assert not room.folder.exists() and not [*classroom.processes(room.folder)]


@pytest.mark.parametrize("wrong", [["--learners", "0"], ["--learners", "101"], ["--minutes", "61"], ["--every", "0"]])
def test_it_is_bounded_in_count_and_time(wrong, capsys):
    with pytest.raises(SystemExit):
        benchmark_class.parse(wrong)
    assert "is not between" in capsys.readouterr().err


def test_without_a_hub_it_says_how_to_install_one(monkeypatch):
    monkeypatch.setattr(benchmark_class.importlib.util, "find_spec", lambda name: None)
    assert 'pip install -e ".[class]"' in benchmark_class.main([])


def test_where_no_proxy_can_be_had_it_says_so(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(classroom, "FETCHED", tmp_path)
    monkeypatch.setattr(classroom.shutil, "which", lambda name: None)
    assert classroom.find_proxy() is None
    benchmark_class.head(benchmark_class.parse([]), classroom.Servers.name, None)
    said = "12 learners with servers without a hub, all at once; neither the hub's proxy nor npm to fetch it can be had"
    assert said in capsys.readouterr().out


@pytest.mark.slow
def test_its_help_says_what_it_takes():
    command = [sys.executable, benchmark_class.__file__, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"COLUMNS": "100"})
    assert done.returncode == 0, done.stderr
    for option in ("--learners", "--minutes", "--stagger", "--no-hub"):
        assert option in done.stdout
