"""The one thread that trains for all Labs of a kernel: the newest request wins."""

import signal
import time
from dataclasses import dataclass
from functools import lru_cache
from threading import Condition, Thread, current_thread
from typing import Any

from IPython import get_ipython


@dataclass
class Request:
    """Work to do, not before `due` (on the monotonic clock); `stale` once it is stopped or something newer has come."""

    work: object  # a function of this request; it looks at `stale` often, and then ends
    owner: object
    due: float
    stale: bool = False
    why: str = ""  # it is stale
    resting: bool = False  # nothing is in motion: held by a pause, or compiling ahead of time
    ahead: bool = False  # it only compiles ahead of time
    over: bool = False


class Worker:
    """A daemon thread with room for one waiting request; `changed` guards all of its state."""

    def __init__(self):
        self.changed = Condition()
        self.waiting: Any = None  # a Request, or None
        self.working: Any = None
        self.thread: Thread | None = None

    def submit(self, owner, work, delay=0.0):
        """Ask for `work(request)` after `delay` seconds; whatever waits or works for anyone is stale at once."""
        with self.changed:
            self.stop(owner, "newer")
            self.stop(why="another Lab is training")
            self.waiting = Request(work, owner, time.monotonic() + delay)
            if self.thread is None or not self.thread.is_alive():
                self.thread = Thread(target=self._loop, daemon=True, name="lab")
                self.thread.start()
            self.changed.notify_all()
            return self.waiting

    def stop(self, owner=None, why=""):
        """Make stale what waits and what works, for this owner or for all; return whether there was anything."""
        with self.changed:
            there = [r for r in (self.waiting, self.working) if r and owner in (None, r.owner) and not r.stale]
            for request in there:
                request.stale, request.why = True, why
            if self.waiting and self.waiting.stale:
                self.waiting = None
            self.changed.notify_all()
            return bool(there)

    def compiling(self):
        """Return whether the thread is compiling ahead of time, which nothing can cut short."""
        with self.changed:
            return bool(self.working and self.working.ahead)

    def wait(self, owner, timeout=None):
        """Wait until nothing waits or works for this owner; return False if that took too long."""

        def idle():
            return not any(r and r.owner is owner and not r.resting for r in (self.waiting, self.working))

        with self.changed:
            return current_thread() is self.thread or self.changed.wait_for(idle, timeout)

    def _loop(self):
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.waiting)
                left = self.waiting.due - time.monotonic()
                if left > 0:
                    self.changed.wait(left)
                    continue
                self.working, self.waiting = self.waiting, None
            try:
                self.working.work(self.working)
            finally:
                with self.changed:
                    self.working.over, self.working = True, None
                    self.changed.notify_all()


WORKER = Worker()


@lru_cache(maxsize=1)
def stop_when_interrupted():
    """Let *Interrupt Kernel* end the run in progress, whether the kernel is running a cell or not.

    ipykernel ignores an interrupt while no cell runs, and raises KeyboardInterrupt in the main thread while one does;
    neither reaches the worker. So we stand in for both of its signal handlers, and pass on what the second did.
    """
    shell: Any = get_ipython()
    kernel: Any = getattr(shell, "kernel", None)
    if not hasattr(kernel, "saved_sigint_handler"):
        return  # no notebook

    def stop(*_):
        WORKER.stop(why="the kernel was interrupted")

    def stop_and_raise(*given):
        stop()
        signal.default_int_handler(*given)

    kernel.saved_sigint_handler = stop  # what ipykernel puts in force as soon as this cell is over
    shell.events.register("pre_run_cell", lambda *_: signal.signal(signal.SIGINT, stop_and_raise))
