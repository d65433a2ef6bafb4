from __future__ import annotations

import inspect
import typing
from pathlib import Path

import pytest

import drugresponse as dr
from drugresponse import workflows
from drugresponse.data.splits import SCHEMES
from drugresponse.errors import InputError
from drugresponse.learners.registry import LEARNERS, learner_class
from drugresponse.settings import COMMANDS, SECTIONS, Parameter, Settings, collect_settings, convert, option_page
from drugresponse.simulation.cohort import PRESETS
from drugresponse.validation.validate import validate

ROOT = Path(__file__).resolve().parents[2]
ALL = [
    pytest.param(command, each, id=f"{command.name}{each.option}")
    for command in COMMANDS.values()
    for each in command.parameters
]
TRAIN = COMMANDS["train"]
EVALUATE = COMMANDS["evaluate"]


def settings_from(tmp_path: Path, text: str, command: str = "train", **typed: object) -> Settings:
    config = tmp_path / "run.yml"
    config.write_text(text, encoding="utf-8")
    return collect_settings(COMMANDS[command], {"config": config, **typed})


@pytest.mark.parametrize(("command", "parameter"), ALL)
def test_parameter__is_complete(command, parameter):
    assert parameter.label
    assert parameter.help.endswith(".")
    assert parameter.section is None or parameter.section in {"", *SECTIONS}
    assert bool(parameter.formats) == (parameter.type in ("input", "output") and parameter.name != "config")
    if parameter.type in ("integer", "number"):
        assert parameter.minimum < parameter.maximum
        assert parameter.default is None or parameter.minimum <= parameter.default <= parameter.maximum
    if parameter.choices:
        defaults = parameter.default if parameter.repeatable else (parameter.default,)
        assert all(each in parameter.choices or each is None for each in defaults)
        assert bool(parameter.unset) == (parameter.default is None and parameter.section is not None)


def test_commands__have_each_name_once():
    for command in COMMANDS.values():
        names = [each.name for each in command.parameters]
        assert len(names) == len(set(names))


def test_choices__are_those_of_the_registries():
    assert list(TRAIN.parameter("scheme").choices) == list(SCHEMES)
    assert tuple(COMMANDS["simulate"].parameter("preset").choices) == PRESETS


def test_learner_choices__are_those_of_the_registry():
    labels = {name: learner.label for name, learner in LEARNERS.items()}
    assert dict(TRAIN.parameter("learner").choices) == labels
    assert dict(COMMANDS["evaluate"].parameter("learner").choices) == labels
    using = [name for name, learner in LEARNERS.items() if learner.uses_genotype and name != "auto"]
    assert list(COMMANDS["explain"].parameter("refit_learner").choices) == using


def test_options_of_learners__are_shown_for_those_that_take_them():
    for command in COMMANDS.values():
        for parameter in command.parameters:
            if parameter.belongs_to and set(parameter.belongs_to) <= set(LEARNERS):
                taking = [name for name in LEARNERS if name != "auto" and takes(name, parameter.name)]
                assert list(parameter.belongs_to) == (taking or ["auto"])


def takes(learner: str, setting: str) -> bool:
    return bool(learner_class(learner).own_settings({setting: None}))


@pytest.mark.parametrize("command", COMMANDS.values(), ids=list(COMMANDS))
def test_workflows__take_the_settings_of_their_command(command):
    work = validate if command.name == "validate" else getattr(workflows, command.name)
    (taken,) = typing.get_type_hints(work).items() - {("return", list[str]), ("return", str)}
    assert taken == ("settings", command.settings)


def test_defaults__are_those_of_python():
    """An option that `DrugResponseModel`, `evaluate` or `explain` take under its name has their default."""
    takers = {"train": dr.DrugResponseModel, "evaluate": dr.evaluate, "explain": dr.explain}
    compared = 0
    for name, taker in takers.items():
        for taken in inspect.signature(taker).parameters.values():
            for parameter in COMMANDS[name].parameters:
                if parameter.name == taken.name and parameter.type != "input":
                    assert parameter.default == (None if taken.default == () else taken.default), f"{name} {taken.name}"
                    compared += 1
    assert compared > 20


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("folds", "3", 3),
        ("folds", 0, 0),
        ("seed", str(2**31 - 1), 2**31 - 1),
        ("minimum_features", "1", 1.0),
        ("minimum_features", "2.5e-1", 0.25),
        ("learner", "boosted-trees", "boosted-trees"),
        ("covariates", "", []),
        ("covariates", "none", []),
        ("covariates", "tissue, age", ["tissue", "age"]),
        ("covariates", ["a,b", "c"], ["a,b", "c"]),
        ("genotypes", "-odd name.vcf", [Path("-odd name.vcf")]),
        ("genotypes", ["a", "b"], [Path("a"), Path("b")]),
        ("unit", "", ""),
        ("measure", 5, "5"),
        ("sample_column", "-x", "-x"),
        ("forget_samples", True, True),
        ("forget_samples", "Yes", True),
        ("forget_samples", "off", False),
    ],
)
def test_convert__good_value(name, value, expected):
    converted = convert(TRAIN.parameter(name), value, "here")
    assert converted == expected
    assert type(converted) is type(expected)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "folds",
            "3.5",
            'here: "3.5" is not a whole number (expected a whole number from 0 to 20). Correct the value.',
        ),
        ("folds", "", 'here: "" is not a whole number'),
        ("folds", 2.5, 'here: "2.5" is not a whole number'),
        ("folds", True, "here: found True (expected one value)"),
        ("folds", "21", "here: found 21 (expected a whole number from 0 to 20)"),
        ("seed", "-1", "here: found -1 (expected a whole number from 0 to 2147483647)"),
        ("minimum_features", "nan", "here: found nan (expected a number from 0 to 1)"),
        ("minimum_features", "half", 'here: "half" is not a number'),
        ("learner", "boosted_tree", 'here: "boosted_tree" is none of the choices. Did you mean "boosted-trees"?'),
        ("learner", ["ridge"], "here: found ['ridge'] (expected one value)"),
        ("model", "", "here: found nothing (expected a value)"),
        ("sample_column", "", "here: found nothing (expected a value)"),
        ("genotypes", ["a", None], "here: found NoneType (expected one value)"),
        ("forget_samples", "maybe", 'here: found "maybe" (expected true or false)'),
        ("forget_samples", ["yes"], "here: found ['yes'] (expected true or false)"),
        ("folds", "1_0", 'here: "1_0" is not a whole number'),
        ("folds", "9" * 5000, f'here: "{"9" * 77}..." is not a whole number'),
        ("minimum_features", "9" * 5000, f"here: found {'9' * 80} (expected a number from 0 to 1)"),
        ("model", "a\0b", r'here: found "a\x00b", with a sign that no text has'),
        ("measure", "a\udc80b", r'here: found "a\udc80b", with a sign that no text has'),
        ("genotypes", ["a", "b\ud800"], r'here: found "b\ud800", with a sign that no text has'),
    ],
)
def test_convert__bad_value(name, value, message):
    with pytest.raises(InputError) as caught:
        convert(TRAIN.parameter(name), value, "here")
    assert message in str(caught.value)


def test_collect_settings__completes_with_defaults(monkeypatch):
    for variable in ("GALAXY_SLOTS", "GALAXY_DRUGRESPONSE_DEVICE"):
        monkeypatch.delenv(variable, raising=False)
    settings = collect_settings(TRAIN, {"genotypes": [Path("g")], "responses": Path("r"), "model": Path("m")})
    assert isinstance(settings, TRAIN.settings)
    assert settings.n_jobs >= 1
    expected = {
        "genotypes": [Path("g")],
        "learner": "auto",
        "covariates": None,
        "device": "auto",
        "seed": 0,
        "metrics": None,
    }
    assert {name: getattr(settings, name) for name in expected} == expected


def test_collect_settings__several_by_default_and_given():
    given = {"genotypes": [Path("g")], "responses": Path("r"), "metrics": Path("m")}
    by_default = collect_settings(EVALUATE, given)
    assert by_default.learner == ["covariates", "ridge", "boosted-trees", "neural"]
    assert (by_default.folds, by_default.splits, by_default.resume) == (5, None, None)
    assert collect_settings(EVALUATE, given | {"learner": ["ridge"]}).learner == ["ridge"]
    by_default.learner.append("auto")
    assert len(collect_settings(EVALUATE, given).learner) == 4


@pytest.mark.parametrize(
    ("text", "expected"), [("learner: ridge", ["ridge"]), ("learner: [ridge, auto]", ["ridge", "auto"])]
)
def test_config__one_or_several_values(tmp_path, text, expected):
    required = "genotypes: g\nresponses: r\nmetrics: m\n"
    assert settings_from(tmp_path, required + text, "evaluate").learner == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("learner: []", r'"learner": found nothing \(expected a value\)'),
        ("learner: [ridge, rigde]", r'"rigde" is none of the choices. Did you mean "ridge"\?'),
        ("model: m", '"model" is no option of drugresponse evaluate. It belongs to drugresponse train'),
        ("minimum-features: 0.5", '"minimum-features" is no option of drugresponse evaluate'),
        ("folds: 1", r"found 1 \(expected a whole number from 2 to 50\)"),
    ],
)
def test_config__wrong_for_evaluate(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        settings_from(tmp_path, text, "evaluate")


def test_collect_settings__environment_supplies_defaults(monkeypatch):
    monkeypatch.setenv("GALAXY_SLOTS", "3")
    monkeypatch.setenv("GALAXY_DRUGRESPONSE_DEVICE", "cpu")
    given = {"genotypes": [Path("g")], "responses": Path("r"), "model": Path("m")}
    settings = collect_settings(TRAIN, given)
    assert (settings.threads, settings.device) == (3, "cpu")
    assert collect_settings(TRAIN, given | {"threads": 1, "device": "auto"}).threads == 1


def test_collect_settings__environment_is_checked(monkeypatch):
    monkeypatch.setenv("GALAXY_DRUGRESPONSE_DEVICE", "gpu")
    with pytest.raises(InputError, match="GALAXY_DRUGRESPONSE_DEVICE"):
        collect_settings(TRAIN, {"genotypes": [Path("g")], "responses": Path("r"), "model": Path("m")})


def test_collect_settings__missing_options_are_named_together():
    with pytest.raises(InputError, match="--model and --genotypes and --predictions must be given"):
        collect_settings(COMMANDS["predict"], {})


def test_config__command_line_wins(tmp_path):
    text = "responses: r.tsv\nmodel: m\nlearner: ridge\ngenotypes: [a, b]\nsample-column: cell\ndrug_column: 7\nunit:\n"
    settings = settings_from(tmp_path, text, learner="neural")
    assert settings.learner == "neural"
    assert settings.responses == Path("r.tsv")
    assert settings.genotypes == [Path("a"), Path("b")]
    assert (settings.sample_column, settings.drug_column, settings.unit) == ("cell", "7", None)


def test_config__wins_over_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("GALAXY_SLOTS", "3")
    monkeypatch.setenv("GALAXY_DRUGRESPONSE_DEVICE", "cpu")
    settings = settings_from(tmp_path, "responses: r\nmodel: m\ngenotypes: g\nthreads: 2\n")
    assert (settings.threads, settings.device) == (2, "cpu")


def test_config__empty_file_changes_nothing(tmp_path):
    settings = settings_from(tmp_path, "", genotypes=[Path("g")], responses=Path("r"), model=Path("m"))
    assert settings.folds == TRAIN.parameter("folds").default


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lerner: ridge", r'run.yml: "lerner" is no option of drugresponse train. Did you mean "learner"\?'),
        (
            "pairs: p.tsv",
            r'"pairs" is no option of drugresponse train. It belongs to drugresponse predict and adapt. Take it out',
        ),
        ("config: other.yml", r'"config" is no option of drugresponse train'),
        ("seed: 1\nseed_: 2", r'"seed_" is no option'),
        ("sample-column: a\nsample_column: b", r'"sample_column" stands there twice'),
        ("folds: many", r'run.yml, "folds": "many" is not a whole number'),
        ("learner: [ridge]", r'run.yml, "learner": found \[.ridge.\]'),
        ("- ridge", "run.yml: found no option names"),
        ("learner: 'ridge", "run.yml: is not YAML"),
        ("learner: !!python/object/apply:os.system ['true']", "run.yml, line 1: found the tag tag.*os.system"),
        ("genotypes: !!set [a]", "run.yml, line 1: found the tag .*:set"),
        ("seed: 0\nmodel: !!bool x", "run.yml, line 2: found the tag .*:bool"),
        ("seed: 1\nseed: 2", '"seed" stands there twice'),
        ("seed: {a: 1}", "run.yml, line 1: found options where one value belongs"),
        ("genotypes: [[a]]", "run.yml, line 1: found a list where one value belongs"),
        ("? [a]\n: 1", "run.yml, line 1: found a list where one value belongs"),
        ("a: &a [x]\n<<: *a", '"a" is no option'),
        ("seed: 1\n---\nseed: 2", "run.yml: is not YAML"),
        ("seed: " + "[" * 5000, "run.yml: is nested too deeply|is not YAML"),
        ("seed: " + "9" * 5000, 'run.yml, "seed": "9+..." is not a whole number'),
        ("folds: 1e1", 'run.yml, "folds": "1e1" is not a whole number'),
        ("folds: 1:30", 'run.yml, "folds": "1:30" is not a whole number'),
        ("folds: 0x3", 'run.yml, "folds": "0x3" is not a whole number'),
        ("folds: yes", 'run.yml, "folds": "yes" is not a whole number'),
        ('genotypes: "a\\0b"', 'run.yml, "genotypes": found .*, with a sign that no text has'),
    ],
)
def test_config__wrong_content(tmp_path, text, message):
    with pytest.raises(InputError, match=message) as caught:
        settings_from(tmp_path, text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("folds: 0012", "folds", 12),
        ("unit: 2024-02-30", "unit", "2024-02-30"),
        ("unit: 1e3", "unit", "1e3"),
        ("unit: 1:30", "unit", "1:30"),
        ("unit: no", "unit", "no"),
        ("unit: '~'", "unit", "~"),
        ("unit: ~", "unit", None),
        ("unit: Null", "unit", None),
        ("sample_column: 007", "sample_column", "007"),
        ("covariates: [1_0, on]", "covariates", ["1_0", "on"]),
        ("forget_samples: on", "forget_samples", True),
        ("measure: &a auc\nunit: *a", "unit", "auc"),
        ("{unit: x}", "unit", "x"),
    ],
)
def test_config__values_are_the_text_that_stands_there(tmp_path, text, name, value):
    needed = {"genotypes": [Path("g")], "responses": Path("r"), "model": Path("m")}
    assert getattr(settings_from(tmp_path, text, **needed), name) == value


def test_config__absent_or_binary_file(tmp_path):
    with pytest.raises(InputError, match=r"no\.yml: No such file or directory. Name a settings file"):
        collect_settings(TRAIN, {"config": tmp_path / "no.yml"})
    (tmp_path / "b.yml").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(InputError, match=r"b\.yml: is not YAML"):
        collect_settings(TRAIN, {"config": tmp_path / "b.yml"})


def test_option_page__is_committed():
    page = ROOT / "docs" / "options.md"
    assert page.read_text(encoding="utf-8") == option_page(COMMANDS), "run python -m drugresponse.galaxy"


def test_option_page__names_every_option():
    page = option_page(COMMANDS)
    for command in COMMANDS.values():
        part = page.split(f"## drugresponse {command.name}\n")[1].split("\n## ")[0]
        for each in command.parameters:
            assert f"| `{each.option}` |" in part


def test_parameter__full_help_says_for_whom():
    parameter = Parameter("trees", "integer", "Trees", "How many.", belongs_to=("a", "b"))
    assert parameter.full_help == "How many. Only for a and b."
