from __future__ import annotations

import numpy as np

from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.outcomes.wording import outcome_words


def test_outcome_words__measured_numbers():
    assert outcome_words(np.arange(3.0), None) == "Outcome: measured numbers, 3 responses."


def test_outcome_words__classes_are_counted():
    observed = Observed(Outcome("ordinal", ("S", "I", "R")))
    assert outcome_words(np.array([0.0, 2.0, 0.0, 2.0, 1.0]), observed) == (
        'Outcome: ordered classes, lowest first: "S" 2 (40.0 %), "I" 1 (20.0 %), "R" 2 (40.0 %) of 5 responses.'
    )


def test_outcome_words__limits_are_counted_by_side():
    lower, upper = np.array([-np.inf, -np.inf, 1.0, 3.0]), np.array([0.0, 1.0, 2.0, np.inf])
    observed = Observed(Outcome("interval", logarithm=2), lower=lower, upper=upper)
    words = outcome_words(np.array([0.0, 1.0, 1.5, 3.0]), observed)
    assert "3 of 4 responses (75 %) are limits, 50 % at or below, 25 % above; 25 % lie within one dilution" in words
    assert words.endswith("on a log2 scale.")


def test_outcome_words__events_and_late_entries_are_counted():
    happened, entry = np.array([True, False, False]), np.array([0.0, 1.0, 0.0])
    words = outcome_words(np.array([1.0, 2.0, 5.0]), Observed(Outcome("time-to-event"), happened=happened, entry=entry))
    assert "1 event among 3 responses (33 %); followed for 2 in the median, 5 at most; 1 came under" in words
