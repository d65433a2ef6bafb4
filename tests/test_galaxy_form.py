"""The forms and command lines of the Galaxy tools against the table of parameters."""

from __future__ import annotations

import re
import string
import subprocess
from types import SimpleNamespace

import pytest
from galaxy.tool_util_models.parameter_validators import ExpressionParameterValidatorModel
from lxml import etree

from drugresponse.curves import fits
from drugresponse.evaluation import drug_verdicts
from drugresponse.explanation import _agreement as agreement
from drugresponse.explanation import _gene_sets as gene_sets
from drugresponse.explanation import _reasons as reasons
from drugresponse.explanation import attribution_table
from drugresponse.galaxy._command import LEFT_OUT, OF_DATASETS
from drugresponse.galaxy._installed import TABLE
from drugresponse.model import held_out, predictions
from drugresponse.model.file import FORMAT
from drugresponse.model.pilots import adapting
from drugresponse.settings import COMMANDS
from tests.galaxy_tools import ROOT, TOOLS, each_tool, fields, read

TYPES = {
    "input": "data",
    "text": "text",
    "names": "text",
    "integer": "integer",
    "number": "float",
    "choice": "select",
    "switch": "boolean",
}
MOST_VISIBLE = 8
LABEL = r"#set $label = re.sub(r'[^\w .:()+-]', '_', str($each.element_identifier)).lstrip('.')[:60] or '_'"


@each_tool
def test_form__has_every_option_and_no_other(name):
    arguments = [each.get("argument") for each in fields(read(name)) if each.get("argument")]
    assert len(arguments) == len(set(arguments))
    command = COMMANDS[name]
    expected = {
        each.option
        for each in command.parameters
        if each.type not in ("output", "folder") and each.name not in ("threads", *LEFT_OUT, *OF_DATASETS)
    }
    assert set(arguments) == expected
    others = [each.get("name") for each in fields(read(name)) if not each.get("argument")]
    assert set(others) <= {"outputs", "source", "installed", "sheet", "blocks"}
    assert others.count("source") == len(read(name).findall("inputs//conditional"))


@each_tool
def test_command__has_every_option_and_no_other(name):
    root = read(name)
    written = set(re.findall(r"(?<=\s)(--[a-z-]+)", root.findtext("command")))
    flags = {each.get("truevalue") for each in fields(root) if each.get("type") == "boolean"}
    assert written | flags == {each.option for each in COMMANDS[name].parameters if each.name not in LEFT_OUT}


def test_docs__say_of_every_option_that_no_form_asks_for_why():
    page = (ROOT / "docs" / "galaxy-admin.md").read_text(encoding="utf-8")
    (rows,) = re.findall(r"\n## What the command line has and no form asks for\n(.*?)\n## ", page, re.DOTALL)
    first = [row.split("|")[1] for row in rows.splitlines() if row.startswith("|")]
    told = {word for cell in first for word in re.findall(r"`([^`]+)`", cell)}
    left_out = {f"--{each.replace('_', '-')}" for each in ("threads", *LEFT_OUT, *OF_DATASETS)}
    without_tool = {name for name, command in COMMANDS.items() if not command.has_tool}
    assert left_out | without_tool <= told
    options = {each.option for command in COMMANDS.values() for each in command.parameters}
    fields_of_all = {each.get("argument") for name in TOOLS for each in fields(read(name))}
    assert {each for each in told if each.startswith("--")} <= options - fields_of_all


@each_tool
def test_form__agrees_with_the_parameters(name):
    by_option = {each.option: each for each in COMMANDS[name].parameters}
    for param in fields(read(name)):
        parameter = by_option.get(param.get("argument"))
        if parameter is None:
            continue
        assert param.get("type") == ("data_column" if parameter.column_of else TYPES[parameter.type])
        assert (param.get("label"), param.get("help")) == (parameter.label, parameter.form_help)
        if parameter.column_of:
            assert param.get("data_ref") == parameter.column_of[0]
            assert param.get("use_header_names") == "true"
            # unset is the usual name; where something must be chosen, the page chooses the first column
            several = "true" if parameter.type == "names" else None
            assert (param.get("multiple"), param.get("optional")) == (several, "true")
            assert parameter.default is None or f"Unless chosen: {parameter.default}." in param.get("help")
        elif parameter.type == "input":
            assert param.get("format") == ",".join(parameter.formats)
            assert (param.get("multiple") == "true") == parameter.repeatable
            assert (param.get("optional") == "true") != parameter.required
        elif parameter.type in ("integer", "number"):
            assert float(param.get("min")) == parameter.minimum
            # Galaxy draws a slider between two limits, of no use up to two billion, or where no number is set
            slider = parameter.maximum <= 1_000_000 and parameter.default is not None
            shown = parameter.maximum if slider else None
            assert param.get("max") == (None if shown is None else f"{shown:.12g}")
            value = param.get("value")
            assert (None if value is None else float(value)) == parameter.default
            assert (param.get("optional") == "true") == (parameter.default is None)
        elif parameter.type == "choice":
            options = {each.get("value"): each.text for each in param.iter("option")}
            selected = [each.get("value") for each in param.iter("option") if each.get("selected")]
            assert {value: label for value, label in options.items() if value} == dict(parameter.choices)
            assert selected == (list(parameter.default) if parameter.repeatable else [parameter.default or ""])
            # none chosen would mean the default of the command line, which nobody sees in the form
            several = ("true", "false") if parameter.repeatable else (None, None)
            assert (param.get("multiple"), param.get("optional")) == several
        elif parameter.type == "switch":
            assert (param.get("checked"), param.get("falsevalue")) == ("false", "")
            assert param.get("truevalue") == parameter.option
        else:
            assert (param.get("value") or None) == parameter.default


@each_tool
def test_form__at_most_eight_visible(name):
    inputs = read(name).find("inputs")
    chosen = [inputs.findall(f"conditional/{path}") for path in ("param", "when[@value='history']/param")]
    visible = [*inputs.findall("param"), *chosen[0], *chosen[1]]
    assert 0 < len(visible) <= MOST_VISIBLE
    assert all(each.get("expanded") == "false" for each in read(name).iter("section") if each.get("title"))


@each_tool
def test_form__every_field_and_section_explains_itself(name):
    for field in fields(read(name)):
        assert field.get("label")
        # the choice of outputs says in its options what each of them is
        assert field.get("help") or field.get("name") == "outputs"
    assert all(each.get("title") for each in read(name).find("inputs").iter("section"))


def test_form__a_model_comes_from_the_history_or_from_the_server():
    for name in ("predict", "adapt", "explain", "describe"):
        root = read(name)
        choice = root.find("inputs/conditional[@name='model_source']")
        assert [each.get("value") for each in choice.iterfind("param/option")] == ["history", "server"]
        assert [each.get("argument") for each in choice.iterfind("when[@value='history']/param")] == ["--model"]
        (installed,) = choice.iterfind("when[@value='server']/param")
        options = installed.find("options")
        assert options.get("from_data_table") == TABLE
        # a server may hold models of a newer version, which this one cannot read
        assert (options.find("filter").get("column"), options.find("filter").get("value")) == ("format", str(FORMAT))
        assert installed.find("validator").get("type") == "no_options"
        command = root.findtext("command")
        assert "link_input '$model_source.installed.fields.path' 'model.safetensors' &&" in command
        assert "--model 'model.safetensors'" in command


@each_tool
def test_form__one_press_chooses_where_something_comes_from(name):
    """A list that folds out takes two; and a form of many presses is not the daily one."""
    for choice in read(name).iterfind("inputs//conditional/param[1]"):
        assert (choice.get("type"), choice.get("display")) == ("select", "radio")


@each_tool
def test_form__genotypes_are_datasets_or_a_sample_sheet(name):
    root = read(name)
    if "--genotypes" not in [each.get("argument") for each in fields(root)]:
        return
    choice = root.find("inputs/conditional[@name='genotypes_source']")
    assert [each.get("value") for each in choice.iterfind("param/option")] == ["datasets", "sheet", "variants"]
    fields_of = {when.get("value"): [field_name(each) for each in when] for when in choice.iterfind("when")}
    assert fields_of == {"datasets": ["genotypes"], "sheet": ["sheet"], "variants": ["sheet"]}
    lines = [line.strip() for line in root.findtext("command").splitlines()]
    at = lines.index("#elif $genotypes_source.source == 'variants'")
    # the field for what a missing call means comes first
    assert lines[at - 2] == "#if str($genotype_options.absent_means)"
    assert lines[at + 1] == "--absent-means='reference'"
    assert "--genotypes 'patients.tsv'" in lines
    assert "genotypes_$number/$label$cells" in root.findtext("configfiles/configfile[@name='sheet']")


@pytest.mark.parametrize("path", ["there", ""])
def test_command__a_dataset_without_a_file_is_told(tmp_path, path):
    """Galaxy hands over no path of a deferred dataset that cannot be fetched, and joins the lines of a command."""
    macros = etree.parse(str(ROOT / "tools" / "macros.xml")).getroot()
    function = macros.findtext("token[@name='@LINK_INPUT@']").replace("\\$", "$").replace("\n", " ")
    (tmp_path / "there").write_text("x", encoding="utf-8")
    done = subprocess.run(
        ["bash", "-c", f"{function} link_input '{path}' 'my samples.tsv' && cat 'my samples.tsv'"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    if path:
        assert (done.returncode, done.stdout, done.stderr) == (0, "x", "")
    else:
        assert (done.returncode, done.stdout) == (2, "")
        assert "error: my samples.tsv: Galaxy has no file of this dataset" in done.stderr


def test_form__seed_on_every_tool_that_draws():
    for name in ("simulate", "train", "evaluate"):
        assert "--seed" in [each.get("argument") for each in fields(read(name))]


@each_tool
def test_form__text_is_sanitized_and_checked(name):
    for param in fields(read(name)):
        if param.get("type") == "text":
            macros = ["class_signs"] if field_name(param) == "classes" else ["text_signs"], ["optional_text_signs"]
            assert [each.get("macro") for each in param] in macros


def signs_of(macro: str) -> tuple[set[str], re.Pattern[str]]:
    """What a field for text lets through beside ASCII letters and digits, and what it takes to be typed."""
    root = etree.parse(str(ROOT / "tools" / "macros.xml")).getroot()
    letters = root.findtext("token[@name='@LETTERS@']")
    part = root.find(f"xml[@name='{macro}']")
    # Galaxy takes the signs of a value one by one
    signs = {sign for each in part.iter("add") for sign in each.get("value").replace("@LETTERS@", letters)}
    return signs, re.compile(part.findtext("validator").replace("@LETTERS@", letters))


@pytest.mark.parametrize("macro", ["text_signs", "optional_text_signs", "class_signs"])
def test_macros__what_may_be_typed_reaches_the_program_as_it_is(macro):
    signs, pattern = signs_of(macro)
    passed = signs | set(string.ascii_letters + string.digits)
    typed = {sign for sign in map(chr, range(0x3000)) if pattern.match(f"a{sign}9")}
    assert typed == passed
    assert set("µμßéïøÅŁβΩ") <= passed
    assert all(sign.isalpha() for sign in passed if not sign.isascii())


def test_macros__text_signs_are_harmless_in_single_quotes():
    for macro in ("text_signs", "optional_text_signs"):
        signs, pattern = signs_of(macro)
        assert signs.isdisjoint("'\"\\`$\n;&|<>*?~!")
        assert all(pattern.match(f"a{sign}9") for sign in signs)
        assert not any(pattern.match(f"a{sign}") for sign in "'\"\\`$;&|<>*?~!")


def test_macros__classes_are_typed_as_their_help_says():
    signs, typed = signs_of("class_signs")
    (classes,) = (each for each in COMMANDS["train"].parameters if each.name == "classes")
    examples = re.findall('"([^"]+)"', classes.help)
    assert len(examples) == 3
    for example in [*examples, "non-responder < partial < responder"]:
        assert typed.match(example)
        assert set(re.sub("[A-Za-z0-9]", "", example)) <= signs
    assert signs.isdisjoint("'\"\\`$\n;&|>*?~!#")
    assert not any(typed.match(f"a{sign}") for sign in "'\"\\`$;&|>*?~!#")


def field_name(field: etree._Element) -> str:
    return field.get("name") or field.get("argument").lstrip("-").replace("-", "_")


@each_tool
def test_command__every_value_is_quoted(name):
    numbers = {each.get("argument") for each in fields(read(name)) if each.get("type") in ("integer", "float")}
    switches = [each for each in fields(read(name)) if each.get("type") == "boolean"]
    flags = {f"${each.getparent().get('name')}.{field_name(each)}" for each in switches} | {"$as_json"}
    for line in read(name).findtext("command").splitlines():
        bare = line.strip()
        if bare.startswith("#") or bare in flags or bare == '--threads "\\${GALAXY_SLOTS:-1}"':
            continue
        outside = re.sub(r"'[^']*'", "", bare)
        assert "$" not in outside or outside.split()[0] in numbers, bare


@each_tool
def test_command__holds_names_of_datasets_in_harmless_signs_only(name):
    lines = [line.strip() for line in read(name).findtext("command").splitlines()]
    assert all(line == LABEL for line in lines if "element_identifier" in line)
    assert not any(re.search(r"\.name\b", line) for line in lines)
    # a line of the template sets the name of the block, and writes nothing
    quoted = [line for line in lines if "$label" in line and line != LABEL and not line.startswith("#set $block = ")]
    assert all("$label" not in re.sub(r"'[^']*'", "", line) for line in quoted)
    assert bool(quoted) == ("--genotypes" in lines)


@pytest.mark.parametrize(
    ("owners", "linked"),
    [
        ("chr 10 (imputed).vcf.gz", "chr 10 (imputed).vcf.gz"),
        ("P-007_é", "P-007_é"),
        ("a'; touch x; '", "a__ touch x_ _"),
        ('$(touch x)`y`\\"', "_(touch x)_y___"),
        ("../../x", "_.._x"),
        ("..", "_"),
        ("line\nbreak\0", "line_break_"),
        ("x" * 300, "x" * 60),
    ],
)
def test_label__is_a_name_in_one_folder_and_in_single_quotes(owners, linked):
    others = re.search(r"re\.sub\(r'(.+)', '_', ", LABEL)[1]
    label = re.sub(others, "_", owners).lstrip(".")[:60] or "_"  # what the template computes
    assert label == linked
    assert not re.search(r"['/\x00\n]", label)


@each_tool
def test_columns__are_handed_on_by_number(name):
    lines = [line.strip() for line in read(name).findtext("command").splitlines()]
    for parameter in COMMANDS[name].parameters:
        if not parameter.column_of:
            continue
        assert not any(line.startswith(f"{parameter.option}='$") for line in lines)
        field = f"${parameter.section}.{parameter.name}"
        if parameter.type == "names":
            at = lines.index(f"{parameter.option}='#$numbers'")
            assert lines[at - 1].startswith("#set $numbers = str(")
            assert f"{parameter.option}=none" in lines
        else:
            at = lines.index(f"{parameter.option}='#{field}'")
            assert lines[at - 1] == f"#if {field}"
            assert lines[at + 1] == "#end if"


@each_tool
def test_columns__are_those_of_a_table_that_stands_before_them(name):
    inputs = read(name).find("inputs")
    tables = [each.get("argument").removeprefix("--") for each in inputs.findall("param[@type='data']")]
    for picker in inputs.iter("param"):
        if picker.get("type") == "data_column":
            # a field at the top of the form: Galaxy reads a form from above, and shows no columns of what comes later
            assert picker.get("data_ref") in tables


def refuses(first_line: str | None) -> bool:
    """Whether the macro for measured data refuses a dataset whose preview begins so."""
    (validator,) = etree.parse(ROOT / "tools" / "macros.xml").iterfind(".//xml[@name='measured_data']/validator")
    rule = ExpressionParameterValidatorModel(expression=validator.text, message=validator.get("message"))
    try:
        rule.statically_validate(SimpleNamespace(peek=first_line))
    except ValueError as error:
        assert "Choose the measured data" in str(error)
        return True
    return False


@each_tool
def test_form__inputs_refuse_results(name):
    for param in fields(read(name)):
        measured = param.get("argument", "")[2:] in ("genotypes", "responses", "drugs", "samples", "doses", "features")
        if param.get("type") == "data":
            assert ([each.get("macro") for each in param.iterfind("expand")] == ["measured_data"]) == measured


@pytest.mark.parametrize(
    "columns",
    [
        predictions.PREDICTION_COLUMNS,
        adapting.ADAPTED_COLUMNS,
        adapting.NEXT_COLUMNS,
        held_out.METRIC_COLUMNS,
        drug_verdicts._COLUMNS,
        attribution_table.ATTRIBUTION_COLUMNS,
        agreement.AGREEMENT_COLUMNS,
        gene_sets.GENE_SET_COLUMNS,
        reasons.REASON_COLUMNS,
        ("<!DOCTYPE html>",),
    ],
)
def test_form__results_are_told_by_their_first_line(columns):
    assert refuses("\t".join(columns) + "\n1\t2\n")


def test_form__measured_data_are_taken():
    for path in (ROOT / "test-data").glob("*/*.[tcmv][scac][vf]"):
        # neither is given where responses or genotypes are expected
        if path.name not in ("truth.tsv", "rule.tsv"):
            assert not refuses(path.read_text(encoding="utf-8")[:500]), path
    assert not refuses(None)
    # the table of fits holds measures that may be chosen as responses
    assert not refuses("\t".join(fits.FIT_COLUMNS))


@each_tool
def test_form__names_no_format_that_galaxy_has_no_datatype_of(name):
    words = [param.get(part) or "" for param in read(name).iter("param") for part in ("label", "help")]
    assert [each for each in words if re.search(r"PLINK 2|\.?pgen|\.ods", each)] == []


@each_tool
def test_form__a_report_is_called_what_people_search(name):
    words = [each.text for each in read(name).iter("option") if each.get("value") == "report"]
    assert all(each.startswith("HTML report") for each in words)
