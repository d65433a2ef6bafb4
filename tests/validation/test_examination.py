from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

import drugresponse
from drugresponse.cli import main
from drugresponse.errors import InstallationError
from drugresponse.validation import examination, validate
from drugresponse.validation.bench import PACK, Bench
from drugresponse.validation.checks import Check, close, equal, refused

RUN = subprocess.run
pytestmark = pytest.mark.filterwarnings("ignore")


def results(bench: Bench, *areas: str) -> list[Check]:
    return [check for _, _, check in examination.examine(bench, areas) if check is not None]


def wrong(bench: Bench, *areas: str) -> list[str]:
    return [f"{each.check}: {each.found}" for each in results(bench, *areas) if not each.holds]


@pytest.mark.parametrize("area", ["Reading", "Learning", "Outcomes", "Statistics", "Refusals"])
def test_examine__holds_here(area, tmp_path):
    assert wrong(Bench(tmp_path), area) == []


def test_examine__a_damaged_pack_is_named_and_the_other_checks_are_made(tmp_path):
    pack = tmp_path / "pack"
    shutil.copytree(PACK, pack)
    (pack / "screen" / "drugs.tsv").unlink()
    file = pack / "genotypes" / "matrix.tsv"
    file.write_text(file.read_text().replace("\t2\t", "\t1\t", 1))
    named = wrong(Bench(tmp_path, pack), "Installation", "Reading")
    assert 'Files of the pack that are missing or changed: "genotypes/matrix.tsv", "screen/drugs.tsv"' in named
    assert "Dosages of text: at most 1 apart" in named
    assert len(named) == 2


def test_examine__what_breaks_in_a_check_is_a_result(tmp_path, monkeypatch):
    def breaks(_bench):
        """A check that breaks"""
        yield equal("One", 1, 1)
        raise KeyError("gone")

    module = types.ModuleType("drugresponse.validation._made_up")
    module.CHECKS = (breaks,)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(examination.AREAS, "Made up", "_made_up")
    monkeypatch.setitem(examination.AREAS, "Absent", "_absent")
    found = results(Bench(tmp_path), "Made up", "Absent")
    assert [each.holds for each in found] == [True, False, False]
    assert [each.found[:20] for each in found[1:]] == ["KeyError: 'gone'", "ModuleNotFoundError:"]
    lines = io.StringIO()
    monkeypatch.setattr(
        examination, "examine", lambda *_bench: iter([("Made up", "One", None), ("Made up", "One", found[0])])
    )
    examination.main(tmp_path, lines)
    begun, ended = map(json.loads, lines.getvalue().splitlines())
    assert "check" not in begun
    assert ended["expected"] == "1"


def test_examine__a_module_that_is_gone_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "drugresponse.learners.sparse.sparse", None)
    named = wrong(Bench(tmp_path), "Installation")
    assert any(each.startswith("Learners and formats that cannot be loaded: sparse (") for each in named)


def _results_of(monkeypatch, code: str) -> None:
    """Have another program make the checks."""

    def made(command, **more):
        return RUN([sys.executable, "-c", code, *command[3:]], **more)

    monkeypatch.setattr(validate.subprocess, "run", made)


ROW = (
    '{"area": "Reading", "about": "x", "check": "VCF", "expected": "1", "found": "%s", "tolerance": "none", '
    '"holds": %s}\n'
)


def test_validate__writes_page_and_table_and_its_exit_code_says_whether_all_hold(tmp_path, monkeypatch, capsys):
    files = {name: tmp_path / name for name in ("report", "checks", "markdown")}
    words = [word for name, file in files.items() for word in (f"--{name}", str(file))]
    _results_of(monkeypatch, f"import sys; open(sys.argv[1], 'w').write({ROW % (1, 'true')!r})")
    assert main(["validate", *words]) == 0
    assert capsys.readouterr().out == "All 2 checks hold: this installation gives the known answers.\n"
    assert files["checks"].read_text().splitlines() == [
        "area\tcheck\texpected\tfound\ttolerance\tverdict",
        "Installation\tWhat drugresponse doctor names\tnothing\tnothing\tnone\tholds",
        "Reading\tVCF\t1\t1\tnone\tholds",
    ]
    assert "All 2 checks hold" in files["report"].read_text()
    _results_of(monkeypatch, f"import sys; open(sys.argv[1], 'w').write({ROW % (2, 'false')!r})")
    assert main(["validate", *words]) == InstallationError.exit_code == 5
    assert "1 of 2 checks does not hold: Reading: VCF: found 2 (expected 1)" in capsys.readouterr().err
    assert files["checks"].read_text().splitlines()[2].endswith("\tdoes not hold")
    assert "This installation does not compute what it should" in files["markdown"].read_text()
    monkeypatch.setenv("TMPDIR", "/proc/none")
    _results_of(monkeypatch, f"import sys; open(sys.argv[1], 'w').write({ROW % (1, 'true')!r})")
    assert main(["validate"]) == InstallationError.exit_code
    assert "TMPDIR: /proc/none cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("import os; os.abort()", "the process ended with code -6"),
        ("raise SystemExit('no module named numpy')", "saying: no module named numpy"),
        ("pass", "the process ended with code 0"),
    ],
)
def test_validate__a_process_that_dies_is_a_check_that_does_not_hold(code, named, monkeypatch, capsys):
    _results_of(monkeypatch, code)
    assert main(["validate"]) == InstallationError.exit_code
    assert named in capsys.readouterr().err


def test_checks__missing_numbers_other_shapes_and_what_is_not_refused():
    nan = float("nan")
    assert not close("a", [1.0, nan], [1.0, 2.0], 1).holds
    assert not close("a", [1.0, 2.0], [1.0], 1).holds
    assert close("a", [1.0, nan], [1.5, nan], 0.5).holds
    assert not close("a", 1.0, 1.6, 0.5).holds
    assert refused("a", lambda: None, "words").found == "nothing was refused"


def test_pack__is_small_and_is_package_data():
    assert sum(file.stat().st_size for file in PACK.rglob("*")) < 1_000_000
    assert PACK.parent.parent == Path(drugresponse.__file__).parent
