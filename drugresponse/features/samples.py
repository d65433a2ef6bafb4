"""Samples as tokens: covariates and genotype blocks in one matrix, in the terms of the training's features."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.parents.sums import Parents
from drugresponse.features.alignment import align
from drugresponse.features.centring import centred_columns, known_means
from drugresponse.features.genotype_kernels import feature_moments
from drugresponse.features.linked_calls import LinkedCalls
from drugresponse.features.sites import number_sites

__all__ = ["COVARIATES", "SampleEncoder", "feature_rows"]

COVARIATES = "covariates"
"""Name of the block that the covariate tokens form, beside the genotype blocks."""


class SampleEncoder(BaseEstimator):
    """Covariates and genotypes as one matrix of centred tokens.

    A genotype token is one feature; a covariate token is a numeric column or one level of a text column. Tokens are
    centred on the training mean and left unscaled within a block, so that a rare alteration does not weigh more than
    a common one; each block is scaled to a mean squared row norm of 1. A missing call, an absent feature and an
    unknown level contribute nothing, which is the training mean; but a call that may be missing and that linked
    features tell of counts as these lead to expect. Tokens that are constant in training are dropped.

    With a treatment arm there are interaction tokens too, between the covariates and the genotype: each centred
    genotype token times the centred arm, which is a dose or, for each level of text but the first, 0 or 1. They form
    blocks of their own, such as `mutation x arm=B`. Where the arm or the call is missing they are 0.

    Parameters
    ----------
    arm
        Name of the covariate that is the treatment arm; None has no interaction tokens.

    Attributes
    ----------
    tokens_ : pandas.DataFrame
        One row a token, in the order of the columns: `block, token, gene, arm`; `token` is the feature id, or
        `column=level` for covariates; `arm` is the covariate token that an interaction token is multiplied by, else "".
    genotype_features_ : pandas.DataFrame
        The feature table of the training.
    center_, scale_ : (n_tokens,) float64
        A token's number is `(value - center) * scale`.
    links_ : LinkedCalls
        What missing calls are expected from; its columns are the tokens without those of interactions. Of genotypes
        that stay stored there are none.

    Examples
    --------
    >>> genotypes = Genotypes.from_dense([[0.0, 1.0], [1.0, 1.0]], ["s1", "s2"], ["KRAS", "TP53"])
    >>> nothing = pd.DataFrame(index=genotypes.sample_ids)
    >>> SampleEncoder().fit(genotypes, nothing).transform(genotypes, nothing).tolist()
    [[-1.0], [1.0]]
    """

    def __init__(self, arm: str | None = None) -> None:
        self.arm = arm

    def fit(self, genotypes: Genotypes, covariates: pd.DataFrame) -> SampleEncoder:
        """Learn which tokens vary, their means and the scale of each block.

        Parameters
        ----------
        genotypes, covariates
            Training samples, one row each, same order. Stored genotypes are read in blocks, in one pass.
        """
        if genotypes.is_stored:
            return self._fit_stored(genotypes, covariates)
        self.covariate_levels_: dict[str, list[str] | None] = {
            str(name): None if column.dtype != object else sorted(set(column) - {""})
            for name, column in covariates.items()
        }
        self.genotype_features_ = genotypes.features
        raw = np.hstack([self._covariate_tokens(covariates), genotypes.dense().astype(np.float64)])
        tokens = pd.concat([self._covariate_rows(), _genotype_rows(genotypes.features)], ignore_index=True)
        center, centred = known_means(raw), centred_columns(raw)
        varies = np.abs(centred).max(axis=0, initial=0.0) > 1e-12
        tokens, center, centred = tokens[varies], center[varies], centred[:, varies]
        known = np.where(np.isnan(raw[:, varies]), np.nan, centred)
        blocks = tokens.groupby("block", sort=False).indices
        self.links_ = LinkedCalls.fit(known, [at for block, at in blocks.items() if block != COVARIATES])
        centred = np.nan_to_num(self.links_.complete(known))
        if self.arm is not None:
            tokens, center, centred = self._cross(tokens, center, centred)
        self.tokens_ = tokens.reset_index(drop=True)
        self.center_ = center
        self.scale_ = np.ones(len(center))
        for columns in self.block_columns().values():
            norm = float(np.sqrt((centred[:, columns] ** 2).sum(axis=1).mean()))
            self.scale_[columns] = 1.0 / norm
        return self

    def _fit_stored(self, genotypes: Genotypes, covariates: pd.DataFrame) -> SampleEncoder:
        """The same by the moments of the features; every token that varies has its interactions."""
        known = SampleEncoder().fit(genotypes.without_features(), covariates)
        self.covariate_levels_, self.genotype_features_ = known.covariate_levels_, genotypes.features
        self.links_ = LinkedCalls.none()
        moments = feature_moments(genotypes)
        rows = _genotype_rows(genotypes.features)[moments.varies]
        arms = known.arm_tokens(self.arm)
        crossed = [rows.assign(arm=known.tokens_["token"].iloc[at]) for at in arms]
        self.tokens_ = pd.concat([known.tokens_, *crossed, rows], ignore_index=True)
        means = moments.means[moments.varies]
        self.center_ = np.concatenate([known.center_, np.zeros(len(arms) * len(rows)), means])
        self.scale_ = np.concatenate([known.scale_, np.ones(len(self.tokens_) - len(known.scale_))])
        side = known.covariate_tokens_of(genotypes.sample_ids, covariates)
        squares = dict(moments.row_squares)
        for at in arms:
            arm, name = side[:, at] / known.scale_[at], known.tokens_["token"].iloc[at]
            squares |= {f"{block} x {name}": square * arm**2 for block, square in moments.row_squares.items()}
        for block, columns in self.block_columns().items():
            if block != COVARIATES and squares[block].any():
                self.scale_[columns] = 1.0 / np.sqrt(squares[block].mean())
        return self

    def transform(self, genotypes: Genotypes, covariates: pd.DataFrame) -> NDArray[np.float64]:
        """`(n_samples, n_tokens)` float64 tokens of these samples; missing, absent and unknown are 0.

        Genotypes are brought to the training's alleles first, as `alignment.align` tells.
        """
        raw, _ = self._raw(genotypes, covariates)
        return np.where(np.isnan(raw), 0.0, (raw - self.center_) * self.scale_)

    def called(self, genotypes: Genotypes, covariates: pd.DataFrame) -> NDArray[np.bool_]:
        """`(n_samples, n_tokens)` whether each token was known for each sample, not only expected from linked ones."""
        return self._raw(genotypes, covariates)[1]

    def block_columns(self) -> dict[str, NDArray[np.intp]]:
        """The column numbers of each block, by block name, covariates first; interactions are named `block x arm`."""
        check_is_fitted(self, "tokens_")
        rows = self.tokens_
        names = rows["block"].where(rows["arm"] == "", rows["block"] + " x " + rows["arm"])
        number, found = pd.factorize(names.to_numpy(dtype=object))
        return {str(name): np.flatnonzero(number == at) for at, name in enumerate(found)}

    def children(self) -> sparse.csr_array:
        """`(n_tokens, n_tokens)` 1 where the token of a row is a child of that of the column; of an arm none is."""
        check_is_fitted(self, "tokens_")
        rows = self.tokens_
        if not (self.genotype_features_["parent"] != "").any():
            return sparse.csr_array((len(rows), len(rows)))
        parents = Parents.of(self.genotype_features_)
        plain = np.flatnonzero((rows["block"] != COVARIATES) & (rows["arm"] == ""))
        tokens = pd.MultiIndex.from_frame(rows.loc[plain, ["block", "token"]])
        pairs = sparse.coo_array(parents.members)
        features, known = self.genotype_features_, parents.rows
        child = tokens.get_indexer(pd.MultiIndex.from_arrays([features["block"], features.index]))[pairs.coords[0]]
        parent = tokens.get_indexer(pd.MultiIndex.from_arrays([known["block"], known.index]))[pairs.coords[1]]
        both = (child >= 0) & (parent >= 0)
        at = plain[child[both]], plain[parent[both]]
        return sparse.csr_array((np.ones(int(both.sum())), at), shape=(len(rows), len(rows)))

    def sites(self) -> NDArray[np.intp]:
        """`(n_tokens,)` number of the site of each genotype token, as `sites.number_sites` tells; -1 where it has none.

        Covariates and interactions with an arm have none.
        """
        check_is_fitted(self, "tokens_")
        rows, features = self.tokens_, self.genotype_features_
        plain = np.flatnonzero((rows["block"] != COVARIATES) & (rows["arm"] == ""))
        at = feature_rows(rows.iloc[plain], features)
        sites = np.full(len(rows), -1, dtype=np.intp)
        sites[plain] = number_sites(features.iloc[at])
        return sites

    def arm_tokens(self, arm: str | None) -> list[int]:
        """Numbers of the covariate tokens by which interactions with this arm are made."""
        check_is_fitted(self, "tokens_")
        names = [] if arm is None else self._arm_names(arm)
        side = self.tokens_.loc[self.tokens_["block"] == COVARIATES, "token"]
        return [int(at) for at in np.flatnonzero(side.isin(names))]

    def genotype_tokens(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Column numbers of the tokens that are a feature alone, and the row of each in the training's features."""
        check_is_fitted(self, "tokens_")
        rows = self.tokens_
        plain = np.flatnonzero((rows["block"] != COVARIATES) & (rows["arm"] == ""))
        return plain, feature_rows(rows.iloc[plain], self.genotype_features_)

    def crossed_tokens(self, plain: NDArray[np.intp]) -> list[tuple[int, NDArray[np.intp]]]:
        """For each token of the arm, the column numbers of its interactions with these genotype tokens; -1 is none."""
        columns, feature, arm = self.interactions()
        place = np.full(len(self.tokens_), -1, dtype=np.intp)
        place[plain] = np.arange(len(plain))
        crossed = []
        for at in dict.fromkeys(arm.tolist()):
            mine = arm == at
            tokens = np.full(len(plain), -1, dtype=np.intp)
            tokens[place[feature[mine]]] = columns[mine]
            crossed.append((int(at), tokens))
        return crossed

    def interactions(self) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
        """Column numbers of the interaction tokens, of the genotype token in each, and of the arm's token in each."""
        check_is_fitted(self, "tokens_")
        rows = self.tokens_
        crossed, genotype = rows["arm"] != "", rows["block"] != COVARIATES
        if not crossed.any():
            return (np.zeros(0, dtype=np.intp),) * 3
        plain, side = np.flatnonzero(genotype & ~crossed), np.flatnonzero(~genotype)
        keys = [pd.MultiIndex.from_frame(rows.loc[at, ["block", "token"]]) for at in (genotype & ~crossed, crossed)]
        feature = keys[0].get_indexer(keys[1])
        arm = pd.Index(rows["token"].iloc[side]).get_indexer(rows.loc[crossed, "arm"])
        if (feature < 0).any() or (arm < 0).any():
            raise ValueError("an interaction token lacks the genotype or the arm that it is made of")
        return np.flatnonzero(crossed), plain[feature], side[arm]

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:  # noqa: ARG002 -- scikit-learn's signature
        """`(n_tokens,)` token names in column order."""
        check_is_fitted(self, "tokens_")
        return self.tokens_["token"].to_numpy(dtype=object)

    def covariate_tokens_of(self, sample_ids: pd.Index, covariates: pd.DataFrame) -> NDArray[np.float64]:
        """`(n_samples, n_covariate_tokens)` the tokens of the covariates alone; they are the first."""
        raw = self._raw_covariates(sample_ids, covariates)
        n_side = raw.shape[1]
        return np.where(np.isnan(raw), 0.0, (raw - self.center_[:n_side]) * self.scale_[:n_side])

    def _raw_covariates(self, sample_ids: pd.Index, covariates: pd.DataFrame) -> NDArray[np.float64]:
        known = self.tokens_["block"] == COVARIATES
        kept = pd.Index(self.covariate_tokens()).get_indexer(pd.Index(self.tokens_.loc[known, "token"]))
        return self._covariate_tokens(covariates.reindex(sample_ids))[:, kept]

    def _raw(self, genotypes: Genotypes, covariates: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        check_is_fitted(self, "tokens_")
        crossed = (self.tokens_["arm"] != "").to_numpy()
        known = self.tokens_["block"] == COVARIATES
        side = self._raw_covariates(genotypes.sample_ids, covariates)
        features = self.genotype_features_
        rows = feature_rows(self.tokens_.loc[~known & ~crossed], features)
        raw = np.hstack([side, align(genotypes.features, features).values(genotypes, rows)])
        called = ~np.isnan(raw)
        if len(self.links_.targets):
            center = self.center_[~crossed]
            raw = np.where(called, raw, self.links_.complete(raw - center) + center)
        if crossed.any():
            plain, known = raw, called
            raw, called = np.empty((len(raw), len(crossed))), np.empty((len(raw), len(crossed)), dtype=bool)
            raw[:, ~crossed], called[:, ~crossed] = plain, known
            at, feature, arm = self.interactions()
            raw[:, at] = (raw[:, feature] - self.center_[feature]) * (raw[:, arm] - self.center_[arm])
            called[:, at] = called[:, feature] & called[:, arm]
        return raw, called

    def _cross(
        self, tokens: pd.DataFrame, center: NDArray[np.float64], centred: NDArray[np.float64]
    ) -> tuple[pd.DataFrame, NDArray[np.float64], NDArray[np.float64]]:
        """Put the interaction tokens that vary between the covariates and the genotype."""
        names = self._arm_names(str(self.arm))
        n_side = int((tokens["block"] == COVARIATES).sum())
        rows, body = tokens.iloc[n_side:], centred[:, n_side:]
        parts, products = [tokens.iloc[:n_side]], [centred[:, :n_side]]
        for at in np.flatnonzero(tokens["token"].iloc[:n_side].isin(names)):
            product = body * centred[:, [at]]
            varies = np.abs(product).max(axis=0, initial=0.0) > 0
            parts.append(rows[varies].assign(arm=tokens["token"].iloc[at]))
            products.append(product[:, varies])
        zeros = np.zeros(sum(len(part) for part in parts[1:]))
        return (
            pd.concat([*parts, rows], ignore_index=True),
            np.concatenate([center[:n_side], zeros, center[n_side:]]),
            np.hstack([*products, body]),
        )

    def _arm_names(self, arm: str) -> list[str]:
        """Names of the arm's tokens, less the level that the others are compared with."""
        levels = self.covariate_levels_[arm]
        return [arm] if levels is None else [f"{arm}={level}" for level in levels[1:]]

    def covariate_tokens(self) -> list[str]:
        """The tokens of the covariates, those that are constant in training included."""
        names: list[str] = []
        for column, levels in self.covariate_levels_.items():
            names.extend([column] if levels is None else [f"{column}={level}" for level in levels])
        return names

    def _covariate_rows(self) -> pd.DataFrame:
        names = self.covariate_tokens()
        return pd.DataFrame({"block": COVARIATES, "token": names, "gene": "", "arm": ""}, dtype=object)

    def _covariate_tokens(self, covariates: pd.DataFrame) -> NDArray[np.float64]:
        parts: list[NDArray[np.float64]] = []
        for name, levels in self.covariate_levels_.items():
            column = covariates[name] if name in covariates.columns else pd.Series(np.nan, index=covariates.index)
            if levels is None:
                numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
                parts.append(np.where(np.isfinite(numbers), numbers, np.nan)[:, None])
                continue
            text = column.astype(object).where(column.notna(), "").astype(str).to_numpy()
            hot = (text[:, None] == np.array(levels, dtype=object)[None, :]).astype(np.float64)
            hot[~hot.any(axis=1)] = np.nan
            parts.append(hot)
        return np.hstack(parts) if parts else np.zeros((len(covariates), 0))


def feature_rows(tokens: pd.DataFrame, features: pd.DataFrame) -> NDArray[np.intp]:
    """Row of the feature of each genotype token, by block and id; -1 where there is none.

    Parameters
    ----------
    tokens
        Rows of `SampleEncoder.tokens_`.
    features
        As in `Genotypes`.

    Examples
    --------
    >>> features = Genotypes.from_dense([[0, 1]], ["s"], ["a", "b"]).features
    >>> feature_rows(pd.DataFrame({"block": ["altered", "gain"], "token": ["b", "a"]}), features).tolist()
    [1, -1]
    """
    if not features.index.is_unique:
        known = pd.MultiIndex.from_arrays([features["block"], features.index])
        return np.asarray(known.get_indexer(pd.MultiIndex.from_frame(tokens[["block", "token"]])))
    # ids alone, since an index of a million pairs takes seconds
    rows = features.index.get_indexer(pd.Index(tokens["token"]))
    blocks = np.append(features["block"].to_numpy(dtype=object), "")
    return np.where(blocks[rows] == tokens["block"].to_numpy(dtype=object), rows, -1)


def _genotype_rows(features: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "block": features["block"].to_numpy(dtype=object),
            "token": features.index.to_numpy(dtype=object),
            "gene": features["gene"].to_numpy(dtype=object),
            "arm": "",
        }
    )
