"""The one declaration of what a model file's manifest holds, and the check against it when a file is loaded.

A new key is declared here as `Absent(...)`, because files of the same format lack it. Keys that are not declared are
let be and never read: a later release may add some within the same format. Only `parameters` is closed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from drugresponse.audit.findings import SEVERITIES
from drugresponse.data.outcomes.outcome import KINDS
from drugresponse.data.splits import SCHEMES
from drugresponse.errors import ModelFileError
from drugresponse.learners.registry import LEARNERS
from drugresponse.model.response_scales.response_scale import AUTO
from drugresponse.model.response_scales.response_scale import SCALES as RESPONSE_SCALES

__all__ = ["MANIFEST", "check_manifest"]

_MOST_TEXT = 10_000
_MOST_WORK = 100_000
"""Of rank, epochs and trees: far beyond what anyone trains, and no way to make a reader of the file work for ever."""


@dataclass(frozen=True)
class Leaf:
    """A single value: what is expected in words, and whether a value is that."""

    words: str
    fits: Callable[[Any], bool]


@dataclass(frozen=True)
class _Around:
    inner: Schema


class Maybe(_Around):
    """A value, or null."""


class Absent(_Around):
    """A value under a key that may be absent."""


class Many(_Around):
    """A list of values."""


class Named(_Around):
    """Values under any names."""


class Only(dict[str, "Schema"]):
    """Values under these names and no others."""


Schema: TypeAlias = Leaf | Maybe | Absent | Many | Named | Mapping[str, "Schema"]


def number(least: float = -1e300, most: float = 1e300) -> Leaf:
    """A finite number within these bounds; true and false are none."""
    words = "a number" if least < -1e299 else f"a number from {least:g}" if most > 1e299 else f"{least:g} to {most:g}"
    return Leaf(words, lambda value: type(value) in (int, float) and least <= value <= most and math.isfinite(value))


def whole(most: int = 2**53, least: int = 0) -> Leaf:
    """A whole number within these bounds."""
    return Leaf(f"a whole number from {least} to {most}", lambda value: type(value) is int and least <= value <= most)


def one_of(names: Iterable[str]) -> Leaf:
    """One of these texts."""
    known = tuple(names)
    return Leaf(f"one of {', '.join(known)}", lambda value: isinstance(value, str) and value in known)


TEXT = Leaf("text", lambda value: isinstance(value, str) and len(value) <= _MOST_TEXT)
NAME = Leaf("a name", lambda value: isinstance(value, str) and value.isprintable() and 0 < len(value) <= 200)
FLAG = Leaf("true or false", lambda value: isinstance(value, bool))
NUMBER, WHOLE, SHARE, SIZE = number(), whole(), number(0, 1), number(0)
_RATIO, _PART = number(1, 1e6), number(0, 1.001)

_NOTES: dict[str, Schema] = {
    "rank": Absent(WHOLE),
    "width": Absent(NUMBER),
    "epochs": Absent(WHOLE),
    "censored": Absent(WHOLE),
    "boosters": Absent(WHOLE),
    "one_booster_per_drug": Absent(FLAG),
    "trees_on_samples": Absent(FLAG),
    "block_scales": Absent(Named(NUMBER)),
    "variance_shares": Absent(Named(NUMBER)),
    "segments": Absent(WHOLE),
    "segment_features": Absent(WHOLE),
    "segment_penalties": Absent(WHOLE),
    "segment_targets": Absent(WHOLE),
    "held_out_rmse": Absent({"epoch_0": SIZE, "chosen": SIZE}),
    "held_out_gain": Absent({"epoch": WHOLE, "mse": NUMBER, "lower": NUMBER, "upper": NUMBER}),
    "held_out_loss": Absent({"epoch_0": NUMBER, "chosen": NUMBER}),
    "held_out_loss_gain": Absent({"epoch": WHOLE, "loss": NUMBER, "lower": NUMBER, "upper": NUMBER}),
}

_PARAMETERS: dict[str, Schema] = {
    "learner": one_of(LEARNERS),
    "scheme": one_of(SCHEMES),
    "covariates": Maybe(Many(TEXT)),
    "arm": Absent(TEXT),
    "outcome": Absent(one_of(KINDS)),
    "classes": Absent(TEXT),
    "response_scale": Absent(one_of((AUTO, *RESPONSE_SCALES))),
    "lineage_column": Absent(TEXT),
    "reference_study": Absent(TEXT),
    "ancestry_components": Absent(whole(_MOST_WORK)),
    "minimum_carriers": Absent(whole(_MOST_WORK)),
    "minimum_features": SHARE,
    "folds": whole(_MOST_WORK),
    "rank": whole(_MOST_WORK),
    "epochs": whole(_MOST_WORK),
    "trees": whole(_MOST_WORK),
    "depth": whole(_MOST_WORK),
    "most_fits": number(0),
    "most_minutes": number(0),
    "forget_samples": FLAG,
    "cost_of_miss": Absent(number(1e-6, 1e6)),
    "horizon": Absent(number(1e-9, 1e12)),
    "random_state": whole(2**64),
}

MANIFEST: dict[str, Schema] = {
    "format": whole(),
    "package": TEXT,
    "sha256": Absent(TEXT),
    "notice": TEXT,
    "versions": Named(TEXT),
    "inputs": Named(Leaf("anything", lambda _: True)),
    "learner": one_of(LEARNERS),
    "parameters": Only(_PARAMETERS),
    "learner_parameters": Absent(
        {name: Absent(schema) for name, schema in _PARAMETERS.items() if not isinstance(schema, Absent)}
    ),
    "scheme": {"name": one_of(SCHEMES), "test_rows": TEXT, "reference": TEXT},
    "seed": whole(2**64),
    "response_scale": Absent({"name": one_of(RESPONSE_SCALES), "errors": Named(SIZE)}),
    "prior": Absent(
        {
            "kind": one_of(("effect", "score")),
            "entries": WHOLE,
            "used": WHOLE,
            "strength": SHARE,
            "reason": one_of(("", "few", "direction", "no gain")),
            "gain": Absent(NUMBER),
        }
    ),
    "measure": {"name": TEXT, "unit": TEXT, "higher_means": Maybe(one_of(("sensitive", "resistant", "dose")))},
    "covariates": Many(TEXT),
    "unused_columns": Absent(Named(Many(TEXT))),
    "arm": Absent({"column": TEXT, "levels": Maybe(Many(TEXT))}),
    "lineages": Absent(
        {
            "column": TEXT,
            "samples": WHOLE,
            "lineages": WHOLE,
            "largest": WHOLE,
            "unknown": WHOLE,
            "distance": Absent(TEXT),
            "cut": Absent(SHARE),
            "features": Absent(WHOLE),
        }
    ),
    "studies": Absent(
        {
            "reference": TEXT,
            "samples_in_several": WHOLE,
            "studies": Many(
                {
                    "name": TEXT,
                    "pairs": WHOLE,
                    "samples": WHOLE,
                    "shared": WHOLE,
                    "source": one_of(("reference", "shared pairs", "drugs in common", "none")),
                    "level": NUMBER,
                    "error": Maybe(SIZE),
                    "spread_over_drugs": SIZE,
                }
            ),
        }
    ),
    "genome": Absent({"name": TEXT, "lengths": Named(WHOLE)}),
    "individual_level": FLAG,
    "training": {
        "samples": WHOLE,
        "drugs": WHOLE,
        "pairs": WHOLE,
        "samples_without_genotype": WHOLE,
        "samples_without_response": WHOLE,
        "drugs_without_structure": WHOLE,
        "repeated_rows": WHOLE,
        "censored_rows": Absent(WHOLE),
    },
    "features": {"given": WHOLE, "used": WHOLE, "varying": WHOLE, "parents": Absent(WHOLE)},
    "blocks": Absent(
        Many({"name": TEXT, "features": WHOLE, "samples": WHOLE, "weight": _PART, "widening": Absent(_RATIO)})
    ),
    "without_blocks": Absent(_RATIO),
    "drugs": WHOLE,
    "held_out": Maybe(
        {
            "best_naive": Leaf(
                "the name of a naive prediction", lambda value: TEXT.fits(value) and value not in LEARNERS
            ),
            "best_naive_rmse": SIZE,
            "rmse": SIZE,
            "mae": Maybe(SIZE),
            "skill": Maybe(NUMBER),
            "r2": Maybe(NUMBER),
            "pearson": Maybe(number(-1.001, 1.001)),
            "spearman": Maybe(number(-1.001, 1.001)),
            "normalised_pearson": Maybe(number(-1.001, 1.001)),
            "reference_width": Absent(Maybe(SIZE)),
            "width": Absent(Maybe(SIZE)),
            "coverage": Absent(Maybe(SHARE)),
        }
    ),
    "verdict": Absent(
        Maybe(
            {
                "judgement": one_of(("better", "same", "worse", "unknown")),
                "folds": WHOLE,
                "folds_better": WHOLE,
                "lower": Absent(Maybe(NUMBER)),
                "upper": Absent(Maybe(NUMBER)),
            }
        )
    ),
    "findings": Absent(Many({"check": TEXT, "severity": one_of(SEVERITIES), "message": TEXT, "count": WHOLE})),
    "adaptation": Maybe(
        {
            "coverage": SHARE,
            "groups": WHOLE,
            "bounds": FLAG,
            "explained": SHARE,
            "tried": Many({"pilots": WHOLE, "rmse_before": SIZE, "rmse_after": SIZE}),
            "first_drugs": Many(TEXT),
        }
    ),
    "intervals": Maybe(
        {"coverage": SHARE, "claimed": FLAG, "groups": WHOLE, "levels": Named(WHOLE), "median_width": Maybe(SIZE)}
    ),
    "notes": {
        **_NOTES,
        "weights": Absent(Named(number(0, 1.501))),
        "inner_rmse": Absent(Named(SIZE)),
        "inner_loss": Absent(Named(NUMBER)),
        "not_tried": Absent(Many(one_of(LEARNERS))),
        "learners": Absent(Named(_NOTES)),
    },
}


_FOREIGN: dict[str, Schema] = {
    **MANIFEST,
    "learner": NAME,
    "parameters": Only({**_PARAMETERS, "learner": NAME}),
    "learner_from": {"distribution": NAME, "version": NAME},
}
"""Of a model whose learner is of another distribution."""

_OF_OUTCOME: dict[str, Schema] = {
    "outcome": {
        "kind": one_of(kind for kind in KINDS if kind != "continuous"),
        "classes": Many(NAME),
        "logarithm": whole(10),
        "words": TEXT,
        "events": WHOLE,
    },
    "forecasts": Named(Leaf("a number, a name, or a list of them", lambda value: _is_plain(value))),
    "held_out": Maybe(
        {
            "metric": NAME,
            "best_naive": NAME,
            "best_naive_loss": NUMBER,
            "loss": NUMBER,
            "skill": Maybe(NUMBER),
            "scores": Named(Maybe(NUMBER)),
        }
    ),
}
"""What differs where a response is no plain number."""


def check_manifest(manifest: Any, where: str) -> None:
    """Refuse a manifest that departs from its declaration.

    Parameters
    ----------
    manifest
        As it was read.
    where
        The file's name, for the message.

    Raises
    ------
    ModelFileError
        The first key that is absent or holds something else than is declared.
    """
    keys = manifest.keys() if isinstance(manifest, dict) else ()
    declared = _FOREIGN if "learner_from" in keys else MANIFEST
    wrong = _fault(manifest, {**declared, **_OF_OUTCOME} if "outcome" in keys else declared, "")
    if wrong is not None:
        raise ModelFileError(f"{where}: in the manifest, {wrong}. The file is damaged or was edited; train again.")


def _fault(value: Any, schema: Schema, at: str) -> str | None:
    """The first place where a value departs from its schema, in words; None where it fits."""
    if isinstance(schema, Leaf):
        return None if schema.fits(value) else f"{at} is {_shown(value)} (expected {schema.words})"
    if isinstance(schema, Absent):
        return _fault(value, schema.inner, at)
    if isinstance(schema, Maybe):
        return None if value is None else _fault(value, schema.inner, at)
    if isinstance(schema, Many):
        if not isinstance(value, list):
            return f"{at} is {_shown(value)} (expected a list)"
        return _first(_fault(item, schema.inner, f"{at}[{i}]") for i, item in enumerate(value))
    if not isinstance(value, dict):
        return f"{at or 'all of it'} is {_shown(value)} (expected names with values)"
    before = f"{at}." if at else ""
    if isinstance(schema, Named):
        return _first(_fault(item, schema.inner, before + _shown(name)) for name, item in value.items())
    missing = [name for name, inner in schema.items() if name not in value and not isinstance(inner, Absent)]
    if missing:
        return f"{before}{missing[0]} is absent"
    if isinstance(schema, Only) and not value.keys() <= schema.keys():
        return f"{before}{_shown(min(value.keys() - schema.keys()))} is not known"
    return _first(_fault(value[name], inner, before + name) for name, inner in schema.items() if name in value)


def _is_plain(value: Any) -> bool:
    """Whether a value is a number, a flag, a name, null, or a list of these."""
    items = value if isinstance(value, list) else [value]
    return all(item is None or any(leaf.fits(item) for leaf in (NUMBER, FLAG, TEXT)) for item in items)


def _first(faults: Iterable[str | None]) -> str | None:
    return next((fault for fault in faults if fault is not None), None)


def _shown(value: Any) -> str:
    """A value in JSON, cut short."""
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:40]} ..."
