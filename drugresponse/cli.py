"""`drugresponse <command>`: from words on a command line to a workflow, and from what went wrong to an exit code."""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from drugresponse.command_line.parser import WITHOUT_SETTINGS
from drugresponse.command_line.parsing import command_named, loudness, parse
from drugresponse.command_line.running import run_command
from drugresponse.command_line.streams import forget, hold_closed_streams, say, write_to_stderr
from drugresponse.errors import DrugResponseError, InputError, one_line
from drugresponse.messages import messages_to_stderr
from drugresponse.plugins import origin_of
from drugresponse.progress import doing
from drugresponse.settings import as_typed
from drugresponse.version import __version__

__all__ = ["main"]

OUT_OF_MEMORY = 4
DEFECT = 70
INTERRUPTED = 130
PIPE_CLOSED = 141
TERMINATED = 143
_SOON = 0.05
_MEMORY_WORDS = ("out of memory", "can't allocate memory", "Cannot allocate memory", "not enough memory", "bad_alloc")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code.

    0 done; 2 the input is wrong; 3 the model file is refused; 4 out of memory; 5 the installation does not compute
    what it should; 70 a defect of this package;
    130, 141 and 143 when it was interrupted, its reader went away, or it was told to end.

    Examples
    --------
    >>> main(["--version"])
    drugresponse 0.1.0
    0
    """
    words = list(sys.argv[1:] if argv is None else argv)
    hold_closed_streams()
    program = f"drugresponse {command_named(words)}".strip()
    with messages_to_stderr(program, *loudness(words), shown=as_typed), _ending_on_sigterm(), _scratch_of_the_job():
        return _guarded(lambda: _run(words), program)


def _run(words: list[str]) -> int:
    typed = parse(words)
    if typed is None:
        return 0
    if typed.command in WITHOUT_SETTINGS:
        return _run_without_settings(typed)
    if typed.command == "validate":
        from drugresponse.validation.validate import validate

        run_command(typed, validate)
    else:
        run_command(typed)
    return 0


def _run_without_settings(typed: argparse.Namespace) -> int:
    """The commands that are about a shell or a machine, not about data."""
    if typed.command == "completion":
        from drugresponse.command_line.completion import completion_script

        say(completion_script(typed.shell))
        return 0
    if typed.command == "import":
        from drugresponse.workflows.importing import import_published

        doing("reading the files")
        say("\n".join(import_published(typed.publisher, typed.files, typed.directory)) + "\n")
        return 0
    from drugresponse.command_line.doctor import examine, findings_as_text

    found = examine()
    say(findings_as_text(found, as_json=typed.json))
    return InputError.exit_code if found["problems"] else 0


def _guarded(work: Callable[[], int], program: str) -> int:
    """Do the work; what goes wrong becomes one line on stderr and an exit code."""
    try:
        return work()
    except DrugResponseError as error:
        return _fail(program, str(error), error.exit_code)
    except MemoryError as error:
        return _fail(program, _out_of_memory(error), OUT_OF_MEMORY)
    except KeyboardInterrupt:
        return _fail(program, "interrupted", INTERRUPTED)
    except BrokenPipeError:
        forget(sys.stdout)
        return PIPE_CLOSED
    except Exception as error:
        return _unexpected(program, error)


def _unexpected(program: str, error: Exception) -> int:
    if type(error).__name__ == "OutOfMemoryError" or any(word in str(error) for word in _MEMORY_WORDS):
        return _fail(program, _out_of_memory(error), OUT_OF_MEMORY)
    if isinstance(error, OSError):
        where = error.filename or "a file that was read or written"
        what = error.strerror or one_line(error)
        do = "Free space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "Check the path"
        return _fail(program, f"{where}: {what}. {do}.", InputError.exit_code)
    if isinstance(error, ImportError):
        return _fail(program, _library_missing(error), InputError.exit_code)
    write_to_stderr(traceback.format_exc())
    where = "Please report it, with the lines above, on the issue tracker of the project; in Galaxy, with the bug icon."
    other = origin_of(error.__traceback__)
    if other is not None:
        return _fail(
            program, f"this is a defect of {other}, not of your data. Please report it to its authors.", DEFECT
        )
    return _fail(program, f"this is a defect of drugresponse {__version__}, not of your data. {where}", DEFECT)


def _library_missing(error: ImportError) -> str:
    """What an installation that is not whole lacks."""
    name = (error.name or "").partition(".")[0]
    return (
        f"this installation is not whole: {name or 'a library'} cannot be loaded ({one_line(error)}). Install "
        f"{name or 'it'} again; drugresponse doctor says what else is missing."
    )


def _out_of_memory(error: Exception) -> str:
    return f"out of memory ({str(error) or 'no more could be had'}). Use a machine with more memory, or fewer features."


def _fail(program: str, message: str, code: int) -> int:
    write_to_stderr(f"{program}: error: {as_typed(one_line(message))}\n")
    return code


@contextmanager
def _ending_on_sigterm() -> Iterator[None]:
    """Turn SIGTERM into an exception, so that unfinished outputs are cleaned away."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(TERMINATED)

    def end_again(ignored: sys.UnraisableHookArgs) -> None:
        # Python swallows what is raised while it clears an object away, our own end included
        if isinstance(ignored.exc_value, SystemExit):
            signal.setitimer(signal.ITIMER_REAL, _SOON)
        else:
            hook(ignored)

    hook, sys.unraisablehook = sys.unraisablehook, end_again
    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGALRM)}
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
        sys.unraisablehook = hook


@contextmanager
def _scratch_of_the_job() -> Iterator[None]:
    """Temporary files go where Galaxy clears them away with the job, unless TMPDIR says otherwise."""
    folder, before = os.environ.get("_GALAXY_JOB_TMP_DIR", ""), tempfile.tempdir
    if folder and "TMPDIR" not in os.environ and Path(folder).is_dir():
        tempfile.tempdir = folder
    try:
        yield
    finally:
        tempfile.tempdir = before


if __name__ == "__main__":
    sys.exit(main())
