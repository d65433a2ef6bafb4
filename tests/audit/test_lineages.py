from __future__ import annotations

import numpy as np
import pytest

from drugresponse.audit._lineages import straddling_lineages
from drugresponse.audit.findings import caution_messages
from drugresponse.audit.inputs import audit
from drugresponse.data.conversion.genotypes import as_genotypes
from drugresponse.data.joining import TrainingRows, join_training_rows
from drugresponse.data.splits import SCHEMES, make_folds
from drugresponse.data.tables import as_responses
from tests.made_clones import Clones, made_clones

SEEN_BY_LEARNERS = [scheme for scheme in SCHEMES if scheme != "new-studies"]


def joined(made: Clones, **columns: object) -> TrainingRows:
    samples = made.samples.assign(**columns)
    return join_training_rows(as_genotypes(made.genotypes), as_responses(made.responses), None, samples)


@pytest.fixture(scope="module")
def rows() -> TrainingRows:
    return joined(made_clones(10))


@pytest.mark.parametrize("scheme", SEEN_BY_LEARNERS)
def test_straddling__is_told_where_samples_are_held_out_one_by_one(rows, scheme):
    found = list(straddling_lineages(rows, scheme))
    if scheme not in ("new-samples", "new-samples-and-drugs"):
        assert not found
        return
    assert [(each.check, each.severity, each.count) for each in found] == [("lineages", "warning", 10)]
    n = rows.pairs.genotypes.shape[0]
    assert found[0].message.startswith(f"Lineages straddle folds: {n} of {n} samples may be predicted from others of ")
    assert "--scheme new-lineages" in found[0].message
    assert caution_messages(found) == [found[0].message]


def test_straddling__nothing_without_lineages_or_with_a_lineage_for_each_sample_or_for_all():
    made = made_clones(10)
    assert not list(straddling_lineages(joined(made, lineage=list(made.samples.index)), "new-samples"))
    assert not list(straddling_lineages(joined(made, lineage="one"), "new-samples"))
    without = Clones(made.genotypes, made.responses, made.samples.rename(columns={"lineage": "place"}))
    assert not list(straddling_lineages(joined(without), "new-samples"))


def test_straddling__lineages_that_the_folds_keep_together_do_not(rows):
    whole = make_folds(rows.pairs, "new-lineages", 4, 0)
    assert not list(straddling_lineages(rows, "new-samples", folds=whole))
    assert not list(straddling_lineages(rows, "new-samples", together=rows.pairs.lineages))
    parted = make_folds(rows.pairs, "new-samples", 4, 0)
    assert len(list(straddling_lineages(rows, "new-samples", folds=parted))) == 1


def test_straddling__a_few_relatives_are_a_note():
    made = made_clones(30)
    alone = np.array(made.samples.index, dtype=object)
    alone[:2] = "pair"
    (found,) = straddling_lineages(joined(made, lineage=alone), "new-samples")
    assert (found.severity, found.count) == ("note", 1)
    assert caution_messages([found]) == []


def test_audit__has_the_finding(rows):
    made = made_clones(10)
    tables = {"genotypes": as_genotypes(made.genotypes), "responses": as_responses(made.responses)}
    assert "lineages" in {each.check for each in audit(rows, scheme="new-samples", **tables)}
    assert "lineages" not in {each.check for each in audit(rows, scheme="new-lineages", **tables)}
