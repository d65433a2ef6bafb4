"""One command in a forked process with limits: how it ended, and what it left or reached for outside its folder."""

from __future__ import annotations

import gc
import importlib
import io
import os
import pkgutil
import re
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import drugresponse

__all__ = ["BAD", "KINDS", "Ending", "clear", "load_libraries", "run_forked", "start_command", "wait_for"]

KINDS = ("done", "refused", "traceback", "crash", "hang", "elsewhere", "words")
BAD = KINDS[2:]
"""`elsewhere`: it wrote, connected or unpickled where it must not, or left something; `words`: not one fit line."""
_LIBRARIES = (
    *("pandas", "pyarrow.parquet", "pyarrow.dataset", "h5py", "anndata", "cyvcf2", "pgenlib"),
    *("rdkit.Chem.AllChem", "sklearn.linear_model", "sklearn.ensemble", "scipy.stats", "scipy.sparse.linalg", "yaml"),
    *("xgboost", "safetensors.numpy", "python_calamine", "torch", "jinja2", "threadpoolctl"),
    *("matplotlib.figure", "matplotlib.font_manager"),
)
_SECONDS = 20
"""Of processor time: how busy the machine is does not count."""
_MOST_SECONDS = 200
"""Of waiting, for what sleeps."""
_MEMORY_MB = 1500
_MORE_ADDRESSES = 6 << 30
_MOST_SIGNS = 1500
_LINE = re.compile(r"drugresponse[a-z ]*: error: .")
_CHANGING = {
    "os.rename": 2, "os.remove": 1, "os.mkdir": 1, "os.rmdir": 1, "os.link": 2, "os.symlink": 2, "os.truncate": 1,
    "os.chmod": 1, "shutil.rmtree": 1,
}  # fmt: skip
"""Events of Python's audit, and how many of their first arguments are paths that are changed."""
_REACHING = ("socket.connect", "socket.bind", "socket.getaddrinfo", "pickle.find_class", "os.system")


@dataclass(frozen=True)
class Ending:
    """How a command ended.

    Attributes
    ----------
    kind
        One of `KINDS`.
    code
        Exit code, or the number of the signal below 0.
    text
        What it wrote to stderr, or what it did where it must not.
    seconds
        How long it took.
    """

    kind: str
    code: int
    text: str
    seconds: float


def load_libraries() -> None:
    """Import what commands import, so that a forked process begins at once."""
    ours = [
        each.name for each in pkgutil.walk_packages(drugresponse.__path__, "drugresponse.") if "__" not in each.name
    ]
    for name in (*_LIBRARIES, *ours):
        if not name.startswith("drugresponse.galaxy"):
            importlib.import_module(name)
    gc.freeze()  # so that no forked process looks through it again


def run_forked(
    words: Sequence[str],
    folder: Path,
    *,
    seconds: float = _MOST_SECONDS,
    before: Callable[[], None] | None = None,
) -> Ending:
    """Run one command in a folder whose `in` holds its inputs and whose `out` takes its outputs.

    Parameters
    ----------
    words
        Those of the command line after `drugresponse`.
    folder
        A folder of its own.
    seconds
        After which it is killed and counts as hanging, whether it computes or waits.
    before
        What the process does first, such as to limit itself.
    """
    inputs = _contents(folder / "in")
    return wait_for(start_command(words, folder, before), folder, seconds, inputs)


def start_command(words: Sequence[str], folder: Path, before: Callable[[], None] | None = None) -> int:
    """The number of a process that runs a command in a folder, as `run_forked` does."""
    for name in ("out", "cwd", "tmp", "home"):
        (folder / name).mkdir(exist_ok=True)
    pid = os.fork()
    if pid == 0:
        _be_the_command(words, folder, before)
    return pid


def wait_for(pid: int, folder: Path, seconds: float, inputs: Mapping[str, bytes] | None = None) -> Ending:
    """How a process ended that runs a command in a folder; `inputs` must be unchanged by it."""
    began = time.monotonic()
    code = _waited(pid, seconds)
    took = time.monotonic() - began
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    text = (folder / "stderr").read_text("utf-8", "replace") if (folder / "stderr").exists() else ""
    if code is None or code == -signal.SIGXCPU:
        return Ending("hang", code or 0, text, took)
    if code < 0:
        return Ending("crash", code, text, took)
    if code not in (0, 2, 3, 4) or "Traceback" in text:
        return Ending("traceback", code, text, took)
    strayed = (folder / "strayed").read_text("utf-8", "replace") + _left(folder, inputs or {}, code == 0)
    if strayed:
        return Ending("elsewhere", code, strayed + text, took)
    return Ending("done" if code == 0 else _judged(text), code, text, took)


def _judged(text: str) -> str:
    lines = [line for line in text.split("\n") if ": error: " in line]
    last = text.rstrip("\n").split("\n")[-1]
    fit = len(lines) == 1 and last == lines[0] and _LINE.match(last) and len(last) <= _MOST_SIGNS and last.isprintable()
    return "refused" if fit else "words"


def _waited(pid: int, seconds: float) -> int | None:
    """The exit code; None where it had to be killed."""
    handle = os.pidfd_open(pid)
    try:
        ended = bool(select.select([handle], [], [], seconds)[0])
    finally:
        os.close(handle)
    if not ended:
        with suppress(ProcessLookupError):  # it may not lead a group of its own yet
            os.killpg(pid, signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    return os.waitstatus_to_exitcode(status) if ended else None


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def _left(folder: Path, inputs: Mapping[str, bytes], done: bool) -> str:
    """What stands where nothing should."""
    found = [str(file) for name in ("cwd", "tmp", "home") for file in (folder / name).rglob("*")]
    found += [str(file) for file in (folder / "out").rglob("*") if not done or file.name.startswith(".")]
    # a run may add to what an earlier one has kept to be resumed
    if any(folder.joinpath("in", name).read_bytes() != content for name, content in inputs.items() if "/" not in name):
        found.append(f"{folder / 'in'}: changed")
    return "".join(f"left: {each}\n" for each in found)


def _be_the_command(words: Sequence[str], folder: Path, before: Callable[[], None] | None) -> None:
    """Never returns."""
    code = 1
    try:
        os.setsid()
        streams = [os.open(os.devnull, os.O_RDONLY)]
        streams += [
            os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) for name in ("stdout", "stderr", "strayed")
        ]
        for number, stream in enumerate(streams[:3]):
            os.dup2(stream, number)
        sys.stdout, sys.stderr = (io.TextIOWrapper(io.FileIO(number, "w"), encoding="utf-8") for number in (1, 2))
        os.chdir(folder / "cwd")
        os.environ |= {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")}
        os.environ["GALAXY_MEMORY_MB"] = str(_MEMORY_MB)
        tempfile.tempdir = None  # chosen anew
        sys.addaudithook(_watching(folder, streams[3]))
        _limit()
        if before is not None:
            before()
        from drugresponse.cli import main

        code = int(main(words) or 0)
        sys.stdout.flush()
    except BaseException:
        with suppress(BaseException):
            os.write(2, traceback.format_exc().encode())
    finally:
        with suppress(BaseException):
            sys.stderr.flush()
        os._exit(code)


def _limit() -> None:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    addresses = pages * os.sysconf("SC_PAGE_SIZE") + _MORE_ADDRESSES
    resource.setrlimit(resource.RLIMIT_AS, (addresses, addresses))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _watching(folder: Path, strayed: int) -> Callable[[str, tuple[Any, ...]], None]:
    """An audit hook that notes what is written outside a folder, and what is reached for."""
    inside = (f"{os.path.realpath(folder)}{os.sep}", "/dev/", "/proc/self/")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        paths: Sequence[Any] = ()
        if event == "open":
            path, mode, flags = arguments
            writes = any(sign in mode for sign in "wax+") if isinstance(mode, str) else False
            if writes or (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
                paths = [path]
        elif event in _CHANGING:
            paths = arguments[: _CHANGING[event]]
        elif event == "subprocess.Popen":
            if arguments[0] != sys.executable:
                os.write(strayed, f"started: {arguments[0]}\n".encode())
        elif event in _REACHING:
            os.write(strayed, f"{event}: {arguments!r}\n".encode())
        for path in paths:
            if isinstance(path, str | bytes | os.PathLike):
                real = os.path.realpath(os.fsdecode(path))
                if not real.startswith(inside):
                    os.write(strayed, f"{event}: {real}\n".encode())

    return hook


def clear(folder: Path) -> None:
    """An empty folder again."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
