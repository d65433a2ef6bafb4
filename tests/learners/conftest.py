from __future__ import annotations

import numpy as np
import pytest

from drugresponse.data.pairs import Pairs
from tests.learners.cohorts import made_pairs


@pytest.fixture(scope="session")
def site_cohort() -> tuple[Pairs, Pairs, np.ndarray, np.ndarray]:
    """Rare substitutions, sixteen at each of four sites, that act alike at two of them, both together most.

    The same pairs twice, with features that are named by their sites and with ones that are not; responses and truth.
    """
    rng = np.random.default_rng(0)
    calls = (rng.random((300, 64)) < 0.03).astype(float)
    changed = calls.reshape(300, 4, 16).sum(axis=2)
    truth = changed[:, 0] + changed[:, 1] + 2 * changed[:, 0] * changed[:, 1]
    residues = "ACDEFGHIKLMNPQRS"
    near, apart = (
        made_pairs(calls, 1, features=names)
        for names in ([f"RT_{site}{residue}" for site in (41, 67, 70, 184) for residue in residues], None)
    )
    at = near.sample_index
    return near, apart, truth[at] + rng.normal(0, 0.3, len(at)), truth[at]
