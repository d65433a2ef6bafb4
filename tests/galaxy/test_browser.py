from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from browser import walk_in_browser

URL = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _no_browser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("REQUIRE_BROWSER", raising=False)


def test_walk__is_skipped_without_a_browser() -> None:
    assert walk_in_browser(URL).word == "SKIPPED"


def test_walk__fails_when_the_browser_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUIRE_BROWSER", "1")
    outcome = walk_in_browser(URL)
    assert outcome.word == "FAILED"
    assert "REQUIRE_BROWSER is set" in outcome.message
