"""Columns that are given by number: counted in one table, then known by name everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from drugresponse import cli
from drugresponse.errors import InputError
from drugresponse.settings import COMMANDS, Settings, collect_settings, name_columns

RESPONSES = "cell line\tcompound\tAUC\n" + "".join(f"s{i}\td{j}\t{i * j}\n" for i in range(12) for j in (1, 2))
SAMPLES = "sex\tcell line\tarm, of the trial\n" + "".join(f"{'mf'[i % 2]}\ts{i}\t{'xyz'[i % 3]}\n" for i in range(12))
GENOTYPES = "sample_id\tTP53\n" + "".join(f"s{i}\t{i % 2}\n" for i in range(12))


@pytest.fixture
def tables(tmp_path):
    for name, text in (("responses", RESPONSES), ("samples", SAMPLES), ("genotypes", GENOTYPES)):
        (tmp_path / f"{name}.tsv").write_text(text, encoding="utf-8")
    return {name: tmp_path / f"{name}.tsv" for name in ("responses", "samples", "genotypes")}


def named(command: str, **settings: object) -> Settings:
    required = {each.name: Path("absent") for each in COMMANDS[command].parameters if each.required}
    return name_columns(COMMANDS[command].settings(**(required | settings)))


def test_name_columns__a_number_counts_in_the_responses_and_its_name_holds_everywhere(tables):
    settings = named("train", **tables, sample_column="#1", drug_column="compound", response_column="#3")
    assert (settings.sample_column, settings.drug_column, settings.response_column) == ("cell line", "compound", "AUC")
    assert settings.responses == tables["responses"]


def test_name_columns__covariates_and_arm_count_in_the_samples(tables):
    settings = named("train", **tables, covariates=["#1", "age", "#3"], arm="#3")
    assert settings.covariates == ["sex", "age", "arm, of the trial"]
    assert settings.arm == "arm, of the trial"
    assert named("train", **tables, covariates=[], arm=None).covariates == []


def test_name_columns__names_need_no_table(tmp_path):
    settings = {"responses": tmp_path / "absent.tsv", "sample_column": "cell", "covariates": ["age"], "arm": None}
    named_settings = named("train", **settings)
    assert {name: getattr(named_settings, name) for name in settings} == settings


def test_name_columns__the_first_table_that_is_given(tables):
    pairs = {"pairs": tables["responses"], "sample_column": "#2"}
    assert named("predict", samples=None, **pairs).sample_column == "compound"
    assert named("predict", samples=tables["samples"], **pairs).sample_column == "cell line"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"arm": "#1", "samples": None}, r"^--arm: found #1, the number of a column, and no table .* --samples\)"),
        ({"covariates": ["#4"]}, r'^samples\.tsv: found no column #4 .*"cell line"'),
        ({"response_column": "#0"}, r"^responses\.tsv: found no column #0 "),
        ({"response_column": "#3", "responses": Path("absent.tsv")}, r"^absent\.tsv"),
    ],
)
def test_name_columns__what_cannot_be_counted(tables, given, message):
    with pytest.raises(InputError, match=message):
        named("train", **{**tables, **given})


def test_name_columns__a_number_in_the_settings_file(tables, tmp_path):
    config = tmp_path / "run.yml"
    config.write_text("response-column: '#3'\ncovariates: ['#3', sex]\n", encoding="utf-8")
    typed = {**tables, "genotypes": [tables["genotypes"]], "model": Path("m"), "config": config}
    settings = name_columns(collect_settings(COMMANDS["train"], typed))
    assert (settings.response_column, settings.sample_column) == ("AUC", "sample_id")
    assert settings.covariates == ["arm, of the trial", "sex"]


def test_main__train_by_numbers_is_train_by_names(tables, tmp_path):
    files = [f"--{name}={path}" for name, path in tables.items()]
    by_name = [
        "--sample-column=cell line",
        "--drug-column=compound",
        "--response-column=AUC",
        "--arm=arm, of the trial",
    ]
    by_number = ["--sample-column=#1", "--drug-column", "#2", "--response-column=#3", "--arm=#3"]
    common = ["train", *files, "--learner=ridge", "--folds=0", "--threads=1"]
    assert cli.main([*common, *by_name, "--covariates=sex", f"--model={tmp_path / 'a'}"]) == 0
    assert cli.main([*common, *by_number, "--covariates=#1", f"--model={tmp_path / 'b'}"]) == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_main__a_name_from_the_responses_is_looked_up_in_the_samples(tables, capsys):
    """The samples' first column is not that of the ids: the number must not be counted there."""
    tables["samples"].write_text(SAMPLES.replace("cell line", "line"), encoding="utf-8")
    files = [f"--{name}={path}" for name, path in tables.items()]
    assert (
        cli.main(["train", *files, "--model=m", "--sample-column=#1", "--drug-column=#2", "--response-column=#3"]) == 2
    )
    assert 'samples.tsv: found no column "cell line" (its columns are "sex", "line"' in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS.values(), ids=list(COMMANDS))
def test_parameters__every_column_says_of_which_table_it_is(command):
    for each in command.parameters:
        assert bool(each.column_of) == (each.name.endswith("_column") or each.name in ("covariates", "arm"))
        assert all(command.parameter(table).type == "input" for table in each.column_of)
        assert not each.column_of or "#3" in each.typed_help
