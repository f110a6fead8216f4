"""The one thread that trains for all Labs of a kernel: the newest request wins."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Condition, Thread, current_thread
from typing import Any

from IPython import get_ipython

from .words import ANOTHER_LAB, INTERRUPTED

NEWER = "newer"  # why a request is stale whose own Session has asked for something else


@dataclass(eq=False)
class Request:
    """Work to do, not before `due` (on the monotonic clock); `stale` once it is stopped or something newer has come."""

    work: Callable[["Request"], object]  # it looks at `stale` often, and then ends
    owner: object
    due: float
    ahead: bool = False  # it only compiles ahead of time, and nobody waits for it
    dropped: Callable[[str], object] = lambda why: None  # called if somebody else stops it before it has begun
    begun: bool = False
    stale: bool = False
    why: str = ""  # it is stale
    resting: bool = False  # nothing is in motion: held by a pause
    over: bool = False

    @property
    def superseded(self) -> bool:
        """Whether its own Session wants something else, and so nothing of it any more."""
        return self.stale and self.why == NEWER


class Worker:
    """A daemon thread with room for one waiting request; `lock` guards all of its state, and that of every Session."""

    def __init__(self) -> None:
        self.lock = Condition()
        self.waiting: Request | None = None
        self.working: Request | None = None
        self.thread: Thread | None = None
        self.interruptible = False  # whether *Interrupt Kernel* reaches it

    def __repr__(self) -> str:
        return f"Worker(waiting={self.waiting}, working={self.working})"

    def submit(self, owner: object, work: Callable[[Request], object], delay: float = 0.0, **more: Any) -> Request:
        """Ask for `work(request)` after `delay` seconds; whatever waits or works for anyone is stale at once.

        `more` are `ahead` and `dropped` of the Request.
        """
        with self.lock:
            self.stop(owner, NEWER)
            self.stop(why=ANOTHER_LAB)
            request = self.waiting = Request(work, owner, time.monotonic() + delay, **more)
            if self.thread is None or not self.thread.is_alive():
                self.thread = Thread(target=self._loop, daemon=True, name="lab")
                self.thread.start()
            self.lock.notify_all()
            return request

    def stop(self, owner: object = None, why: str = "") -> None:
        """Make stale what waits and what works, for this owner or for all; the first reason stays, but for NEWER."""
        with self.lock:
            for request in (self.waiting, self.working):
                if request and owner in (None, request.owner) and (why == NEWER or not request.stale):
                    request.stale, request.why = True, why
            waiting = self.waiting
            if waiting and waiting.stale:
                self.waiting = None
                if not waiting.superseded:
                    waiting.dropped(waiting.why)
            self.lock.notify_all()

    def busy(self) -> bool:
        """Return whether anything waits or works."""
        with self.lock:
            return bool(self.waiting or self.working)

    def compiling(self) -> bool:
        """Return whether the thread is compiling ahead of time, which nothing can cut short."""
        with self.lock:
            return self.working is not None and self.working.ahead

    def wait(self, owner: object, timeout: float | None = None) -> bool:
        """Wait until nothing waits or works for this owner; return False if that took too long."""

        def idle() -> bool:
            asked = [request for request in (self.waiting, self.working) if request and request.owner is owner]
            return all(request.resting or request.ahead for request in asked)

        with self.lock:
            return current_thread() is self.thread or self.lock.wait_for(idle, timeout)

    def _loop(self) -> None:
        while True:
            with self.lock:
                self.lock.wait_for(lambda: self.waiting)
                request: Any = self.waiting
                left = request.due - time.monotonic()
                if left > 0:
                    self.lock.wait(left)
                    continue
                self.working, self.waiting, request.begun = request, None, True
            try:
                request.work(request)
            finally:
                with self.lock:
                    request.over, self.working = True, None
                    self.lock.notify_all()


WORKER = Worker()


def stop_when_interrupted() -> None:
    """Let *Interrupt Kernel* end the run in progress, whether the kernel is running a cell or not.

    ipykernel ignores an interrupt while no cell runs, and raises KeyboardInterrupt in the main thread while one does;
    neither reaches the worker. So we stand in for both of its signal handlers, and pass on what the second did: see
    `pre_handler_hook` and `post_handler_hook` in ipykernel's `kernelbase.py`. A handler runs in the middle of whatever
    the main thread does, which may hold what the worker waits for: so it only leaves word, for a thread that may wait.
    """
    shell: Any = get_ipython()
    kernel: Any = getattr(shell, "kernel", None)
    if WORKER.interruptible or not hasattr(kernel, "saved_sigint_handler"):
        return  # it is done, or this is no notebook
    WORKER.interruptible = True

    pressed: SimpleQueue[None] = SimpleQueue()  # to put something in waits for no lock

    def obey() -> None:
        while True:
            pressed.get()
            WORKER.stop(why=INTERRUPTED)

    def stop(*_: object) -> None:
        pressed.put(None)

    def stop_and_raise(*given: Any) -> None:
        stop()
        signal.default_int_handler(*given)

    Thread(target=obey, daemon=True, name="interrupts").start()
    kernel.saved_sigint_handler = stop  # what ipykernel puts in force as soon as this cell is over
    shell.events.register("pre_run_cell", lambda *_: signal.signal(signal.SIGINT, stop_and_raise))
