from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from drugresponse.cli import main
from drugresponse.model.loading import load_model
from drugresponse.report import model_card
from drugresponse.report.tripod import OPEN, tripod_part

TEST_DATA = Path(__file__).parents[2] / "test-data"


@pytest.fixture(scope="module")
def manifests() -> dict[str, dict[str, Any]]:
    folders = {"numbers": "cell_lines", "yes or no": "antibiogram", "unchecked": "awkward"}
    return {name: load_model(TEST_DATA / folder / "model.safetensors").manifest_ for name, folder in folders.items()}


def _front_matter(card: str) -> dict[str, Any]:
    opened, text, rest = card.split("---\n", 2)
    assert (opened, rest[:13]) == ("", "\n# Model card")
    return yaml.safe_load(text)


def test_model_card__scores_of_a_model_index(manifests):
    told = _front_matter(model_card(manifests["numbers"]))
    (result,) = told["model-index"][0]["results"]
    scores = {metric["type"]: metric["value"] for metric in result["metrics"]}
    assert (result["task"]["type"], scores["rmse"], scores["skill"]) == ("tabular-regression", 1.430729, 0.233797)
    assert "best_naive_rmse" not in scores
    assert "license" not in told
    assert _front_matter(model_card(manifests["yes or no"]))["pipeline_tag"] == "tabular-classification"


def test_model_card__names_break_neither_front_matter_nor_table(manifests):
    name = 'a "b": [c\n---\n# d | e'
    card = model_card({**manifests["numbers"], "measure": {"name": name, "unit": "'", "higher_means": None}})
    (result,) = _front_matter(card)["model-index"][0]["results"]
    assert result["task"]["name"].startswith('a "b": [c --- # d | e (\')')
    assert "\n# d" not in card.split("---\n", 2)[2]
    assert sum(line.startswith("| 1 | Title") and line.count(" | ") == 2 for line in card.splitlines()) == 1


def test_model_card__what_it_must_not_be_used_for_stands_first(manifests):
    lines = [line for line in model_card(manifests["numbers"]).splitlines() if line.startswith(("## ", "- "))]
    first = lines[lines.index("## What it must not be used for") :]
    assert lines[lines.index(first[0]) - 1].startswith("- ")  # tags of the front matter: no section before it
    assert first[1].startswith("- Decisions about the treatment or the dose of a person")
    assert "- Predictions for drugs that it was not trained on: held-out rows were unseen samples" in first[2]


@pytest.mark.parametrize(
    ("findings", "judgement", "words"),
    [
        ([("structures", "leak", "One drug twice.")], "better", "Any claim that rests on its scores: One drug twice."),
        (
            [("confounded covariates", "warning", "Batch is tissue.")],
            "better",
            "before this is cleared: Batch is tissue.",
        ),
        ([], "same", "Predictions in place of the naive ones"),
        ([], "unknown", "Predictions that others rely on"),
    ],
)
def test_model_card__leaks_cautions_and_no_gain(manifests, findings, judgement, words):
    told = [dict(zip(("check", "severity", "message", "count"), (*each, 1), strict=True)) for each in findings]
    verdict = {"judgement": judgement, "folds": 3, "folds_better": 3}
    card = model_card({**manifests["numbers"], "findings": told, "verdict": verdict})
    assert words in card.split("## ")[1]
    has_leak = any(severity == "leak" for _, severity, _ in findings)
    assert ("model-index" in _front_matter(card)) != has_leak


def test_model_card__of_a_model_that_was_not_checked(manifests):
    card = model_card(manifests["unchecked"])
    assert "metrics" not in _front_matter(card)
    assert "Predictions that others rely on" in card
    assert "| 4 | Aim: development, evaluation, or both | Development; nothing was held out. |" in card


@pytest.mark.parametrize("name", ["numbers", "yes or no", "unchecked"])
def test_tripod_part__every_item_is_answered_or_open_by_name(manifests, name):
    words, table = tripod_part(manifests[name]).blocks
    rows = {row[0]: row[2] for row in table.rows}
    assert (len(rows), {item.rstrip("abcdefg") for item in rows}) == (52, {str(number) for number in range(1, 28)})
    left = [item for item, answer in rows.items() if getattr(answer, "shown", "") == OPEN]
    assert {"17", "18a", "18b", "19", "20b"} <= set(left)
    assert f"{52 - len(left)} are answered" in words.words
    assert not {"8a", "9b", "10", "11", "12a", "12c", "26"} & set(left)


def test_describe__writes_a_card_beside_the_text(tmp_path, capsys):
    words = ["describe", "--model", str(TEST_DATA / "cell_lines" / "model.safetensors"), "--card"]
    assert main([*words, str(tmp_path / "card.md")]) == 0
    assert "Trained on 96 samples" in capsys.readouterr().out
    assert (tmp_path / "card.md").read_text(encoding="utf-8").startswith("---\n# license: left open")
    assert main([*words, str(tmp_path / "no" / "card.md")]) == 2
