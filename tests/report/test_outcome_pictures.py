from __future__ import annotations

import numpy as np

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.report.outcome_pictures import dilutions_table
from tests.data.scores.made_truths import truth_of


def test_dilutions__are_those_of_the_value_that_is_predicted() -> None:
    outcome = Outcome("interval", logarithm=2)
    lower, upper = np.array([0.0, 1.0, -np.inf, 3.0]), np.array([1.0, 2.0, 0.0, np.inf])
    truth = truth_of(Observed(outcome, lower=lower, upper=upper), np.array([0.5, 1.5, 0.0, 3.0]))
    # locations of limits lie where nobody measures
    said = Distribution(outcome, np.full(4, -9.0), spread=np.ones(4), point=np.array([0.5, 0.5, 0.9, 1.9]))

    table = dilutions_table(truth, said, "ridge")
    rows = {str(row[0]): str(row[1]) for row in table.rows}
    assert (rows["0"], rows["\N{MINUS SIGN}1"], rows["\N{MINUS SIGN}3 or less"]) == ("1", "1", "0")
    assert rows["at or below a limit, and predicted so within one dilution"] == "1 of 1"
    assert rows["above a limit, and predicted so within one dilution"] == "0 of 1"
