"""What goes wrong in a class: interrupts, cells run twice, two Labs, errors inside the machinery, a full disk."""

import ast
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from kernel import MEMORY, a_kernel

from helpers import Experiment, Lab, run, sine
from helpers.trainer.training import Training

QUICK = Experiment(sine(24, 30), length=3, epochs=2)
LONG = "Lab(Experiment(epochs=5000))"


@pytest.fixture(scope="module")
def kernel():
    """A kernel for all the tests here; each makes Labs with names of their own."""
    with a_kernel() as kernel:
        yield kernel
        assert kernel.complaints() == []


def start(kernel, name):
    """Start a long run in a new Lab of this name."""
    kernel.run(f"{name} = {LONG}; {name}.train()")
    kernel.until(f"'training, epoch' in {name}.status")


def test_an_interrupt_while_no_cell_runs_stops_the_run(kernel):
    start(kernel, "idle")
    kernel.interrupter()()
    kernel.until("'cancelled, the kernel was interrupted' in idle.status", 10)
    kernel.run("idle.train()")
    kernel.until("idle.status.startswith('run 2: training, epoch')")
    kernel.run("idle.stop()")


def test_an_interrupt_while_a_cell_waits_stops_both(kernel):
    start(kernel, "busy")
    threading.Timer(1.0, kernel.interrupter()).start()
    kernel.run("interrupted = False\ntry:\n    busy.wait()\nexcept KeyboardInterrupt:\n    interrupted = True")
    assert kernel.ask("interrupted")
    kernel.until("'cancelled, the kernel was interrupted' in busy.status", 10)


def test_an_interrupt_while_a_cell_draws_and_the_worker_waits_to_draw_stops_both(kernel):
    start(kernel, "drawn")
    kernel.run("import time; from helpers.pictures.picture import LOCK")
    threading.Timer(1.0, kernel.interrupter()).start()
    kernel.run("cut = False\ntry:\n    with LOCK:\n        time.sleep(20)\nexcept KeyboardInterrupt:\n    cut = True")
    assert kernel.ask("cut")
    kernel.until("'cancelled, the kernel was interrupted' in drawn.status", 10)


def test_running_the_labs_cell_again_stops_the_old_one(kernel):
    start(kernel, "again")
    kernel.run(f"old, again = again, {LONG}")
    kernel.until("'cancelled, a new Lab was opened' in old.status", 10)
    assert kernel.ask("again.status").startswith("run 0: ready")
    assert kernel.ask("sum(thread.name == 'lab' for thread in threading.enumerate())") == 1


def test_of_two_labs_the_one_last_touched_trains(kernel):
    kernel.run(f"left, right = {LONG}, {LONG}")
    for one, other in (("left", "right"), ("right", "left"), ("left", "right")):
        kernel.move(f"{one}.controls['length']", value=3 if one == "left" else 5)
        kernel.run(f"{one}.train()")
        kernel.until(f"'training, epoch' in {one}.status")
        assert ": training" not in kernel.ask(f"{other}.status")
    kernel.until("'cancelled, another Lab is training' in right.status", 10)
    kernel.run("left.stop()")


def test_restarting_in_the_middle_of_a_run_leaves_nothing_behind():
    with a_kernel() as kernel:
        start(kernel, "lab")
        process = kernel.ask("os.getpid()")
        kernel.restart()
        assert kernel.ask("os.getpid()") != process
        kernel.run("lab = Lab(Experiment(sine(24, 30), length=3, epochs=2)); lab.train()")
        kernel.until("': done' in lab.status")
        assert kernel.complaints() == []


CELL = "lab = Lab(Experiment(sine(24, 30), length=3, epochs=1)); lab"


def test_running_a_cell_again_closes_the_labs_it_made_before_and_no_others(kernel):
    kernel.run("labs = []")
    both = "labs += [Lab(Experiment(length=3)), Lab(Experiment(length=5))]"
    kernel.run_cell("first", both)
    kernel.run_cell("second", both)
    kernel.run(both)  # nobody tells which cell this is
    assert kernel.ask("[lab.comm is not None for lab in labs]") == [True] * 6
    kernel.run_cell("first", both)
    assert kernel.ask("[lab.comm is not None for lab in labs]") == [False] * 2 + [True] * 6
    kernel.run(both)
    assert kernel.ask("[lab.comm is not None for lab in labs]") == [False] * 2 + [True] * 8


def test_forty_reruns_of_a_cell_leave_one_lab_and_little_memory():
    with a_kernel() as kernel:
        kernel.run(MEMORY + "from ipywidgets.widgets.widget import _instances")
        kernel.run_cell("cell", CELL)
        kernel.run("lab.train(); lab.wait()")
        for _ in range(3):
            kernel.run_cell("cell", CELL)
        before = kernel.ask("memory()")
        for _ in range(40):
            kernel.run_cell("cell", CELL)
        assert kernel.ask("len(_instances)") <= 300
        grown = kernel.ask("memory()") - before
        assert grown <= 20, f"{grown:.0f} MB"
        kernel.run("lab.train()")
        kernel.until("': done' in lab.status")
        assert kernel.complaints() == []


def test_what_keras_is_told_in_its_settings_file_does_not_matter(tmp_path):
    (tmp_path / "keras.json").write_text('{"backend": "jax", "floatx": "float64"}')
    code = "from helpers import *; print(run(Experiment(sine(24, 30), length=3, epochs=2)).losses)"
    own = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=own | {"KERAS_HOME": str(tmp_path)}
    )
    assert done.returncode == 0, done.stderr
    for name, losses in run(QUICK).losses.items():
        assert ast.literal_eval(done.stdout)[name] == pytest.approx(losses, rel=1e-4)


def test_a_keras_that_already_runs_on_something_else_is_told_with_the_cure():
    code = "import keras; keras.backend.backend = lambda: 'jax'\nimport helpers.models"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip().splitlines()[-1] == (
        "ImportError: Keras already runs on jax in this kernel, and these notebooks need TensorFlow; "
        "restart the kernel and import helpers before keras"
    )


@pytest.fixture
def lab():
    """A Lab on a month of data."""
    lab = Lab(QUICK)
    yield lab
    lab.stop()
    assert lab.wait(30)


@pytest.mark.parametrize("place", ["start", "result", "predict", "__init__"])
def test_an_error_in_training_is_told_and_the_next_run_works(lab, monkeypatch, place):
    def fail(*_, **__):
        raise MemoryError

    with monkeypatch.context() as broken:
        broken.setattr(Training, place, fail)
        lab.train()
        assert lab.wait(60)
        assert lab.status.startswith(f"run {lab.number}: failed, MemoryError")
    lab.train()
    assert lab.wait(60)
    assert lab.status.startswith(f"run {lab.number}: done")
    assert lab.runs[-1].losses == run(QUICK).losses


@pytest.mark.parametrize("picture", ["windows", "losses"])
def test_an_error_in_drawing_is_told_and_the_next_run_works(lab, monkeypatch, picture):
    def fail(*_, **__):
        raise RuntimeError("no ink")

    with monkeypatch.context() as broken:
        broken.setattr(lab.frames[picture].picture, "update", fail)
        lab.train()
        assert lab.wait(60)
        assert "failed, RuntimeError: no ink" in lab.status
    lab.controls["length"].value = 5
    assert lab.wait(60)
    assert ": done" in lab.status and lab.runs[-1].losses == run(replace(QUICK, length=5)).losses


def test_an_error_while_a_slider_moves_is_told(lab, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no ink")

    with monkeypatch.context() as broken:
        broken.setattr(lab.frames["windows"].picture, "update", fail)
        lab.controls["length"].value = 5
        assert "failed, RuntimeError: no ink" in lab.status
    lab.controls["length"].value = 6
    assert lab.wait(60)
    assert ": done" in lab.status and lab.experiment.length == 6


def test_threads_end_with_their_runs(lab):
    lab.train()
    assert lab.wait(60)
    end = time.monotonic() + 10
    while any(thread.name.startswith("training") for thread in threading.enumerate()):
        assert time.monotonic() < end
        time.sleep(0.01)
