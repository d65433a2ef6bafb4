"""A driver is a file of the machine."""

from __future__ import annotations

from pathlib import Path

from drugresponse import gpu_driver


def test_has_driver__where_a_file_of_one_is(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(gpu_driver, "_DRIVERS", (str(tmp_path / "absent"), str(tmp_path / "driver")))
    assert not gpu_driver.has_driver()
    (tmp_path / "driver").mkdir()
    assert gpu_driver.has_driver()
