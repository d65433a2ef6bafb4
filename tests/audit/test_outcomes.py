from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from drugresponse.audit._outcomes import outcome_findings
from drugresponse.audit.findings import Finding
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import JoinLoss, TrainingRows
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.pairs import Pairs

YES = Outcome("binary", ("S", "R"))


def _findings(
    values: np.ndarray, y: np.ndarray, observed: Observed | None, subjects: list[str] | None = None
) -> dict[str, Finding]:
    ids = [f"s{i:03d}" for i in range(len(y))]
    genotypes = Genotypes.from_dense(values, ids, [f"g{i}" for i in range(values.shape[1])])
    pairs = Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), pd.DataFrame(index=pd.Index(["drug"])))
    if subjects is not None:
        pairs = replace(pairs, subjects=np.array(subjects, dtype=object))
    rows = TrainingRows(replace(pairs, observed=observed), y, np.ones(len(y)), JoinLoss(len(y), 1, len(y), 0, 0, 0, 0))
    return {finding.check: finding for finding in outcome_findings(rows)}


def _drawn(n_events: int, n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.zeros(n)
    y[rng.choice(n, n_events, replace=False)] = 1
    return (rng.random((n, 8)) < 0.2).astype(float), y


@pytest.mark.parametrize(("n_events", "check"), [(9, "too few events"), (10, "few events"), (29, "few events")])
def test_few_events__are_named(n_events: int, check: str) -> None:
    values, y = _drawn(n_events)
    findings = _findings(values, y, Observed(YES))
    assert "drug" in findings[check].message
    assert len({"too few events", "few events"} & set(findings)) == 1


def test_events_for_each_feature__where_they_are_few() -> None:
    values, y = _drawn(40)
    assert _findings(values, y, Observed(YES))["events for each feature"].message.startswith("5 events")
    assert "events for each feature" not in _findings(values[:, :2], y, Observed(YES))


def test_separation__a_feature_that_tells_the_class() -> None:
    values, y = _drawn(60)
    values[:, 3] = y * (np.arange(len(y)) % 2)
    findings = _findings(values, y, Observed(YES))
    assert "g3 x drug" in findings["separation"].message
    assert findings["separation"].count == 1


def test_separation__a_rare_feature_in_a_common_class_is_chance() -> None:
    values, y = _drawn(12)
    values[:, 3] = 0
    values[np.flatnonzero(y == 0)[:10], 3] = 1
    assert "separation" not in _findings(values, y, Observed(YES))


def test_separation__a_missing_call_is_no_carrier() -> None:
    values, y = _drawn(60)
    values[:, 3] = np.where(y > 0, 1.0, np.nan)
    assert "g3 x drug" in _findings(values, y, Observed(YES))["separation"].message


def test_separation__of_times_nobody_with_an_event() -> None:
    values, happened = _drawn(100)
    values[:, 3] = happened == 0
    times = Outcome("time-to-event")
    observed = Observed(times, happened=happened > 0, entry=np.zeros(len(happened)))
    findings = _findings(values, np.arange(1.0, len(happened) + 1), observed)
    assert "g3 x drug" in findings["separation"].message


def test_times_of_one_subject__are_told_where_they_are_the_same() -> None:
    values, happened = _drawn(100)
    observed = Observed(Outcome("time-to-event"), happened=happened > 0, entry=np.zeros(len(happened)))
    subjects = [f"p{at // 2}" for at in range(len(happened))]
    times = np.arange(len(happened)) // 2 + 1.0
    finding = _findings(values, times, observed, subjects)["times of one subject"]
    assert (finding.severity, finding.count) == ("warning", 100)
    assert "200 responses are 100 times of subjects" in finding.message
    assert "times of one subject" not in _findings(values, times, observed)
    # two endpoints of one subject are two times
    assert "times of one subject" not in _findings(values, np.arange(200.0) + 1, observed, subjects)


def test_numbers__nothing_is_said() -> None:
    values, y = _drawn(40)
    assert not _findings(values, y, None)
