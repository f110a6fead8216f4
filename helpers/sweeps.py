"""Many experiments, on any `concurrent.futures` Executor: this machine's cores, or a Dask cluster."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from signal import SIG_IGN, SIGINT, default_int_handler, signal
from threading import Event, current_thread, main_thread
from typing import Any

from tqdm.auto import tqdm

from .experiment import Experiment
from .results import Result
from .saved import Saved


class SweepError(RuntimeError):
    """Some runs failed; `results` holds the Results of the others, in order."""

    def __init__(self, sentence: str, results: list[Result]) -> None:
        super().__init__(sentence)
        self.results = results


def sweep(
    experiments: Iterable[Experiment],
    executor: Executor | None = None,
    file: str | Path | None = None,
    on_result: Callable[[int, Result], object] | None = None,
    cancel: Event | Callable[[], object] | None = None,
    csv: object = None,
) -> list[Result]:
    """Run many experiments side by side and return their Results in the same order, without the models' weights.

    They run in `executor`, any `concurrent.futures.Executor`, for example a Dask cluster's
    (`distributed.Client(…).get_executor()`; its workers need this package). By default each core gets a process of
    its own, which ends with the sweep; in a script, call it under `if __name__ == "__main__":`, since these processes
    import the script. A progress bar shows the time left.

    `on_result(place, result)` is called for each run as it finishes, in the caller's thread. With the path of a `file`,
    each finished run is added to it at once, a line of JSON each, and a run that the file holds already is not made
    again: the same code (`repr`) of its Experiment and, where `series` is a Series, the same numbers in it.

    `cancel` is a `threading.Event` or a function without arguments, asked after each run. When it says yes, or after an
    interrupt (Ctrl+C, the notebook's stop button), runs that have not begun are dropped, those at work are finished and
    kept (a Dask cluster drops them too), and the finished ones are returned; a second interrupt waits for nothing.
    Raises SweepError, after all others have finished, when a run fails, and ValueError for what is no Experiment, no
    Executor, or no file of sweep's.
    """
    experiments, asked = checked(experiments), checked_settings(executor, cancel, csv)
    if not experiments:
        return []
    saved = Saved(file) if file is not None else None
    results = saved.known(experiments) if saved else {}
    todo = {place: experiment for place, experiment in enumerate(experiments) if place not in results}
    failed = {}
    own: AbstractContextManager[Any] = own_processes(len(todo)) if todo and executor is None else nullcontext(executor)
    with progress_bar(len(experiments), len(results)) as bar, interrupts() as pressed, own as pool:
        for place, future in runs(pool, todo, lambda: pressed.is_set() or asked()):
            if error := future.exception():
                failed[place] = error
            else:
                results[place] = future.result()
                if saved:
                    saved.add(results[place])
                if on_result:
                    on_result(place, results[place])
            bar.update()
    finished = [results[place] for place in sorted(results)]
    if failed:
        raise SweepError(in_words(failed, experiments), finished) from failed[min(failed)]
    return finished


def runs(
    pool: Executor, experiments: dict[int, Experiment], asked: Callable[[], object]
) -> Iterator[tuple[int, Future]]:
    """Yield (place, future) as runs finish, and drop those that have not begun as soon as `asked()` says yes."""
    futures = {submitted(pool, experiment): place for place, experiment in experiments.items()}
    try:
        for future in as_completed(futures):
            if not future.cancelled():
                yield futures[future], future
            if asked():
                for other in futures:
                    other.cancel()
    finally:
        for future in futures:
            future.cancel()


def submitted(pool: Executor, experiment: Experiment) -> Future:
    """Return the Future of a run; where the executor is broken or shut down, one that has failed."""
    try:
        return pool.submit(trained, experiment)
    except RuntimeError as error:
        future: Future = Future()
        future.set_exception(error)
        return future


def in_words(failed: dict[int, BaseException], experiments: list[Experiment]) -> str:
    """Return what went wrong in a sentence: how many runs failed, and the first of them with its reason."""
    first = min(failed)
    which = f"{len(failed)} of {len(experiments)} runs failed, first experiments[{first}], {experiments[first]!r}"
    return f"{which}: {type(failed[first]).__name__}: {failed[first]}"


def trained(experiment: Experiment) -> Result:
    """Return the Result of a run without its weights, which are most of its size: what an executor is asked to do."""
    from .trainer.training import run  # loads TensorFlow, where the run is made

    return replace(run(experiment), weights={})


def checked_settings(executor: object, cancel: Any, csv: object) -> Callable[[], object]:
    """Return the function to ask whether to stop, or raise ValueError for a setting that cannot be used."""
    asked = getattr(cancel, "is_set", cancel or (lambda: False))
    if not (executor is None or isinstance(executor, Executor)):
        given = type(executor).__name__
        raise ValueError(f"executor of type {given} has no submit and shutdown; use client.get_executor() for Dask's")
    if not callable(asked):
        raise ValueError(f"cancel {cancel!r} cannot be asked; use a threading.Event or a function without arguments")
    if csv is not None:
        raise ValueError(f"csv {csv!r} has a new name and a new form, lines of JSON; use file='sweep.jsonl'")
    return asked


def checked(experiments: Iterable[Experiment]) -> list[Experiment]:
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


def progress_bar(total: int, held: int) -> tqdm:
    """Return a progress bar, gone when all is done.

    In a notebook it is a widget, and the text kept beside it in the file, which is the bar's first words, is the same
    at every run.
    """
    options = {"initial": held, "leave": False, "smoothing": 0, "miniters": 0, "mininterval": 1}
    bar = tqdm(total=total, desc=f"sweep of {total} run{'s' * (total > 1)}", bar_format="{desc}", **options)
    bar.bar_format = "{l_bar}{bar}| {n_fmt} of {total_fmt}, {elapsed} gone, {remaining} left"
    return bar


@contextmanager
def interrupts() -> Iterator[Event]:
    """Give an Event that the first interrupt sets, instead of breaking in; the next one breaks in as ever."""
    pressed = Event()
    if current_thread() is not main_thread():  # no interrupt comes here
        yield pressed
        return

    def note(*_: object) -> None:
        pressed.set()
        signal(SIGINT, default_int_handler)

    earlier = signal(SIGINT, note)
    try:
        yield pressed
    finally:
        signal(SIGINT, earlier or default_int_handler)


@contextmanager
def own_processes(most: int) -> Iterator[ProcessPoolExecutor]:
    """Give a pool of a new process for each core, but no more than `most`; forked ones would hang in TensorFlow."""
    workers = min(os.cpu_count() or 1, most, 61)  # 61: the most that Windows allows
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=begin)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def begin() -> None:
    """Set up one of a pool's processes: interrupts are the parent's, and there is one for each core already."""
    signal(SIGINT, SIG_IGN)
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
