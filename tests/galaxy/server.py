"""Start a real Galaxy with the tools of this repository, and stop it again, whatever happens in between.

Runs with planemo's Python (it has bioblend). This folder has no ``__init__.py``: as a package named galaxy it would
hide Galaxy's own.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from waiting import StalledError, processor_steps, wait_while_moving

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
HOME = ROOT / ".galaxy"
TEST_DATA = ROOT / "test-data"
DATA_MANAGER = ROOT / "data_managers" / "data_manager_drugresponse_models"
PATIENTS_MODEL = TEST_DATA / "germline" / "model.safetensors"
HOST = "127.0.0.1"
EMAIL = "tester@example.org"
ENDED = ("ok", "error", "failed_metadata", "discarded", "empty", "deleted")


class ServerError(RuntimeError):
    """Galaxy cannot be started; the message is one line and says what to do."""


@dataclass
class GalaxyServer:
    """The running Galaxy: where it listens, the keys of its admin and its user, and its processes."""

    port: int
    home: Path = HOME
    admin_key: str = field(default_factory=lambda: secrets.token_hex(16))
    user_key: str = ""
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def state(self) -> Path:
        return self.home / "state"

    def write_config(self) -> None:
        """Fill the templates of ``config/`` into a fresh state folder."""
        shutil.rmtree(self.state, ignore_errors=True)
        # Celery's results live in data/: without the folder the worker dies and uploads wait for ever
        for name in ("config", "data"):
            (self.state / name).mkdir(parents=True)
        words = {
            "STATE": str(self.state),
            "URL": self.url,
            "SECRET": secrets.token_hex(16),
            "ADMIN_KEY": self.admin_key,
            "EMAIL": EMAIL,
            "TOOLS": str(ROOT / "tools"),
            "PROGRAMS": str(self.home / "bin"),
        }
        for template in sorted((HERE / "config").iterdir()):
            text = template.read_text()
            for word, value in words.items():
                text = text.replace(f"@{word}@", value)
            (self.state / "config" / template.name).write_text(text)
        self.offer_models()

    def offer_models(self) -> None:
        """Offer the installed models of the tests, in a copy: a data manager writes into the table that it is given."""
        config = self.state / "config"
        table = (ROOT / "tools" / "tool_data_table_conf.xml.test").read_text()
        (config / "tool_data_table_conf.xml").write_text(table.replace("${__HERE__}/../test-data", str(config)))
        models = (TEST_DATA / "drugresponse_models.loc").read_text().replace("${__HERE__}", str(TEST_DATA))
        checksum = hashlib.sha256(PATIENTS_MODEL.read_bytes()).hexdigest()
        patients = ("patients_example", "Simulated patients, dose of warfarin", "1", checksum, str(PATIENTS_MODEL))
        (config / "drugresponse_models.loc").write_text("\t".join(patients) + "\n" + models)
        managers = (DATA_MANAGER / "data_manager_conf.xml").read_text()
        here = f'<data_managers tool_path="{DATA_MANAGER}">'
        (config / "data_manager_conf.xml").write_text(managers.replace("<data_managers>", here))

    def link_program(self) -> None:
        """Put the console script, and nothing else, into the folder that the jobs have on their PATH."""
        program = ROOT / ".venv" / "bin" / "drugresponse"
        if not program.exists():
            raise ServerError(f"{program}: not found (the console script of the package). Run: make unit")
        programs = self.home / "bin"
        shutil.rmtree(programs, ignore_errors=True)
        programs.mkdir(parents=True)
        (programs / program.name).symlink_to(program)

    def launch(self, name: str, program: str, *arguments: str) -> None:
        """Start one service in a session of its own, so that ctrl-C reaches it through `stop` only."""
        binaries = self.home / "galaxy" / "bin"
        environment = {
            **os.environ,
            "GALAXY_CONFIG_FILE": str(self.state / "config" / "galaxy.yml"),
            "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
            # test data beside the tools' folder; without this Galaxy would also look for some on the network
            "GALAXY_TEST_FILE_DIR": str(TEST_DATA),
        }
        # PYTHONPATH or a virtual environment of the caller must not reach Galaxy's own Python
        for variable in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
            environment.pop(variable, None)
        with (self.state / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [str(binaries / program), *arguments],
                cwd=self.state,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes[name] = process
        (self.state / f"{name}.pid").write_text(str(process.pid))

    def start(self) -> None:
        """Start both services and return when a first upload has gone through."""
        if not (self.home / "galaxy" / "bin" / "galaxy-web").exists():
            raise ServerError(f"{self.home / 'galaxy'}: no Galaxy is installed there. Run: make galaxy-install")
        stop_orphans(self.state)
        self.link_program()
        self.write_config()
        config = str(self.state / "config" / "galaxy.yml")
        worker = (
            "--app galaxy.celery worker --pool threads --concurrency 2 --queues celery,galaxy.internal,galaxy.external"
        )
        self.launch("celery", "celery", *worker.split())
        self.launch("web", "galaxy-web", "-c", config, "-b", f"{HOST}:{self.port}")
        self.wait_until(self.answers, f"Galaxy does not answer at {self.url}")
        self.make_ready()

    def check_alive(self) -> None:
        """Say which service died, and the last lines of its log."""
        for name, process in self.processes.items():
            if process.poll() is not None:
                log = self.state / f"{name}.log"
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
                raise ServerError(f"Galaxy's {name} process ended with code {process.returncode}. See {log}:\n{tail}")

    def work_done(self) -> tuple[int, int]:
        """What grows while the services work: their logs, and the processor time of their sessions."""
        logs = sum((self.state / f"{name}.log").stat().st_size for name in self.processes)
        return logs, processor_steps({process.pid for process in self.processes.values()})

    def wait_until(self, is_done: Callable[[], bool], what: str) -> None:
        """Wait as long as the services live and work; a machine that does other things too is slow, not broken."""

        def alive_and_done() -> bool:
            self.check_alive()
            return is_done()

        try:
            wait_while_moving(alive_and_done, self.work_done)
        except StalledError as error:
            raise ServerError(f"{what}: {error}. See {self.state / 'web.log'} and celery.log beside it") from error

    def answers(self) -> bool:
        """Whether the web process answers; in single-user mode the first page request makes the user."""
        with contextlib.suppress(OSError, urllib.error.URLError):
            urllib.request.urlopen(self.url, timeout=60).close()
            return True
        return False

    def make_ready(self) -> None:
        """Make the user's key, and upload a line, so that no test pays for the Celery worker's first imports."""
        from bioblend.galaxy import GalaxyInstance  # only planemo's Python has it

        admin = GalaxyInstance(self.url, key=self.admin_key)
        user = next(each for each in admin.users.get_users() if each["email"] == EMAIL)
        self.user_key = admin.users.get_or_create_user_apikey(user["id"])
        galaxy = GalaxyInstance(self.url, key=self.user_key)
        history = galaxy.histories.create_history("first upload")["id"]
        upload = galaxy.tools.paste_content("first\tupload\n", history, file_type="tabular")
        first = upload["outputs"][0]["id"]
        self.wait_until(lambda: galaxy.datasets.show_dataset(first)["state"] in ENDED, "the first upload")
        galaxy.histories.delete_history(history, purge=True)

    def tool_ids(self) -> list[str]:
        """Ids of the tools of this repository that Galaxy has loaded."""
        from bioblend.galaxy import GalaxyInstance

        tools = GalaxyInstance(self.url, key=self.admin_key).tools.get_tools()
        return sorted(tool["id"] for tool in tools if tool["id"].startswith("drugresponse_"))

    def stop(self) -> None:
        """End both services and everything that they started."""
        for name, process in self.processes.items():
            end_session(process.pid, process)
            (self.state / f"{name}.pid").unlink(missing_ok=True)
        self.processes.clear()


def end_session(pid: int, process: subprocess.Popen[bytes] | None = None, patience: float = 10.0) -> None:
    """Ask the process group that `pid` leads to end, and kill what is left of it after `patience` seconds."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            if process is not None and process.poll() is not None:
                break
            os.kill(pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.1)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    if process is not None:
        process.wait()


def stop_orphans(state: Path) -> None:
    """End services that an earlier run left behind when it was killed; the caller holds the lock, so none is in use."""
    for record in state.glob("*.pid"):
        pid = int(record.read_text())
        command = Path(f"/proc/{pid}/cmdline")
        # the number may belong to another program by now: only a command from this folder is ours
        if command.exists() and str(state.parent).encode() in command.read_bytes():
            end_session(pid)
        record.unlink()


def choose_port(wanted: int | None) -> int:
    """Return the wanted port if it is free, and any free one if none is wanted."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted or 0))
        except OSError as error:
            raise ServerError(
                f"port {wanted}: in use by another program (a free one is needed). Choose another with PORT=8766"
            ) from error
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Keep a second run from using the same folder at the same time; the lock ends with this process."""
    home.mkdir(exist_ok=True)
    with (home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ServerError(f"{home}: another run is using this Galaxy. Wait for it, or stop it first") from error
        yield


@contextlib.contextmanager
def running_galaxy(port: int | None = None) -> Iterator[GalaxyServer]:
    """Serve the tools while the block runs; ctrl-C, SIGTERM and a closed terminal stop Galaxy too."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    # a shell starts its background jobs with SIGINT ignored; ctrl-C and kill -INT are to work there too
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
    with only_one(HOME):
        server = GalaxyServer(choose_port(port))
        try:
            server.start()
            yield server
        finally:
            # a second ctrl-C must not leave half of the processes behind
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            server.stop()
