"""Commands killed while they run leave whole files, and what is run again ends as if nothing had been."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.robustness import kills
from benchmarks.robustness.forked import load_libraries
from benchmarks.robustness.kills import in_the_way, inputs_of_commands, kill, whole_outputs


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> Mapping[str, bytes]:
    load_libraries()
    return inputs_of_commands(tmp_path_factory.mktemp("inputs"))


@pytest.mark.parametrize("command", ["predict", "prepare", "evaluate", "simulate"])
def test_kill__leaves_no_half_written_output_and_the_next_run_is_as_ever(inputs, tmp_path, command):
    whole, seconds = whole_outputs(command, inputs, tmp_path / "case")
    for share in (0.3, 0.6):
        found = kill(command, inputs, tmp_path / "case", whole, share * seconds)
        assert (found.torn, found.other) == ((), ())


def test_in_the_way__is_met_by_one_line_and_loses_nothing(inputs, tmp_path):
    tmp_path.chmod(0o755)
    ways = dict(in_the_way(inputs, tmp_path / "case", ["predict"]))
    assert len(ways) == 4
    assert not any(ways.values()), ways


def test_kill__a_torn_output_would_be_seen(inputs, tmp_path, monkeypatch):
    def tearing(_words) -> int:
        (Path("..") / "out" / "predictions").write_bytes(b"half")
        raise SystemExit(2)

    whole, _ = whole_outputs("predict", inputs, tmp_path / "case")
    monkeypatch.setattr("drugresponse.cli.main", tearing)
    found = kill("predict", inputs, tmp_path / "case", whole, 20)
    assert found.torn == ("predictions",)
    assert found.mixed
    assert found.other
    monkeypatch.setattr(kills, "_OLD", b"half")
    assert kill("predict", inputs, tmp_path / "case", whole, 20).torn == ()
