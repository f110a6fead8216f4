"""Many experiments, on any `concurrent.futures` Executor: this machine's cores, or a Dask cluster."""

import os
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, ProcessPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from multiprocessing import get_context
from signal import SIG_IGN, SIGINT, default_int_handler, signal
from threading import Event, current_thread, main_thread

from tqdm.auto import tqdm

from .experiment import Experiment
from .saved import Saved

TICK = 0.1  # seconds between two looks at `cancel`


class SweepError(RuntimeError):
    """Some runs failed; `results` holds the Results of the others, in order."""

    def __init__(self, sentence, results):
        super().__init__(sentence)
        self.results = results


def sweep(experiments, executor=None, csv=None, on_result=None, cancel=None):
    """Run many experiments side by side and return their Results in the same order, without the models' weights.

    They run in `executor`, any `concurrent.futures.Executor`, for example a Dask cluster's
    (`distributed.Client(…).get_executor()`; its workers need this package). By default each core gets a process of
    its own, which ends with the sweep; in a script, call it under `if __name__ == "__main__":`, since these processes
    import the script. A progress bar shows the time left.

    `on_result(place, result)` is called for each run as it finishes, in the caller's thread. With the path of a `csv`
    file, each finished run is added to it at once, and a run that the file holds already is not made again: the same
    code (`repr`) of its Experiment and, where `series` is a Series, the same numbers in it.

    `cancel` is a `threading.Event` or a function without arguments. When it says yes, or at an interrupt (Ctrl+C, the
    notebook's stop button), runs that have not begun are dropped, those at work are finished and kept (a Dask cluster
    drops them too), and the finished ones are returned; a second interrupt waits for nothing. Raises SweepError, after
    all others have finished, when a run fails, and ValueError for what is no Experiment, no Executor, or no file of
    sweep's.
    """
    experiments = checked(experiments)
    if executor is not None and not isinstance(executor, Executor):
        given = type(executor).__name__
        raise ValueError(f"executor of type {given} has no submit and shutdown; use client.get_executor() for Dask's")
    asked = getattr(cancel, "is_set", cancel or (lambda: False))
    if not callable(asked):
        raise ValueError(f"cancel {cancel!r} cannot be asked; use a threading.Event or a function without arguments")
    if not experiments:
        return []
    saved = Saved(csv) if csv is not None else None
    held = ((place, saved.find(experiment)) for place, experiment in enumerate(experiments) if saved)
    results = {place: result for place, result in held if result}
    failed: dict = {}
    waiting: dict = {}
    todo = [place for place in range(len(experiments)) if place not in results][::-1]
    with ExitStack() as stack:
        bar = stack.enter_context(progress_bar(len(experiments), len(results)))
        interrupted = stack.enter_context(interrupts())
        most = len(todo)
        if todo and executor is None:
            most = min(os.cpu_count() or 1, len(todo), 61)  # 61: the most that Windows allows
            executor = stack.enter_context(own_processes(most))
        stack.callback(lambda: [future.cancel() for future in waiting])
        while todo or waiting:
            stopped = interrupted.is_set() or asked()
            if stopped:
                todo, waiting = [], {future: place for future, place in waiting.items() if not future.cancel()}
            while todo and len(waiting) < most:
                place = todo.pop()
                try:
                    waiting[executor.submit(trained, experiments[place])] = place
                except RuntimeError as error:  # the executor is broken or shut down
                    failed[place] = error
            for future in wait(waiting, TICK, FIRST_COMPLETED).done:
                place = waiting.pop(future)
                try:
                    results[place] = future.result()
                except Exception as error:
                    if not (stopped and isinstance(error, BrokenExecutor)):  # an interrupt may end the workers too
                        failed[place] = error
                else:
                    if saved:
                        saved.add(results[place])
                    if on_result:
                        on_result(place, results[place])
                bar.update()
            bar.update(0)
    finished = [results[place] for place in sorted(results)]
    if failed:
        first = min(failed)
        why = f"{type(failed[first]).__name__}: {failed[first]}"
        sentence = (
            f"{len(failed)} of {len(experiments)} runs failed, first experiments[{first}], {experiments[first]!r}"
        )
        raise SweepError(f"{sentence}: {why}", finished) from failed[first]
    return finished


def trained(experiment):
    """Return the Result of a run without its weights, which are most of its size: what an executor is asked to do."""
    from .trainer.training import run  # loads TensorFlow, where the run is made

    return replace(run(experiment), weights={})


def checked(experiments):
    """Return a list of Experiments, or raise ValueError."""
    try:
        experiments = list(experiments)
    except TypeError:
        given = type(experiments).__name__
        raise ValueError(f"experiments of type {given} is not a list; use [Experiment(length=3), …]") from None
    for place, experiment in enumerate(experiments):
        if not isinstance(experiment, Experiment):
            raise ValueError(f"experiments[{place}] is of type {type(experiment).__name__}; use Experiment(…)")
    return experiments


def progress_bar(total, held):
    """Return a progress bar, gone when all is done.

    In a notebook it is a widget, and the text kept beside it in the file, which is the bar's first words, is the same
    at every run.
    """
    options = {"initial": held, "leave": False, "smoothing": 0, "miniters": 0, "mininterval": 1}
    bar = tqdm(total=total, desc=f"sweep of {total} run{'s' * (total > 1)}", bar_format="{desc}", **options)
    bar.bar_format = "{l_bar}{bar}| {n_fmt} of {total_fmt}, {elapsed} gone, {remaining} left"
    return bar


@contextmanager
def interrupts():
    """Give an Event that the first interrupt sets, instead of breaking in; the next one breaks in as ever."""
    pressed = Event()
    if current_thread() is not main_thread():  # no interrupt comes here
        yield pressed
        return

    def note(*_):
        pressed.set()
        signal(SIGINT, default_int_handler)

    earlier = signal(SIGINT, note)
    try:
        yield pressed
    finally:
        signal(SIGINT, earlier or default_int_handler)


@contextmanager
def own_processes(workers):
    """Give a pool of new processes; forked ones would hang in TensorFlow."""
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=begin)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def begin():
    """Set up one of a pool's processes: interrupts are the parent's, and there is one for each core already."""
    signal(SIGINT, SIG_IGN)
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
