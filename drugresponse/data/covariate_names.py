"""What the name of a column of the samples table says: a usual covariate, an id, a person, or perhaps an outcome."""

from __future__ import annotations

import re
from collections.abc import Collection

from drugresponse.data.column_names import plain_name

__all__ = ["is_id", "is_of_kinds", "is_usual_covariate", "may_be_outcome", "names_subjects", "usual_place"]

_USUAL = (
    *("tissue", "subtype", "ancestry", "sex", "age", "site", "gender", "race", "ethnicity", "population"),
    *("height", "weight", "bmi", "bodymassindex", "smoker", "smoking", "smokes", "tobacco", "packyears", "stage"),
    *("batch", "plate", "medium", "media", "center", "centre", "cancertype", "tumortype", "tumourtype", "histology"),
)
"""Usual covariates; the order is that of the covariates of a model."""
_AMOUNTS = ("age", "height", "weight", "bmi", "bodymassindex", "packyears", "smok", "tobacco", "stage")
_BESIDE = """
at of the in by and diagnosis dx diagnosed enrollment enrolment entry onset baseline inclusion recruitment start
sampling collection treatment years year yrs yr y months month days decade decades binned bin group class category
band kg lbs lb cm meters metres m m2 inches kgm2 omb body patient patients subject donor host person participant
self reported genetic biological clinical pathologic pathological tumor tumour cancer disease ajcc tnm primary
current ever former history habit status culture growth screening screen assay study project initial index first
demo demographics recruiting sequencing processing run number no num name type code level id
"""
"""Words that may stand beside a usual one; any other makes the column another thing, as `age_at_death` is."""
_LONGEST = 60
_OUTCOMES = re.compile(
    "event|respon|dead|death|died|alive|deceas|surviv|relaps|recur|progress|status|outcome|remission|toxic|adverse"
    "|endpoint|censor|cure|(?<!heart)(?<!renal)(?<!liver)(?<!kidney)(?<!hepatic)failure|benefit|sensitiv|resistan"
    "|effic|success|stable|achiev|reached|target|label|phenotype|bleed|mortal|hospitali|discontin|withdr|dropout"
    "|shrink|shrunk|recist|mrd|tolerated|healed|recover|stopped|switched|suppressed|suppression|undetectable|reject"
    "|(pain|seizure|symptom|tumou?r|disease)free|controlled|worked|nausea|vomit|neuropath|(?<!cardio)myopath|qcpass|grade[345]"
    "|biopsy|sideeffect|reaction|vital|followup|result|score|active|dose|ic50|ec50|^auc|auc$|split|fold|train|test|holdout|valid"
    "|includ|exclud|genotyped|passed|metast|complication|improve|worse|hit$|^(y|os|pfs|dfs|rfs|efs|dss|ttp|cr|pr|sd|pd"
    "|pcr|orr|dlt|bcr|cb|ae|sae|case|control|casecontrol|adr|inr|qc|group|arm)$"
)
_SUBJECT = re.compile(r"(patient|subject|donor|individual|person|participant)(s?id|identifier|barcode|number|no|nr)?")
_WORD = re.compile(r"[a-z0-9]+|[^\W_]+", re.IGNORECASE)


def is_usual_covariate(name: object) -> bool:
    """Whether a column's name is that of a usual covariate, alone or beside words that only describe it.

    Examples
    --------
    >>> [is_usual_covariate(name) for name in ("Age (years)", "SMOKING.STATUS", "body weight", "Plate_ID")]
    [True, True, True, True]
    >>> [is_usual_covariate(name) for name in ("age_at_death", "lineage", "sample_weight", "platelets")]
    [False, False, False, False]
    """
    plain = plain_name(name)
    if not plain or len(plain) > _LONGEST:
        return False
    beside = _BESIDE.split()
    ends = (plain.partition(word)[::2] for word in _USUAL if word in plain)
    return any(_made_of(before, beside) and _made_of(after, beside) for before, after in ends)


def is_of_kinds(name: object) -> bool:
    """Whether a usual covariate tells kinds, of which numbers are codes, and no amount.

    Examples
    --------
    >>> is_of_kinds("Race (OMB)"), is_of_kinds("Age at diagnosis")
    (True, False)
    """
    plain = plain_name(name)
    return any(word in plain for word in _USUAL if word not in _AMOUNTS) and not any(word in plain for word in _AMOUNTS)


def usual_place(name: object) -> int:
    """Where the plainest names stand among the usual ones; all others come behind them."""
    plain = plain_name(name)
    return _USUAL.index(plain) if plain in _USUAL else len(_USUAL)


def may_be_outcome(name: object) -> bool:
    """Whether a column's name may be that of an outcome, or of how rows were chosen.

    Examples
    --------
    >>> [may_be_outcome(name) for name in ("Responder", "vital_status", "treatment failure", "cured", "in_train")]
    [True, True, True, True, True]
    >>> [may_be_outcome(name) for name in ("amiodarone", "heart failure", "statin", "enzyme_inducer")]
    [False, False, False, False]
    """
    return _OUTCOMES.search(plain_name(name)) is not None


def is_id(name: object) -> bool:
    """Whether a column's name says that it holds ids or names.

    Examples
    --------
    >>> is_id("COSMIC_ID"), is_id("barcode"), is_id("iodide")
    (True, True, False)
    """
    words = [word.casefold() for word in _WORD.findall(str(name).replace("_", " "))]
    return not {"id", "ids", "barcode", "name", "identifier", "accession", "uuid"}.isdisjoint(words) or plain_name(
        name
    ).endswith(("barcode", "accession", "sampleid", "patientid", "cosmicid"))


def names_subjects(name: object) -> bool:
    """Whether a column's name says that it tells whose each sample is.

    Examples
    --------
    >>> [names_subjects(name) for name in ("PATIENT_ID", "Donor", "subject_id", "patient_age", "inpatient")]
    [True, True, True, False, False]
    """
    return _SUBJECT.fullmatch(plain_name(name)) is not None


def _made_of(text: str, words: Collection[str]) -> bool:
    """Whether a text can be cut into these words."""
    reached = {0}
    for at in range(len(text)):
        if at in reached:
            reached |= {at + len(word) for word in words if text.startswith(word, at)}
    return len(text) in reached
