"""What a shell completes, asked of the shell itself."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from drugresponse.command_line.completion import completion_script


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    path = tmp_path_factory.mktemp("completion") / "drugresponse.bash"
    path.write_text(completion_script("bash"), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("line", "among", "not_among"),
    [
        (["drugresponse", ""], {"train", "evaluate", "completion"}, {"cohort.tsv"}),
        (["drugresponse", "tr"], {"train"}, {"evaluate"}),
        (["drugresponse", "train", "--gen"], {"--genotypes", "--genotype-format"}, {"--pairs"}),
        (["drugresponse", "train", "--scheme", ""], {"new-samples", "new-drugs"}, {"cohort.tsv"}),
        (["drugresponse", "train", "--genotypes", "coh"], {"cohort.tsv"}, {"--genotypes", "other.tsv"}),
        (["drugresponse", "simulate", "--directory", ""], {"folder"}, {"cohort.tsv"}),
        (["drugresponse", "completion", ""], {"bash", "zsh"}, {"train"}),
        (["drugresponse", "import", "gdsc", "coh"], {"cohort.tsv"}, {"depmap"}),
    ],
)
def test_bash__completes(script, tmp_path, line, among, not_among):
    for name in ("cohort.tsv", "other.tsv"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    words = " ".join(f"'{word}'" for word in line)
    typed = f"source '{script}'; COMP_WORDS=({words}); COMP_CWORD={len(line) - 1}; _shtab_drugresponse"
    done = subprocess.run(
        ["bash", "-c", f"{typed}; printf '%s\\n' \"${{COMPREPLY[@]}}\""],
        capture_output=True, text=True, cwd=tmp_path, timeout=60, check=True,
    )  # fmt: skip
    proposed = {word.rstrip("/ ") for word in done.stdout.splitlines()}
    assert among <= proposed
    assert proposed.isdisjoint(not_among)


def test_zsh__is_a_script_for_it():
    text = completion_script("zsh")
    assert text.startswith("#compdef drugresponse")
    if shutil.which("zsh"):
        subprocess.run(["zsh", "-n"], input=text, text=True, timeout=60, check=True)
