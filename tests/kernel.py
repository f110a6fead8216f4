"""A real kernel for tests, driven as the browser does it: by comm messages."""

import ast
import os
import signal
import time
from contextlib import contextmanager

import nbformat
from jupyter_core.utils import run_sync
from nbclient import NotebookClient

WATCH = """
import gc, logging, os, threading, traceback
import psutil
complaints = []
threading.excepthook = lambda given: complaints.append("".join(traceback.format_exception(given.exc_value)))
shell = get_ipython()
shell.showtraceback = lambda *_, **__: complaints.append(traceback.format_exc())
class Keep(logging.Handler):
    def emit(self, record):
        complaints.append(self.format(record))
keep = Keep(logging.ERROR)
for name in (None, "comm", "asyncio", "tornado.application", shell.kernel.log.name):
    logging.getLogger(name).addHandler(keep)
"""

MEMORY = """\
import ctypes
def memory():
    gc.collect()
    getattr(ctypes.CDLL(None), "malloc_trim", lambda _: 0)(0)  # what is free goes back to the system, with glibc
    return psutil.Process().memory_info().rss / 1e6
"""


class Kernel:
    """A kernel; `run` and `ask` run code in it, `send` speaks to a widget as the browser does."""

    def __init__(self, client):
        self.client, self.ids = client, {}
        self.run(WATCH)
        self.run("from helpers import EXAMPLES, Experiment, Lab, run, sine")

    def run(self, code):
        """Run code, and return its output; an error in it is an error here."""
        cell = nbformat.v4.new_code_cell(code)
        self.client.nb.cells.append(cell)
        self.client.execute_cell(cell, len(self.client.nb.cells) - 1)
        assert not [output for output in cell.outputs if output.get("name") == "stderr"], cell.outputs
        return cell.outputs

    def run_cell(self, cell, code):
        """Run code as JupyterLab does, which tells the kernel the id of the cell, and wait until it is done."""
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        message = self.client.kc.session.msg("execute_request", content)
        message["metadata"]["cellId"] = cell
        self.client.kc.shell_channel.send(message)
        self.ask("None")

    def ask(self, expression):
        """Return the value of an expression."""
        outputs = self.run(f"print(repr({expression}))")
        assert {output.get("name") for output in outputs} == {"stdout"}, outputs
        return ast.literal_eval("".join(output["text"] for output in outputs))

    def send(self, widget, **data):
        """Send a comm message to a widget."""
        shell = self.client.kc.shell_channel
        if widget not in self.ids:
            self.ids[widget] = self.ask(f"{widget}.model_id")
        content = {"comm_id": self.ids[widget], "data": data}
        shell.send(self.client.kc.session.msg("comm_msg", content))

    def move(self, widget, **state):
        """Set a widget's state, as a hand on a slider does."""
        self.send(widget, method="update", state=state, buffer_paths=[])

    def click(self, word):
        """Click the button with this word on it."""
        self.send(f"lab.buttons[{word!r}]", method="custom", content={"event": "click"})

    def until(self, expression, seconds=90):
        """Wait until an expression is true."""
        end = time.monotonic() + seconds
        while not self.ask(f"bool({expression})"):
            assert time.monotonic() < end, (expression, self.ask("lab.status"))
            time.sleep(0.05)

    def interrupter(self):
        """Return a function that does what *Interrupt Kernel* does."""
        process = self.ask("os.getpid()")
        return lambda: os.kill(process, signal.SIGINT)

    def restart(self):
        """Do what *Restart Kernel* does."""
        run_sync(self.client.km.restart_kernel)(now=True)
        run_sync(self.client.kc.wait_for_ready)(timeout=60)
        self.__init__(self.client)

    def complaints(self):
        """Return what went wrong unseen: in a thread, in a callback, in the kernel's own log, on stderr."""
        outputs = [output for cell in self.client.nb.cells for output in cell.outputs]
        return [*self.ask("complaints"), *(output for output in outputs if output.get("name") == "stderr")]


@contextmanager
def a_kernel():
    """Start a kernel."""
    client = NotebookClient(nbformat.v4.new_notebook(), kernel_name="python3", timeout=120)
    with client.setup_kernel():
        yield Kernel(client)
