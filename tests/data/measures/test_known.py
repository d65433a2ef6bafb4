from __future__ import annotations

import pytest

from drugresponse.data.measures.known import MEASURES, refuse_misnamed_measure, refuse_mixed_measures
from drugresponse.data.tables import Measure
from drugresponse.errors import InputError


def test_refuse_mixed_measures__names_both():
    with pytest.raises(InputError, match='found the measures "ln_ic50" and "pic50"'):
        refuse_mixed_measures([MEASURES["ln_ic50"], Measure(), MEASURES["pic50"]])
    refuse_mixed_measures([MEASURES["ln_ic50"], Measure(), Measure("ln_ic50")])


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        (Measure("auc", "", "sensitive"), r"found auc of which higher means sensitive \(expected resistant"),
        (Measure("pic50", "M", "dose"), r"found pic50 of which higher means dose \(expected sensitive"),
        (Measure("ln_ic50", "nM"), r'found ln_ic50 in "nM" \(expected uM'),
        (Measure("ln_ic50", "ln(M)"), r'found ln_ic50 in "ln\(M\)" \(expected uM'),
        (Measure("log10_ic50_m", "\N{GREEK SMALL LETTER MU}M"), r"found log10_ic50_m .* \(expected M,"),
    ],
)
def test_refuse_misnamed_measure__a_known_name_beside_what_it_is_not(measure, message):
    with pytest.raises(InputError, match=f"^measure: {message}"):
        refuse_misnamed_measure(measure)


@pytest.mark.parametrize(
    "measure",
    [
        *MEASURES.values(),
        Measure(),
        Measure("", "nM", "sensitive"),
        Measure("auc"),
        Measure("auc", "0 to 1", "resistant"),
        Measure("aac", "", "sensitive"),
        Measure("ln_ic50", "\N{MICRO SIGN}M"),
        Measure("ln_ic50", "ln uM", "resistant"),
        Measure("pic50", "-log10 M"),
        Measure("pic50", "Molar"),
    ],
)
def test_refuse_misnamed_measure__other_names_and_other_spellings_pass(measure):
    refuse_misnamed_measure(measure)
