"""How fast Window Lab trains, beside the article's own recipe in Keras: `python tests/benchmark.py`.

Both run in turn in one process, so that the ratios hold whatever else the machine does; quote ratios, not seconds.
"""

import platform
import random
import statistics
import time
from threading import Event, Timer

import numpy as np
import psutil

from helpers import EXAMPLES, Experiment, Lab, run
from helpers.models import build, keras, tf
from helpers.trainer.compiled import trainer_for
from helpers.trainer.training import Training

CASES = {  # setting: how many times as fast it should be
    EXAMPLES[1]: 20,
    EXAMPLES[2]: 7,
    EXAMPLES[3]: 8,
    Experiment(length=96): 5,
}
TIMES = 3
INSIDE = 10  # runs with the tick box, and as many without


def seconds(work):
    """Return the seconds that some work takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def recipe(experiment):
    """Train as the article does: build both models, `fit` one on the generator and the other on arrays."""
    models, series = build(experiment), experiment.train
    inputs, targets = experiment.windows.take(series)
    models["lstm"].fit(experiment.windows.generator(series), epochs=10, shuffle=False, verbose=0)
    models["dnn"].fit(inputs[:, 0], targets, epochs=10, batch_size=experiment.batch_size, verbose=0)
    keras.backend.clear_session()


def ratios():
    """Print how many times as fast as the recipe each setting trains, validation included."""
    print(f"{'setting':28}{'Keras':>9}{'ours':>9}{'ratio':>8}{'target':>8}   (medians of {TIMES}, seconds)")
    for experiment, target in CASES.items():
        theirs, ours = [], []
        run(experiment)  # compiles
        for _ in range(TIMES):
            ours.append(seconds(lambda experiment=experiment: run(experiment)))
            theirs.append(seconds(lambda experiment=experiment: recipe(experiment)))
        ratio = statistics.median(a / b for a, b in zip(theirs, ours))
        name = f"length {experiment.length}, stride {experiment.stride}"
        print(
            f"{name:28}{statistics.median(theirs):9.2f}{statistics.median(ours):9.2f}{ratio:8.1f}{target:8}", flush=True
        )


def share():
    """Print which share of one core's matrix-multiply rate the LSTM reaches at length 24."""
    square = tf.random.stateless_uniform([1024, 1024], (0, 0))
    tf.matmul(square, square)
    peak = 2 * 1024**3 / min(seconds(lambda: tf.matmul(square, square).numpy()) for _ in range(20))
    training = Training(EXAMPLES[2])
    took = min(training._train("lstm", 0, training.per_epoch) for _ in range(5))
    training.close()
    products = 3 * 2 * 32 * 50 * 200 * 24 * training.per_epoch  # forwards, and twice backwards
    print(f"share of a core's matrix-multiply rate: {products / took / peak:.0%} of {peak / 1e9:.0f} GFLOP/s")


def latency():
    """Print the times to the first progress and from a cancel to its end."""
    first, ends = [], []
    for _ in range(9):
        news, cancel = Event(), Event()
        begin = time.perf_counter()
        moment = {}

        def progress(_, moment=moment, news=news):
            moment.setdefault("first", time.perf_counter())
            news.set()

        def stop(moment=moment, cancel=cancel):
            moment["cancel"] = time.perf_counter()
            cancel.set()

        Timer(0.7, stop).start()
        run(EXAMPLES[2], on_progress=progress, cancel=cancel)
        first.append(moment["first"] - begin)
        ends.append(time.perf_counter() - moment["cancel"])
    print(f"from run to its first progress: {statistics.median(first):.3f} s, at most {max(first):.3f} (0.1 or less)")
    print(f"from a cancel to the end:       {statistics.median(ends):.3f} s, at most {max(ends):.3f} (0.1 or less)")


def inside():
    """Print how much longer a run in a Lab takes with its tick box *inside*, beside one without, in alternation."""
    lab, taken = Lab(EXAMPLES[2]), {False: [], True: []}

    def train():
        lab.train()
        lab.wait()

    for ticked in [False, True] * (INSIDE + 1):
        lab.inside.value = ticked
        taken[ticked].append(seconds(train))
    plain, more = (statistics.median(times[1:]) for times in taken.values())  # the first ones compile
    print(f"with inside ticked, a run at length 24 takes {more / plain - 1:+.0%} (20 % or less), {more:.2f} s")
    lab.close()


def compilations():
    """Print how many compilations a random walk of 30 slider positions needs."""
    walk = random.Random(0)

    def traced():
        made = [trainer_for(name, Experiment()) for name in ("lstm", "dnn")]
        return sum(f.experimental_get_tracing_count() for t in made for f in (t.train, t.read))

    before = traced()
    for _ in range(30):
        position = {"length": walk.randint(1, 168), "stride": walk.randint(1, 48), "sampling_rate": walk.randint(1, 24)}
        others = {"noise": walk.choice([0.0, 0.3]), "seed": walk.randint(0, 9), "shuffle": walk.random() < 0.5}
        run(Experiment(**position, **others, learning_rate=walk.choice([0.01, 0.001]), max_updates=20))
    print(f"compilations over a walk of 30 slider positions: {traced() - before}")


def memory():
    """Print how much memory grows over 50 retrainings."""
    process = psutil.Process()
    run(EXAMPLES[3])
    before = process.memory_info().rss
    for seed in range(50):
        run(Experiment(length=3 + seed, stride=8, seed=seed, epochs=2))
    grown = (process.memory_info().rss - before) / 2**20
    print(
        f"memory grown over 50 retrainings: {grown:.0f} MB (20 or less), {process.memory_info().rss / 2**20:.0f} in all"
    )


if __name__ == "__main__":
    print(f"{platform.machine()}, {psutil.cpu_count()} cores, Python {platform.python_version()}, ", end="")
    print(f"TensorFlow {tf.__version__}, Keras {keras.__version__}, numpy {np.__version__}")
    ratios()
    share()
    latency()
    inside()
    compilations()
    memory()
