"""How a class fares on one server: `python tests/benchmark_class.py --learners 12 --minutes 3`.

A JupyterHub starts on this machine, for the loopback interface alone. Each learner gets a server and a kernel from it,
opens a Lab and presses *Train*, all at once; when all are ready, each moves a slider now and then. The learners speak
to the hub as JupyterLab does, over REST and websockets: a slider is moved by the message that a browser sends, and what
is timed is when the messages come that change a picture. No browser runs: a learner's own costs the server nothing.
All ends by itself, and at Ctrl-C, and leaves nothing behind.
"""

import argparse
import asyncio
import html
import importlib.util
import json
import math
import os
import platform
import random
import re
import signal
import statistics
import sys
import time
from collections import Counter, defaultdict
from contextlib import suppress
from importlib.metadata import version

import psutil
from classroom import ENDS, find_proxy, processes, pss, room
from jupyter_client.session import Session
from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

CELL = "from helpers import Experiment, Lab; lab = Lab(Experiment(length=24), controls=('length', 'stride')); lab"
PAGES = ("lab", "lab/api/settings", "api/kernelspecs", "api/contents")  # what JupyterLab asks for as it opens
STATUS = re.compile(r"run (\d+): (\w+), (.*)", re.S)
DRAG = 5  # messages of a slider on its way
LONGEST_RUN = 300  # seconds until a run must have ended
STEPS = {
    "server": "until the server answers",
    "kernel": "until the kernel answers",
    "lab": "until the Lab is on screen",
    "point": "until the first loss point",
    "run": "until the end of the first run",
}


class Learner:
    """A learner in a room, who will `arrive`, `begin` with a Lab, and `play` with its sliders.

    `came` maps each of STEPS to the seconds until it was reached; `waits` are the seconds from each move to the first
    point of the losses, and to the end of the run; `errors` are sentences.
    """

    def __init__(self, name, seed, room):
        self.name, self.room, self.random = name, room, random.Random(seed)
        self.came, self.waits, self.errors = {}, [], []
        self.session, self.news = Session(key=b""), asyncio.Event()
        self.idle, self.models = set(), {}  # the requests that are done; the widgets' states, by their ids
        self.drawn, self.points = 0.0, {}  # when the losses were drawn last, and first in each run
        self.ended = 0, 0.0  # which run ended last, and when

    async def attempt(self, work, seconds):
        """Do some work in at most so many seconds; whatever goes wrong is an error of this learner."""
        try:
            async with asyncio.timeout(seconds):
                await work
        except Exception as error:
            self.errors.append(f"{type(error).__name__}: {error}"[:300])

    async def arrive(self):
        """Start a server and a kernel."""
        self.began = time.monotonic()
        base = await self.room.serve(self.name)
        self.note("server")
        await asyncio.gather(*(self.room.ask(f"{base}/{page}") for page in PAGES))
        notebook = {"path": "class.ipynb", "name": "class.ipynb", "type": "notebook", "kernel": {"name": "python3"}}
        kernel = json.loads(await self.room.ask(f"{base}/api/sessions", notebook))["kernel"]["id"]
        await self.connect(f"{base}/api/kernels/{kernel}/channels?session_id={self.session.session}")
        await self.request("kernel_info_request", {})
        self.note("kernel")

    async def begin(self):
        """Run the cell that opens a Lab, press *Train*, and wait until the run ends."""
        asked = {"silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        await self.request("execute_request", {"code": CELL, **asked})
        self.note("lab")
        await self.send("comm_msg", self.to(self.find(description="Train"), "custom", content={"event": "click"}))
        await self.until(lambda: self.ended[0])
        self.note("point", self.points[self.ended[0]])
        self.note("run", self.ended[1])

    async def start(self, delay):
        """Arrive after a delay, and begin at once."""
        await asyncio.sleep(delay)
        await self.arrive()
        await self.begin()

    async def play(self, end, every):
        """Move a slider now and then, and wait for each run, until the end has come."""
        while (pause := every * self.random.uniform(0.5, 1.5)) < end - time.monotonic():
            await asyncio.sleep(pause)
            async with asyncio.timeout(LONGEST_RUN):
                self.waits.append(await self.move(self.random.choice(["length", "stride"])))

    async def move(self, name):
        """Drag a slider to another place; return the seconds to the first point and to the end of the run."""
        slider, before = self.find(description=name, _model_name="IntSliderModel"), self.ended[0]
        state = self.models[slider]
        start, goal = state["value"], self.random.choice([*range(state["min"], state["max"])])
        goal += goal >= start  # another place
        for place in dict.fromkeys(round(start + (goal - start) * part / DRAG) for part in range(1, DRAG + 1)):
            await asyncio.sleep(0.03)
            await self.send("comm_msg", self.to(slider, "update", state={"value": place}, buffer_paths=[]))
        state["value"], moved = goal, time.monotonic()
        await self.until(lambda: self.ended[0] > before)
        number, ended = self.ended
        return self.points[number] - moved, ended - moved

    def note(self, step, moment=None):
        """Note when a step was reached."""
        self.came[step] = (moment or time.monotonic()) - self.began

    # what goes out

    async def connect(self, address):
        """Connect to the kernel's channels, and listen from then on."""
        request = HTTPRequest(address.replace("http", "ws", 1), headers=self.room.headers, request_timeout=LONGEST_RUN)
        self.socket = await websocket_connect(request, subprotocols=["v1.kernel.websocket.jupyter.org"])
        self.listening = asyncio.create_task(self.listen())

    async def send(self, kind, content):
        """Send a message to the kernel, and return its id."""
        message = self.session.msg(kind, content)
        await self.socket.write_message(serialize_msg_to_ws_v1(message, "shell", self.session.pack), binary=True)
        return message["header"]["msg_id"]

    async def request(self, kind, content):
        """Send a message, and wait until the kernel is done with it."""
        sent = await self.send(kind, content)
        await self.until(lambda: sent in self.idle)

    def to(self, widget, method, **data):
        """Return what a message to a widget holds."""
        return {"comm_id": widget, "data": {"method": method, **data}}

    # what comes in

    async def until(self, true):
        """Wait until something is true that messages change."""
        while not true():
            self.news.clear()
            if self.listening.done():
                raise ConnectionError("the kernel's channels are closed")
            await self.news.wait()

    async def listen(self):
        """Take each message that comes."""
        while (raw := await self.socket.read_message()) is not None:
            _, (header, parent, _, content, *_) = deserialize_msg_from_ws_v1(raw)
            self.take(json.loads(header)["msg_type"], json.loads(parent).get("msg_id"), json.loads(content))
            self.news.set()
        self.news.set()

    def take(self, kind, parent, content):
        """Take a message from the kernel, as the page does."""
        if kind == "comm_open":
            self.models[content["comm_id"]] = content["data"].get("state", {})
        elif kind == "comm_msg" and content["data"].get("method") == "update":
            self.changed(content["comm_id"], content["data"]["state"])
        elif kind == "status" and content["execution_state"] == "idle":
            self.idle.add(parent)
        elif kind == "error":
            self.errors.append(f"{content['ename']}: {content['evalue']}")
        elif (kind == "stream" and content["name"] == "stderr") or content.get("execution_state") in (
            "dead",
            "restarting",
        ):
            self.errors.append(str(content.get("text", "the kernel has died")).strip())

    def changed(self, widget, state):
        """Take the new state of a widget, and note when the losses are drawn and how the runs come on."""
        model = self.models[widget]
        model.update(state)
        if "value" in state and widget in self.moving("losses"):
            self.drawn = time.monotonic()
        said = STATUS.match(html.unescape(str(state.get("value", ""))))
        if said and "lab-status" in model.get("_dom_classes", ()):
            number, phase, what = int(said[1]), said[2], said[3]
            if phase != "ready" and not (phase == "training" and not what.startswith("epoch")):
                self.points.setdefault(number, self.drawn)
            if phase in ("done", "diverged", "cancelled", "failed"):
                self.ended = number, time.monotonic()
            if phase in ("cancelled", "failed"):
                self.errors.append(said[0])

    def moving(self, picture):
        """Return the id of what moves in a picture of the Lab, in a list."""
        boxes = [state for state in self.models.values() if f"lab-{picture}" in state.get("_dom_classes", ())]
        return [box["children"][-1].removeprefix("IPY_MODEL_") for box in boxes]

    def find(self, **wanted):
        """Return the id of the first widget with such a state."""
        return next(name for name, state in self.models.items() if wanted.items() <= state.items())


def nine_of_ten(numbers):
    """Return the least of some numbers that nine of ten do not exceed."""
    return sorted(numbers)[math.ceil(0.9 * len(numbers)) - 1]


def say(what, numbers, unit):
    """Print the median, what nine of ten do not exceed, and the largest."""
    if numbers:
        figures = statistics.median(numbers), nine_of_ten(numbers), max(numbers)
        digits = 2 if figures[0] < 10 else 0
        print(f"  {what:42}" + "".join(f"{figure:10.{digits}f}" for figure in figures) + f"  {unit}", flush=True)


def work(folder):
    """Return the processor seconds that each kind of process has taken so far."""
    taken = Counter()
    for kind, process in processes(folder):
        taken[kind] += sum(process.cpu_times()[:2])
    return taken


def tell_arrivals(learners, taken, lasted):
    """Print how long it took until the learners were ready, and what it cost."""
    ready = [learner for learner in learners if "run" in learner.came]
    print(f"{len(ready)} of {len(learners)} learners are ready {lasted:.0f} s after the first began")
    print(f"  {'each, from their own start':42}{'median':>10}{'9 of 10':>10}{'last':>10}")
    for step, what in STEPS.items():
        say(what, [learner.came[step] for learner in learners if step in learner.came], "s")
    costs = ", ".join(f"{kind} {taken[kind] / len(learners):.1f}" for kind in ("kernel", "server", "hub"))
    print(f"  processor seconds a learner: {costs}")


def tell_runs(learners, taken, lasted):
    """Print how long the learners waited after their moves."""
    waits = [wait for learner in learners for wait in learner.waits]
    print(f"{len(waits)} moves of a slider in {lasted:.0f} s")
    for which, what in enumerate(("from a move to the first loss point", "from a move to the end of its run")):
        say(what, [wait[which] for wait in waits], "s")
    print(f"  cores at work: {sum(taken.values()) / lasted:.2f} of {os.cpu_count()}")


def tell_memory(folder):
    """Print what the processes hold, pages that are shared counted once."""
    held = defaultdict(list)
    for kind, process in processes(folder):
        with suppress(OSError):  # it has ended
            held[kind].append(pss(process.pid))
    total = sum(map(sum, held.values()))
    print(f"memory (PSS): {total:.0f} MB in all, {sum(held['hub']):.0f} of it the hub with its proxy")
    for kind in ("kernel", "server"):
        say(f"a {kind}", held[kind], "MB")


def tell_errors(learners):
    """Print how many errors there were, and which most often; return how many."""
    errors = Counter(error for learner in learners for error in learner.errors)
    print(f"errors: {errors.total()}")
    for error, times in errors.most_common(5):
        print(f"  {times} times: {error}")
    return errors.total()


async def together(learners, work, minutes):
    """Let all learners do some work, a function of a learner, at once; each may take so many minutes."""
    await asyncio.gather(*(each.attempt(work(each), 60 * minutes) for each in learners))


async def lesson(room, asked):
    """Let the learners arrive, begin and play, print every figure, and return the number of errors."""
    names = [f"learner-{number}" for number in range(1, asked.learners + 1)]
    learners = [Learner(name, number, room) for number, name in enumerate(names)]
    async with asyncio.timeout(60 * asked.patience):
        await room.open(names)
    if asked.early:
        await together(learners, Learner.arrive, asked.patience)
    taken, began = work(room.folder), time.monotonic()
    if asked.early:
        there = [each for each in learners if "kernel" in each.came]
        for each in there:
            each.began, each.came = began, {}
        await together(there, Learner.begin, asked.patience)
    else:
        await together(learners, lambda each: each.start(learners.index(each) * asked.stagger), asked.patience)
    tell_arrivals(learners, work(room.folder) - taken, time.monotonic() - began)
    ready = [each for each in learners if "run" in each.came]
    taken, began = work(room.folder), time.monotonic()
    end = began + 60 * asked.minutes
    await together(ready, lambda each: each.play(end, asked.every), asked.minutes + LONGEST_RUN / 60)
    if asked.minutes:
        tell_runs(ready, work(room.folder) - taken, time.monotonic() - began)
    tell_memory(room.folder)
    return tell_errors(learners)


def number(kind, least, most):
    """Return what makes a number of an argument, or refuses it."""

    def checked(text):
        value = kind(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between {least} and {most}")
        return value

    return checked


def parse(arguments):
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--learners", type=number(int, 1, 100), default=12, help="how many (12)")
    parser.add_argument("--minutes", type=number(float, 0, 60), default=3, help="for which they move sliders (3)")
    parser.add_argument("--every", type=number(float, 1, 600), default=30, help="seconds between two moves (30)")
    parser.add_argument("--stagger", type=number(float, 0, 120), default=0, help="seconds between two arrivals (0)")
    parser.add_argument(
        "--patience", type=number(float, 1, 30), default=20, help="minutes in which all must be ready (20)"
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a variable for all kernels")
    parser.add_argument("--early", action="store_true", help="servers and kernels are there before the clock starts")
    parser.add_argument("--no-hub", action="store_true", help="servers alone, without a JupyterHub")
    return parser.parse_args(arguments)


def head(asked, place, proxy):
    """Print the date, the machine, and what is measured."""
    print(f"{time.strftime('%d %B %Y')}: {platform.machine()}, {os.cpu_count()} cores, ", end="")
    print(f"{psutil.virtual_memory().total / 1e9:.0f} GB, ", end="")
    print(f"Python {platform.python_version()}, TensorFlow {version('tensorflow')}, JupyterLab {version('jupyterlab')}")
    missing = "" if proxy or asked.no_hub else "; neither the hub's proxy nor npm to fetch it can be had"
    early = ", their servers and kernels there before the first begins" * asked.early
    stagger = f", one every {asked.stagger:g} s" if asked.stagger and not asked.early else ", all at once"
    print(f"{asked.learners} learners with {place}{early or stagger}{missing}", *asked.set, flush=True)


def main(arguments=None):
    """Run the benchmark; return 0 if there was no error, 1 if there were some, or why it did not come to its end."""
    asked = parse(arguments)
    if not asked.no_hub and not importlib.util.find_spec("jupyterhub"):
        return 'This needs a JupyterHub: .venv/bin/pip install -e ".[class]" (or go without, with --no-hub)'
    proxy = None if asked.no_hub else find_proxy()
    for each in ENDS[1:]:
        signal.signal(each, lambda *_: signal.raise_signal(signal.SIGINT))
    settings = dict(variable.split("=", 1) for variable in asked.set)
    with room(settings, proxy) as place:
        head(asked, place.name, proxy)
        try:
            return int(asyncio.run(lesson(place, asked)) > 0)
        except (RuntimeError, TimeoutError) as error:
            return str(error) or "the hub does not answer"
        except KeyboardInterrupt:
            return "stopped; all that was started is ended now"


if __name__ == "__main__":
    sys.exit(main())
