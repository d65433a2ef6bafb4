from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import drugresponse as dr
from drugresponse.data.conversion.genotypes import as_genotypes
from drugresponse.data.joining import TrainingRows, join_training_rows
from drugresponse.data.splits import make_folds
from drugresponse.data.tables import as_responses
from drugresponse.errors import InputError
from drugresponse.evaluation._random_folds import flattery_of_random_folds
from drugresponse.evaluation.drug_verdicts import HELPS
from drugresponse.evaluation.summary import EvaluationSummary, RandomFolds, random_folds_words
from drugresponse.report import evaluation_markdown, evaluation_title
from tests.made_clones import Clones, made_clones


def joined(made: Clones) -> TrainingRows:
    return join_training_rows(as_genotypes(made.genotypes), as_responses(made.responses), None, made.samples)


def flattery(made: Clones, **settings) -> RandomFolds:
    rows = joined(made)
    return flattery_of_random_folds(rows, make_folds(rows.pairs, "new-lineages", 4, 0), **settings)


def test_flattery__what_only_the_clone_has_is_seen_by_random_folds_alone():
    found = [flattery(made_clones(own_level=1.0, seed=seed)) for seed in range(4)]
    assert np.mean([each.lineages for each in found]) < 0.1
    for each in found:
        assert each.samples > 0.4
        assert each.lower > 0.2
        assert each.lower < each.samples - each.lineages < each.upper
        assert (each.learner, each.folds) == ("ridge", 4)


def test_flattery__what_a_feature_causes_is_seen_by_both():
    found = flattery(made_clones(60, own_level=0.0, causal=2.0, n_features=20))
    assert found.lineages > 0.75
    assert abs(found.samples - found.lineages) < 0.03


def test_flattery__is_the_same_on_several_cores():
    made = made_clones(20)
    assert flattery(made, n_jobs=2) == flattery(made, n_jobs=1)


def test_flattery__few_lineages_have_no_interval():
    found = flattery(made_clones(4))
    assert np.isfinite([found.lineages, found.samples]).all()
    assert np.isnan([found.lower, found.upper]).all()


def test_flattery__without_lineages():
    rows = joined(made_clones(6))
    bare = replace(rows, pairs=replace(rows.pairs, lineages=None))
    with pytest.raises(InputError, match="no lineages are known"):
        flattery_of_random_folds(bare, make_folds(rows.pairs, "new-lineages", 2, 0))


@pytest.mark.parametrize(
    ("samples", "lower", "words"),
    [(0.4, 0.2, "Random folds flatter: "), (0.12, -0.1, "Random folds do not show to flatter: "),
     (0.3, np.nan, "Random folds flatter: "), (0.05, -0.1, "Random folds do not show to flatter: ")],
)  # fmt: skip
def test_random_folds_words__by_the_interval(samples, lower, words):
    said = random_folds_words(RandomFolds("ridge", 5, 0.1, samples, lower, lower + 0.3))
    assert said.startswith(f"{words}skill of ridge 0.100 where whole lineages are held out, {samples:.3f} where")
    assert ("95 %" in said) == np.isfinite(lower)
    assert (" less" in said) == (samples < 0.1)


def evaluated(made: Clones, scheme: str) -> EvaluationSummary:
    return dr.evaluate(
        made.genotypes, made.responses, samples=made.samples, learners=["ridge"], scheme=scheme, shuffles=20, n_jobs=1
    )


def skill(summary: EvaluationSummary) -> float:
    table = summary.metrics
    return float(
        table[
            (table.learner == "ridge") & (table.fold == "all") & (table.level == "global") & (table.metric == "skill")
        ]["value"].iloc[0]
    )


def test_evaluate__clones_look_good_by_samples_and_show_nothing_by_lineages():
    made = made_clones(own_level=1.0)
    by_samples, by_lineages = (evaluated(made, scheme) for scheme in ("new-samples", "new-lineages"))
    assert skill(by_samples) > 0.4
    assert (by_samples.drug_verdicts["verdict"] == HELPS).all()
    assert "lineages" in {each.check for each in by_samples.audit}
    assert by_samples.random_folds is None
    assert skill(by_lineages) < 0.1
    assert not (by_lineages.drug_verdicts["verdict"] == HELPS).any()
    assert evaluation_title(by_lineages).startswith("Genotype adds nothing")
    assert by_lineages.permutation.p > 0.05
    assert by_lineages.random_folds.samples == pytest.approx(skill(by_samples), abs=0.1)
    page = evaluation_markdown(by_lineages)
    assert "By how much do random folds flatter?" in page
    assert "Lineages: column lineage, 40 of" in page
    assert "bootstrap intervals over lineages" in page
    assert "By how much" not in evaluation_markdown(by_samples)


def test_evaluate__genes_that_act_are_confirmed_over_lineages():
    summary = evaluated(made_clones(own_level=0.3, causal=2.0), "new-lineages")
    assert skill(summary) > 0.5
    assert (summary.drug_verdicts["verdict"] == HELPS).all()
    assert summary.permutation.p == pytest.approx(1 / 21)
    assert evaluation_title(summary) == "Genotype adds to the prediction"


def test_evaluate__given_folds_that_part_a_lineage_are_refused():
    made = made_clones(8)
    splits = made.samples.assign(fold=np.arange(len(made.samples)) % 2).reset_index()[["sample_id", "fold"]]
    with pytest.raises(InputError, match=r"trains on the lineage of .*\(the scheme new-lineages says that it is new\)"):
        dr.evaluate(
            made.genotypes, made.responses, samples=made.samples, learners=["ridge"], scheme="new-lineages",
            splits=splits, shuffles=0, n_jobs=1,
        )  # fmt: skip


def test_flattery__of_yes_or_no_is_told_by_its_proper_loss():
    """A clone that responds as a whole, for no reason in its genes."""
    found = []
    for seed in range(3):
        made = made_clones(40, own_level=3.0, n_drugs=1, seed=seed)
        events = made.responses.assign(response=(made.responses["response"] > 0).astype(int))
        found.append(flattery(Clones(made.genotypes, events, made.samples)))
    assert joined(Clones(made.genotypes, events, made.samples)).pairs.outcome.kind == "binary"
    assert np.mean([each.lineages for each in found]) < 0.1
    assert all(each.samples > 0.3 for each in found)
    assert all(each.lower > 0 for each in found)
