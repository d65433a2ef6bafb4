from __future__ import annotations

import dataclasses
import html
import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.audit.findings import Finding
from drugresponse.evaluation._groups import group_errors
from drugresponse.evaluation._scores import score_evaluation
from drugresponse.evaluation.comparison import compare_learners, rank_stability
from drugresponse.evaluation.drug_verdicts import beside_leaks, drug_verdicts
from drugresponse.evaluation.summary import EvaluationSummary, NoiseCeiling, PermutationCheck, RankStability
from drugresponse.report import evaluation_markdown, evaluation_report
from drugresponse.report.page import number
from tests.evaluation.made_evaluations import made_evaluation
from tests.report.pages import EXPECTED_TAGS, Page

HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "Ünï|*κωδ* 药物 `q` &amp; [x](y)"]
SHUFFLED = PermutationCheck("ridge", 0.3, tuple(np.linspace(-0.02, 0.02, 20)), 1 / 21)
LEAK = Finding("structures", "leak", "Two drugs are one.", 1)


def summary_of(gain=0.8, *, n_samples=60, n_drugs=6, ridge="ridge", tissues=("lung", "skin"), **changes):
    """An evaluation in which genotype explains this share of what covariates leave, in every drug."""
    rng = np.random.default_rng(0)
    potency = rng.normal(0, 3, n_drugs)
    hidden, noise = rng.normal(0, 1, (2, n_samples, n_drugs))
    measured = potency + hidden + 0.1 * noise
    learners = {
        "covariates": potency + 0.01 * rng.normal(0, 1, hidden.shape),
        ridge: potency + gain * hidden + 0.01 * rng.normal(0, 1, hidden.shape),
    }
    naive = {"drug mean": potency, "overall mean": np.full_like(potency, measured.mean())}
    tissue = [tissues[i % len(tissues)] for i in range(n_samples)]
    made = made_evaluation(measured, learners, naive, n_folds=3, covariates={"tissue": tissue})
    tables = {
        "metrics": score_evaluation(made, n_draws=30),
        "comparison": compare_learners(made, n_draws=30),
        "ranks": rank_stability(made, n_draws=30),
        "drug_verdicts": drug_verdicts(made, n_draws=30),
        "group_errors": group_errors(made, n_draws=30),
        "audit": (Finding("coverage by tissue", "note", "tissue: 2 groups.", 2),),
        "permutation": SHUFFLED,
        "ceiling": NoiseCeiling(100, 0.5, 0.81, 0.9),
        "measure": dr.Measure("ln_ic50", "uM", "resistant"),
        "settings": {"package": "1.0", "random_state": 7, "versions": {"numpy": "2.0"}},
    }
    return EvaluationSummary(made, **{**tables, **changes})


@pytest.fixture(scope="module")
def helped():
    return summary_of()


@pytest.fixture(scope="module")
def useless():
    return summary_of(gain=0.0, permutation=PermutationCheck("ridge", 0.0, SHUFFLED.shuffled, 0.5))


def hostile_summary():
    summary = summary_of(ridge=HOSTILE[0], tissues=HOSTILE, measure=dr.Measure(HOSTILE[1], HOSTILE[0], "sensitive"))
    rename = dict(zip(summary.drug_verdicts["drug_id"], HOSTILE * 2, strict=True))
    return dataclasses.replace(
        summary,
        drug_verdicts=summary.drug_verdicts.replace({"drug_id": rename}),
        audit=tuple(Finding(each, "warning", f"found {each}\n# second line", 1) for each in HOSTILE),
        settings={"random_state": HOSTILE[0], HOSTILE[1]: HOSTILE[2], "versions": {HOSTILE[0]: HOSTILE[1]}},
    )


def words_of_markdown(markdown):
    """Words without the marks of Markdown, and without the names of figures, which a page does not show."""
    text = re.sub(r"(?m)^\*Figure \(.*?\): ", "", markdown)
    text = re.sub(r"(?m)^(\| -.*|---)$|^[#>-]+ ?|(?<!\\)\|", " ", text)
    text = re.sub(r"(?m)(?<!\\)\*|:$", "", text)
    return plain_words(html.unescape(re.sub(r"\\(.)", r"\1", text)))


def plain_words(text):
    return re.sub(r"[()]", " ", text).split()


def test_evaluation_report__page_and_markdown_say_the_same(helped, useless):
    for summary in (helped, useless):
        page = Page(evaluation_report(summary))
        prose = [re.sub(r":$", "", each) for each in page.prose]
        assert plain_words(" ".join(prose)) == words_of_markdown(evaluation_markdown(summary))


def test_evaluation_report__scores_are_those_of_the_metrics(helped):
    text = Page(evaluation_report(helped)).text
    average = helped.metrics[(helped.metrics["fold"] == "all") & (helped.metrics["metric"] == "rmse")]
    for level, identity in (("global", "all"), ("drug", "mean")):
        rows = average[(average["level"] == level) & (average["id"] == identity)]
        assert len(rows) == 4
        for row in rows.itertuples():
            bounds = f"{number(row.lower)} to {number(row.upper)}"
            assert f"{row.learner} {number(row.value)} {bounds}" in text
    assert "No sample has 10 held-out rows in a fold." in text


def test_evaluation_report__gain_is_told_with_its_evidence(helped):
    text = Page(evaluation_report(helped)).text
    skill = helped.metrics.query("learner == 'ridge' and fold == 'all' and level == 'global' and metric == 'skill'")
    saved = f"{100 * skill['value'].item():.0f}%"
    found = re.search(
        rf"Genotype adds to the prediction On held-out rows the best learner, ridge, has {saved} less squared error "
        r"than the best naive prediction \(95% interval \d+% to \d+%; RMSE [\d.]+ against [\d.]+ of the drug mean\)\. "
        r"Genotype \(ridge\) gives (\d+)% less squared error than covariates alone \(saving (\d+)% to (\d+)%; "
        r"q <0\.001; shuffled genotypes: p 0\.048\), and helps for 6 of 6 drugs \(false-discovery rate 5%\)\.",
        text,
    )
    value, lower, upper = map(int, found.groups())
    assert lower < value < upper


def test_evaluation_report__gain_does_not_depend_on_who_is_named_first(helped):
    table = helped.comparison
    turned = table.assign(
        learner=table["other"],
        other=table["learner"],
        **{name: -table[old] for name, old in (("difference", "difference"), ("lower", "upper"), ("upper", "lower"))},
    )
    told = [Page(evaluation_report(each)).text for each in (helped, dataclasses.replace(helped, comparison=turned))]
    assert len({re.search(r"Genotype \(ridge\) gives .*?\)", each)[0] for each in told}) == 1


def test_evaluation_report__no_gain_is_said_plainly(useless):
    text = Page(evaluation_report(useless)).text
    assert "Genotype adds nothing that shows On held-out rows" in text
    assert re.search(r"Genotype adds nothing that shows: ridge has .* and it helps for none of 6 drugs", text)
    assert "There is no gain here that shuffled genotypes would not give as well." in text
    assert "Genotype is shown to help for none of 6 drugs" in text


@pytest.mark.parametrize(
    ("changes", "q", "title"),
    [
        ({}, 0.051, "Genotype adds nothing that shows overall, but helps for 6 of 6 drugs"),
        ({}, np.nan, "Too little data to tell whether genotype adds anything"),
        ({"permutation": dataclasses.replace(SHUFFLED, p=0.1)}, 0.001, "A gain that shuffled genotypes do not confirm"),
        ({"permutation": dataclasses.replace(SHUFFLED, p=np.nan)}, 0.001, "A gain that shuffled genotypes do not"),
        ({"permutation": None}, 0.001, "Genotype adds to the prediction On"),
        ({"audit": (LEAK,)}, 0.001, "Not to be believed: the inputs leak"),
    ],
)
def test_evaluation_report__verdict_needs_test_and_shuffles(helped, changes, q, title):
    summary = dataclasses.replace(helped, comparison=helped.comparison.assign(q=q), **changes)
    assert title in Page(evaluation_report(summary)).text
    assert f"> **{title.removesuffix(' On')}" in evaluation_markdown(summary)


@pytest.mark.parametrize(
    ("sign", "share", "title"),
    [
        (1, 0.5, "Genotype adds nothing: with it predictions get worse"),
        (-1, 0.004, "Genotype adds almost nothing"),
        (-1, 0.03, "Genotype adds a little to the prediction"),
        (-1, 0.3, "Genotype adds to the prediction"),
    ],
)
def test_evaluation_report__size_and_sign_of_the_gain_are_told(helped, sign, share, title):
    base = float(np.nanmean((helped.evaluation.of("covariates") - helped.evaluation.rows.y) ** 2))
    row = {"learner": "ridge", "other": "covariates", "difference": sign * share * base, "p": 0.001, "q": 0.001}
    table = pd.DataFrame([{**row, "lower": row["difference"] - 0.01, "upper": row["difference"] + 0.01}])
    verdicts = helped.drug_verdicts.assign(verdict="no gain shown")
    summary = dataclasses.replace(helped, comparison=table, drug_verdicts=verdicts)
    assert f"{title} On held-out rows" in Page(evaluation_report(summary)).text


def test_evaluation_report__a_gain_over_covariates_that_naive_predictions_reach_is_none(helped):
    skills = helped.metrics["metric"] == "skill"
    worse = helped.metrics.assign(
        **{each: helped.metrics[each].mask(skills, -0.2) for each in ("value", "lower", "upper")}
    )
    text = Page(evaluation_report(dataclasses.replace(helped, metrics=worse))).text
    assert "Genotype adds nothing that shows" in text
    assert "20% more squared error than the best naive prediction" in text


def test_evaluation_report__without_genotype_learner_gives_no_verdict(helped):
    made = dataclasses.replace(
        helped.evaluation, learners=("covariates",), predicted=np.delete(helped.evaluation.predicted, 1, axis=0)
    )
    summary = dataclasses.replace(
        helped,
        evaluation=made,
        metrics=score_evaluation(made, n_draws=20),
        comparison=compare_learners(made, n_draws=20),
        ranks=rank_stability(made, n_draws=20),
        drug_verdicts=drug_verdicts(made),
    )
    text = Page(evaluation_report(summary)).text
    assert "No learner that uses genotype was evaluated On held-out rows the best learner, covariates," in text
    assert "so there is no verdict" in text
    assert "order of these learners" not in text


@pytest.mark.parametrize(
    ("p", "share", "q", "words"),
    [
        (0.06, 0.99, 0.5, "The order of these learners is noise. ridge is best in 99%"),
        (0.01, 0.89, 0.5, "The order of these learners is noise. ridge is best in 89%"),
        (0.06, 0.99, 0.01, "The order of these learners is noise, but for the pairs below that are told apart."),
        (0.01, 0.9, 0.5, "The order of these learners holds. ridge is best in 90%"),
        (np.nan, 0.99, 0.5, "Whether the order of these learners holds cannot be told from so few folds or groups."),
    ],
)
def test_evaluation_report__unstable_order_is_called_noise(helped, p, share, q, words):
    ranks = RankStability(0.5, p, "ridge", share)
    summary = dataclasses.replace(helped, ranks=ranks, comparison=helped.comparison.assign(q=q))
    assert words in Page(evaluation_report(summary)).text


def test_evaluation_report__winner_is_named_only_with_a_small_q(helped):
    table = helped.comparison.assign(q=[0.05, 0.06, 0.01])
    text = Page(evaluation_report(dataclasses.replace(helped, comparison=table))).text
    assert "covariates minus ridge ridge" in text
    assert "covariates minus drug mean not told apart" in text
    assert "ridge minus drug mean ridge" in text


def test_evaluation_report__leaks_come_first(helped):
    audit = (Finding("a", "note", "Plain.", 1), Finding("b", "warning", "Careful.", 2), LEAK, LEAK, LEAK)
    text = Page(evaluation_report(dataclasses.replace(helped, audit=audit))).text
    assert "The inputs may leak: scores may be too good Two drugs are one. Two drugs are one." in text
    assert "The audit below has 1 more leak." in text
    assert text.index("may be too good") < text.index("Scores beside naive predictions")
    assert re.search(r"3 possible leaks.* leak structures .* warning b Careful\. note a Plain\.", text)
    assert "may leak" not in Page(evaluation_report(helped)).text


def test_evaluation_report__drugs_keep_the_order_of_the_verdicts(helped):
    drugs = [f"drug{i:03d}" for i in (4, 1, 5, 2, 3, 0)]
    table = helped.drug_verdicts.assign(
        drug_id=drugs, verdict=["genotype helps", *["no gain shown"] * 4, "too few rows"]
    )
    table = table.assign(q=[0.01, 0.2, 0.3, 0.4, 0.5, np.nan])
    text = Page(evaluation_report(dataclasses.replace(helped, drug_verdicts=table))).text
    assert list(dict.fromkeys(re.findall(r"drug\d{3}", text))) == drugs
    assert "Genotype helps for 1 of 5 drugs (false-discovery rate 5%). 1 drug had too few rows or groups" in text


def test_evaluation_report__missing_checks_are_told(helped):
    summary = dataclasses.replace(
        helped, permutation=None, ceiling=None, group_errors=helped.group_errors.iloc[:0], audit=()
    )
    text = Page(evaluation_report(summary)).text
    assert "Genotypes were not shuffled, so this check is missing." in text
    assert "that the gain is genotype's was not checked" in text
    assert "Too few pairs were measured twice" in text
    assert "Nothing was found." in text
    assert "Who is served worse" not in text


def test_evaluation_report__ceiling_is_beside_the_score_within_drugs(helped):
    within = helped.metrics.query("learner == 'ridge' and fold == 'all' and level == 'drug' and id == 'mean'")
    reached = float(within.set_index("metric")["value"]["pearson"])
    text = Page(evaluation_report(helped)).text
    assert "81% of the variance within drugs is not noise" in text
    assert f"ridge reaches {reached:.3f}, which is {100 * reached / 0.9:.0f}% of that. More than is possible" in text


def test_evaluation_report__groups_are_told_worst_first(helped):
    table = helped.group_errors.assign(skill=[-0.5, 0.25], lower=[0.1, 0.1], n_samples=[1, 30])
    text = Page(evaluation_report(dataclasses.replace(helped, group_errors=table))).text
    first, second = table["group"]
    told = f"By tissue, {first} (skill -0.500, 1 sample) is served worst and {second} (skill 0.250, 30 samples) best."
    assert told in text
    small = pd.concat([table.head(1).assign(group="tiny", skill=-0.9, lower=np.nan), table], ignore_index=True)
    text = Page(evaluation_report(dataclasses.replace(helped, group_errors=small))).text
    assert "tiny tissue -0.900" in text
    assert told in text


def test_evaluation_report__hostile_text_is_shown_as_text():
    summary = hostile_summary()
    report, markdown = evaluation_report(summary), evaluation_markdown(summary)
    page = Page(report)
    assert page.tags <= EXPECTED_TAGS
    assert not {name for name in page.attributes if name.startswith("on") or name in ("src", "href")}
    assert all(each in page.text for each in HOSTILE)
    assert "<" not in markdown
    assert "\n# second" not in markdown
    assert r"\[x\](y)" in markdown
    for drawing in svgs(summary).values():
        assert {each.tag.rpartition("}")[2].lower() for each in ElementTree.fromstring(drawing).iter()} <= EXPECTED_TAGS


def test_evaluation_report__large_evaluations_stay_small():
    large = summary_of(n_samples=100, n_drugs=265, tissues=[f"tissue {i}" for i in range(50)])
    report = evaluation_report(large)
    assert len(report.encode()) < 300_000
    assert not re.search(r"https?:|url\((?!#)|@import|<script|<link|<img", report)
    long_ids = large.drug_verdicts.assign(drug_id=['"' * 5000 + str(i) for i in range(265)])
    audit = (dataclasses.replace(LEAK, message="&" * 50_000),) * 40
    hostile = evaluation_report(dataclasses.replace(large, drug_verdicts=long_ids, audit=audit))
    assert len(hostile.encode()) < 300_000
    assert "left out to keep the page small" in hostile


def test_evaluation_report__same_input_gives_the_same_text(helped):
    again = dataclasses.replace(helped, metrics=helped.metrics.copy())
    assert evaluation_report(again) == evaluation_report(helped)
    assert "Research use only; not for clinical decisions." in evaluation_markdown(helped)


@pytest.mark.parametrize("higher", [None, "sensitive", "resistant", "dose"])
def test_evaluation_report__direction_comes_from_the_measure_only(useless, higher):
    summary = dataclasses.replace(useless, measure=dr.Measure("auc", "", higher))
    for text in (evaluation_report(summary), evaluation_markdown(summary)):
        assert ("sensitiv" in text) == (higher == "sensitive")
        assert ("resistan" in text) == (higher == "resistant")
        assert ("was not told" in text) == (higher is None)


def svgs(summary):
    """The figures by name, of those that are text."""
    files = evaluation_report(summary).report.files()
    return {name[:-4]: content.decode() for name, content in files.items() if name.endswith(".svg")}


def test_evaluation_figures__are_files_of_their_own(helped):
    files = evaluation_report(helped).report.files()
    names = {"skill", "drugs", "predicted", "predicted_normalised", "calibration", "permutation"}
    assert set(files) == {f"{name}.{ending}" for name in names for ending in ("png", "svg")}
    for name, content in files.items():
        if name.endswith(".png"):
            assert content[1:4] == b"PNG"
        else:
            root = ElementTree.fromstring(content)
            assert float(root.get("width")) > 300
            assert b"var(" not in content
    few = dataclasses.replace(helped, permutation=None, drug_verdicts=helped.drug_verdicts.head(2))
    assert set(svgs(few)) == names - {"permutation", "drugs"}


def test_evaluation_report__no_gain_is_praised_beside_a_leak(helped):
    leaking = dataclasses.replace(helped, audit=(LEAK,), drug_verdicts=beside_leaks(helped.drug_verdicts, (LEAK,)))
    assert set(leaking.drug_verdicts["verdict"]) == {"helps, but the inputs leak"}
    text = Page(evaluation_report(leaking)).text
    assert "Not to be believed: the inputs leak" in text
    assert "How much of that is genotype's, and how much the leak's, cannot be told." in text
    assert "The gain of 6 of 6 drugs passes the test, but the inputs leak" in text
    for praise in ("Genotype helps for", "genotype helps", "Genotype adds to the prediction", "No leak was found"):
        assert praise not in text
    assert "Genotype helps for 6 of 6 drugs" in Page(evaluation_report(helped)).text
