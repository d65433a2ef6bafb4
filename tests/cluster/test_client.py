"""Clients of what a text names: everything that is no scheduler is refused in a line."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import dask
import distributed  # noqa: F401 - first, since settings are forgotten that it would add to changed ones
import pytest

from drugresponse import cli
from drugresponse.cluster.client import open_client
from drugresponse.errors import InputError, MissingDependencyError
from tests.galaxy_tools import TEST_DATA


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Something that takes connections and says nothing, as a page of status does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def refused(where: str) -> str:
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "200ms"}),
        pytest.raises(InputError) as error,
        open_client(where),
    ):
        pass
    return str(error.value)


def test_address__without_a_scheduler_is_refused(silent_port, closed_port):
    for port, why in ((silent_port, "timed out"), (closed_port, "Connection refused")):
        message = refused(f"127.0.0.1:{port}")
        assert message.startswith(f'`dask`: found no scheduler at "127.0.0.1:{port}"')
        assert why in message


@pytest.mark.parametrize("where", ["here", "127.0.0.1", "ucx://a:1", "a b:1", "local:0", "local:4096", "local:x"])
def test_address__that_is_none_is_refused(where):
    assert refused(where).startswith("`dask`: ")


@pytest.mark.parametrize("content", ["", "[]", '{"id": 1}', '{"address": "nowhere"}', "[" * 100_000])
def test_address__from_a_file_that_tells_none_is_refused(tmp_path, content):
    path = tmp_path / "scheduler.json"
    path.write_text(content)
    assert refused(str(path)).startswith("`dask`: ")


def test_address__error_is_one_line(tmp_path, closed_port, capfd):
    tables = [f"--{name}={TEST_DATA / 'cell_lines' / name}.tsv" for name in ("genotypes", "responses")]
    asked = [*tables, f"--metrics={tmp_path / 'metrics'}", f"--dask=tls://127.0.0.1:{closed_port}"]
    assert cli.main(["evaluate", *asked]) == 2
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("drugresponse evaluate: error: --dask: found no scheduler at")
    assert list(tmp_path.iterdir()) == []


def test_dask__that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'drugresponse\[dask\]'"), open_client("local"):
        pass


def test_local__interrupted_ends_all_processes_in_a_line(tmp_path):
    tables = [f"--{name}={TEST_DATA / 'cell_lines' / name}.tsv" for name in ("genotypes", "responses")]
    asked = [*tables, f"--metrics={tmp_path / 'metrics'}", "--learner=ridge", "--shuffles=1000", "--dask=local:1"]
    given = [sys.executable, "-m", "drugresponse.cli", "evaluate", *asked]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(given, **pipes, start_new_session=True) as run:
        assert run.stderr is not None
        next(line for line in run.stderr if "repeat 0" in line)
        # as the keyboard does: to all processes of the terminal
        os.killpg(run.pid, signal.SIGINT)
        said = run.stderr.read()
    assert run.returncode == 130
    assert [line for line in said.splitlines() if not line.startswith("drugresponse evaluate: ")] == []
    assert said.splitlines()[-1] == "drugresponse evaluate: error: interrupted"
    assert list(tmp_path.iterdir()) == []
