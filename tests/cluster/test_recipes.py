"""The recipe for Slurm in docs/distributed.md asks for what it says, with keys that it makes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "distributed.md"


@pytest.fixture
def blocks(tmp_path, monkeypatch) -> list[str]:
    monkeypatch.setenv("HOME", str(tmp_path))
    return re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_slurm__jobs_start_workers_of_one_thread_with_keys(blocks, tmp_path):
    code = next(block for block in blocks if "SLURMCluster(" in block)
    names: dict[str, Any] = {}
    exec(code, names)
    with names["cluster"] as cluster:
        script = cluster.job_script()
    for words in (
        "#SBATCH -p short",
        "#SBATCH --cpus-per-task=4",
        "#SBATCH -t 04:00:00",
        "--nthreads 1",
        "--nworkers 4",
    ):
        assert words in script
    keys = re.findall(r"--tls-(ca-file|cert|key) (\S+)", script)
    assert [name for name, _ in keys] == ["ca-file", "cert", "key"]
    assert {Path(path).parent for _, path in keys} == {tmp_path / ".dask-keys"}
    assert (tmp_path / ".dask-keys").stat().st_mode & 0o077 == 0


def test_python_of_the_page__can_be_compiled(blocks):
    assert len(blocks) == 4
    for block in blocks:
        if not block.startswith("rule "):
            compile(block, str(PAGE), "exec")
