from __future__ import annotations

from pathlib import Path

import pytest

from drugresponse.command_line.parsing import command_named, loudness, parse, typed_options


def typed(*words: str) -> dict[str, object]:
    return typed_options(parse(words))


def test_parse__values_that_look_like_options():
    words = ["predict", "--model=-m", "--genotypes", "a", "b", "--genotypes=-c.vcf", "--sample-column=-1"]
    assert parse(words).command == command_named(words) == "predict"
    assert typed(*words) == {
        "model": Path("-m"),
        "genotypes": [Path("a"), Path("b"), Path("-c.vcf")],
        "sample_column": "-1",
    }


@pytest.mark.parametrize(
    "words",
    [
        ["--learner", "ridge", "neural"],
        ["--learner=ridge", "--learner=neural"],
        ["--learner", "ridge", "--seed=1", "--learner", "neural"],
    ],
)
def test_parse__several_learners(words):
    assert typed("evaluate", *words)["learner"] == ["ridge", "neural"]


def test_parse__keeps_only_what_was_typed():
    words = ["train", "--covariates=", "--forget-samples", "-vv", "-q"]
    assert typed(*words) == {"covariates": [], "forget_samples": True}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["train"], (0, False)),
        (["train", "-v"], (1, False)),
        (["train", "-vv"], (2, False)),
        (["train", "-v", "--verbose"], (2, False)),
        (["train", "-q"], (0, True)),
        (["train", "--quiet"], (0, True)),
        (["train", "--seed", "-1"], (0, False)),
    ],
)
def test_loudness(words, expected):
    assert loudness(words) == expected
