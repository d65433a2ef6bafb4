from __future__ import annotations

import numpy as np

from drugresponse.learners.likelihood.likeness import drug_likeness, working_table


def test_drug_likeness__follows_residuals_that_go_together_through_holes():
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(400, 1))
    table = np.hstack([shared + 0.3 * rng.normal(size=(400, 2)), rng.normal(size=(400, 2))])
    measured = (rng.random(table.shape) < 0.6).astype(float)
    likeness = drug_likeness(table * measured, measured)
    assert likeness[0, 1] > 0.55
    assert np.abs(likeness[2, 3] - 0.2) < 0.1
    assert np.linalg.eigvalsh(likeness).min() > 0.2


def test_drug_likeness__of_drugs_that_met_no_sample_together_is_what_all_share():
    measured = np.repeat(np.eye(2), 50, axis=0)
    likeness = drug_likeness(measured, measured)
    assert likeness[0, 1] == np.float64(0.2)


def test_working_table__is_in_standard_deviations_and_cut():
    rows = np.arange(3)
    table, measured = working_table(np.array([0.5, -0.5, -99.0]), np.full(3, 0.25), rows, rows * 0, (4, 1))
    assert table[:, 0].tolist() == [-1.0, 1.0, 5.0, 0.0]
    assert measured[:, 0].tolist() == [1, 1, 1, 0]
