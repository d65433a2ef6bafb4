"""Columns of a genotype table that tell of the sample: sex, age, a phenotype, a response. They are no features."""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.column_names import plain_name
from drugresponse.errors import InputError, show_ids

__all__ = ["feature_columns"]

logger = logging.getLogger(__name__)

_PARENTS = frozenset({"pat", "mat"})
"""Columns of PLINK; one of them alone may be a gene or a locus."""
_WORDS = """
fid iid familyid fatherid motherid paternalid maternalid patientid subjectid cosmicid depmapid modelid sex gender age
ageyears ageatdiagnosis race ethnicity ancestry height heightcm weight weightkg bmi bodymassindex smoker smoking
smokingstatus stage batch plate cohort study drugid drugname phenotype pheno response outcome label target viability
survival fold split pheno1 phenotype1 casecontrol group time event status censor censored ostime osevent pfstime
pfsevent
"""
_MEASURES = re.compile(
    r"(?:ln|log|log2|log10|p|neg)?[_ .-]?(?:ic|ec|gi|ac)_?50(?:[_ .-].*)?|auc(?:[_ .-].*)?", re.IGNORECASE
)


def feature_columns(names: Sequence[str], where: str, described: Collection[str] = ()) -> NDArray[np.bool_]:
    """`(n_columns,)` whether a column is a feature; those that tell of the sample are told of in a warning.

    Parameters
    ----------
    names
        Of the columns.
    where
        Name of the file.
    described
        Features that the table of features lists, which are trusted to be such.

    Raises
    ------
    InputError
        No column is a feature.

    Examples
    --------
    >>> feature_columns(["rs7", "PHENOTYPE", "Age", "ln_IC50", "MAT", "AGER"], "table.tsv").tolist()
    [True, False, False, False, True, True]
    """
    plain = [plain_name(name) for name in names]
    words = set(_WORDS.split())
    if set(plain) >= _PARENTS or {"fid", "iid"} & set(plain):
        words |= _PARENTS
    kept = np.array(
        [
            name in described or not (word in words or _MEASURES.fullmatch(name.strip()))
            for name, word in zip(names, plain, strict=True)
        ],
        dtype=bool,
    )
    left_out = show_ids(itertools.compress(names, ~kept))
    if len(kept) and not kept.any():
        raise InputError(
            f"{where}: all its columns tell of the sample and not of its genotype: {left_out} (expected genotypes). "
            "Give covariates as `samples` and measurements as `responses`."
        )
    if not kept.all():
        logger.warning(
            f"{where}: left out are columns that tell of the sample and not of its genotype: {left_out}. Covariates "
            "belong into `samples` and measurements into `responses`; a feature that bears such a name must be "
            "listed in `features`, or named otherwise."
        )
    return kept
