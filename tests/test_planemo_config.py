"""`.planemo.yml` holds only keys that planemo honours, and planemo is given the file."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PLANEMO_PYTHON = ROOT / ".galaxy" / "planemo" / "bin" / "python"

# planemo has an environment of its own, so its Python is asked; "sheds" and the like are read outside of the options
ASK_PLANEMO = """
import json
from planemo.cli import name_to_command
declared = {}
for command in ("lint", "shed_lint", "test"):
    for option in name_to_command(command).params:
        settings = getattr(option, "planemo_config", {})
        if settings.get("use_global_config"):
            choices = list(getattr(option.type, "choices", []))
            for key in [f"default_{option.name}", *settings["extra_global_config_vars"]]:
                declared[key] = choices
print(json.dumps(declared))
"""


@pytest.fixture(scope="module")
def declared() -> dict[str, list[str]]:
    """Keys that planemo reads for the subcommands that are used here, with the choices of each (none: any value)."""
    if not PLANEMO_PYTHON.exists():
        pytest.skip("planemo is not installed (make galaxy-install does it)")
    answer = subprocess.run([PLANEMO_PYTHON, "-c", ASK_PLANEMO], check=True, capture_output=True, text=True)
    return json.loads(answer.stdout)


@pytest.fixture(scope="module")
def settings() -> dict[str, object]:
    return yaml.safe_load((ROOT / ".planemo.yml").read_text())


def test_planemo_config__every_key_is_declared(settings: dict[str, object], declared: dict[str, list[str]]) -> None:
    assert settings
    assert sorted(set(settings) - set(declared)) == []


def test_planemo_config__values_are_choices(settings: dict[str, object], declared: dict[str, list[str]]) -> None:
    wrong = {key: value for key, value in settings.items() if declared.get(key) and value not in declared[key]}
    assert wrong == {}


def test_planemo_config__planemo_knows_what_a_stray_key_is(declared: dict[str, list[str]]) -> None:
    # keys that people write and planemo never reads: if these were declared, the test above would prove nothing
    assert not {"fail_level", "docker", "test_timeout", "default_test_timeout"} & set(declared)


def test_planemo_config__holds_no_secret(settings: dict[str, object]) -> None:
    assert [key for key in settings if "key" in key or "password" in key] == []


def test_planemo_config__is_passed_before_the_subcommand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "galaxy"))
    import run  # type: ignore[import-not-found]

    assert run.PLANEMO[1:] == ("--config", ".planemo.yml")
