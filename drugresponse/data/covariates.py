"""Columns of the samples table that serve as covariates, numeric or text by content."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from drugresponse.data.column_names import plain_name
from drugresponse.data.covariate_names import is_id, is_of_kinds, is_usual_covariate, may_be_outcome, usual_place
from drugresponse.data.missing import UNKNOWN_LEVELS
from drugresponse.data.responses.kinds import missing_codes
from drugresponse.data.responses.same_order import ResponseOrders, is_cut, levels_of, means_of
from drugresponse.errors import InputError, count, nearest, show_ids
from drugresponse.shown import Shown

__all__ = ["MOST_ARMS", "POOLED", "Covariates", "arm_covariate", "typed_covariate"]

logger = logging.getLogger(__name__)

_ARMS = ("arm", "treatmentarm", "studyarm", "trialarm", "armname")
MOST_ARMS = 6
"""Treatment arms told apart by text, at most; a dose in numbers may have any number of values."""
POOLED = "other"
"""The one level of all that a single sample bears."""
_YES_NO = frozenset(("0", "1", "0.0", "1.0", "yes", "no", "y", "n", "true", "false", "t", "f"))
_YES_NO |= {"ja", "nein", "j", "oui", "non", "si", "wahr", "falsch", "vrai", "faux", "verdadero", "falso"}
_YES_NO |= {"positive", "negative", "pos", "neg", "present", "absent"}
_MOST_COLUMNS, _LONGEST_NAME = 60, 60


@dataclass(frozen=True, eq=False, repr=False)
class Covariates(Shown):
    """The columns of a samples table that serve as covariates, and why the others do not.

    Attributes
    ----------
    table
        One row a sample; float64 columns (NaN missing) and text columns (empty string missing).
    unused
        The other columns, each with the reason.
    pooled
        By column the levels that a single sample bears, which are one in the table.
    """

    table: pd.DataFrame
    unused: Mapping[str, str] = field(default_factory=dict)
    pooled: Mapping[str, list[str]] = field(default_factory=dict)

    @classmethod
    def choose(
        cls,
        samples: pd.DataFrame,
        names: Sequence[str] | None = None,
        arm: str | None = None,
        responses: pd.DataFrame | None = None,
        held_out: str | None = None,
        has_classes: bool = False,
    ) -> Covariates:
        """Take columns by name, or those that are usual.

        Parameters
        ----------
        samples
            Index `sample_id`.
        names
            Columns to take; None takes those with the usual names of covariates and those of yes and no whose name is
            not that of an outcome, as far as they are no copy of the response; an empty sequence takes none.
        arm
            Column of the treatment arm, which is always a covariate.
        responses
            Columns `sample_id, drug_id, response`, by which a copy of the response is known.
        held_out
            Column of the lineages, where these are held out: no covariate, since a new one is of no known level.
        has_classes
            Whether the responses are numbers of classes.

        Raises
        ------
        InputError
            A named column is absent, holds the lineages that are held out, or is text with more levels than a third of
            the samples; the arm has one value, or more than 6 levels of text.

        Examples
        --------
        >>> samples = pd.DataFrame({"Age": [50, 61, 48], "statin": ["yes", "no", "no"], "died": [1, 0, 0]})
        >>> chosen = Covariates.choose(samples)
        >>> list(chosen.table.columns), dict(chosen.unused)
        (['Age', 'statin'], {'died': 'may be an outcome'})
        """
        _refuse_held_out(held_out, names, arm)
        unused = _unused_by_default(samples, arm, responses, has_classes) if names is None else {}
        unused |= {} if held_out is None else {held_out: "held out as lineage"}
        usual = sorted((name for name in samples.columns if str(name) not in unused), key=usual_place)
        wanted = [name for name in usual if name != "subject_id"] if names is None else list(names)
        wanted += [arm] if arm is not None and arm not in wanted else []
        chosen: dict[str, pd.Series] = {}
        pooled: dict[str, list[str]] = {}
        for name in wanted:
            if name == arm:
                chosen[name] = arm_covariate(samples, name)
                continue
            if name not in samples.columns:
                raise InputError(
                    f'samples: found no covariate column "{name}". {nearest(name, map(str, samples.columns))}'
                )
            column = typed_covariate(samples[name])
            reason, message = _nearly_unique(column)
            if message and names is not None:
                message = f'samples, column "{name}": {message}'
                raise InputError(f"{message} Correct or group the levels, or leave the column out of `covariates`.")
            if message:
                logger.warning('samples, column "%s": %s It is not used as a covariate.', name, message)
                unused[str(name)] = reason
                continue
            _warn_of_codes(name, column)
            known = _name_of(str(name), chosen, samples)
            chosen[known], pooled[known] = _pool_single(known, column)
        unused |= {str(name): "not named" for name in samples.columns if names is not None and name not in wanted}
        unused.pop("subject_id", None)
        table = pd.DataFrame(chosen, index=samples.index)
        return cls(table, unused, {name: levels for name, levels in pooled.items() if levels})

    def unused_by_reason(self) -> dict[str, list[str]]:
        """The first columns that are not used, by the reason why, and how many more there are."""
        reasons: dict[str, list[str]] = {}
        for name, reason in list(self.unused.items())[:_MOST_COLUMNS]:
            reasons.setdefault(reason, []).append(name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}...")
        more = len(self.unused) - _MOST_COLUMNS
        return reasons if more <= 0 else {**reasons, "not looked at here": [f"{more:,} more"]}

    def texts(self, arm: str | None = None) -> dict[str, dict[str, str]]:
        """The level that each text of a text column is taken as, by column; nothing of the arm's."""
        levels_of_text: dict[str, dict[str, str]] = {}
        for name, column in self.table.select_dtypes(object).items():
            kept = {} if name == arm else {level: level for level in sorted(set(column) - {""})}
            levels_of_text[str(name)] = kept | dict.fromkeys(self.pooled.get(str(name), []), POOLED)
        return levels_of_text


def _refuse_held_out(held_out: str | None, names: Sequence[str] | None, arm: str | None) -> None:
    """A level that is never in training can be no covariate there."""
    for option, named in (("covariates", names or ()), ("arm", () if arm is None else (arm,))):
        if held_out is not None and held_out in named:
            raise InputError(
                f'samples, column "{held_out}": holds the lineages, which the scheme holds out as a whole (expected '
                f"other columns in `{option}`: a new lineage is of no level that was learned). Leave it out of "
                f"`{option}`, or choose another `scheme`."
            )


def _name_of(name: str, chosen: Mapping[str, object], samples: pd.DataFrame) -> str:
    """The tissue has one name however it is written, since naive predictions and schemes ask for it."""
    is_tissue = plain_name(name) == "tissue" and "tissue" not in chosen and "tissue" not in samples.columns
    return "tissue" if is_tissue else name


def _unused_by_default(
    samples: pd.DataFrame, arm: str | None, responses: pd.DataFrame | None, has_classes: bool
) -> dict[str, str]:
    """Columns that are no covariate unless named, each with the reason."""
    orders = None
    if responses is not None:
        wide = responses.pivot_table(index="sample_id", columns="drug_id", values="response", observed=True)
        table = wide.reindex(samples.index).to_numpy(np.float64)
        n_classes = table.shape[1] if has_classes else 0
        orders = ResponseOrders(np.concatenate([table, means_of(table)], axis=1), n_classes)
    names = [name for name in samples.columns if name not in ("subject_id", arm)]
    reasons = {str(name): _why_unused(name, samples[name], orders) for name in names}
    return {name: reason for name, reason in reasons.items() if reason}


def _why_unused(name: object, values: pd.Series, orders: ResponseOrders | None) -> str:
    usual = is_usual_covariate(name)
    if not usual and is_id(name):
        return "an id or name"
    if not usual and plain_name(name) in _ARMS:
        return "may be a treatment arm, which --arm names"
    if not usual and may_be_outcome(name):
        return "may be an outcome"
    if not usual and not _says_yes_or_no(values):
        return "no usual covariate"
    column = typed_covariate(values)
    present = column[(column != "") & column.notna()]
    if present.empty:
        return "no value"
    if present.nunique() == 1 and len(present) == len(column) and plain_name(name) != "tissue":
        return "one value"
    if orders is None or not _copies_response(column, orders, may_part=usual):
        return ""
    logger.warning(
        f'samples, column "{name}": orders the samples as their response does: it is the response itself, in some '
        "unit or sign. It is not used as a covariate unless `covariates` names it."
    )
    return "is the response itself"


def _says_yes_or_no(column: pd.Series) -> bool:
    """Whether the values are two of one kind, such as yes and no, or 0 and 1, beside unknown ones."""
    present = {str(value).strip().casefold() for value in set(column[column.notna()])}
    return len(present - UNKNOWN_LEVELS) == 2 and present <= _YES_NO | UNKNOWN_LEVELS


def _warn_of_codes(name: str, column: pd.Series) -> None:
    """Numbers that may mark missing values, and numbers of what is no amount."""
    if column.dtype == object:
        return
    values = column.dropna().to_numpy(dtype=np.float64)
    for code in missing_codes(values):
        logger.warning(
            f'samples, column "{name}": found {code:g} in {count(int((values == code).sum()), "sample")}, which seems '
            "to mark missing values and is taken as a number; empty these cells."
        )
    levels = np.unique(values)
    if len(levels) > 2 and (levels % 1 == 0).all() and is_usual_covariate(name) and is_of_kinds(name):
        logger.warning(
            f'samples, column "{name}": the numbers {show_ids([f"{level:g}" for level in levels])} are taken as '
            "amounts; if they are codes, write words."
        )


def _nearly_unique(column: pd.Series) -> tuple[str, str]:
    """What is wrong with a text column of levels for more than a third of the samples: in short, and as a message."""
    levels = column[column != ""].nunique() if column.dtype == object else 0
    if levels <= max(2, len(column) // 3):
        return "", ""
    words = column[(column != "") & pd.to_numeric(column, errors="coerce").isna()]
    if 2 * len(words) < (column != "").sum():
        return "text among numbers", f"found {show_ids(dict.fromkeys(words))} among numbers (expected numbers alone)."
    return (
        "nearly every sample has a text of its own",
        f"found {levels} different texts among {len(column)} samples "
        "(expected at most a third as many levels as samples).",
    )


def _pool_single(name: str, column: pd.Series) -> tuple[pd.Series, list[str]]:
    """A text column whose levels of one sample each are one level, and those levels; fewer than two stay."""
    counts = column[column != ""].value_counts() if column.dtype == object else pd.Series(dtype=int)
    single = sorted(str(level) for level in counts.index[counts == 1])
    if len(single) < 2:
        return column, []
    logger.warning(
        f'samples, column "{name}": {count(len(single), "level")} of one sample each are taken as one, "{POOLED}" '
        f"({show_ids(single)})."
    )
    return column.where(~column.isin(single), POOLED), single


def _copies_response(column: pd.Series, orders: ResponseOrders, *, may_part: bool) -> bool:
    """Whether a covariate orders the samples as the response to any drug does, or as one of their two means, the last.

    Two values that part all mean responses are a copy too, unless they may: two ancestries can.
    """
    levels, means = levels_of(column), orders.values[:, -2:]
    if levels.max() == 1 and not may_part and any(is_cut(levels, mean, 1, gaps=False) for mean in means.T):
        return True
    return any(orders.copied_by(column, orders.values.shape[1], may_part=may_part))


def arm_covariate(samples: pd.DataFrame, name: str) -> pd.Series:
    """The column of the treatment arm, numeric (a dose) or text by content.

    Parameters
    ----------
    samples
        Index `sample_id`.
    name
        Of the column.

    Returns
    -------
    pandas.Series
        Same rows; float64 (NaN missing) or text (empty string missing).

    Raises
    ------
    InputError
        The column is absent, has a single value, or more than 6 levels of text.

    Examples
    --------
    >>> arm_covariate(pd.DataFrame({"arm": ["active", "control", ""]}, index=["s1", "s2", "s3"]), "arm").tolist()
    ['active', 'control', '']
    """
    if name not in samples.columns:
        hint = nearest(name, map(str, samples.columns)) if len(samples.columns) else "Give `samples` with this column."
        raise InputError(f'samples: found no column "{name}" (expected the treatment arm, `arm`). {hint}')
    column = typed_covariate(samples[name])
    is_text = column.dtype == object
    present = column[column != ""] if is_text else column[np.isfinite(column)]
    levels = present.nunique()
    if levels < 2:
        values = f'only "{present.iloc[0]}"' if levels else "no value"
        raise InputError(
            f'samples, column "{name}": found {values} among {len(column)} samples with genotype and response '
            "(expected two treatment arms or more). Correct the column, or leave `arm` out."
        )
    if is_text and levels > MOST_ARMS:
        raise InputError(
            f'samples, column "{name}": found {levels} different texts (expected 2 to {MOST_ARMS} treatment arms, or a '
            "dose in numbers). Group the arms."
        )
    return column


def typed_covariate(column: pd.Series) -> pd.Series:
    """A covariate as float64 when every present value is a number, else as text with "" for missing."""
    if column.dtype.kind in "mMc":  # dates have no unit, and complex numbers no order
        column = column.astype(object).where(column.notna(), "").map(str)
    present = column[column.notna() & (column.astype(str).str.strip() != "")]
    numbers = pd.to_numeric(present, errors="coerce")
    if len(present) and numbers.notna().all():
        return numbers.reindex(column.index).astype(np.float64)
    text = column.astype(object).where(column.notna(), "").astype(str).str.strip()
    return text.astype(object)
