from __future__ import annotations

import logging
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path

import pytest

from drugresponse import cli
from drugresponse.errors import InputError, MemoryLimitError, ModelFileError
from drugresponse.messages import messages_to_stderr
from drugresponse.progress import PROGRESS
from drugresponse.settings import COMMANDS, as_typed
from drugresponse.version import __version__

HEAVY = (
    "rich",
    "shtab",
    "tqdm",
    "torch",
    "xgboost",
    "rdkit",
    "cyvcf2",
    "pandas",
    "sklearn",
    "scipy",
    "matplotlib",
    "galaxyxml",
    "pyarrow",
)


def one_line(text: str) -> str:
    assert text.endswith("\n")
    assert text.count("\n") == 1
    return text.rstrip("\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            [],
            "drugresponse: error: no command was given. Choose from: adapt, completion, curves, describe, doctor, "
            "evaluate, explain, import, predict, prepare, reproduce, simulate, train, validate.",
        ),
        (["trian"], 'drugresponse: error: "trian" is no command. Did you mean "train"?'),
        (["TRAIN"], 'drugresponse: error: "TRAIN" is no command. Did you mean "train"?'),
        (["help", "trian"], 'drugresponse: error: "trian" is no command. Did you mean "train"?'),
        (["--hepl"], 'drugresponse: error: "--hepl" stands where a command belongs. Did you mean "--help"?'),
        (["-q", "train"], 'drugresponse: error: "-q" stands where a command belongs. Begin with the command.'),
        (["--model=m", "describe"], "stands where a command belongs. It belongs to train and predict and"),
        (["train", "--sample_colum=s"], 'is no option of train. Did you mean "--sample-column"?'),
        (["train", "-modle", "m"], '"-modle" is no option of train. Did you mean "--model"?'),
        (["train", "--MODEL=m"], '"--MODEL=m" is no option of train. Did you mean "--model"?'),
        (["train", "--gen", "g"], '"--gen" is no option of train. Did you mean "--genotypes"?'),
        (["train", "--qiet"], 'Did you mean "--quiet"?'),
        (
            ["train", "--modle", "m"],
            'drugresponse train: error: "--modle" is no option of train. Did you mean "--model"?',
        ),
        (["train", "--modle=m"], 'Did you mean "--model"?'),
        (["train", "--mod", "m"], '"--mod" is no option of train.'),
        (["train", "--pairs", "p"], '"--pairs" is no option of train. It belongs to predict and adapt. See'),
        (["train", "stray"], '"stray" belongs to no option.'),
        (["train", "--model"], "drugresponse train: error: argument --model: expected one argument."),
        (["train"], "drugresponse train: error: --genotypes and --responses and --model must be given."),
        (
            ["train", "--learner", "bosted-trees"],
            'drugresponse train: error: --learner: "bosted-trees" is none of the choices.',
        ),
        (["train", "--seed", "-1"], "--seed: found -1 (expected a whole number from 0 to 2147483647)"),
        (["train", "--seed=1.5"], '--seed: "1.5" is not a whole number'),
        (["train", "--config", "no-such.yml"], "drugresponse train: error: no-such.yml: No such file or directory."),
        (["evaluate"], "error: --genotypes and --responses and --metrics must be given."),
        (
            ["evaluate", "--learner", "ridge", "bosted-trees"],
            'drugresponse evaluate: error: --learner: "bosted-trees" is none of the choices.',
        ),
        (["evaluate", "--model=m"], '"--model=m" is no option of evaluate.'),
        (["evaluate", "--resme=d"], 'Did you mean "--resume"?'),
        (["describe", "--json=1", "--model", "m"], "--json"),
    ],
)
def test_main__wrong_words_end_with_one_line(capsys, words, message):
    assert cli.main(words) == InputError.exit_code
    captured = capsys.readouterr()
    assert message in one_line(captured.err)
    assert captured.out == ""


@pytest.mark.parametrize(
    ("asked", "as_known"),
    [(["help"], ["--help"]), (["help", "help"], ["--help"]), (["help", "train"], ["train", "--help"])],
)
def test_main__help_as_a_command(capsys, asked, as_known):
    assert cli.main(as_known) == 0
    expected = capsys.readouterr().out
    assert cli.main(asked) == 0
    assert capsys.readouterr().out == expected
    assert expected.startswith("usage: drugresponse")


def test_main__version(capsys):
    for words in (["--version"], ["train", "--version"]):
        assert cli.main(words) == 0
        assert capsys.readouterr().out == f"drugresponse {__version__}\n"


def test_module__is_the_program(tmp_path):
    module = [sys.executable, "-m", "drugresponse"]
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])}
    run = partial(subprocess.run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert run([*module, "--version"]).stdout == f"drugresponse {__version__}\n"
    refused = run([*module, "predict", "--model", "none"])
    assert refused.returncode == 2 and refused.stderr.startswith("drugresponse predict: error: ")


@pytest.mark.parametrize("name", COMMANDS)
def test_main__help_names_every_option(capsys, name):
    assert cli.main([name, "--help"]) == 0
    out = capsys.readouterr().out
    for each in COMMANDS[name].parameters:
        assert re.search(rf"{each.option}\b", out)


def test_help__loads_nothing_heavy():
    loaded = "import sys, drugresponse.cli as cli; cli.main(['train', '--help']); print('LOADED', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, timeout=60, check=True)
    modules = {name.partition(".")[0] for name in done.stdout.rpartition("LOADED")[2].split()}
    assert modules.isdisjoint(HEAVY)


def raising(error: BaseException):
    def work() -> int:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (InputError("a.tsv: found\n  nothing"), 2, "drugresponse train: error: a.tsv: found nothing"),
        (ModelFileError("m: is damaged"), 3, "error: m: is damaged"),
        (MemoryLimitError("too large"), 4, "error: too large"),
        (MemoryError(), 4, "error: out of memory (no more could be had)."),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), 4, "error: out of memory (Default"),
        (FileNotFoundError(2, "No such file or directory", "x.tsv"), 2, "error: x.tsv: No such file or directory."),
        (PermissionError(13, "Permission denied", "x.tsv"), 2, "error: x.tsv: Permission denied."),
        (OSError(28, "No space left on device"), 2, "error: a file that was read or written: No space left on device."),
        (OSError("unable to write"), 2, "error: a file that was read or written: unable to write."),
        (OSError(12, "Cannot allocate memory"), 4, "error: out of memory ([Errno 12] Cannot allocate memory)."),
        (KeyboardInterrupt(), 130, "error: interrupted"),
    ],
)
def test_guarded__expected_errors_are_one_line(capsys, error, code, message):
    assert cli._guarded(raising(error), "drugresponse train") == code
    assert message in one_line(capsys.readouterr().err)


def test_guarded__defect_shows_traceback_and_where_to_report(capsys):
    assert cli._guarded(raising(ZeroDivisionError("oops")), "drugresponse train") == cli.DEFECT
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("Traceback")
    assert "ZeroDivisionError: oops" in lines[-2]
    assert "this is a defect of drugresponse" in lines[-1]
    assert "report it" in lines[-1]


def test_guarded__exit_passes_through():
    with pytest.raises(SystemExit) as caught:
        cli._guarded(raising(SystemExit(cli.TERMINATED)), "drugresponse train")
    assert caught.value.code == 143


def test_sigterm__becomes_an_exit_and_the_handler_is_put_back():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as caught, cli._ending_on_sigterm():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
    assert caught.value.code == cli.TERMINATED
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("loudness", "shown"),
    [
        ((0, False), ["fit", "warning: lost"]),
        ((1, False), ["fit", "found", "warning: lost"]),
        ((2, False), ["fit", "found", "debug: deep", "warning: lost", "warning: a.py:1: UserWarning: odd"]),
        ((0, True), []),
    ],
)
def test_messages__by_loudness(capsys, loudness, shown):
    with messages_to_stderr("drugresponse train", *loudness):
        logging.getLogger(PROGRESS).info("fit")
        logging.getLogger("drugresponse.readers.matrix.reader").info("found")
        logging.getLogger("drugresponse.readers.matrix.reader").debug("deep")
        logging.getLogger("drugresponse.data").warning("lost")
        logging.getLogger("py.warnings").warning("%s", "a.py:1: UserWarning:\n  odd")
    assert capsys.readouterr().err.splitlines() == [f"drugresponse train: {line}" for line in shown]


def test_messages__several_lines_become_one(capsys):
    with messages_to_stderr("drugresponse train"):
        logging.getLogger("drugresponse").error("a\n  b")
    assert one_line(capsys.readouterr().err) == "drugresponse train: error: a b"


def test_messages__signs_that_cannot_be_seen_are_written_out(capsys):
    """From a file they come into the messages of others, such as the parser's of words."""
    assert cli._guarded(raising(InputError("min\ufeffimum \x1b[2J")), "drugresponse train") == 2
    with messages_to_stderr("drugresponse train"):
        logging.getLogger("drugresponse").warning("\u202eabc")
    assert capsys.readouterr().err.splitlines() == [
        "drugresponse train: error: min\\ufeffimum \\x1b[2J",
        "drugresponse train: warning: \\u202eabc",
    ]


def test_messages__name_parameters_as_they_are_typed(capsys):
    message = "Give `sample_column`, not `sample_colum`, with `learner` ridge."
    typed = "Give --sample-column, not `sample_colum`, with --learner ridge."
    assert cli._guarded(raising(InputError(message)), "drugresponse train") == 2
    assert one_line(capsys.readouterr().err) == f"drugresponse train: error: {typed}"
    with messages_to_stderr("drugresponse train", shown=as_typed):
        logging.getLogger("drugresponse.data").warning("%s", message)
    assert one_line(capsys.readouterr().err) == f"drugresponse train: warning: {typed}"


@pytest.mark.filterwarnings("default")
def test_messages__raw_warnings_never_show(capsys):
    shown = warnings.showwarning
    with messages_to_stderr("drugresponse train"):
        warnings.warn("raw", RuntimeWarning, stacklevel=1)
    assert capsys.readouterr().err == ""
    assert warnings.showwarning is shown
    assert not logging.getLogger("drugresponse").handlers


def test_closed_pipe__ends_quietly(tmp_path):
    script = "import sys\nfrom drugresponse.cli import main\nsys.exit(main(['train', '--help']))\n"
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", script], stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )
    os.close(writer)
    assert done.stderr == ""
    assert done.returncode in (0, cli.PIPE_CLOSED)


def run_in_shell(words: str) -> subprocess.CompletedProcess[str]:
    program = f"{sys.executable} -m drugresponse.cli {words}"
    return subprocess.run(["sh", "-c", program], capture_output=True, text=True, timeout=120, check=False)


MODEL = Path(__file__).parents[1] / "test-data" / "models" / "format-1" / "ridge.safetensors"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (f"describe --model={MODEL} >/dev/full", "standard output: cannot be written (No space left on device)"),
        ("train --help >/dev/full", "standard output: cannot be written (No space left on device)"),
        ("--version >/dev/full", "standard output: cannot be written (No space left on device)"),
        (f"describe --model={MODEL} >&-", "standard output: is closed (expected to be open)"),
        (f"describe --model={MODEL} --output=/dev/stdout >&-", "standard output: is closed (expected to be open)"),
        (f"describe --model={MODEL} --output=/dev/full", 'output: cannot write "/dev/full" (No space left on device)'),
    ],
)
def test_standard_output__that_cannot_be_written_is_one_line(words, message):
    done = run_in_shell(words)
    assert done.returncode == InputError.exit_code
    assert message in one_line(done.stderr)


@pytest.mark.parametrize("stream", ["2>/dev/full", "2>&-", "2>&- <&-"])
def test_standard_error__that_cannot_be_written_leaves_the_exit_code(stream):
    good, bad = (["describe", f"--model={model}", "--output=/dev/null"] for model in (MODEL, "no-such-file"))
    code = f"import sys; from drugresponse.cli import main; print(main({good})); sys.exit(main({bad}))"
    command = f"{shlex.join([sys.executable, '-c', code])} {stream}"
    done = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, text=True, timeout=120, check=False)
    assert (done.stdout, done.returncode) == ("0\n", InputError.exit_code)


@pytest.mark.parametrize(("given", "expected"), [({}, "job"), ({"TMPDIR": "own"}, "own")])
def test_scratch__is_the_job_s_unless_told_otherwise(tmp_path, monkeypatch, given, expected):
    """What is spooled while a command runs is cleared away with Galaxy's job."""
    for name in ("job", "own"):
        (tmp_path / name).mkdir()
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setenv("_GALAXY_JOB_TMP_DIR", str(tmp_path / "job"))
    for name, folder in given.items():
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with cli._scratch_of_the_job():
        assert tempfile.gettempdir() == str(tmp_path / expected)
    assert tempfile.tempdir is None
