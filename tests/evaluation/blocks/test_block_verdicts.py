"""What a block adds: the planted one does, and noise beside it is not said to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.evaluation.blocks.block_verdicts import ADDS, BLOCK_COLUMNS, NOT_SHOWN, block_verdict_words
from drugresponse.evaluation.evaluate import evaluate
from drugresponse.report import evaluation_markdown

N = 70
RNG = np.random.default_rng(5)
IDS = pd.Index([f"s{at}" for at in range(N)], name="sample_id")
GENES = [f"G{at}" for at in range(6)]
BLOCKS = {name: pd.DataFrame(RNG.normal(size=(N, 6)), IDS, GENES) for name in ("noise", "rna")}
BLOCKS["dna"] = pd.DataFrame(RNG.integers(0, 2, (N, 6)), IDS, GENES)
SIGNAL = BLOCKS["rna"]["G0"] + 1.5 * BLOCKS["dna"]["G1"]
RESPONSES = pd.DataFrame(
    [(id_, drug, SIGNAL[id_] + 0.5 * RNG.normal()) for id_ in IDS for drug in ("d1", "d2")],
    columns=["sample_id", "drug_id", "response"],
)


@pytest.fixture(scope="module")
def summary():
    return evaluate(BLOCKS, RESPONSES, learners=["ridge"], folds=3, shuffles=0, n_jobs=1)


def test_evaluate__says_of_each_block_what_it_adds(summary):
    table = summary.block_verdicts.set_index("block")
    assert tuple(summary.block_verdicts.columns) == BLOCK_COLUMNS
    assert table["verdict"].to_dict() == {"dna": ADDS, "noise": NOT_SHOWN, "rna": ADDS}
    assert table.loc[["dna", "rna"], "lower"].min() > 0.2
    assert abs(table.loc["noise", "gain"]) < 0.05
    # with all blocks it is the ridge of the evaluation itself
    own = summary.metrics.query("learner == 'ridge' and fold == 'all' and level == 'global' and metric == 'rmse'")
    assert table["rmse"].iloc[0] == pytest.approx(float(own["value"].iloc[0]), rel=0.02)


def test_evaluate__a_page_and_the_output_say_it_too(summary):
    page = evaluation_markdown(summary, [])
    assert "What does each block add?" in page
    assert block_verdict_words(summary.block_verdicts)[0].startswith("Block dna adds to the others: squared error -")


def test_evaluate__of_one_table_nothing_is_said():
    told = evaluate(BLOCKS["rna"], RESPONSES, learners=["ridge"], folds=2, shuffles=0, n_jobs=1)
    assert told.block_verdicts.empty
    assert "What does each block add?" not in evaluation_markdown(told, [])
