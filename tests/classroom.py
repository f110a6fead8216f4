"""The servers of a class on this machine: a JupyterHub or, without its proxy, a JupyterLab for each learner."""

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from asyncio import sleep
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

import psutil
from tornado.httpclient import AsyncHTTPClient, HTTPClientError

HOME = Path(__file__).parent.parent
MARK = "WINDOW_LAB_CLASS"  # all that a class starts has its folder in this variable
PROXY = "configurable-http-proxy"
FETCHED = HOME / ".class"  # where npm puts the proxy
ENDS = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))  # Windows has two
SECONDS = 1800.0  # the longest that one answer may take; the benchmark's own limits are shorter


def find_proxy():
    """Return the path of the hub's proxy, which npm fetches once; None where it cannot be had."""
    path, npm = FETCHED / "node_modules" / ".bin" / PROXY, shutil.which("npm")
    if installed := shutil.which(PROXY):
        return installed
    if npm and not path.exists():
        print(f"npm fetches {PROXY} into {FETCHED.name}/, once", flush=True)
        command = [npm, "install", "--prefix", str(FETCHED), "--no-fund", "--no-audit", f"{PROXY}@5"]
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
    return str(path) if path.exists() else None


def free_port():
    """Return a port of the loopback interface that nobody uses."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Room:
    """What both kinds of servers share: a folder, a token, and how a server is asked.

    `settings` are variables for the environment of each server and kernel; `patience` is for how many seconds they may
    end by themselves.
    """

    patience = 20

    def __init__(self, folder, settings):
        self.folder, self.token = folder, secrets.token_hex(16)
        self.environment = {MARK: str(folder), "TMPDIR": str(folder), "PYTHONPATH": str(HOME), **settings}
        self.http = AsyncHTTPClient(force_instance=True, max_clients=1000)

    @property
    def headers(self):
        """The headers of each request."""
        return {"Authorization": f"token {self.token}"}

    async def ask(self, address, body=None):
        """Return the text that a server answers; with a body, it is posted as JSON."""
        posted = {"method": "POST", "body": json.dumps(body)} if body is not None else {}
        limits = {"request_timeout": SECONDS, "connect_timeout": SECONDS}
        return (await self.http.fetch(address, headers=self.headers, **limits, **posted)).body.decode()

    def start(self, *command, **environment):
        """Start a server, whose output goes to the file `log` in the folder."""
        own = os.environ | self.environment | environment
        with (self.folder / "log").open("a") as log:
            streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": subprocess.STDOUT}
            return subprocess.Popen(
                [sys.executable, *command], env=own, cwd=self.folder, start_new_session=True, **streams
            )

    async def answers(self, server, address):
        """Wait until a server that was started answers; RuntimeError if it ends before."""
        while server.poll() is None:
            try:
                return await self.ask(address)
            except (OSError, HTTPClientError):
                await sleep(0.3)
        raise RuntimeError(f"a server has ended; its last words: {(self.folder / 'log').read_text()[-2000:]}")


class Hub(Room):
    """A JupyterHub with dummy login and local processes."""

    def __init__(self, folder, settings, proxy):
        super().__init__(folder, settings)
        self.proxy, self.address = proxy, f"http://127.0.0.1:{free_port()}"
        self.name = f"a JupyterHub {version('jupyterhub')}"

    def config(self):
        """Return the hub's settings; all else is as JupyterHub comes, but for how long a server may take to start."""
        scopes = ["admin:users", "admin:servers", "access:servers"]
        hub = {
            "bind_url": self.address,
            "hub_port": free_port(),
            "db_url": f"sqlite:///{self.folder}/hub.sqlite",
            "cookie_secret_file": f"{self.folder}/cookie_secret",
            "authenticator_class": "dummy",
            "spawner_class": "simple",
            "services": [{"name": "benchmark", "api_token": self.token}],
            "load_roles": [{"name": "benchmark", "scopes": scopes, "services": ["benchmark"]}],
        }
        spawner = {
            "cmd": [sys.executable, "-m", "jupyterhub.singleuser"],
            "args": ["--allow-root"],
            "environment": self.environment,
            "start_timeout": int(SECONDS),
            "http_timeout": int(SECONDS),
        }
        proxy = {"command": [self.proxy], "api_url": f"http://127.0.0.1:{free_port()}"}
        return {
            "JupyterHub": hub,
            "Authenticator": {"allow_all": True},
            "DummyAuthenticator": {"password": secrets.token_hex(16)},
            "Spawner": spawner,
            "SimpleLocalProcessSpawner": {"home_dir_template": f"{self.folder}/homes/{{username}}"},
            "ConfigurableHTTPProxy": {**proxy, "pid_file": f"{self.folder}/proxy.pid"},
        }

    async def open(self, names):
        """Start the hub, and make its users."""
        path = self.folder / "jupyterhub_config.json"
        path.write_text(json.dumps(self.config()))
        hub = self.start("-m", "jupyterhub", "-f", str(path))
        await self.answers(hub, f"{self.address}/hub/api/")
        await self.ask(f"{self.address}/hub/api/users", {"usernames": names})

    async def serve(self, name):
        """Start a learner's server, wait as the hub's own page does until it is ready, and return its address."""
        server = f"{self.address}/hub/api/users/{name}/server"
        await self.ask(server, {})
        told = re.findall(r"^data: (.+)$", await self.ask(f"{server}/progress"), re.M)
        if not json.loads(told[-1]).get("ready"):
            raise RuntimeError(f"the hub says: {told[-1]}")
        return f"{self.address}/user/{name}"


class Servers(Room):
    """A JupyterLab for each learner, without a hub."""

    name = "servers without a hub"

    async def open(self, names):
        """Make the learners' home folders."""
        for name in names:
            (self.folder / "homes" / name).mkdir(parents=True)

    async def serve(self, name):
        """Start a learner's server, wait until it answers, and return its address."""
        port, home = free_port(), str(self.folder / "homes" / name)
        options = ["--no-browser", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0", "--allow-root"]
        own = {"JUPYTER_TOKEN": self.token, "HOME": home}
        server = self.start("-m", "jupyterlab", *options, f"--ServerApp.root_dir={home}", **own)
        await self.answers(server, f"http://127.0.0.1:{port}/api/status")
        return f"http://127.0.0.1:{port}"


@contextmanager
def room(settings, proxy=None):
    """Give a hub, or servers without one where there is no proxy; end all that they started and remove their folder."""
    folder = Path(tempfile.mkdtemp(prefix="window-lab-class-"))
    made = Hub(folder, settings, proxy) if proxy else Servers(folder, settings)
    try:
        yield made
    finally:
        before = {each: signal.signal(each, signal.SIG_IGN) for each in ENDS}  # a second Ctrl-C leaves nothing behind
        end(folder, made.patience)
        shutil.rmtree(folder)
        for each, handler in before.items():
            signal.signal(each, handler)


def processes(folder):
    """Yield ("kernel", "server" or "hub", process) for all that runs for a folder; the proxy counts as the hub."""
    for process in psutil.process_iter():
        try:
            ours, line = process.environ().get(MARK) == str(folder), " ".join(process.cmdline())
        except psutil.Error:
            continue
        if ours:
            server = "jupyterhub.singleuser" in line or "jupyterlab" in line
            yield "kernel" if "ipykernel_launcher" in line else "server" if server else "hub", process


def end(folder, patience):
    """End all that runs for a folder, by force what does not end in so many seconds when it is asked to."""
    for force in (False, True, True):
        left = [process for _, process in processes(folder)]
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill() if force else process.terminate()
        psutil.wait_procs(left, timeout=patience)


def pss(pid):
    """Return the megabytes of a process, of each page that n processes share an n-th (its PSS, which Linux tells)."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+) kB$", rollup, re.M).group(1)) * 1024 / 1e6
