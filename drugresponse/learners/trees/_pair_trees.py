"""What boosted trees on pairs are given, and what they owe to the tokens of the samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.features.sites import site_sums
from drugresponse.learners.contributions import LEADING, Contributions
from drugresponse.learners.rescaling import HandingDown
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.state import State, damaged, state_ids, state_number, state_wholes
from drugresponse.learners.trees._boosters import booster_bytes, load_booster
from drugresponse.learners.trees._shared_booster import SharedBooster

if TYPE_CHECKING:
    from drugresponse.learners.trees._staged_trees import StagedTrees

__all__ = [
    "booster_contributions",
    "drug_means",
    "embedding_width",
    "load_pair_state",
    "n_token_inputs",
    "pair_inputs",
    "pair_state",
    "token_inputs",
    "token_shares",
]

_EMBEDDING = 20
"""Factors of the ridge's embeddings among the inputs."""


def embedding_width(stage: FactorRidge) -> int:
    """How many columns of the ridge's embeddings are among the inputs."""
    return 1 + min(stage.rank_, _EMBEDDING)


def drug_means(stage: FactorRidge, drugs: NDArray[np.float64]) -> NDArray[np.float64]:
    """`(n_drugs,)` what the ridge expects of each drug in the mean sample.

    Parameters
    ----------
    stage
        Fitted.
    drugs
        `(n_drugs, n_factors)` its embeddings of the drugs.
    """
    return np.asarray(stage.overall_ + drugs[:, 0])


def token_inputs(
    stage: FactorRidge, columns: NDArray[np.integer[Any]], sites: NDArray[np.integer[Any]], pairs: Pairs
) -> NDArray[np.float32]:
    """`(n_samples, n_columns + n_sites)` the tokens in these columns, NaN where unknown, and the sum of each site.

    Parameters
    ----------
    stage
        Fitted.
    columns
        Numbers of tokens.
    sites
        `(n_tokens,)` the site of each token, -1 where it has none; in a sum an unknown token is the training mean.
    pairs
        Whose samples are asked for.
    """
    encoder = stage.sample_encoder_
    whole = encoder.transform(pairs.genotypes, pairs.covariates)
    tokens = whole[:, columns].astype(np.float32)
    tokens[~encoder.called(pairs.genotypes, pairs.covariates)[:, columns]] = np.nan
    return np.hstack([tokens, (whole @ site_sums(sites)).astype(np.float32)])


def n_token_inputs(trees: StagedTrees) -> int:
    """How many inputs are tokens or sums of sites; they come first."""
    return len(trees.columns_) + int(trees.sites_.max(initial=-1)) + 1


def token_shares(
    columns: NDArray[np.integer[Any]], sites: NDArray[np.integer[Any]], number: int
) -> NDArray[np.float64]:
    """`(n_tokens,)` which part of an input each token is; of a site, those that it adds up have equal parts.

    Examples
    --------
    >>> token_shares(np.array([0, 2]), np.array([-1, 0, 0]), 2).tolist()
    [0.0, 0.5, 0.5]
    """
    asked = number - len(columns)
    if asked < 0:
        return (np.arange(len(sites)) == columns[number]).astype(np.float64)
    members = (sites == asked).astype(np.float64)
    return members / max(members.sum(), 1.0)


def pair_inputs(
    pairs: Pairs,
    tokens: NDArray[np.float32],
    stage: NDArray[np.float64],
    samples: NDArray[np.float64],
    drugs: NDArray[np.float64] | None,
) -> NDArray[np.float32]:
    """`(n_pairs, n_inputs)` tokens, the ridge's prediction and its embeddings side by side.

    Parameters
    ----------
    pairs
        Which sample meets which drug.
    tokens
        Of `token_inputs`, the sums of sites included.
    stage
        `(n_pairs,)` the ridge's prediction less its overall mean.
    samples, drugs
        `(n_samples, embedding_width)` and `(n_drugs, embedding_width)`; None for drugs leaves them out.
    """
    side = [samples[pairs.sample_index]] if drugs is None else [samples[pairs.sample_index], drugs[pairs.drug_index]]
    parts: list[NDArray[Any]] = [tokens[pairs.sample_index], stage[:, None], *side]
    return np.hstack([part.astype(np.float32) for part in parts])


def booster_contributions(trees: StagedTrees, pairs: Pairs) -> Iterator[Contributions]:
    """The ridge's parts, and those of what a booster for all drugs adds; or those of the drug's own booster.

    Parameters
    ----------
    trees
        Fitted, with boosters on pairs.
    pairs
        Compact.
    """
    stage, width = trees.stage_, embedding_width(trees.stage_)
    samples, drugs = stage.sample_embeddings(pairs)[:, :width], stage.drug_embeddings(pairs)
    by_structure = (drugs != stage.drug_embeddings_without_structure(pairs)).any(axis=1)
    whole = stage.sample_encoder_.transform(pairs.genotypes, pairs.covariates)
    tokens, predicted = token_inputs(stage, trees.columns_, trees.sites_, pairs), trees.predict(pairs)
    scores = stage.predict(pairs) - stage.overall_
    kinds = [kind for kind in LEADING if stage.part_kinds()[kind]]
    for ridge in stage.contributions(pairs):
        cut = pairs[ridge.rows]
        booster = trees.boosters_.get(ridge.drug_id if trees.single_ else "all")
        values = ridge.values if booster is None or not trees.single_ else np.zeros_like(ridge.values)
        if booster is not None:
            sides = samples, None if trees.single_ else drugs[:, :width]
            inputs = pair_inputs(cut, tokens, scores[ridge.rows], *sides)
            found = trees.scale_ * _credits(booster, inputs, by_steps=trees.grows_forest)
            values = values + _handed_down(trees, found, ridge.values, whole[cut.sample_index])
            of_drug = "structure" if by_structure[cut.drug_index[0]] else "mean"
            values[:, kinds.index(of_drug)] += found[:, tokens.shape[1] + 1 + width : -1].sum(axis=1)
            values[:, 0] += trees.center_ + found[:, -1]
        if trees.shared_ is not None and ridge.drug_id in trees.drug_ids_:
            mean = float(drug_means(stage, drugs)[cut.drug_index[0]])
            seen = tokens[cut.sample_index], whole[cut.sample_index]
            values = (values + _shared_parts(trees, trees.shared_, ridge.drug_id, mean, *seen)) / 2
        yield Contributions(ridge.drug_id, ridge.rows, values, predicted[ridge.rows] - values.sum(axis=1))


def _shared_parts(
    trees: StagedTrees,
    shared: SharedBooster,
    drug_id: str,
    mean: float,
    inputs: NDArray[np.float32],
    tokens: NDArray[np.float64],
) -> NDArray[np.float64]:
    """`(n_rows, n_parts)` what the booster that drugs share owes to the parts; which drug it is belongs to the mean.

    Parameters
    ----------
    trees, shared
        The learner, and its shared booster.
    drug_id, mean
        Of all rows, and the ridge's mean of it.
    inputs, tokens
        `(n_rows, n_token_inputs)` and `(n_rows, n_tokens)`.
    """
    drug = trees.drug_ids_.index(drug_id)
    given = shared.inputs(inputs, np.full(len(inputs), drug))
    found = shared.spreads[drug] * _credits(shared.booster, given, by_steps=False)
    first = len(trees.stage_.contribution_parts()) - tokens.shape[1]
    values = _of_tokens(trees, found[:, : inputs.shape[1]], tokens, first)
    values[:, 0] += mean + found[:, inputs.shape[1] :].sum(axis=1)
    return values


def _handed_down(
    trees: StagedTrees, found: NDArray[np.float64], ridge: NDArray[np.float64], tokens: NDArray[np.float64]
) -> NDArray[np.float64]:
    """`(n_rows, n_parts)` credits of tokens, sites, the ridge's prediction and its sample embedding, by part.

    Parameters
    ----------
    trees
        The learner.
    found
        `(n_rows, n_inputs + 1)` credits.
    ridge
        `(n_rows, n_parts)` the parts of the ridge's prediction, the mean first.
    tokens
        `(n_rows, n_tokens)`.
    """
    stage, first, n_used = trees.stage_, ridge.shape[1] - tokens.shape[1], n_token_inputs(trees)
    parts = ridge.copy()
    # the input is the ridge's prediction less its overall mean; what is the same in all of a booster's rows earns none
    parts[:, 0] = 0.0 if trees.single_ else ridge[:, 0] - stage.overall_
    score = HandingDown.of(parts, np.ones((parts.shape[1], 1)))
    embedding = HandingDown.of(tokens, stage.coefficients_[:, : embedding_width(stage)])
    values, nobody = score.spread(found[:, n_used : n_used + 1])
    of_embedding, nothing = embedding.spread(found[:, n_used + 1 : n_used + 1 + embedding.coefficients.shape[1]])
    values[:, first:] += of_embedding
    values[:, 0] += nobody + nothing
    return values + _of_tokens(trees, found[:, :n_used], tokens, first)


def _of_tokens(
    trees: StagedTrees, found: NDArray[np.float64], tokens: NDArray[np.float64], first: int
) -> NDArray[np.float64]:
    """`(n_rows, n_parts)` credits of tokens and of sites, by part; the tokens' parts begin with number `first`."""
    sums = site_sums(trees.sites_).toarray()
    n_tokens = len(trees.columns_)
    values = np.zeros((len(tokens), first + tokens.shape[1]))
    of_sites, unknown = HandingDown.of(tokens, sums).spread(found[:, n_tokens:])
    values[:, first:] += of_sites
    values[:, first + trees.columns_] += found[:, :n_tokens]
    values[:, 0] += unknown
    return values


def _credits(booster: Any, inputs: NDArray[np.float32], *, by_steps: bool) -> NDArray[np.float64]:
    """`(n_rows, n_inputs + 1)` XGBoost's contributions, the expected prediction last.

    Shapley values (TreeSHAP) for boosting. For a forest the steps on the way down, where a node's value is the mean of
    its training rows: its trees are too deep for Shapley values, which take hundreds of times as long.
    """
    import xgboost

    data = xgboost.DMatrix(inputs, nthread=1)
    return np.asarray(booster.predict(data, pred_contribs=True, approx_contribs=by_steps), dtype=np.float64)


def pair_state(trees: StagedTrees) -> State:
    """Of trees on pairs: their inputs, what the target was standardised by, and the boosters as bytes."""
    shared = {} if trees.shared_ is None else {"shared": trees.shared_.get_state()}
    return {
        **shared,
        "center": trees.center_,
        "scale": trees.scale_,
        "columns": trees.columns_,
        "sites": trees.sites_,
        "drug_ids": trees.drug_ids_,
        "booster_names": list(trees.boosters_),
        "boosters": {str(i): booster_bytes(booster) for i, booster in enumerate(trees.boosters_.values())},
    }


def load_pair_state(trees: StagedTrees, state: State) -> None:
    """Give the trees what `pair_state` kept; the ridge stage is loaded before."""
    trees.center_, trees.scale_ = state_number(state, "center"), state_number(state, "scale")
    trees.columns_ = state_wholes(state, "columns", -1)
    trees.stage_.prove_columns(trees.columns_)
    trees.sites_ = _load_sites(state, len(trees.stage_.sample_encoder_.tokens_))
    trees.drug_ids_ = state_ids(state, "drug_ids")
    n_sides = 1 if trees.single_ else 2
    n_tokens = n_token_inputs(trees)
    n_inputs = n_tokens + 1 + embedding_width(trees.stage_) * n_sides
    names = state_ids(state, "booster_names")
    if not set(names) <= set(trees.drug_ids_) if trees.single_ else names != ["all"]:
        raise damaged("boosters are of other drugs")
    trees.boosters_ = {
        name: load_booster(state_wholes(state["boosters"], str(i), -1, below=256), n_inputs)
        for i, name in enumerate(names)
    }
    # files of the first releases have none
    if "shared" in state:
        trees.shared_ = SharedBooster.from_state(state["shared"], n_tokens, len(trees.drug_ids_))


def _load_sites(state: State, n_tokens: int) -> NDArray[np.int64]:
    """The site of each token; files of the first releases have none."""
    if "sites" not in state:
        return np.full(n_tokens, -1)
    sites = state_wholes(state, "sites", n_tokens, least=-1)
    if sites.max(initial=-1) >= n_tokens:
        raise damaged("there are more sites than tokens")
    return sites
