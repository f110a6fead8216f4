"""A storm of input: hundreds of moves, clicks and nonsense, in any order and in the middle of runs."""

import re
import time

import numpy as np
from kernel import MEMORY, a_kernel

CONTROLS = {  # what a hand can do to each: the state that it sends
    "series": lambda draw: {"index": int(draw.integers(0, 6))},
    "length": lambda draw: {"value": int(draw.integers(1, 169))},
    "stride": lambda draw: {"value": int(draw.integers(1, 49))},
    "sampling_rate": lambda draw: {"value": int(draw.integers(1, 25))},
    "batch_size": lambda draw: {"value": int(draw.integers(1, 33))},
    "units": lambda draw: {"value": int(draw.integers(1, 51))},
    "epochs": lambda draw: {"value": int(draw.integers(1, 51))},
    "seed": lambda draw: {"value": int(draw.integers(0, 21))},
    "max_updates": lambda draw: {"value": int(draw.integers(0, 300))},
    "noise": lambda draw: {"value": float(draw.integers(0, 21)) / 20},
    "draw": lambda draw: {"value": int(draw.integers(0, 3))},
    "learning_rate": lambda draw: {"value": float(10.0 ** draw.integers(-5, 3))},
    "shuffle": lambda draw: {"value": bool(draw.integers(0, 2))},
    "activation": lambda draw: {"index": int(draw.integers(0, 2))},
    "dnn_sees": lambda draw: {"index": int(draw.integers(0, 3))},
    "stateful": lambda draw: {"value": bool(draw.integers(0, 2))},
}
BOXES = ("length", "stride", "sampling_rate", "batch_size", "units", "epochs", "seed", "noise", "learning_rate")
NONSENSE = ("", "0", "-3", "2.5", "abc", "9000", "1e400", "nan", "٣", "1_0", "=1+1", "<script>alert(1)</script>", "🙂")
CLICKS = ("Train", "Pause", "Step", "Reset", "Forget earlier runs", "the Keras code", "more settings")
OTHERS = (  # where, what of it, and below which number
    ("scrubber", "value", 8000),
    ("example", "index", 4),
    ("baselines", "value", 2),
    ("flavour", "index", 2),
    ("axis", "index", 2),
    ("live", "value", 2),
    ("seeds.widget", "value", 6),
    ("strip", "choice", 30),
    ("table", "choice", 40),
)
ACTIONS = 600


def act(kernel, draw):
    """Do one thing that a learner, or a cat on the keyboard, might do."""
    kind = draw.choice(["move", "move", "move", "type", "click", "else"])
    if kind == "move":
        name = str(draw.choice(list(CONTROLS)))
        kernel.move(f"lab.controls[{name!r}]", **CONTROLS[name](draw))
    elif kind == "type":
        kernel.move(f"lab.rows[{str(draw.choice(BOXES))!r}].box", value=str(draw.choice(NONSENSE)))
    elif kind == "click":
        kernel.click(str(draw.choice(CLICKS)))
    else:
        part, state, most = OTHERS[draw.integers(0, len(OTHERS))]
        number = int(draw.integers(0, most))
        if state == "choice":
            kernel.send(f"lab.{part}", method="custom", content={"choice": f"{number}"})
        else:
            kernel.move(f"lab.{part}", **{state: bool(number) if most == 2 and state == "value" else number})
    if draw.random() < 0.3:
        time.sleep(draw.exponential(0.05))


def settle(kernel):
    """Ask for a plain run at the end, and wait until it is done."""
    kernel.move("lab.live", value=True)
    kernel.move("lab.seeds.widget", value=2)
    kernel.move("lab.controls['learning_rate']", value=0.001)
    kernel.move("lab.controls['epochs']", value=3)
    kernel.move("lab.controls['batch_size']", value=20)
    kernel.move("lab.controls['max_updates']", value=0)
    kernel.move("lab.controls['length']", value=30)
    kernel.move("lab.controls['length']", value=7)
    kernel.until("lab.experiment.length == 7 and lab.experiment.epochs == 3 and lab.wait(0.1)")
    kernel.click("Train")
    kernel.until("lab.wait(0.1) and (': done' in lab.status or ': diverged' in lab.status)")


def test_no_storm_of_input_breaks_the_lab():
    with a_kernel() as kernel:
        kernel.run(MEMORY)
        kernel.run(f"lab = Lab(Experiment(sine(24, 30), length=7, epochs=3), controls={(*CONTROLS,)}); lab")
        for activation in ("relu", "tanh"):  # all that is ever compiled, so that only what leaks still grows
            for sees in ("oldest", "latest", "window"):
                kernel.run(f"run(Experiment(sine(24, 30), activation={activation!r}, dnn_sees={sees!r}, epochs=1))")
            kernel.run(f"run(Experiment(sine(24, 30), activation={activation!r}, stateful=True, epochs=1))")
        draw = np.random.default_rng(20)
        for half in range(2):
            for _ in range(ACTIONS // 2):
                act(kernel, draw)
            settle(kernel)
            memory, objects = kernel.ask("memory()"), kernel.ask("len(gc.get_objects())")
            if half == 0:
                before = memory, objects  # the first half has opened every part, and filled every cache
        assert kernel.complaints() == []
        assert kernel.ask("lab.runs[-1].experiment == lab.experiment")
        assert kernel.ask("lab.runs[-1].losses == run(lab.experiment).losses")
        assert kernel.ask("lab.runs[-1].val_losses == run(lab.experiment).val_losses")
        told, count = kernel.ask("lab.status"), kernel.ask("lab.number")
        assert re.match(rf"run {count}: done, {kernel.ask('lab.runs[-1].updates'):,} updates", told)
        shown = kernel.ask("{name: control.value for name, control in lab.rows.items() if name != 'series'}")
        now = kernel.ask("{name: getattr(lab.experiment, name) for name in lab.controls if name != 'series'}")
        assert shown == now
        assert kernel.ask("sum(thread.name == 'lab' for thread in threading.enumerate())") == 1
        assert objects - before[1] < 1500, f"there are {objects - before[1]:,} objects more"
        assert memory - before[0] < 30, f"the kernel has grown from {before[0]:.0f} to {memory:.0f} MB"
