"""The usual words of classes, lowest response first, and which of them stand for the same class."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

__all__ = ["UNREAD", "Direction", "Family", "family_of", "plain_word"]

Direction = Literal["sensitive", "resistant"]
UNREAD = frozenset(
    {
        *("unknown", "unk", "not known", "missing", "?", "nt", "nd", "ne", "ni", "not tested", "not done"),
        *("not evaluable", "not available", "not interpretable", "inevaluable", "invalid", "indeterminate"),
    }
)
"""Words that say of a class that it was not seen, beside those for missing of any cell."""
_SIGNS = {"-": "minus", "+": "plus", "\N{MINUS SIGN}": "minus"}
_GRADES = re.compile(r"(?:grade|g|ctcae|ctcae grade|stage|level|class|score|tier) ?(\d{1,2})")
_OWN_NAME = re.compile(r"( phenotype)?( metaboli[sz]ers?)$|( metaboli[sz]er)? phenotype$")


@dataclass(frozen=True)
class Family:
    """Words that belong together.

    Attributes
    ----------
    classes
        One text a class, lowest response first, whose words stand between bars.
    top
        What the highest class says of a sample, where it says something of sensitivity.
    """

    classes: tuple[str, ...]
    top: Direction | None = None

    @property
    def number_of(self) -> dict[str, int]:
        """The number of the class of each word."""
        return {word: number for number, words in enumerate(self.classes) for word in words.split("|")}


_FAMILIES = (
    Family(
        (
            "s|susceptible|sensitive|sus|sens|not resistant|non resistant|sensibel|sensible",
            "sdd|susceptible dose dependent",
            "i|intermediate|int|susceptible increased exposure|intermedi\u00e4r|interm\u00e9diaire|intermedio",
            "r|resistant|res|refractory|insensitive|not sensitive|non sensitive|resistent|resistente|r\u00e9sistant",
        ),
        "resistant",
    ),
    Family(
        ("s|susceptible|sensitive|wt|wild type", "ns|non susceptible|not susceptible|nwt|non wild type"), "resistant"
    ),
    Family(
        (
            "susceptible",
            "potential low level resistance|potential low level",
            "low level resistance|low level",
            "intermediate resistance|intermediate",
            "high level resistance|high level",
        ),
        "resistant",
    ),
    Family(("nr|non responder|nonresponder|non response|no response", "r|responder|response"), "sensitive"),
    Family(
        (
            "pd|progressive disease|progression|progressed",
            "nr|no response|non response",
            "sd|stable disease|stable",
            "mr|minor response|minimal response",
            "pr|partial response|partial remission",
            "vgpr|very good partial response",
            "cri|crh|complete response with incomplete recovery|complete remission with incomplete recovery",
            "cr|complete response|complete remission",
            "scr|stringent complete response",
        ),
        "sensitive",
    ),
    Family(("rd|residual disease", "pcr|pathologic complete response|pathological complete response"), "sensitive"),
    Family(("n|no|f|false|nein|non", "y|yes|t|true|ja|oui|si|s\u00ed")),
    Family(("control|controls", "case|cases")),
    Family(("negative|neg|minus|n", "positive|pos|plus|p")),
    Family(("alive|living", "dead|deceased|died")),
    Family(("absent", "present")),
    Family(("tolerant|tolerated", "intolerant|not tolerated")),
    Family(
        ("pm|poor", "im|intermediate", "nm|em|normal|extensive", "rm|rapid", "um|ultrarapid|ultra rapid"),
    ),
    Family(("low", "medium|moderate|intermediate|mid", "high")),
    Family(
        (
            "none|no response|non responder",
            "poor|poor response|poor responder",
            "moderate|intermediate|fair|moderate response|moderate responder",
            "good|good response|good responder",
        )
    ),
    Family(("none", "mild", "moderate", "severe", "life threatening", "fatal")),
)
_DENIED = re.compile(r"(?:no|non|not|without)(?: |(?<=non)|(?<=not ))(.+)")


def plain_word(word: object) -> str:
    """A class without regard to case, blanks and marks between words; a number or grade without its spelling.

    Examples
    --------
    >>> plain_word(" Non-Responder "), plain_word("1.0"), plain_word("Poor metaboliser"), plain_word(True)
    ('non responder', '1', 'poor', 'true')
    """
    text = str(word).strip().strip("'\"").strip()
    if text in _SIGNS:
        return _SIGNS[text]
    text = " ".join(re.split(r"[\s_,;:()-]+", text.casefold())).strip() or text
    graded = _GRADES.fullmatch(text)
    text = graded[1] if graded else text
    try:
        return f"{float(text.replace(',', '.')):g}" if re.search(r"\d", text) else _OWN_NAME.sub("", text)
    except ValueError:
        return _OWN_NAME.sub("", text)


def family_of(words: Collection[str]) -> Family | None:
    """The family that all of these plain words belong to; grades, and two of which one denies the other, are one too.

    Examples
    --------
    >>> family_of({"r", "s"}).top, family_of({"relapse", "no relapse"}).classes, family_of({"a", "b"})
    ('resistant', ('no relapse', 'relapse'), None)
    """
    if words and all(word.isdigit() for word in words):
        return Family(tuple(sorted(words, key=int)))
    known = next((family for family in _FAMILIES if set(words) <= family.number_of.keys()), None)
    if known is not None or len(words) != 2:
        return known
    for word, other in (sorted(words), sorted(words, reverse=True)):
        denied = _DENIED.fullmatch(other)
        if denied and denied[1] == word:
            return Family((other, word))
    return None
