from __future__ import annotations

import numpy as np
import pandas as pd

from drugresponse.data.genotypes import Genotypes
from drugresponse.genotype_qc.overview import overview_of
from drugresponse.report import GenotypeSource, genotypes_report
from drugresponse.report.genotype_components import explained
from tests.report.pages import EXPECTED_TAGS, Page

IDS = [f"s{i:02d}" for i in range(40)]


def cohort(n_missing: int = 0, same: bool = False, shift: float = 0.0) -> Genotypes:
    """Variants whose frequency differs by `shift` between the first and the second half of the samples."""
    rng = np.random.default_rng(0)
    frequency = rng.uniform(0.3, 0.7, 300) + shift * rng.choice([-1, 1], 300) * np.repeat([[0.5], [-0.5]], 20, axis=0)
    dosages = rng.binomial(2, frequency).astype(float)
    if same:
        dosages[30] = dosages[3]
    dosages[0, :n_missing] = np.nan
    return Genotypes.from_dense(dosages, IDS, [f"rs{i}" for i in range(300)], kind="dosage")


def samples(**columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(columns, index=IDS)


def test_report__plain_page():
    page = genotypes_report(
        overview_of(cohort()),
        sources=[GenotypeSource("a.vcf", "vcf")],
        choices=["Only common ones."],
        notes=["a.vcf: 3 of 9 variants are kept."],
    )
    read = Page(page)
    assert read.tags <= EXPECTED_TAGS
    assert {each for each in read.attributes if each.startswith("on") or each in ("href", "src")} == set()
    assert '<div class="verdict better"><strong>40 samples and 300 features are ready</strong>' in page
    for words in ("a.vcf: vcf", "Only common ones.", "3 of 9 variants are kept.", "No call is missing."):
        assert words in read.text
    assert "No two samples are closer than chance" in read.text
    assert page == genotypes_report(
        overview_of(cohort()),
        sources=[GenotypeSource("a.vcf", "vcf")],
        choices=["Only common ones."],
        notes=["a.vcf: 3 of 9 variants are kept."],
    )


def test_report__names_what_calls_for_care():
    genotypes = cohort(n_missing=200, same=True, shift=0.3)
    table = samples(batch=["b1"] * 20 + ["b2"] * 20, sex=["f", "m"] * 20)
    text = Page(genotypes_report(overview_of(genotypes), samples=table)).text
    assert (
        "Found: 1 sample with more than half of the calls missing, 1 pair of samples that are one person or twins and "
        "principal components that follow batch." in text
    )
    assert "s03 s30 same person or twin 0.500" in text
    assert "s00 66.7%" in text
    assert "Colours: batch." in text
    assert "b1 (20)" in text


def test_report__a_known_pair_is_no_finding():
    table = samples(subject_id=["p3" if i in (3, 30) else f"p{i}x" for i in range(40)])
    page = genotypes_report(overview_of(cohort(same=True)), samples=table)
    assert 'class="verdict better"' in page
    assert "same person or twin (known: one subject)" in Page(page).text


def test_report__ancestry_is_no_batch():
    table = samples(ancestry=["a"] * 20 + ["b"] * 20)
    assert 'class="verdict better"' in genotypes_report(overview_of(cohort(shift=0.3)), samples=table)


def test_report__nothing_differs():
    constant = Genotypes.from_dense(np.ones((3, 2)), ["a", "b", "c"], ["x", "y"], kind="altered")
    page = genotypes_report(overview_of(constant))
    assert '<div class="verdict worse"><strong>No feature differs between samples' in page
    assert "Too few samples or features vary" in Page(page).text


def test_report__what_users_wrote_is_escaped():
    genotypes = Genotypes.from_dense(
        np.eye(12), [f"<i>{i}" for i in range(12)], [f"<b>{i}" for i in range(12)], kind="score"
    )
    table = pd.DataFrame({"<u>": ["<s>", "x"] * 6, "batch": ["<s>", "x"] * 6}, index=genotypes.sample_ids)
    source = [GenotypeSource("<a>", "vcf")]
    page = genotypes_report(overview_of(genotypes), sources=source, notes=["<em>"], samples=table)
    read = Page(page)
    assert read.tags <= EXPECTED_TAGS - {"i", "u", "s", "a", "em"}
    assert "&lt;s&gt; (6)" in page


def test_explained__columns_that_are_groups():
    components = overview_of(cohort(shift=0.3)).components
    table = samples(half=["a"] * 20 + ["b"] * 20, id=IDS, one=["x"] * 40, turn=["a", "b"] * 20, empty=[""] * 40)
    found = explained(components, table)
    assert [name for name, _ in found] == ["half", "turn"]
    assert found[0][1][0] > 0.8
    assert found[1][1][0] < 0.2
