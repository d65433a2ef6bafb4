"""The tour and the tutorial name tools, fields, options and datasets that there are, and quote what comes out."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import yaml
from lxml import etree

import drugresponse as dr
from tests.galaxy.tool_xml import read_tool
from tests.galaxy_tools import ROOT, TOOLS

TUTORIAL = ROOT / "docs" / "tutorial" / "tutorial.md"
TOUR = ROOT / "docs" / "tutorial" / "tours" / "drug_response.yaml"
TEXT = TUTORIAL.read_text(encoding="utf-8")
STEPS = yaml.safe_load(TOUR.read_text(encoding="utf-8"))["steps"]
TOOL = re.compile(r"\{% tool \[(?P<name>[^\]]+)\]\((?P<id>[a-z_]+)\) %\}")
LABEL = re.compile(r'\*"(?P<label>[^"]+)"\*(?:: (?P<values>`[^`]+`(?:, `[^`]+`)*)(?P<source>.*))?')
BOXES = {
    "agenda": "agenda",
    "comment": "comment",
    "details": "details",
    "hands-on": "hands_on",
    "question": "question",
    "solution": "solution",
    "warning": "warning",
}


@dataclass(frozen=True)
class Quoted:
    """One line of a hands-on box: which field of which tool is set to what."""

    tool: str
    label: str
    values: tuple[str, ...]
    source: str


def tool_xml(name: str) -> etree._Element:
    return read_tool(ROOT / "tools" / f"{name}.xml")


def quoted_fields() -> list[Quoted]:
    found = []
    for box in re.findall(r"> <hands-on-title>.*?\{: \.hands_on\}", TEXT, re.DOTALL):
        tool = ""
        for line in box.splitlines():
            named = TOOL.search(line)
            tool = named["id"] if named else tool
            field = LABEL.search(line)
            if field and field["values"]:
                values = tuple(re.findall("`([^`]+)`", field["values"]))
                found.append(Quoted(tool, field["label"], values, field["source"]))
    return found


def field_labelled(tool: str, label: str) -> etree._Element:
    named = [each for each in tool_xml(tool).find("inputs").iter("param") if each.get("label") == label]
    assert len(named) == 1, f'{tool} has {len(named)} fields labelled "{label}"'
    return named[0]


def dataset_names(tool: str, optional: bool = True) -> set[str]:
    """What the names of a tool's datasets end with; those that must be asked for only where wanted."""
    root = tool_xml(tool)
    first = {each.get("value") for each in root.iter("option") if each.get("selected")}
    kept = [
        each
        for each in root.iterfind("outputs/data")
        if optional or each.find("filter") is None or re.search("'(.+)' in", each.findtext("filter"))[1] in first
    ]
    return {each.get("label").split(": ", 1)[1] for each in kept}


def test_tutorial__names_tools_as_they_are_called():
    named = TOOL.findall(TEXT)
    assert [tool for _, tool in named] == [
        f"drugresponse_{each}" for each in ("simulate", "prepare", "train", "evaluate", "explain", "predict", "adapt")
    ]
    assert all(tool_xml(tool).get("name") == name for name, tool in named)
    names = {etree.parse(str(path)).getroot().get("name") for path in (ROOT / "tools").glob("drugresponse_*.xml")}
    mentioned = set(re.findall(r"\*{1,2}(Drug response: [^*]+)\*", TEXT))
    assert mentioned and mentioned <= names


def test_tutorial__quotes_labels_and_options_that_are_there():
    assert len(quoted_fields()) >= 25
    for quoted in quoted_fields():
        field = field_labelled(quoted.tool, quoted.label)
        if field.get("type") == "select":
            assert set(quoted.values) <= {each.text for each in field.iter("option")}, quoted
        elif field.get("type") == "integer":
            assert float(field.get("min")) <= int(quoted.values[0]) <= float(field.get("max", "inf"))
        else:
            assert field.get("type") == "data", quoted


def test_tutorial__takes_datasets_that_the_tools_before_have_written():
    ids = {tool_xml(tool).get("name"): tool for _, tool in TOOL.findall(TEXT)}
    taken = [each for each in quoted_fields() if field_labelled(each.tool, each.label).get("type") == "data"]
    assert len(taken) >= 15
    for quoted in taken:
        maker = re.search(r"output of \*\*(.+?)\*\*", quoted.source)
        if maker:
            assert quoted.values[0] in dataset_names(ids[maker[1]], optional=False), quoted
        else:
            # the only table that is not made by a tool is pasted
            assert quoted.values == ("pilots",)


def test_tutorial__says_what_must_be_given():
    given = quoted_fields()
    for _, tool in TOOL.findall(TEXT):
        labels = {each.label for each in given if each.tool == tool}
        for field in tool_xml(tool).find("inputs").iter("param"):
            if field.get("type") == "data" and field.get("optional") != "true":
                assert field.get("label") in labels, f"{tool}: nothing is said about {field.get('label')}"


def test_tutorial__every_label_in_the_text_is_a_field():
    fields = {
        field.get("label")
        for path in (ROOT / "tools").glob("drugresponse_*.xml")
        for field in read_tool(path).find("inputs").iter("param")
    }
    outside = [match["label"] for match in LABEL.finditer(TEXT)]
    assert outside and set(outside) <= fields


def test_tutorial__has_the_form_of_the_training_network():
    front = yaml.safe_load(TEXT.split("---\n")[1])
    assert front["layout"] == "tutorial_hands_on"
    for key in ("title", "time_estimation", "questions", "objectives", "key_points", "contributors", "requirements"):
        assert front[key]
    assert front["level"] in ("Introductory", "Intermediate", "Advanced")
    # the network's linter takes an empty one where the lesson makes its data
    assert front["zenodo_link"] == ""
    assert re.fullmatch(r"(\d+H)?(\d+M)?", front["time_estimation"])
    for word, css_class in BOXES.items():
        opened = re.findall(rf"> <{word}-title>", TEXT)
        assert opened and len(opened) == len(re.findall(rf"\{{: \.{css_class}\}}", TEXT)), word
    assert TEXT.count("<question-title>") == TEXT.count("<solution-title>")


def test_tutorial__cites_what_its_bibliography_has():
    entries = (TUTORIAL.parent / "tutorial.bib").read_text(encoding="utf-8")
    keys = re.findall(r"^@\w+\{(\w+),$", entries, re.MULTILINE)
    assert keys and sorted(keys) == sorted(re.findall(r"\{% cite (\w+) %\}", TEXT))
    assert entries.count("doi = {10.") == entries.count("url = {https://doi.org/10.") == len(keys)


def test_tutorial__questions_asked_often_have_the_form_of_the_network():
    pages = [path for path in (TUTORIAL.parent / "faqs").glob("*.md") if path.name != "index.md"]
    assert len(pages) >= 3
    fields = {each.get("label") for path in TOOLS.values() for each in read_tool(path).find("inputs").iter("*")}
    titles = {each.get("title") for path in TOOLS.values() for each in read_tool(path).iter("section")}
    for path in pages:
        _, front, text = path.read_text(encoding="utf-8").split("---\n")
        told = yaml.safe_load(front)
        assert (told["layout"], told["box_type"]) == ("faq", "tip")
        assert told["title"] and told["contributors"]
        assert set(re.findall(r'\*"([^"]+)"\*', text)) <= fields | titles


def test_tour__names_tools_and_fields_that_are_there():
    tool = ""
    opened = []
    for step in STEPS:
        assert set(step) <= {"title", "content", "element", "placement", "textinsert", "postclick"}
        assert step["title"] and step["content"]
        link = re.search(r'data-tool-id="(\w+)"', step.get("element", ""))
        field = re.search(r"form-element-([\w|]+)", step.get("element", ""))
        if link:
            tool = link[1]
            opened.append(tool_xml(tool).get("name"))
            assert step["postclick"] == [step["element"]]
        elif field:
            place = tool_xml(tool).find("inputs")
            for name in field[1].split("|"):
                spellings = (name, f"--{name.replace('_', '-')}")
                within = place.iterfind("when/param") if place.tag == "conditional" else place
                (place,) = (
                    each for each in within if spellings[0] == each.get("name") or spellings[1] == each.get("argument")
                )
    searched = [step["textinsert"] for step in STEPS if "search-query" in step.get("element", "")]
    assert searched == opened == [f"Drug response: {each}" for each in ("simulate", "train", "predict")]


def test_tour__quotes_options_and_datasets_that_are_there():
    words = {text for step in STEPS for text in re.findall(r'"([^"]+)"', step["content"])}
    datasets = {
        name for tool in ("simulate", "train", "predict") for name in dataset_names(f"drugresponse_{tool}", False)
    }
    options = {each.text for each in tool_xml("drugresponse_train").iter("option")}
    assert {"genotypes", "predictions", "Ridge regression"} <= words
    assert words - datasets - options == {"Tools"}


def test_tour__has_the_fields_of_galaxys_schema():
    tour = yaml.safe_load(TOUR.read_text(encoding="utf-8"))
    assert set(tour) == {"id", "name", "description", "title_default", "requirements", "tags", "steps"}
    assert set(tour["requirements"]) <= {"logged_in", "new_history", "admin"}


@pytest.fixture(scope="module")
def lesson(tmp_path_factory) -> Path:
    """The tutorial's commands, as far as they are quick."""
    from drugresponse.settings import AdaptSettings, ExplainSettings, PredictSettings, SimulateSettings, TrainSettings
    from drugresponse.workflows import adapt, explain, predict, simulate, train

    folder = tmp_path_factory.mktemp("lesson")
    cohort, model = folder / "cohort", folder / "model.safetensors"
    simulate(SimulateSettings(directory=cohort, seed=1))
    genotypes, samples = [cohort / "genotypes.tsv"], cohort / "samples.tsv"
    tables = {"genotypes": genotypes, "responses": cohort / "responses.tsv", "drugs": cohort / "drugs.tsv"}
    train(TrainSettings(**tables, samples=samples, learner="ridge", seed=1, model=model))
    new = {"model": model, "genotypes": [cohort / "new_genotypes.tsv"], "samples": cohort / "new_samples.tsv"}
    predict(PredictSettings(**new, predictions=folder / "predictions.tsv"))
    pasted = re.search(r"```\n>    (sample_id\tdrug_id.*?)>    ```", TEXT, re.DOTALL)[1].replace(">    ", "")
    (folder / "pilots.tsv").write_text(pasted, encoding="utf-8")
    adapt(
        AdaptSettings(
            **new,
            responses=folder / "pilots.tsv",
            predictions=folder / "adapted.tsv",
            next_drugs=folder / "next.tsv",
        )
    )
    explain(
        ExplainSettings(
            **tables,
            samples=samples,
            model=model,
            attributions=folder / "attributions.tsv",
            agreement=folder / "agreement.tsv",
            refits=0,
        )
    )
    return folder


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.tsv", sep="\t")


def test_lesson__data_library_lists_its_tables(lesson):
    library = yaml.safe_load((TUTORIAL.parent / "data-library.yaml").read_text(encoding="utf-8"))
    assert (library["destination"]["type"], library["destination"]["name"]) == ("library", "GTN - Material")
    (topic,) = library["items"]
    (tutorial,) = topic["items"]
    assert tutorial["name"] == yaml.safe_load(TEXT.split("---\n")[1])["title"]
    (record,) = tutorial["items"]
    assert len(record["items"]) == 8
    for each in record["items"]:
        content = (lesson / "cohort" / each["url"].rpartition("/")[2]).read_bytes()
        assert (each["src"], each["ext"]) == ("url", "tabular")
        assert each["md5sum"] == hashlib.md5(content, usedforsecurity=False).hexdigest(), each["url"]


def test_lesson__planted_effects(lesson):
    truth = table(lesson, "cohort/truth")
    assert truth.query("drug_id == 'D004'")[["gene", "effect"]].to_numpy().tolist() == [["KIT", -2.274]]
    assert "A mutation of KIT, by -2.274." in TEXT
    assert truth[truth["partner"].notna()][["gene", "partner"]].to_numpy().tolist() == [["NF1", "PTEN_mut"]]


def test_lesson__held_out_scores(lesson):
    held_out = dr.load_model(lesson / "model.safetensors").manifest_["held_out"]
    own, naive = held_out["rmse"], held_out["best_naive_rmse"]
    assert f"The RMSE of the model is {own:.2f}, and that of the best naive prediction {naive:.2f}." in TEXT
    assert f"There is {100 * held_out['skill']:.0f} % less squared error" in TEXT
    assert f"correlation, {held_out['normalised_pearson']:.2f}, is what is left" in TEXT


def test_lesson__predictions(lesson):
    predictions = table(lesson, "predictions").set_index(["sample_id", "drug_id"])
    assert f"{len(predictions)}: 40 samples and 18 drugs." in TEXT
    row = predictions.loc[("L0175", "D004")]
    measured = table(lesson, "cohort/new_responses").set_index(["sample_id", "drug_id"]).loc[("L0175", "D004")].item()
    assert table(lesson, "cohort/new_genotypes").set_index("sample_id").loc["L0175", "KIT_mut"] == 1
    assert f"The prediction is about {row['prediction']:.1f}" in TEXT
    assert f"It was {measured:.1f}" in TEXT
    assert row["lower"] < measured < row["upper"]
    assert row["prediction"] < row["baseline"] - 1


def test_lesson__adapted(lesson):
    measured = table(lesson, "cohort/new_responses").set_index(["sample_id", "drug_id"])["response"]
    pilots = table(lesson, "pilots").set_index(["sample_id", "drug_id"])["response"]
    assert measured.loc[pilots.index].to_dict() == pilots.to_dict()
    before, after = (table(lesson, name).set_index(["sample_id", "drug_id"]) for name in ("predictions", "adapted"))
    text = " ".join(TEXT.replace("\n> >", " ").replace(" > ", " ").split())
    pair = ("L0161", "D001")
    words = (
        f"went from {before['prediction'][pair]:.1f} to {after['prediction'][pair]:.1f}; it was {measured[pair]:.1f}"
    )
    assert words in text
    errors = {}
    for sample in ("L0161", "L0162"):
        pairs = [pair for pair in after.index if pair[0] == sample and pair in measured.index]
        errors[sample] = [
            float(((each.loc[pairs, "prediction"] - measured.loc[pairs]) ** 2).mean() ** 0.5)
            for each in (before, after)
        ]
    (first, then), (other_first, other_then) = errors.values()
    assert (
        f"L0161 fell from {first:.2f} to {then:.2f}, and that of L0162 rose from {other_first:.2f} to {other_then:.2f}."
        in text
    )
    best = table(lesson, "next").query("sample_id == 'L0161' and rank == 1")["drug_id"].item()
    assert f"{best}: the dataset *drugs to measure next*" in TEXT


def test_lesson__explained(lesson):
    agreement = table(lesson, "agreement")
    first = agreement[agreement["drug_id"] == "D004"].iloc[0]
    assert (first["feature_id"], first["verdict"]) == ("KIT_mut", "both")
    assert "KIT, by the measurements and by the model, and it is the planted one." in TEXT
