"""The Lab in a real kernel, driven as the browser does it: by comm messages."""

import pytest
from kernel import a_kernel

NAMES = ("length", "stride", "noise", "activation", "shuffle")


@pytest.fixture(scope="module")
def kernel():
    """A kernel with a Lab, for all the tests here."""
    with a_kernel() as kernel:
        kernel.run(f"lab = Lab(Experiment(sine(24, 30), epochs=3), controls={NAMES}); lab")
        yield kernel


def test_a_move_of_each_control_retrains_with_it(kernel):
    for name, state, setting in (
        ("length", {"value": 3}, 3),
        ("stride", {"value": 4}, 4),
        ("noise", {"value": 0.25}, 0.25),
        ("activation", {"index": 1}, "tanh"),
        ("shuffle", {"value": True}, True),
    ):
        runs = kernel.ask("len(lab.runs)")
        kernel.move(f"lab.controls[{name!r}]", **state)
        kernel.until(f"len(lab.runs) == {runs + 1}")
        assert kernel.ask(f"getattr(lab.runs[-1].experiment, {name!r})") == setting
        assert kernel.ask("lab.runs[-1].losses") == kernel.ask("run(lab.experiment).losses")


def test_the_windows_follow_before_anything_is_trained(kernel):
    kernel.run("seen = lab.frames['windows'].moving.value; count = len(lab.runs)")
    kernel.move("lab.controls['length']", value=6)
    kernel.until("lab.frames['windows'].moving.value != seen")
    kernel.until("len(lab.runs) == count + 1")


def test_the_buttons_work(kernel):
    kernel.click("Reset")
    kernel.until("lab.status.startswith('run 0: ready')")
    kernel.click("Step")
    kernel.until("'paused, epoch 1 of 3, update 1' in lab.status")
    kernel.click("Train")
    kernel.until("lab.status.startswith('run 1: done')")
    kernel.move("lab.example", index=2)
    kernel.until("'training, epoch' in lab.status")
    kernel.click("Pause")
    kernel.until("'paused' in lab.status")
    kernel.move("lab.controls['length']", value=3)
    kernel.until("': done' in lab.status")


def test_a_wrong_number_typed_gets_its_sentence_and_the_lab_goes_on(kernel):
    kernel.move("lab.rows['length'].box", value="9000")
    kernel.until("'use at most' in lab.rows['length'].wrong.value")
    assert kernel.ask("lab.experiment.length") == 3
    kernel.move("lab.rows['length'].box", value="7")
    kernel.until("lab.experiment.length == 7 and ': done' in lab.status")
    assert kernel.ask("lab.rows['length'].wrong.value") == ""


def test_an_example_is_chosen_from_the_menu(kernel):
    kernel.move("lab.example", index=3)
    kernel.until("lab.experiment == EXAMPLES[3] and ': done' in lab.status")


def test_no_thread_printed_and_one_worker_trained(kernel):
    assert kernel.complaints() == []
    assert kernel.ask("sum(t.name == 'lab' for t in threading.enumerate())") == 1
