"""What is said of many predictions at once."""

from __future__ import annotations

from benchmarks.galaxy_bulk import Outcome, lines_of


def test_lines__a_job_that_never_ended_is_lost():
    outcome = Outcome()
    outcome.states = {"a": "ok", "b": "ok", "c": "running"}
    outcome.contents.update(["x", "x"])
    outcome.refused = ["503: too many"]
    assert lines_of(outcome, 4, 12.3) == [
        "4 jobs in 12 s: 2 ok, 1 running",
        "refused by the server: 503: too many",
        "different predictions: 1 (expected 1)",
        "lost: 2",
    ]
