from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from workflow_pages import runs_by_page, workflows_without_a_run

PATIENTS, COHORT = "# Predicted responses of new patients", "# Does genotype predict the response?"
COLLECTION = "# Predicted responses of a collection of patients"


def test_runs_by_page__the_first_that_is_listed_of_each() -> None:
    pages = {"c": f"{PATIENTS}\n\nfirst", "b": "# The tutorial\n", "a": f"{PATIENTS}\n\nsecond", "0": ""}
    assert runs_by_page(pages) == {PATIENTS: "c"}


def test_workflows_without_a_run__each_page_with_pictures_is_to_be_looked_at() -> None:
    assert set(workflows_without_a_run({})) == {PATIENTS, COHORT, COLLECTION}
    lacking = workflows_without_a_run({"c": COHORT, "b": f"{COLLECTION}\n"})
    assert {title: path.parent.name for title, path in lacking.items()} == {PATIENTS: "predict-new-patients"}
