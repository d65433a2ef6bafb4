"""Every kind of page of one cohort whose names are all hostile: valid, small, of one file, the same twice, escaped."""

from __future__ import annotations

import re
from collections.abc import Callable

import html5lib
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse import report
from drugresponse.curves import fit_curves, responses_from_fits
from drugresponse.data.responses.doses import Doses
from drugresponse.genotype_qc.overview import overview_of
from drugresponse.version import __version__
from tests.report.pages import EXPECTED_TAGS, Page

HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "--><b>&amp;'", "\u202e\u05d0{{ 7 * 7 }}$x$")
SMALL = {"learners": ["ridge"], "folds": 2, "shuffles": 0, "n_jobs": 1}


def spoiled(ids: pd.Index) -> dict[str, str]:
    """Hostile ids that stay apart, by the ids that were simulated."""
    return {str(each): f"{HOSTILE[at % 4]}{at}" for at, each in enumerate(ids)}


class Made:
    """A cohort, its model, and what else pages are made of."""

    def __init__(self, outcome: str) -> None:
        cohort = dr.simulate_cohort(n_samples=60, n_drugs=4, n_features=20, outcome=outcome, random_state=2)
        sample, drug = spoiled(cohort.genotypes.sample_ids), spoiled(cohort.drugs.index)
        features = spoiled(cohort.genotypes.features.index)
        self.genotypes = pd.DataFrame(cohort.genotypes.values.toarray(), list(sample.values()), list(features.values()))
        table = cohort.responses.table.replace({"sample_id": sample, "drug_id": drug})
        if outcome == "binary":
            table = table.assign(response=table["response"].map({0.0: "S", 1.0: "R"}))
        self.responses = dr.Responses.build(table, cohort.responses.measure)
        self.drugs = cohort.drugs.rename(index=drug).assign(name=[f"named {each}" for each in HOSTILE])
        self.samples = cohort.samples.rename(index=sample).assign(tissue=[HOSTILE[at % 3] for at in range(60)])
        tables = {"drugs": self.drugs, "samples": self.samples}
        self.model = dr.DrugResponseModel("ridge", folds=2, n_jobs=1).fit(self.genotypes, self.responses, **tables)
        first = next(iter(sample.values()))
        self.explanation = dr.explain(
            self.model, self.genotypes, self.responses, **tables, refits=0, selected_samples=[first], n_jobs=1
        )
        self.summary = dr.evaluate(self.genotypes, self.responses, **tables, **SMALL)


def names_of(made: Made) -> dict[str, str]:
    return report.drug_names(made.model.drugs_)


def training(made: Made) -> str:
    model = made.model
    return report.training_report(
        model.manifest_, model.metrics_, model.held_out_, names=names_of(made), inputs=HOSTILE
    )


def prediction(made: Made) -> str:
    table = made.model.predict(made.genotypes.iloc[:3], samples=made.samples)
    return report.prediction_report(table, made.model.manifest_, names=names_of(made), inputs=HOSTILE)


def adaptation(made: Made) -> str:
    pilots = made.responses.table.groupby("sample_id").head(1).head(6)
    pilots = pilots.assign(sample_id="new " + pilots["sample_id"])
    ranked = made.model.next_drugs(pilots)
    adapted = made.model.adapt(None, pilots, samples=made.samples.rename(index=lambda name: f"new {name}"))
    return report.adaptation_report(adapted, ranked, made.model.manifest_, names=names_of(made), inputs=HOSTILE)


def genotypes(made: Made) -> str:
    sources = [report.GenotypeSource(name, name, name) for name in HOSTILE]
    overview = overview_of(made.explanation.rows.pairs.genotypes)
    return report.genotypes_report(overview, sources=sources, choices=HOSTILE, notes=HOSTILE, samples=made.samples)


def curves(_: Made) -> str:
    rows = [
        {"sample_id": sample, "drug_id": drug, "dose": dose, "response": 1 / (1 + dose)}
        for sample in HOSTILE
        for drug in HOSTILE
        for dose in (0.01, 0.1, 1.0, 10.0)
    ]
    fits = fit_curves(Doses.build(pd.DataFrame(rows), scale="fraction"))
    return report.curves_report(fits, responses_from_fits(fits.table, "auc"), HOSTILE)


PAGES: dict[str, Callable[[Made], str]] = {
    "train": training,
    "predict": prediction,
    "explain": lambda made: report.explanation_report(made.explanation, HOSTILE),
    "evaluate": lambda made: report.evaluation_report(made.summary, HOSTILE),
    "adapt": adaptation,
    "prepare": genotypes,
    "curves": curves,
}


@pytest.fixture(scope="module")
def made(request: pytest.FixtureRequest) -> Made:
    return Made(request.param)


CASES = [("continuous", kind) for kind in PAGES] + [
    ("binary", kind) for kind in ("train", "predict", "explain", "evaluate")
]


@pytest.mark.parametrize(("made", "kind"), CASES, indirect=["made"])
def test_pages__are_valid_small_and_whole_whatever_names_are(made: Made, kind: str) -> None:
    written = PAGES[kind](made)
    html5lib.HTMLParser(strict=True).parse(written)
    page = Page(written)
    assert page.tags <= EXPECTED_TAGS
    assert not {name for name in page.attributes if name.startswith("on") or name in ("src", "href")}
    assert not re.search(r"url\((?!#)|@import|<script|<link|<img", written)
    assert len(written.encode()) < 400_000
    assert f"Made by drugresponse {__version__} from {HOSTILE[0]}" in page.text
    assert any(name in page.text for name in HOSTILE[:2])
    if kind not in ("prepare", "curves"):
        assert "named <script>" in page.text
    # pictures come first
    before = written.partition("<body>")[2].partition("<figure>")[0]
    assert len(re.sub("<[^>]*>", " ", before).split()) < 200
    assert written == PAGES[kind](made)
