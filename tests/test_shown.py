"""What notebooks show of objects: short, whole in what matters, and never a part of the page."""

from __future__ import annotations

import html.parser

import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.shown import Shown


class Cells(html.parser.HTMLParser):
    """The text of a page, and its elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def cohort() -> dr.Cohort:
    return dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=30)


@pytest.fixture(scope="module")
def model(cohort: dr.Cohort) -> dr.DrugResponseModel:
    return dr.DrugResponseModel("ridge").fit(cohort.genotypes, cohort.responses, samples=cohort.samples)


@pytest.fixture(scope="module")
def results(cohort, model) -> list[object]:
    tables = {"samples": cohort.samples}
    summary = dr.evaluate(cohort.genotypes, cohort.responses, **tables, learners=["ridge"], folds=2, shuffles=0)
    explanation = dr.explain(model, cohort.genotypes, cohort.responses, **tables, refits=0)
    rows = pd.DataFrame({"sample_id": "s", "drug_id": "d", "dose": [0.1, 1, 10, 100], "response": [1, 0.9, 0.4, 0.1]})
    fits = dr.fit_curves(dr.Doses.build(rows))
    parts = model.contributions(cohort.genotypes, samples=cohort.samples)
    overview = dr.overview_of(cohort.genotypes)
    return [summary, summary.evaluation, explanation, explanation.associations, fits, fits.doses, parts, overview]


def test_shown__every_result_is_a_few_lines_and_its_table_says_the_same(cohort, model, results):
    for thing in (cohort, cohort.genotypes, cohort.responses, model, *results):
        lines = repr(thing).splitlines()
        assert 1 < len(lines) <= 12
        assert max(map(len, lines)) <= 101
        assert lines[0].startswith(type(thing).__name__)
        cells = Cells(thing._repr_html_())
        assert cells.tags == {"table", "caption", "tr", "th", "td"}
        for line in lines[1:]:
            assert line.strip().partition(": ")[0] in cells.text


def test_shown__says_how_many_of_what(cohort, model, results):
    assert repr(cohort.genotypes).startswith("Genotypes: 60 samples x 30 features\n    sample_ids: 60 (L0001, L0002, ")
    assert f"{len(cohort.responses):,} pairs of 60 samples and 3 drugs" in repr(cohort)
    held_out = model.manifest_["held_out"]["skill"]
    assert f"held out: skill {held_out:.3g} (new-samples): " in repr(model)
    assert model._repr_mimebundle_() == {"text/plain": repr(model), "text/html": model._repr_html_()}
    whole = results[0].metrics.query("learner == 'ridge' and level == 'global' and metric == 'skill' and fold == 'all'")
    assert f"ridge {whole['value'].item():.3g} (" in repr(results[0])


def test_shown__model_that_is_not_fitted_or_not_checked(cohort):
    assert repr(dr.DrugResponseModel("ridge")) == "DrugResponseModel(learner='ridge')\n    fitted: not yet"
    unchecked = dr.DrugResponseModel("ridge", folds=0).fit(cohort.genotypes, cohort.responses)
    assert "held out: not checked" in repr(unchecked)


def test_shown__leak_stands_before_the_skill_that_it_spoils(cohort):
    genotypes = pd.DataFrame(cohort.genotypes.dense(), cohort.genotypes.sample_ids, cohort.genotypes.features.index)
    first = cohort.responses.table.query("drug_id == 'D001'").set_index("sample_id")["response"]
    leaking = genotypes.assign(copied=first.reindex(genotypes.index).fillna(0.0))
    shown = repr(dr.DrugResponseModel("ridge").fit(leaking, first.rename("response").reset_index()))
    assert 0 < shown.index("leaks: ") < shown.index("held out: ")


def test_shown__names_are_text_and_no_part_of_the_page():
    name = "<script>alert(1)</script>"
    genotypes = dr.Genotypes.from_dense([[0.0], [1.0]], [name, "s2"], ["rs1"])
    cells = Cells(genotypes._repr_html_())
    assert "script" not in cells.tags
    assert name in cells.text


def test_shown__more_facts_than_lines_are_named():
    class Wide(Shown):
        def _facts(self) -> dict[str, str]:
            return {f"fact{at}": "x\ny" for at in range(15)}

    lines = repr(Wide()).splitlines()
    assert lines[1] == "    fact0: x y"
    assert lines[-1] == "    and: fact10, fact11, fact12, fact13, fact14"
