"""Drugs of which all responses are one are named, whatever a response is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import drugresponse as dr
from drugresponse.audit._responses import response_findings
from drugresponse.data.joining import join_training_rows


@pytest.mark.parametrize("kind", ["continuous", "binary", "ordinal", "interval"])
def test_response_findings__name_drugs_whose_responses_are_all_one(kind):
    cohort = dr.simulate_cohort(n_samples=40, n_drugs=2, n_features=20, outcome=kind)
    table = cohort.responses.table.copy()
    drug = table["drug_id"].iloc[0]
    for name in [name for name in table if name not in ("sample_id", "drug_id")]:
        table[name] = table[name].where(table["drug_id"] != drug, table[name].iloc[0])
    found = {}
    for name, responses in (("varied", cohort.responses), ("constant", replace(cohort.responses, table=table))):
        rows = join_training_rows(cohort.genotypes, responses, cohort.drugs, cohort.samples)
        found[name] = [each for each in response_findings(rows) if each.check == "constant responses"]
    assert found["varied"] == []
    (finding,) = found["constant"]
    assert finding.severity == "warning"
    assert f'All responses are equal of 1 of 2 drugs ("{drug}")' in finding.message


def test_response_findings__times_of_a_drug_without_an_event():
    cohort = dr.simulate_cohort("germline", n_samples=40, n_features=20, outcome="time-to-event")
    rows = join_training_rows(cohort.genotypes, cohort.responses, cohort.drugs, cohort.samples)
    assert "constant responses" not in {each.check for each in response_findings(rows)}
    none = replace(rows.pairs.observed, happened=np.zeros(len(rows.y), dtype=bool))
    (finding,) = response_findings(replace(rows, pairs=replace(rows.pairs, observed=none)))
    assert finding.message.startswith("No event happened of 1 of 1 drug")
