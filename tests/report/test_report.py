from __future__ import annotations

import io
import json
import re

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.description import describe_model
from drugresponse.report import prediction_report, training_report
from drugresponse.report.page import number
from tests.report.pages import EXPECTED_TAGS, Page


def manifest_of(**changes):
    manifest = {
        "notice": "research use only; not for clinical decisions",
        "learner": "ridge",
        "parameters": {"folds": 3, "learner": "ridge", "minimum_features": 0.5, "forget_samples": False},
        "scheme": {"name": "new-samples", "test_rows": "unseen samples and seen drugs", "reference": "drug mean"},
        "seed": 0,
        "measure": {"name": "ln_ic50", "unit": "uM", "higher_means": "resistant"},
        "covariates": [],
        "individual_level": False,
        "training": {"samples": 60, "drugs": 2, "pairs": 120, "samples_without_genotype": 4, "repeated_rows": 7},
        "features": {"given": 30, "used": 20, "varying": 25},
        "held_out": None,
        "notes": {"rank": 2, "block_scales": {"dosage": 1.0}},
        "versions": {"numpy": "2.0"},
        "inputs": {},
    }
    return {**manifest, **changes}


def auto_notes(weights, errors, not_tried=(), **learners):
    """What auto tells."""
    return {"weights": weights, "inner_rmse": errors, "not_tried": list(not_tried), "learners": learners}


def metrics_of(skills, *, drugs=None, learner="ridge", arm=0.05):
    """Metrics of a learner with these skills in the folds; a drug has one skill, the same in each fold.

    The interval of a skill reaches `arm` to either side.
    """
    rows = []
    for fold, skill in [("all", float(np.mean(skills))), *((str(i), each) for i, each in enumerate(skills))]:
        for name, gain in ((learner, skill), ("overall mean", -0.5), ("tissue-drug mean", 0.0)):
            scores = {"rmse": 2 * (1 - gain) ** 0.5, "skill": gain, "pearson": 0.8 + gain / 10}
            rows += [(name, fold, "global", "all", metric, value) for metric, value in scores.items()]
            for drug, own in (drugs or {}).items():
                scores = {"rmse": 1.0, "skill": own if name == learner else 0.0, "normalised_pearson": 0.5}
                rows += [(name, fold, "drug", drug, metric, value) for metric, value in scores.items()]
    table = pd.DataFrame(rows, columns=["learner", "fold", "level", "id", "metric", "value"])
    bounded = (table["learner"] == learner) & (table["fold"] == "all") & (table["metric"] == "skill")
    skill = table["value"].where(bounded)
    return table.assign(scheme="new-samples", repeat=0, lower=skill - arm, upper=skill + arm)


def predictions_of(gaps, **changes):
    """Predictions that lie this far from a baseline of 1, by sample and drug."""
    rows = pd.DataFrame([(sample, drug, gap) for sample, row in gaps.items() for drug, gap in row.items()])
    rows.columns = ["sample_id", "drug_id", "gap"]
    columns = {"baseline": 1.0, "sample_seen": False, "drug_seen": True, "features_found": 1.0, "flag": ""}
    rows = rows.assign(prediction=1 + rows["gap"], lower=np.nan, upper=np.nan, **{**columns, **changes})
    return rows.drop(columns="gap")


HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "Ünï-κωδ 药物 'q' &amp;", "\u202egnp\x00"]


@pytest.fixture(scope="module")
def hostile():
    cohort = dr.simulate_cohort(n_samples=60, n_drugs=4, n_features=20)
    drug = dict(zip(sorted(cohort.responses.table["drug_id"].unique()), HOSTILE, strict=True))
    sample = {each: f"{HOSTILE[i % 3]}{i}" for i, each in enumerate(cohort.genotypes.sample_ids)}
    table = cohort.responses.table.replace({"drug_id": drug, "sample_id": sample})
    measure = dr.Measure(HOSTILE[0], HOSTILE[1], "sensitive")
    ids = pd.Index([sample[each] for each in cohort.genotypes.sample_ids], name="sample_id")
    genotypes = pd.DataFrame(np.random.default_rng(0).integers(0, 3, (len(ids), 20)), index=ids)
    genotypes.columns = [f"{HOSTILE[0]}{i}" for i in range(20)]
    samples = cohort.samples.rename(index=sample).rename(columns={"tissue": HOSTILE[0]})
    model = dr.DrugResponseModel(learner="ridge", covariates=[HOSTILE[0]])
    model.fit(genotypes, dr.Responses.build(table, measure), samples=samples)
    return model, model.predict(genotypes, samples=samples)


def test_reports__hostile_ids_are_shown_as_text(hostile):
    model, predictions = hostile
    for report in (training_report(model.manifest_, model.metrics_), prediction_report(predictions, model.manifest_)):
        page = Page(report)
        assert page.tags <= EXPECTED_TAGS
        assert not {name for name in page.attributes if name.startswith("on") or name in ("src", "href")}
        for shown in HOSTILE[:3]:
            assert shown in page.text
        assert "\x00" not in report
        report.encode("utf-8")


def test_reports__every_text_of_a_manifest_is_escaped():
    def spoil(value):
        if isinstance(value, dict):
            return {key: each if key == "higher_means" else spoil(each) for key, each in value.items()}
        return (
            [spoil(each) for each in value]
            if isinstance(value, list)
            else HOSTILE[0]
            if isinstance(value, str)
            else value
        )

    numbers = ("training", "features", "individual_level")
    manifest = manifest_of(
        covariates=["age"],
        inputs={HOSTILE[1]: "sum"},
        notes=auto_notes({HOSTILE[0]: 0.5}, {HOSTILE[0]: 1.5, HOSTILE[1]: 2.0}, [HOSTILE[1]]),
    )
    manifest = {key: value if key in numbers else spoil(value) for key, value in manifest.items()}
    metrics = metrics_of([0.2, 0.3], drugs={HOSTILE[1]: 0.1}, learner=HOSTILE[0])
    assert Page(training_report(manifest, metrics.replace("overall mean", HOSTILE[1]))).tags <= EXPECTED_TAGS
    flagged = predictions_of({"s1": {"a": 1, "b": 2}}, flag=HOSTILE[0])
    assert Page(prediction_report(flagged, manifest)).tags <= EXPECTED_TAGS


def test_reports__fetch_nothing_and_are_small(hostile):
    model, predictions = hostile
    for report in (training_report(model.manifest_, model.metrics_), prediction_report(predictions, model.manifest_)):
        assert not re.search(r"https?:|url\((?!#)|@import|<script|<link|<img", report)
        assert "prefers-color-scheme: dark" in report
        assert "@media print" in report
        assert "Research use only; not for clinical decisions." in report
        assert len(report.encode()) < 300_000


def test_reports__same_input_gives_the_same_text(hostile):
    model, predictions = hostile
    plain = json.loads(json.dumps(model.manifest_))
    assert training_report(plain, model.metrics_) == training_report(model.manifest_, model.metrics_.copy())
    assert prediction_report(predictions.copy(), plain) == prediction_report(predictions, model.manifest_)


def test_training_report__scores_are_those_of_the_metrics(hostile):
    model, _ = hostile
    text = Page(training_report(model.manifest_, model.metrics_)).text
    pooled = model.metrics_[(model.metrics_["fold"] == "all") & (model.metrics_["level"] == "global")]
    rmse = pooled[pooled["metric"] == "rmse"].set_index("learner")["value"]
    for name, value in rmse.items():
        assert f"{name} {number(value)} " in text
    assert list(rmse.drop("ridge").sort_values().index) == sorted(rmse.drop("ridge").index, key=text.index)


@pytest.mark.parametrize(
    ("skills", "arm", "words"),
    [
        (
            [0.2, 0.3, 0.1],
            0.15,
            r"Better than every naive prediction On .* 20\.0% less squared error .* skill 0\.200, 95% interval "
            r"0\.0500 to 0\.350, above 0 in 3 of 3 folds",
        ),
        (
            [0.2, 0.3, 0.1],
            0.25,
            r"Not reliably better .* 20\.0% less squared .* which may be chance .* 3 of 3 folds",
        ),
        ([0.2, 0.3, -0.1], 0.1, r"Better than every naive prediction .* above 0 in 2 of 3 folds"),
        (
            [0.2, 0.3, 0.1],
            np.nan,
            r"Not reliably better .* which fewer than 5 independent groups cannot tell",
        ),
        ([0.02, 0.03, 0.01], 0.01, r"A little better than every naive prediction On .* 2\.00% less squared error"),
        (
            [0.01, 0.005, 0.003],
            0.001,
            r"Not reliably better .* about as well as the best naive prediction \(RMSE",
        ),
        ([-0.2, -0.3, 0.1], 0.2, r"Not reliably better .* 13\.3% more squared error .* which may be chance"),
        (
            [-0.2, -0.3, -0.1],
            0.1,
            r"Worse than a naive prediction .* 20\.0% more squared .* above 0 in 0 of 3 folds",
        ),
        ([0.2], 0.1, r"Better than every naive prediction, in one fold .* in the only fold\)\. One fold cannot show"),
        ([float("nan")] * 2, 0.1, r"Cannot be judged .* could not be set against a naive prediction"),
    ],
)
def test_training_report__verdict_follows_the_interval_of_the_skill(skills, arm, words):
    text = Page(training_report(manifest_of(), metrics_of(skills, arm=arm))).text
    assert re.search(words, text)
    assert re.search(r"RMSE [-\d.]+ against 2\.00 of the tissue-drug mean", text)


def test_training_report__without_check_says_so():
    page = Page(training_report(manifest_of(), None))
    assert "Not checked This model was trained without a held-out check (folds 0)" in page.text
    assert "svg" not in page.tags
    assert "Better" not in page.text


def test_training_report__of_a_loaded_model_uses_the_manifest_and_no_lone_pearson():
    scores = {"best_naive": "drug mean", "best_naive_rmse": 2.0, "rmse": 1.5, "skill": 0.4, "pearson": 0.8765}
    scores |= {"mae": 1.0, "r2": 0.77, "spearman": 0.8, "normalised_pearson": 0.3}
    manifest = manifest_of(held_out=scores)
    for report in (training_report(manifest, None), prediction_report(predictions_of({"s": {"d": 0}}), manifest)):
        text = Page(report).text
        assert "Better than naive, on average" in text
        assert "RMSE 1.50 against 2.00 of the drug mean" in text
        assert "0.876" not in text
        assert "0.877" not in text


def test_training_report__pooled_pearson_stands_beside_that_of_naive_predictions():
    text = Page(training_report(manifest_of(), metrics_of([0.2, 0.3]))).text
    assert "0.825" in text
    assert "tissue-drug mean 2.00 2.00 to 2.00 0 0 to 0 0.800" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "The gain rests on genotype alone"),
        ({"covariates": ["tissue"]}, r"The gain is that of genotype and covariates \(tissue\) together"),
        (
            {"scheme": {"name": "new-drugs", "test_rows": "unseen drugs", "reference": "sample mean"}},
            "The gain is that of genotype and drug structure together",
        ),
        (
            {"features": {"given": 3, "used": 0, "varying": 0}, "covariates": ["age"]},
            r"The gain rests on covariates \(age\); the final model uses no genotype",
        ),
        (
            {"notes": {"weights": {"covariates": 1.0}}, "covariates": ["age"]},
            r"The gain rests on covariates \(age\); the final model uses no genotype",
        ),
        ({"notes": {"weights": {"covariates": 0.5, "ridge": 0.1}}}, "The gain rests on genotype alone"),
        ({"notes": {"weights": {}}, "covariates": ["age"]}, "holds mean effects only and uses no genotype"),
    ],
)
def test_training_report__gain_is_not_credited_to_genotype_alone(changes, words):
    assert re.search(words, Page(training_report(manifest_of(**changes), metrics_of([0.2, 0.3]))).text)


def test_training_report__drugs_are_ordered_counted_and_cut():
    drugs = {f"drug{i:03d}": i / 400 - 0.3011 for i in range(320)}
    manifest = manifest_of(training={**manifest_of()["training"], "drugs": 330})
    text = Page(training_report(manifest, metrics_of([0.2, 0.3, 0.1], drugs=drugs))).text
    above, below = (sum(sign * skill > 0.05 for skill in drugs.values()) for sign in (1, -1))
    assert f"The 95% interval of the skill lies above 0 for {above} of 320 drugs, and below 0 for {below}." in text
    assert "about 1 drug in 40 above, and as many below" in text
    assert "10 drugs had fewer than 10 held-out rows" in text
    assert "20 drugs with lower skill not shown" in text
    assert re.findall(r"drug\d{3}", text) == sorted(drugs, reverse=True)[:300]


def test_training_report__long_ids_do_not_make_it_large():
    drugs = {f"{i}" + '"' * 5000: 0.1 for i in range(320)}
    report = training_report(manifest_of(), metrics_of([0.2, 0.3, 0.1], drugs=drugs))
    assert len(report.encode()) < 300_000
    assert "left out to keep the page small" in report


def test_training_report__one_drug_has_no_table_of_drugs():
    manifest = manifest_of(training={**manifest_of()["training"], "drugs": 1})
    assert "Drug by drug" not in training_report(manifest, metrics_of([0.2, 0.3], drugs={"only": 0.2}))


def test_training_report__tells_how_auto_weighs_the_learners():
    errors = {"additive-mean": 1.75, "ridge": 1.5, "neural": 1.25, "auto": 1.2}
    notes = auto_notes({"ridge": 0.304, "neural": 0.61}, errors, ["gaussian"], ridge={"rank": 3}, neural={"epochs": 0})
    manifest = manifest_of(learner="auto", notes=notes)
    text = Page(training_report(manifest, metrics_of([0.2], learner="auto"))).text
    assert "auto (neural 0.61, ridge 0.30) for ln_ic50" in text
    assert "auto weighs neural 0.61, ridge 0.30; the rest (0.09) is the naive model." in text
    assert "auto weighed them by RMSE: neural 1.25, ridge 1.5, additive-mean 1.75." in text
    assert "Not tried, since the work budget or the memory left no room: gaussian." in text
    assert "neural 0.61 1.25 ridge 0.30 1.50 additive-mean 0.09 1.75" in text
    assert "ridge: Interaction of samples and drugs: 3 factors, each with a penalty of its own" in text
    assert "neural: Epochs: 0. Training added nothing to the ridge" in text
    assert "inner_rmse" not in text


@pytest.mark.parametrize(
    ("errors", "not_tried", "words"),
    [
        (
            {"additive-mean": 1.5, "ridge": 1.49, "auto": 1.51},
            [],
            "on held-out rows no weighing of the learners beats it beyond noise",
        ),
        ({}, [], "too few groups could be held out to compare the learners"),
        ({"additive-mean": 1.5, "auto": 1.5}, ["ridge"], "the work budget left no room for a learner"),
    ],
)
def test_training_report__says_openly_that_auto_fell_back_to_the_naive_model(errors, not_tried, words):
    manifest = manifest_of(learner="auto", notes=auto_notes({}, errors, not_tried))
    told = Page(training_report(manifest, metrics_of([0.0, 0.1], learner="auto"))).text
    assert "auto (the naive model) for ln_ic50" in told
    assert f"auto fell back to the naive model: {words}." in told
    described = describe_model({**manifest, "features": {"given": 3, "varying": 3, "used": 0}, "training": LOST})
    assert f"auto fell back to the naive model: {words}." in described
    assert described[0] == "Learner: auto"


LOST = {
    "samples": 60,
    "drugs": 2,
    "pairs": 120,
    "samples_without_genotype": 0,
    "samples_without_response": 0,
    "drugs_without_structure": 0,
    "repeated_rows": 0,
}


def test_describe_model__tells_how_auto_weighs_the_learners_and_epochs_of_the_network():
    errors = {"additive-mean": 1.75, "neural": 1.25, "auto": 1.2}
    notes = auto_notes({"neural": 1.0}, errors, neural={"epochs": 4, "rank": 2})
    told = describe_model(manifest_of(learner="auto", notes=notes, training=LOST))
    assert "auto weighs neural 1.00; nothing is left to the naive model." in told
    assert "auto weighed them by RMSE: neural 1.25, additive-mean 1.75." in told
    assert "Epochs: 4 (trained beyond the ridge)" in told
    assert not any("Not tried" in line for line in told)


def test_training_report__of_trees_kernels_and_epochs():
    notes = {"boosters": 0, "one_booster_per_drug": False, "trees_on_samples": True}
    assert (
        "Trees: on samples, shared by all drugs, on top of a ridge."
        in Page(training_report(manifest_of(notes=notes), None)).text
    )
    notes = {"boosters": 3, "one_booster_per_drug": True, "trees_on_samples": False}
    assert (
        "Trees: 3 boosters, one for each drug, on top of a ridge."
        in Page(training_report(manifest_of(notes=notes), None)).text
    )
    text = Page(training_report(manifest_of(notes={"width": 0.5, "rank": 1}), None)).text
    assert "Width of the Gaussian kernel: 0.500 times the median distance between samples." in text
    text = Page(training_report(manifest_of(notes={"epochs": 0, "unheard_of": 7}), None)).text
    assert "Training added nothing to the ridge" in text
    assert "unheard_of: 7." in text
    notes = {"epochs": 7, "held_out_rmse": {"epoch_0": 1.5, "chosen": 1.25}}
    text = Page(training_report(manifest_of(notes=notes), None)).text
    assert "1.50 at epoch 0, which is the ridge, and 1.25 with the network" in text
    assert "paired" not in text
    assert "Censored" not in text


def test_training_report__of_a_network_and_auto_by_a_loss():
    gain = {"epoch": 7, "loss": 0.0625, "lower": 0.01, "upper": 0.115}
    notes = {"epochs": 7, "held_out_loss": {"epoch_0": 0.75, "chosen": 0.6875}, "held_out_loss_gain": gain}
    text = Page(training_report(manifest_of(notes=notes), None)).text
    assert "Mean loss there: 0.750 at epoch 0, which is the ridge, and 0.688 with the network" in text
    assert "the mean loss on held-out rows fell by 0.0625" in text
    assert "RMSE there" not in text
    assert "held_out_loss" not in text
    losses = {"additive-mean": 0.5, "ridge": 0.3125, "auto": 0.3}
    notes = {"weights": {"ridge": 1.25}, "inner_loss": losses, "not_tried": [], "learners": {}}
    page = Page(training_report(manifest_of(notes=notes), None)).text
    assert "auto weighed them by mean loss: ridge 0.3125, additive-mean 0.5." in page
    assert "nothing is left to the naive model" in page
    assert "Mean loss by which it was weighed" in page
    assert "The weights leave least loss on the scale of the link" in page
    assert "RMSE by which" not in page


@pytest.mark.parametrize("epochs", [0, 7])
def test_training_report__of_a_network_beside_its_epoch_0(epochs):
    gain = {"epoch": 7, "mse": 0.6875, "lower": 0.25, "upper": 1.125}
    notes = {"epochs": epochs, "held_out_gain": gain, "censored": 1234}
    text = Page(training_report(manifest_of(notes=notes), None)).text
    assert (
        "From epoch 0 to epoch 7, the best of those tried, the mean squared error on held-out rows fell by 0.688"
        in text
    )
    assert "(95 % interval 0.250 to 1.12, paired; the rows that picked the epoch flatter it)" in text
    assert "Censored responses: 1,234. Training asks that a prediction be beyond the limit" in text
    assert "held_out_gain" not in text


def test_training_report__tells_what_the_join_lost():
    text = Page(training_report(manifest_of(), None)).text
    assert "Samples left out: response, no genotype 4" in text
    assert "Rows averaged into another of the same pair 7" in text
    assert "Genotype features that bear weight in the model 20" in text


@pytest.mark.parametrize("higher", [None, "sensitive", "resistant", "dose"])
def test_reports__direction_comes_from_the_measure_only(higher):
    manifest = manifest_of(measure={"name": "auc", "unit": "", "higher_means": higher})
    predictions = predictions_of({"s1": {"d1": 0.5, "d2": -0.5}})
    for report in (training_report(manifest, metrics_of([0.2, 0.3])), prediction_report(predictions, manifest)):
        text = Page(report).text
        assert ("sensitiv" in text) == (higher == "sensitive")
        assert ("resistan" in text) == (higher == "resistant")
        assert ("higher dose" in text) == (higher == "dose")
        assert ("was not told" in text) == (higher is None)


@pytest.mark.parametrize(
    ("higher", "words"),
    [
        ("resistant", "lowest first s1 1.00 b -3.00 c -1.00 f +0.500 a +1.00 d +2.00 s2"),
        ("sensitive", "highest first s1 1.00 e +4.00 d +2.00 a +1.00 f +0.500 c -1.00 s2"),
        (
            None,
            "Drugs, highest first Drugs, lowest first s1 1.00 e +4.00 d +2.00 a +1.00 f +0.500 c -1.00 "
            "b -3.00 c -1.00 f +0.500 a +1.00 d +2.00 s2",
        ),
        ("dose", "Drugs, highest first Drugs, lowest first s1 1.00 e +4.00"),
    ],
)
def test_prediction_report__five_drugs_furthest_from_the_baseline(higher, words):
    manifest = manifest_of(measure={"name": "", "unit": "", "higher_means": higher})
    gaps = {"s1": {"a": 1, "b": -3, "c": -1, "d": 2, "e": 4, "f": 0.5}, "s2": {"a": 1}}
    text = Page(prediction_report(predictions_of(gaps), manifest)).text
    assert words in text
    assert ("train with --higher-means to say so" in text) == (higher is None)


def test_prediction_report__flags_are_counted_and_explained():
    predictions = predictions_of({"s1": {"a": 1, "b": 2}, "s2": {"a": np.nan, "b": np.nan}})
    predictions["flag"] = ["", "new-drug;outside-scheme", "few-features", "new-drug;few-features;odd"]
    predictions["features_found"] = [1.0, 1.0, 0.25, 0.25]
    text = Page(prediction_report(predictions, manifest_of())).text
    assert "2 predictions of ln_ic50 (uM) for 2 samples and 2 drugs" in text
    assert "4 pairs of sample and drug asked for; 2 predictions given, 2 empty" in text
    assert "new-drug The drug was not in training. 2 few-features Too few" in text
    assert "held-out scores do not cover them. 1 odd Not explained here. 1" in text
    assert "samples by share of features found" in text and "1 sample" in text
    assert "90% or more" in text and "less than 50%" in text
    assert "s2 0.250 no prediction: too few features known" in text


def test_prediction_report__one_drug_lists_samples_without_ranking():
    text = Page(prediction_report(predictions_of({"s1": {"d": 0.5}, "s2": {"d": np.nan}}), manifest_of())).text
    assert "s1 1.50 1.00 +0.500 1.00" in text
    assert "s2 - 1.00 - 1.00" in text
    assert "Drugs, lowest first" not in text


def test_prediction_report__many_samples_are_cut():
    text = Page(prediction_report(predictions_of({f"s{i}": {"a": 1, "b": 2} for i in range(250)}), manifest_of())).text
    assert "s199 " in text
    assert "s200 " not in text
    assert "The first 200 samples; the table of predictions has 50 more." in text


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (None, "The model was not checked: read the differences below as unproven."),
        ({"skill": 0.001}, "read the differences below as unproven"),
        ({"skill": float("nan")}, "read the differences below as unproven"),
    ],
)
def test_prediction_report__differences_of_an_unproven_model_are_called_so(held, words):
    if held:
        held = {"best_naive": "drug mean", "best_naive_rmse": 2.0, "rmse": 2.0, "normalised_pearson": 0.0, **held}
    predictions = predictions_of({"s1": {"a": 1, "b": 2}})
    assert words in Page(prediction_report(predictions, manifest_of(held_out=held))).text


def test_prediction_report__of_a_table_read_from_its_file():
    predictions = predictions_of({"1": {"7": 1, "8": 2}, "2": {"7": 0.5, "8": -1}})
    again = pd.read_csv(io.StringIO(predictions.to_csv(index=False)))
    assert again["sample_id"].dtype == np.int64
    assert prediction_report(again, manifest_of()) == prediction_report(predictions, manifest_of())


def test_describe_model__features_that_vary_are_counted_also_where_none_is_used():
    cohort = dr.simulate_cohort(n_samples=40, n_drugs=2, n_features=30)
    genotypes = pd.DataFrame(np.random.default_rng(0).integers(0, 3, (40, 30)), cohort.genotypes.sample_ids)
    genotypes[[3, 4]] = 1
    samples = pd.DataFrame({"age": np.arange(40.0)}, genotypes.index)
    for learner, used in (("additive-mean", False), ("covariates", False), ("ridge", True)):
        model = dr.DrugResponseModel(learner, folds=0, covariates=["age"])
        model.fit(genotypes.add_prefix("g"), cohort.responses, samples=samples)
        (line,) = (each for each in describe_model(model.manifest_) if each.startswith("Features:"))
        assert line.startswith("Features: 30 given, 28 varying, ")
        assert ("uses no genotype" in line) != used
