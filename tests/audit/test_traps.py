"""Statistical traps that are planted into simulated cohorts, and the cohorts without them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from benchmarks.traps.cohorts import Tables, clean_cohorts, simulated_tables
from benchmarks.traps.planted import TRAPS
from drugresponse.audit._confounding import confounding_findings
from drugresponse.audit._levels import level_findings
from drugresponse.audit._outcomes import outcome_findings
from drugresponse.audit._responses import response_findings
from drugresponse.audit._same_responses import same_response_findings
from drugresponse.audit._scales import scale_findings
from drugresponse.audit._sexes import sex_findings
from drugresponse.audit.findings import Finding, caution_messages, leak_messages
from drugresponse.audit.inputs import audit
from drugresponse.cli import main
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import TrainingRows, join_training_rows
from drugresponse.data.tables import Measure, Responses
from drugresponse.errors import InputError
from drugresponse.model.loading import load_model
from drugresponse.model.training import join_tables


def _read(tables: Tables) -> tuple[Genotypes, Responses, TrainingRows]:
    options = dict(zip(tables.options[::2], tables.options[1::2], strict=True))
    features = tables.features.set_index("feature_id")
    calls = tables.genotypes.set_index("sample_id")[features.index]
    genotypes = Genotypes.build(calls.to_numpy(float), list(calls.index), features.fillna({"gene": ""}))
    responses = Responses.build(tables.responses, Measure(options.get("--measure", "")))
    covariates = options["--covariates"].split(",") if "--covariates" in options else None
    samples = tables.samples.set_index("sample_id")
    settings = (tables.drugs.set_index("drug_id"), samples, covariates, None, None, "new-samples")
    return genotypes, *join_tables(genotypes, responses, *settings)


def _told(tables: Tables) -> list[str]:
    """What `train` and `evaluate` say of a cohort, or why they refuse it."""
    try:
        genotypes, responses, rows = _read(tables)
    except InputError as refusal:
        return [str(refusal)]
    found = audit(rows, genotypes=genotypes, responses=responses, scheme="new-samples")
    return [*leak_messages(found), *caution_messages(found)]


@cache
def _of_simulated_cohort(preset: str, sizes: tuple[tuple[str, int | str], ...]) -> tuple[str, ...]:
    return tuple(_told(simulated_tables(preset, 1, **dict(sizes))))


@pytest.mark.parametrize("name", TRAPS)
def test_audit__each_trap_is_told(name):
    assert any(TRAPS[name].told_by in line for line in _told(TRAPS[name].cohort(1)))


@pytest.mark.parametrize("name", TRAPS)
def test_audit__the_same_cohort_without_its_trap_is_clean(name):
    trap = TRAPS[name]
    assert not [line for line in _of_simulated_cohort(trap.preset, tuple(trap.sizes.items())) if trap.told_by in line]


def test_audit__clean_cohorts_of_all_kinds():
    assert {name: told for name, tables in clean_cohorts(10) if (told := _told(tables))} == {}


def test_train_and_evaluate__say_it_in_a_line_and_train_keeps_it(tmp_path, capsys):
    words = [*TRAPS["batch in line with tissue"].cohort(1).write(tmp_path), "--learner", "ridge", "--folds", "2"]
    model = tmp_path / "m.safetensors"
    line = "Warning: batch goes with tissue: one tells 96% of what is open about the other."
    assert main(["train", *words, "--model", str(model)]) == 0
    said = capsys.readouterr().out
    assert line in said
    assert said.count("batch goes with tissue") == 2, "in a line of its own, and in the verdict"
    assert main(["evaluate", *words, "--shuffles", "0", "--metrics", str(tmp_path / "metrics.tsv")]) == 0
    assert line in capsys.readouterr().out
    assert "confounded covariates" in [found["check"] for found in load_model(model).manifest_["findings"]]


class Study:
    """120 samples, 5 drugs, 4 tissues and one batch, of which nothing tells anything about another."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)
        self.ids = [f"s{number:03}" for number in range(120)]
        self.samples = pd.DataFrame(
            {"tissue": self.rng.choice(list("abcd"), 120), "batch": self.rng.choice(list("xyz"), 120)},
            index=pd.Index(self.ids, name="sample_id"),
        )
        self.wide = pd.DataFrame(self.rng.normal(size=(120, 5)), index=self.ids, columns=list("ABCDE"))
        self.calls = (self.rng.random((120, 20)) < 0.3).astype(float)
        self.columns: dict[str, object] = {}

    def rows(self) -> tuple[TrainingRows, Responses]:
        table = self.wide.rename_axis("sample_id").melt(ignore_index=False, var_name="drug_id", value_name="response")
        responses = Responses.build(table.dropna().reset_index().assign(**self.columns))
        genotypes = Genotypes.from_dense(self.calls, self.ids, [f"g{number}" for number in range(20)])
        return join_training_rows(genotypes, responses, None, self.samples), responses


@pytest.fixture
def study() -> Study:
    return Study()


def _only(found) -> Finding:
    (finding,) = found
    return finding


def test_levels__a_batch_that_differs_by_little_is_let_be(study):
    rows, responses = study.rows()
    assert list(level_findings(rows, responses)) == []
    # within the tenth of the variance that genotype reaches itself
    study.wide = study.wide.add(study.samples["batch"].map({"x": 0.0, "y": 0.15, "z": 0.3}), axis=0)
    assert list(level_findings(*study.rows())) == []


def test_levels__missing_calls_of_a_few_samples_are_not_asked(study):
    study.calls[study.wide["A"].to_numpy() > 0, 3] = np.nan
    assert _only(level_findings(*study.rows())).message.startswith("Where calls are missing")
    study.calls[:, 3] = 0.0
    study.calls[np.argsort(study.wide.mean(axis=1).to_numpy())[-9:], 3] = np.nan
    assert list(level_findings(*study.rows())) == []


def test_confounding__a_fifth_of_the_samples_tells_two_columns_apart(study):
    study.samples["batch"] = study.samples["tissue"].map({"a": "x", "b": "y", "c": "z", "d": "z"})
    rows, _ = study.rows()
    assert _only(confounding_findings(rows, rows.pairs.genotypes)).check == "confounded covariates"
    study.samples.loc[study.ids[:40], "batch"] = list(np.resize(["x", "y", "z"], 40))
    rows, _ = study.rows()
    assert list(confounding_findings(rows, rows.pairs.genotypes)) == []


def test_confounding__a_subtype_of_a_tissue_is_no_batch(study):
    study.samples["subtype"] = study.samples["tissue"] + study.rng.choice(["1", "2"], 120)
    rows, _ = study.rows()
    assert list(confounding_findings(rows, rows.pairs.genotypes)) == []


@pytest.mark.parametrize(("level", "n_found"), [("man", 1), ("unknown", 0)])
def test_confounding__who_is_of_an_unknown_level_is_of_no_group(study, level, n_found):
    rows, _ = study.rows()
    more = pd.DataFrame({"sex": ["woman"] * 120 + [level] * 40}, index=[*study.ids, *map(str, range(40))])
    genotyped = Genotypes.from_dense(np.zeros((160, 1)), list(more.index), ["g"])
    found = list(confounding_findings(replace(rows, samples=more), genotyped))
    assert [finding.check for finding in found] == ["groups without response"] * n_found


def test_responses__one_drug_of_many_is_a_note(study):
    study.wide["A"] = 1.0
    assert _only(response_findings(study.rows()[0])).severity == "warning"
    study.wide = pd.concat([study.wide, pd.DataFrame(study.rng.normal(size=(120, 15)), index=study.ids)], axis=1)
    study.wide.columns = [f"d{number}" for number in range(20)]
    assert _only(response_findings(study.rows()[0])).severity == "note"


def test_responses__marked_limits_are_no_heap(study):
    study.wide = study.wide.clip(upper=0.0)
    assert _only(response_findings(study.rows()[0])).check == "responses at a limit"
    study.columns = {"censor": lambda table: np.where(table["response"] == 0, "right", "none")}
    assert list(response_findings(study.rows()[0])) == []


def test_responses__a_strong_responder_does_not_outweigh(study):
    study.wide.iloc[3, 0] = 9.0
    assert list(response_findings(study.rows()[0])) == []
    study.wide.iloc[3, 0] = -1e6
    assert "1 response of 600 hold 100% of all squared" in _only(response_findings(study.rows()[0])).message


def test_responses__of_few_rows_one_may_hold_most(study):
    study.wide = study.wide.iloc[:19, :1]
    study.wide.iloc[3] = 1e6
    assert list(response_findings(study.rows()[0])) == []
    study.wide = pd.concat([study.wide, pd.DataFrame({"A": [0.5]}, index=study.ids[19:20])])
    assert _only(response_findings(study.rows()[0])).check == "responses that outweigh all"


def test_same_responses__rounded_ones_are_chance(study):
    study.wide = study.wide.round(1)
    assert list(same_response_findings(*study.rows())) == []
    study.wide = pd.DataFrame(study.rng.normal(size=(120, 5)).round(3), index=study.ids, columns=list("ABCDE"))
    study.wide.iloc[7] = study.wide.iloc[90]
    found = _only(same_response_findings(*study.rows()))
    assert (found.severity, found.count, "s007" in found.message) == ("note", 1, True)
    assert "s007" not in found.to_dict()["message"]


@pytest.mark.parametrize(("noise", "n_found"), [(0.5, 0), (3.0, 1)])
def test_same_responses__repeats_that_agree_and_that_do_not(study, noise, n_found):
    rows, _ = study.rows()
    table = pd.DataFrame({"sample_id": rows.pairs.sample_ids, "drug_id": rows.pairs.drug_ids, "response": rows.y})
    again = table.assign(response=rows.y + study.rng.normal(0, noise, len(rows.y)))
    responses = Responses.build(pd.concat([table, again]))
    rows = join_training_rows(rows.pairs.genotypes, responses, None, study.samples)
    assert len(list(same_response_findings(rows, responses))) == n_found


def test_scales__one_potent_drug_is_no_other_logarithm(study):
    study.wide -= 7.0
    rows, _ = study.rows()
    assert "log10 of M" in _only(scale_findings(rows, Measure("ln_ic50"))).message
    study.wide = study.wide[["A", "B"]]
    assert list(scale_findings(study.rows()[0], Measure("ln_ic50"))) == []


def test_outcomes__what_a_strong_effect_needs_grows_with_the_features(study):
    rows, _ = study.rows()
    wide = Genotypes.from_dense(study.rng.normal(size=(120, 4000)), study.ids, range(4000), kind="score")
    few = join_training_rows(wide, Responses.build(_some(rows, 60)), None, None)
    many = join_training_rows(wide, Responses.build(_some(rows, 90)), None, None)
    assert "60 responses, where a drug has most, are too few" in _only(outcome_findings(few)).message
    assert list(outcome_findings(many)) == []


def _some(rows: TrainingRows, n: int) -> pd.DataFrame:
    table = pd.DataFrame({"sample_id": rows.pairs.sample_ids, "drug_id": rows.pairs.drug_ids, "response": rows.y})
    return table[table["sample_id"].isin(rows.pairs.genotypes.sample_ids[:n])]


def test_sexes__one_copy_of_men_and_a_few_slips_are_let_be():
    tables = TRAPS["genotypes joined to the row before"].cohort(1)
    tables.genotypes["sample_id"] = np.roll(tables.genotypes["sample_id"], -1)
    _, _, rows = _read(tables)
    assert list(sex_findings(rows)) == []
    slips = rows.samples.copy()
    slips.iloc[:4, list(slips.columns).index("sex")] = "male"
    assert list(sex_findings(replace(rows, samples=slips))) == []
    assert _only(sex_findings(replace(rows, samples=slips.assign(sex=slips["sex"].to_numpy()[::-1])))).count > 40
