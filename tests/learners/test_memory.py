"""A training that cannot fit into the granted memory is refused before it begins, with what would fit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drugresponse.errors import InputError, MemoryLimitError
from drugresponse.learners.memory import TrainingSize, estimate_megabytes, refuse_too_little_memory
from drugresponse.learners.registry import LEARNERS

COHORT = TrainingSize(1_000, 5_000, 1, 1_000)


@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize("name", ["n_samples", "n_features", "n_pairs", "n_jobs"])
def test_estimate__grows_with_all_that_a_training_is_large_as(learner, name):
    larger = replace(COHORT, **{name: 4 * getattr(COHORT, name)})
    if name == "n_jobs" and learner == "additive-mean":
        assert estimate_megabytes([learner], larger) >= estimate_megabytes([learner], COHORT)
        return
    assert estimate_megabytes([learner], larger) > estimate_megabytes([learner], COHORT)


PEAKS = {
    (100, 200, 1): {"ridge": 237, "sparse": 237, "boosted-trees": 263},
    (300, 2_000, 1): {"ridge": 275, "sparse": 272, "boosted-trees": 306},
    (300, 1_000, 60): {"ridge": 265, "sparse": 310, "boosted-trees": 293},
    (1_500, 300, 20): {"ridge": 319, "sparse": 318, "boosted-trees": 425},
    (1_000, 5_000, 1): {"ridge": 529, "sparse": 529, "boosted-trees": 555},
    (3_000, 500, 1): {"ridge": 593, "sparse": 590, "boosted-trees": 597},
    (400, 20_000, 1): {"ridge": 703, "sparse": 703, "boosted-trees": 758},
    (150, 8_000, 40): {"ridge": 307, "sparse": 418, "boosted-trees": 333},
    (1_200, 45_000, 1): {"ridge": 483, "sparse": 498, "boosted-trees": 512},
    (300, 200_000, 1): {"ridge": 494, "sparse": 513, "boosted-trees": 525},
}
"""What `python -m benchmarks memory` measured, in megabytes, by samples, features and drugs."""


@pytest.mark.parametrize("shape", list(PEAKS))
def test_estimate__is_that_of_the_learner_that_is_chosen(shape):
    size = TrainingSize(*shape, shape[0] * shape[2])
    for learner, peak in PEAKS[shape].items():
        assert 1 / 1.3 < estimate_megabytes([learner], size) / peak < 1.3
        assert estimate_megabytes(["auto"], size) > estimate_megabytes([learner], size)


def test_estimate__of_several_is_that_of_the_hungriest_and_of_unknown_ones_too():
    assert estimate_megabytes(["ridge", "auto"], COHORT) == estimate_megabytes(["auto"], COHORT)
    assert estimate_megabytes(["somebody's"], COHORT) == estimate_megabytes(["auto"], COHORT)


def test_estimate__of_stored_genotypes_does_not_hold_them():
    stored = TrainingSize(2_000, 100_000, 1, 2_000)
    assert estimate_megabytes(["ridge"], stored) < 1_300
    assert estimate_megabytes(["gaussian"], stored) > 10_000


def test_estimate__of_processes_counts_their_libraries():
    many = replace(COHORT, n_jobs=4)
    apart = estimate_megabytes(["neural"], replace(many, in_processes=True))
    assert apart > estimate_megabytes(["neural"], many) + 4 * 400


def test_refuse_too_little_memory__names_what_would_fit():
    size = TrainingSize(1_000, 20_000, 1, 1_000, n_jobs=3)
    with pytest.raises(MemoryLimitError, match="1500 MB are granted") as raised:
        refuse_too_little_memory(["ridge"], size, {"GALAXY_MEMORY_MB": "1500"})
    message = str(raised.value)
    assert "use one thread" in message and "ridge" not in message
    features = int(message.partition("filter the features to ")[2].split()[0].replace(",", ""))
    assert 0 < features < 20_000
    refuse_too_little_memory(["ridge"], replace(size, n_features=features), {"GALAXY_MEMORY_MB": "1500"})
    with pytest.raises(MemoryLimitError, match="choose the learner ridge"):
        refuse_too_little_memory(["auto"], replace(size, n_jobs=1), {"GALAXY_MEMORY_MB": "1650"})
    with pytest.raises(MemoryLimitError, match=r"Ask for more memory\.$"):
        refuse_too_little_memory(["ridge"], size, {"GALAXY_MEMORY_MB": "100"})


def test_refuse_too_little_memory__is_silent_where_nothing_is_granted_or_enough():
    refuse_too_little_memory(["auto"], COHORT, {})
    refuse_too_little_memory(["auto"], COHORT, {"GALAXY_MEMORY_MB": "8000"})
    with pytest.raises(InputError, match="is not a number of megabytes"):
        refuse_too_little_memory(["auto"], COHORT, {"GALAXY_MEMORY_MB": "8G"})
