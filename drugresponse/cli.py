"""`drugresponse <command>`: from words on a command line to a workflow, and from what went wrong to an exit code."""

from __future__ import annotations

import argparse
import difflib
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
from typing import Any, NoReturn, TextIO

from drugresponse.errors import DrugResponseError, InputError, nearest, one_line
from drugresponse.messages import messages_to_stderr
from drugresponse.plugins import origin_of
from drugresponse.settings import (
    COMMANDS,
    Command,
    Parameter,
    as_typed,
    collect_settings,
    convert,
    input_files,
    name_columns,
    pipes_as_files,
)
from drugresponse.version import __version__

__all__ = ["build_parser", "main"]

OUT_OF_MEMORY = 4
DEFECT = 70
INTERRUPTED = 130
PIPE_CLOSED = 141
TERMINATED = 143
_SOON = 0.05
_WITHOUT_COMMAND = ("--help", "--version", "-h")
_OF_EVERY_COMMAND = ("--help", "--version", "--verbose", "--quiet")
_MEMORY_WORDS = ("out of memory", "can't allocate memory", "Cannot allocate memory", "not enough memory", "bad_alloc")


class _Parser(argparse.ArgumentParser):
    """A parser that reports what is wrong as an `InputError`, so that all errors leave by one door."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}. See {self.prog} --help.")

    def _print_message(self, message: str, file: object = None) -> None:  # noqa: ARG002 - argparse hands it over
        _say(message)


class _Convert(argparse.Action):
    """Check values by the table of parameters, and keep them under the parameter's name."""

    parameter: Parameter

    def __call__(self, _parser: object, namespace: argparse.Namespace, values: Any, option: str | None = None) -> None:
        where = option or self.dest
        if self.parameter.type == "switch":
            setattr(namespace, self.dest, True)
        elif self.parameter.repeatable:
            before = getattr(namespace, self.dest, [])
            setattr(namespace, self.dest, before + convert(self.parameter, values, where))
        else:
            setattr(namespace, self.dest, convert(self.parameter, values, where))


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; what was not typed is left out of its namespace.

    Examples
    --------
    >>> build_parser().parse_args(["describe", "--model", "m.safetensors", "--json"]).json
    True
    """
    parser = _Parser(prog="drugresponse", description="Drug response from genotype.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"drugresponse {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS.values():
        _add_command(subparsers, command)
    return parser


def _add_command(subparsers: Any, command: Command) -> None:
    part = subparsers.add_parser(
        command.name,
        help=command.summary,
        description=command.summary,
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
    )
    for parameter in command.parameters:
        action = part.add_argument(parameter.option, action=_Convert, dest=parameter.name, **_looks(parameter))
        action.parameter = parameter
    part.add_argument("-v", "--verbose", action="count", default=0, help="Say more; twice: everything.")
    part.add_argument("-q", "--quiet", action="store_true", default=False, help="Errors only.")
    part.add_argument("--version", action="version", version=f"drugresponse {__version__}")


def _looks(parameter: Parameter) -> dict[str, Any]:
    """How argparse shows an option, and how many values it takes."""
    switch = parameter.type == "switch"
    several = parameter.default if isinstance(parameter.default, tuple) else (parameter.default,)
    words = " ".join(str(value) for value in several if value is not None)
    default = f" Default: {words}." if words and not switch and not parameter.environment else ""
    needed = f" Required{f' without {parameter.unless_option}' * bool(parameter.unless)}." if parameter.required else ""
    shown: dict[str, Any] = {"help": (parameter.typed_help + default + needed).replace("%", "%%")}
    if switch:
        return shown | {"nargs": 0}
    kinds = {"input": "FILE", "output": "OUT", "folder": "DIR", "integer": "N", "number": "X", "names": "A,B"}
    if parameter.column_of:
        kinds |= {"text": "COLUMN", "names": "COLUMNS"}
    metavar = "{" + ",".join(parameter.choices) + "}" if parameter.choices else kinds.get(parameter.type, "TEXT")
    if parameter.repeatable:
        return shown | {"nargs": "+", "metavar": (metavar, parameter.name.upper() if parameter.choices else metavar)}
    return shown | {"metavar": metavar}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code.

    0 done; 2 the input is wrong; 3 the model file is refused; 4 out of memory; 70 a defect of this package;
    130, 141 and 143 when it was interrupted, its reader went away, or it was told to end.

    Examples
    --------
    >>> main(["--version"])
    drugresponse 0.1.0
    0
    """
    words = list(sys.argv[1:] if argv is None else argv)
    _hold_closed_streams()
    name = words[0] if words and words[0] in COMMANDS else ""
    program = f"drugresponse {name}".strip()
    with messages_to_stderr(program, *_loudness(words), shown=as_typed), _ending_on_sigterm(), _scratch_of_the_job():
        return _guarded(lambda: _run(words), program)


def _loudness(words: Sequence[str]) -> tuple[int, bool]:
    """How often -v stands there, and whether -q does: needed before the rest can be parsed."""
    short = [word for word in words if word.startswith("-") and not word.startswith("--")]
    verbose = sum(word.count("v") for word in short if set(word[1:]) <= {"v", "q"}) + list(words).count("--verbose")
    return verbose, "--quiet" in words or any("q" in word for word in short if set(word[1:]) <= {"v", "q"})


def _run(words: list[str]) -> int:
    command, typed = _parse(words)
    if command is None:
        return 0
    if sys.stdout is None:
        raise InputError("standard output: is closed (expected to be open). Send it somewhere, such as to /dev/null.")
    settings = collect_settings(command, typed)
    from drugresponse.outputs import output_files, protected_inputs

    with pipes_as_files(settings) as settings, protected_inputs(input_files(settings)):
        settings = name_columns(settings)
        from drugresponse import workflows  # heavy: only when something is to be done

        with output_files({"output": getattr(settings, "output", None)}) as temporary:
            text = getattr(workflows, command.name)(settings)
            summary = (text if isinstance(text, str) else "\n".join(text)).rstrip("\n") + "\n"
            if temporary:
                temporary["output"].write_text(summary, encoding="utf-8")
            elif text:
                _say(summary)
    return 0


def _say(text: str) -> None:
    """Write to standard output to its end, which may fail as any output may."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        if sys.stdout is not None:
            sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _forget(sys.stdout)
        raise InputError(
            f"standard output: cannot be written ({error.strerror}). Files that were asked for are whole."
        ) from error


def _parse(words: list[str]) -> tuple[Command | None, dict[str, Any]]:
    """The command and what was typed for it; None when only help or the version was asked for."""
    if not words:
        raise InputError(f"no command was given. {nearest('', COMMANDS)} See drugresponse help.")
    words = _asked_for_help(words) if words[0] == "help" else words
    if words[0].startswith("-") and words[0] not in _WITHOUT_COMMAND:
        hint = _nearest_option(words[0], _WITHOUT_COMMAND) or "Begin with the command."
        raise InputError(f'"{words[0]}" stands where a command belongs. {hint} See drugresponse help.')
    if not words[0].startswith("-") and words[0] not in COMMANDS:
        raise InputError(f'"{words[0]}" is no command. {nearest(words[0], COMMANDS)}')
    try:
        namespace, unknown = build_parser().parse_known_args(words)
    except SystemExit as ended:  # --help and --version
        if ended.code:
            raise
        return None, {}
    command = COMMANDS[namespace.command]
    if unknown:
        raise InputError(_unknown_words(command, unknown))
    typed = {name: value for name, value in vars(namespace).items() if name not in ("command", "verbose", "quiet")}
    return command, typed


def _asked_for_help(words: list[str]) -> list[str]:
    """`help` and `help train` as the parser knows them; what is no command is left for the caller to refuse."""
    if words[1:] in ([], ["help"]):
        return ["--help"]
    return [words[1], "--help"] if words[1] in COMMANDS else words[1:]


def _unknown_words(command: Command, unknown: list[str]) -> str:
    wrong = next((word for word in unknown if word.startswith("-")), unknown[0])
    see = f"See drugresponse {command.name} --help."
    if not wrong.startswith("-"):
        return f'"{wrong}" belongs to no option. {see}'
    hint = _nearest_option(wrong, [*(parameter.option for parameter in command.parameters), *_OF_EVERY_COMMAND])
    return f'"{wrong}" is no option of {command.name}. {hint} {see}'.replace("  ", " ")


def _nearest_option(word: str, options: Sequence[str]) -> str:
    """The option that was probably meant, or the commands that have it."""
    plain = "--" + word.partition("=")[0].lstrip("-").replace("_", "-").lower()
    others = [
        name for name, command in COMMANDS.items() if plain in (parameter.option for parameter in command.parameters)
    ]
    if others and plain not in options:
        return f"It belongs to {' and '.join(others)}."
    begun = [option for option in options if option.startswith(plain)]
    close = difflib.get_close_matches(plain, options, n=1, cutoff=0.6) or begun
    return f'Did you mean "{close[0]}"?' if close else ""


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
        _forget(sys.stdout)
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
    _write_to_stderr(traceback.format_exc())
    where = "Please report it, with the lines above, on the issue tracker of the project; in Galaxy, with the bug icon."
    other = origin_of(error.__traceback__)
    if other is not None:
        return _fail(
            program, f"this is a defect of {other}, not of your data. Please report it to its authors.", DEFECT
        )
    return _fail(program, f"this is a defect of drugresponse {__version__}, not of your data. {where}", DEFECT)


def _out_of_memory(error: Exception) -> str:
    return f"out of memory ({str(error) or 'no more could be had'}). Use a machine with more memory, or fewer features."


def _fail(program: str, message: str, code: int) -> int:
    _write_to_stderr(f"{program}: error: {as_typed(one_line(message))}\n")
    return code


def _write_to_stderr(text: str) -> None:
    """What went wrong may be that this cannot be written to: then the exit code has to do."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        _forget(sys.stderr)


def _forget(stream: TextIO) -> None:
    """Nobody reads any more: keep Python from complaining when it flushes at exit."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, stream.fileno())
    os.close(devnull)


def _hold_closed_streams() -> None:
    """Give the numbers of closed standard streams to nothing, lest a file get one and be written to as stderr."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process lives


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
