"""Fitted encoders to plain state and back: what a model file holds of them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import FEATURE_COLUMNS
from drugresponse.features.drugs import DrugEncoder
from drugresponse.features.linked_calls import LinkedCalls
from drugresponse.features.samples import COVARIATES, SampleEncoder, feature_rows
from drugresponse.learners.state import (
    State,
    damaged,
    state_array,
    state_ids,
    state_number,
    state_texts,
    state_whole,
    state_wholes,
)

__all__ = [
    "drug_encoder_state",
    "feature_table_state",
    "load_drug_encoder",
    "load_feature_table",
    "load_sample_encoder",
    "sample_encoder_state",
]


_TOKEN_COLUMNS = {"block": "token_blocks", "token": "token_names", "gene": "token_genes"}
_TEXT_COLUMNS = [name for name in FEATURE_COLUMNS if name not in ("position", "parent")]


def sample_encoder_state(encoder: SampleEncoder) -> State:
    """Tokens, their means and scales, and the feature table, as arrays and lists of text.

    Examples
    --------
    >>> from drugresponse.data.genotypes import Genotypes
    >>> genotypes = Genotypes.from_dense([[0.0], [1.0]], ["s1", "s2"], ["KRAS"])
    >>> encoder = SampleEncoder().fit(genotypes, pd.DataFrame(index=genotypes.sample_ids))
    >>> sample_encoder_state(encoder)["token_names"]
    ['KRAS']
    """
    tokens, features = encoder.tokens_, encoder.genotype_features_
    state: State = {
        **{key: list(tokens[name].map(str)) for name, key in _TOKEN_COLUMNS.items()},
        "center": encoder.center_,
        "scale": encoder.scale_,
        "covariate_levels": json.dumps(encoder.covariate_levels_),
        **feature_table_state(features),
    }
    if encoder.arm is not None:
        state |= {"arm": encoder.arm, "token_arms": list(tokens["arm"].map(str))}
    links = encoder.links_
    if len(links.targets):
        state |= {"link_targets": links.targets, "linked": links.linked, "link_covariance": links.covariance}
    return state


def feature_table_state(features: pd.DataFrame) -> State:
    """A table of features as in `Genotypes`, as lists of text and an array; parents only where there are any.

    Examples
    --------
    >>> from drugresponse.data.genotypes import Genotypes
    >>> features = Genotypes.from_dense([[0.0], [1.0]], ["s1", "s2"], ["KRAS"]).features
    >>> load_feature_table(feature_table_state(features)).equals(features)
    True
    """
    state: State = {
        "feature_ids": list(features.index.map(str)),
        "position": features["position"].fillna(-1).to_numpy(dtype=np.int64),
        **{name: list(features[name].map(str)) for name in _TEXT_COLUMNS},
    }
    if (features["parent"] != "").any():
        state["parent"] = list(features["parent"].map(str))
    return state


def load_feature_table(state: State) -> pd.DataFrame:
    """The table of `feature_table_state`'s answer, which is proved.

    Raises
    ------
    ModelFileError
        The state is damaged.
    """
    ids = pd.Index(_texts(state, "feature_ids"), name="feature_id", dtype=object)
    position = pd.Series(state_wholes(state, "position", len(ids), least=-1), ids, "Int64")
    features = pd.DataFrame({name: _texts(state, name, len(ids)) for name in _TEXT_COLUMNS}, ids, dtype=object)
    features["parent"] = _texts(state, "parent", len(ids)) if "parent" in state else ""
    if not _named_once(features):
        raise damaged("a feature stands twice")
    return features.assign(position=position.mask(position < 0))[list(FEATURE_COLUMNS)]


def load_sample_encoder(state: State) -> SampleEncoder:
    """The encoder of `sample_encoder_state`'s answer, which is proved.

    Raises
    ------
    ModelFileError
        The state is damaged.

    Examples
    --------
    >>> from drugresponse.data.genotypes import Genotypes
    >>> genotypes = Genotypes.from_dense([[0.0], [1.0]], ["s1", "s2"], ["KRAS"])
    >>> encoder = SampleEncoder().fit(genotypes, pd.DataFrame(index=genotypes.sample_ids))
    >>> load_sample_encoder(sample_encoder_state(encoder)).tokens_["token"].tolist()
    ['KRAS']
    """
    encoder = SampleEncoder(*state_texts({"arm": [state["arm"]]}, "arm") if "arm" in state else ())
    tokens = {name: _texts(state, key) for name, key in _TOKEN_COLUMNS.items()}
    encoder.tokens_ = pd.DataFrame(tokens, dtype=object)
    encoder.tokens_["arm"] = "" if encoder.arm is None else state_texts(state, "token_arms")
    encoder.center_ = state_array(state, "center", len(encoder.tokens_))
    encoder.scale_ = state_array(state, "scale", len(encoder.tokens_))
    try:
        encoder.interactions()
    except ValueError as error:
        raise damaged(str(error)) from error
    encoder.covariate_levels_ = _levels(json.loads(state["covariate_levels"]))
    encoder.genotype_features_ = load_feature_table(state)
    _prove_tokens(encoder)
    encoder.links_ = _load_links(state, encoder)
    return encoder


def _load_links(state: State, encoder: SampleEncoder) -> LinkedCalls:
    """Which calls are expected from which; files without missing calls, and those of the first releases, have none."""
    if "link_targets" not in state:
        return LinkedCalls.none()
    n_tokens = int((encoder.tokens_["arm"] == "").sum())
    targets = state_wholes(state, "link_targets", -1, below=n_tokens)
    linked = state_wholes(state, "linked", len(targets), -1, below=n_tokens, least=-1)
    width = linked.shape[1]
    covariance = state_array(state, "link_covariance", len(targets), 1 + width, 1 + width)
    for columns, matrix in zip(linked, covariance[:, 1:, 1:], strict=True):
        known = columns >= 0
        if known.any() and not np.linalg.eigvalsh(matrix[np.ix_(known, known)])[0] > 0:
            raise damaged("linked calls have no covariance")
    return LinkedCalls(targets, linked, covariance)


def _prove_tokens(encoder: SampleEncoder) -> None:
    """Refuse tokens of a file that are none of its covariates and features, or stand in another order than theirs."""
    rows, features = encoder.tokens_, encoder.genotype_features_
    side = rows["block"] == COVARIATES
    covariates = pd.Index(encoder.covariate_tokens())
    genotype = feature_rows(rows.loc[~side], features)
    ours = (genotype >= 0).all() and rows.loc[side, "token"].isin(covariates).all() and side.cummin().equals(side)
    if not (ours and covariates.is_unique):
        raise damaged("a token is none of the features")


def _texts(state: State, name: str, length: int | None = None) -> NDArray[np.object_]:
    """As `state_texts`, as an array: pandas makes one of a list of a million features in several times as long."""
    return np.array(state_texts(state, name, length), dtype=object)


def _named_once(features: pd.DataFrame) -> bool:
    """Whether each id stands once in its block."""
    return features.index.is_unique or pd.MultiIndex.from_arrays([features["block"], features.index]).is_unique


def drug_encoder_state(encoder: DrugEncoder) -> State:
    """The bits kept, their means and scale."""
    return {
        "radius": encoder.radius,
        "n_bits": encoder.n_bits,
        "bits": np.asarray(encoder.bits_, dtype=np.int64),
        "center": encoder.center_,
        "scale": encoder.scale_,
    }


def load_drug_encoder(state: State) -> DrugEncoder:
    """The encoder of `drug_encoder_state`'s answer."""
    encoder = DrugEncoder(state_whole(state, "radius", 16), state_whole(state, "n_bits", 1 << 16, 1))
    encoder.bits_ = state_wholes(state, "bits", -1, below=encoder.n_bits)
    encoder.center_ = state_array(state, "center", len(encoder.bits_))
    encoder.scale_ = state_number(state, "scale")
    return encoder


def _levels(levels: Any) -> dict[str, list[str] | None]:
    """The levels of each covariate that is text, and None for one that is a number."""
    return {name: None if texts is None else state_ids(levels, name) for name, texts in dict(levels).items()}
