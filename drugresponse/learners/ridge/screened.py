"""What trees and the network get of stored genotypes: the ridge's embedding, and features that a screening kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.features.alignment import align
from drugresponse.features.samples import SampleEncoder
from drugresponse.learners.contributions import LEADING, Contributions, refuse_too_many_parts
from drugresponse.learners.encoders import feature_table_state, load_feature_table
from drugresponse.learners.factors.blocks import LEADING_TARGETS
from drugresponse.learners.factors.screening import ColumnLooks, leading_columns
from drugresponse.learners.factors.stored_tokens import StoredTokens, TrainingTokens
from drugresponse.learners.factors.token_columns import StoredColumns
from drugresponse.learners.rescaling import Rescaling
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.state import Array, State, damaged

__all__ = ["ScreenedRidge"]

_EMBEDDING = "ridge embedding"
"""Block of the columns of the ridge's embedding, beside those of the genotypes."""
_MOST_FEATURES, _MORE_FEATURES, _MOST_IN_ALL = 500, 50, 1500
"""Features that are kept of one target, so many more for each other, up to a limit."""


@dataclass(frozen=True, eq=False)
class ScreenedRidge:
    """A ridge on all tokens, and one that stands for it on a few features in memory.

    Features are those that go with the responses beyond covariates, or with what the ridge lacks, among the training's
    samples alone. Beside them stands the ridge's embedding: left-out of the training's samples, so that what learns
    from it sees the error that new samples have. Its stand-in has the embedding's columns for tokens, and gives them
    back.

    Attributes
    ----------
    whole
        The ridge, fitted to stored genotypes, or read from a file.
    features
        Rows of the training's table of features that were kept.
    stage
        The stand-in.
    """

    whole: FactorRidge
    features: pd.DataFrame
    stage: FactorRidge

    @classmethod
    def fit(cls, whole: FactorRidge, pairs: Pairs) -> tuple[ScreenedRidge, Pairs]:
        """Screen, in one pass; the answer's pairs are those of the training, their genotypes in memory.

        Parameters
        ----------
        whole
            Fitted to these pairs.
        pairs
            Compact, of stored genotypes.
        """
        stored = StoredTokens.of(pairs) if whole.stored_ is None else whole.stored_
        kept, scores = _screened(whole, stored, by_loss=pairs.outcome.kind != "continuous")
        features = pairs.genotypes.features.iloc[kept]
        shown = _beside(pairs, features, pairs.genotypes.values.read(kept), whole.left_out_)
        encoder = SampleEncoder(pairs.arm).fit(shown.genotypes, shown.covariates)
        stage = _StandIn(whole.scheme, whole.rank, whole.random_state)
        stage.take(whole, encoder, shown)
        rows = encoder.tokens_
        known = pd.Series(scores, pd.MultiIndex.from_arrays([features["block"], features.index]))
        of_tokens = known.reindex(pd.MultiIndex.from_frame(rows[["block", "token"]])).to_numpy()
        # covariates and the embedding are among the inputs in any case
        stage.screening_ = np.where(np.isnan(of_tokens), scores.max(initial=1.0), of_tokens)
        return cls(whole, features, stage), shown

    def forget_scores(self) -> None:
        """Once all inputs are chosen the stand-in weighs its tokens as any ridge, and as one from a file."""
        if isinstance(self.stage, _StandIn):
            self.stage.screening_ = None

    def shown(self, pairs: Pairs) -> Pairs:
        """Any pairs, their genotypes those of the stand-in."""
        trained, genotypes = self.whole.trained_features(), pairs.genotypes
        known = pd.MultiIndex.from_arrays([trained["block"], trained.index])
        rows = known.get_indexer(pd.MultiIndex.from_arrays([self.features["block"], self.features.index]))
        values = align(genotypes.features, trained).values(genotypes, rows)
        return _beside(pairs, self.features, values, self.whole.sample_embeddings(pairs)[:, : 1 + self.whole.rank_])

    def of_features(self, names: list[tuple[str, str]], shares: Array) -> tuple[list[tuple[str, str]], Array]:
        """Shares of the stand-in's features as those of all: the embedding's go to what the ridge makes it of."""
        own = np.array([block == _EMBEDDING for block, _ in names], dtype=bool)
        all_names, weights = self.whole.feature_weights()
        weights = weights * shares[own].sum()
        place = {name: at for at, name in enumerate(all_names)}
        for at in np.flatnonzero(~own):
            weights[place[names[at]]] += shares[at]
        return all_names, weights

    def contributions(self, pairs: Pairs, parts: Iterator[Contributions]) -> Iterator[Contributions]:
        """Parts of the stand-in as those of the ridge on all tokens; `pairs` are compact, as they were given."""
        whole, own = self.whole, self.stage.sample_encoder_.tokens_
        all_tokens = whole.sample_encoder_.tokens_
        refuse_too_many_parts(len(pairs.genotypes.sample_ids), len(all_tokens))
        names = ["block", "token", "arm"]
        place = pd.MultiIndex.from_frame(all_tokens[names]).get_indexer(pd.MultiIndex.from_frame(own[names]))
        real, columns = place >= 0, _embedding_columns(own)
        tokens = whole.tokens(pairs)
        rescaling = Rescaling.of(tokens, whole.coefficients_)
        for of_drug in parts:
            first = of_drug.values.shape[1] - len(own)
            values = np.zeros((len(of_drug.rows), first + len(all_tokens)))
            values[:, :first] = of_drug.values[:, :first]
            values[:, first + place[real]] = of_drug.values[:, first:][:, real]
            credits = np.zeros((len(of_drug.rows), whole.coefficients_.shape[1]))
            np.add.at(
                credits.T, columns[~real & (columns >= 0)], of_drug.values[:, first:][:, ~real & (columns >= 0)].T
            )
            at = pairs.sample_index[of_drug.rows]
            some = replace(rescaling, tokens=tokens[at], by_sum=rescaling.by_sum[at], by_size=rescaling.by_size[at])
            of_tokens, of_none = some.to_tokens(credits)
            values[:, first:] += of_tokens
            values[:, list(LEADING).index("mean")] += of_none
            yield Contributions(of_drug.drug_id, of_drug.rows, values, of_drug.gaps)

    def get_state(self) -> State:
        """The ridge, and which features were kept."""
        return {"whole": self.whole.get_state(), "kept": feature_table_state(self.features)}

    @classmethod
    def from_state(cls, state: State, stage: FactorRidge, settings: Mapping[str, Any]) -> ScreenedRidge:
        """From `get_state`'s answer, beside the stand-in's own."""
        whole = FactorRidge.from_state(state["whole"], **FactorRidge.own_settings(settings))
        features = load_feature_table(state["kept"])
        known = pd.MultiIndex.from_arrays([whole.trained_features()["block"], whole.trained_features().index])
        if (known.get_indexer(pd.MultiIndex.from_arrays([features["block"], features.index])) < 0).any():
            raise damaged("a feature that was kept is none of the training's")
        return cls(whole, features, stage)


class _StandIn(FactorRidge):
    """The map from the embedding's columns to the embedding."""

    screening_: Array | None = None
    """`(n_tokens,)` while others choose their inputs: how strongly each token leads."""

    def take(self, whole: FactorRidge, encoder: SampleEncoder, shown: Pairs) -> None:
        """Become the stand-in of a ridge."""
        for name in ("overall_", "rank_", "targets_", "sample_weights_", "block_scales_", "drug_encoder_", "drugs_"):
            setattr(self, name, getattr(whole, name))
        for name in ("seen_", "left_out_", "left_out_shift_"):
            setattr(self, name, getattr(whole, name))
        self.stored_, self.sample_encoder_ = None, encoder
        self.token_spread_ = self.tokens(shown).std(axis=0)
        columns = _embedding_columns(encoder.tokens_)
        at = np.flatnonzero((columns >= 0) & (encoder.tokens_["arm"] == "").to_numpy())
        self.coefficients_ = np.zeros((len(columns), 1 + whole.rank_))
        self.coefficients_[at, columns[at]] = 1.0 / encoder.scale_[at]
        self.intercepts_ = np.average(whole.left_out_, axis=0)
        self.intercepts_[columns[at]] = encoder.center_[at]

    def token_importance(self) -> Array:
        return super().token_importance() if self.screening_ is None else self.screening_


def _screened(whole: FactorRidge, stored: TrainingTokens, *, by_loss: bool) -> tuple[NDArray[np.intp], Array]:
    """Numbers of the features that are kept, rising, and how strongly each leads."""
    tokens, weights = StoredColumns(stored), whole.sample_weights_
    targets = whole.targets_.values[:, LEADING_TARGETS]
    side, root = np.column_stack([np.ones(len(targets)), stored.side]), np.sqrt(weights)[:, None]
    residuals = targets - side @ np.linalg.lstsq(root * side, root * targets, rcond=None)[0]
    if not by_loss:
        # the embedding of scores has other axes than what they were fitted to
        lacking = targets - whole.left_out_[:, LEADING_TARGETS]
        residuals = np.hstack([residuals, lacking - np.average(lacking, axis=0, weights=weights)])
    scores = ColumnLooks(tokens, weights[None]).scores(residuals[None])[0][:, len(tokens.always) :]
    n_features = len(stored.genotypes.features)
    # a feature leads where it does alone or in an arm
    scores = scores.reshape(len(scores), -1, n_features).max(axis=1)
    most = min(_MOST_FEATURES + _MORE_FEATURES * (targets.shape[1] - 1), _MOST_IN_ALL)
    kept = leading_columns(scores, most)
    return kept, scores[:, kept].max(axis=0, initial=0.0).astype(np.float64)


def _beside(pairs: Pairs, features: pd.DataFrame, values: NDArray, embedded: Array) -> Pairs:
    """Pairs whose genotypes are these features and the columns of an embedding."""
    names = [str(column) for column in range(embedded.shape[1])]
    more = pd.DataFrame({"kind": "score", "block": _EMBEDDING}, index=pd.Index(names, name="feature_id"))
    table = pd.concat([features, more])
    both = np.hstack([values, embedded])
    return replace(pairs, genotypes=Genotypes.build(both, list(pairs.genotypes.sample_ids), table))


def _embedding_columns(tokens: pd.DataFrame) -> NDArray[np.intp]:
    """`(n_tokens,)` the column of the embedding that each token is; -1 of another."""
    own = (tokens["block"] == _EMBEDDING).to_numpy()
    columns = np.full(len(tokens), -1, dtype=np.intp)
    columns[own] = tokens["token"][own].astype(int)
    return columns
