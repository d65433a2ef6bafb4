"""A learner, written against the public names of drugresponse alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

import drugresponse as dr


class PlainRidge(dr.PairRegressor):
    """The mean of each drug, and a ridge on the samples' tokens that all drugs share.

    Parameters
    ----------
    penalty
        Of the squared coefficients.
    """

    def __init__(self, penalty: float = 1.0) -> None:
        self.penalty = penalty

    def fit(self, pairs: dr.Pairs, y: np.ndarray, sample_weight: np.ndarray | None = None) -> PlainRidge:
        weights = np.ones(len(y)) if sample_weight is None else sample_weight
        self.sample_encoder_ = dr.SampleEncoder().fit(pairs.genotypes, pairs.covariates)
        self.drug_ids_ = [str(drug) for drug in pairs.drugs.index]
        sums = np.bincount(pairs.drug_index, weights * y, len(self.drug_ids_))
        self.means_ = sums / np.maximum(np.bincount(pairs.drug_index, weights, len(self.drug_ids_)), 1e-9)
        tokens = self.sample_encoder_.transform(pairs.genotypes, pairs.covariates)[pairs.sample_index]
        gram = tokens.T @ (weights[:, None] * tokens) + self.penalty * np.eye(tokens.shape[1])
        self.coefficients_ = np.linalg.solve(gram, tokens.T @ (weights * (y - self.means_[pairs.drug_index])))
        return self

    def predict(self, pairs: dr.Pairs) -> np.ndarray:
        known = pd.Index(self.drug_ids_).get_indexer(pairs.drugs.index)
        means = np.where(known >= 0, self.means_[known], self.means_.mean())
        shifts = self.sample_encoder_.transform(pairs.genotypes, pairs.covariates) @ self.coefficients_
        return means[pairs.drug_index] + shifts[pairs.sample_index]

    def trained_features(self) -> pd.DataFrame:
        return self.sample_encoder_.genotype_features_

    def feature_weights(self) -> tuple[list[tuple[str, str]], np.ndarray]:
        tokens = self.sample_encoder_.tokens_
        genotype = (tokens["block"] != "covariates").to_numpy()
        weights = np.abs(self.coefficients_[genotype])
        features = list(zip(tokens.loc[genotype, "block"], tokens.loc[genotype, "token"], strict=True))
        return features, weights / weights.sum() if weights.any() else weights

    def get_state(self) -> dr.State:
        encoder = dr.sample_encoder_state(self.sample_encoder_)
        return {
            "encoder": encoder,
            "drugs": self.drug_ids_,
            "means": self.means_,
            "coefficients": self.coefficients_,
        }

    @classmethod
    def from_state(cls, state: dr.State, **settings: Any) -> PlainRidge:
        learner = cls(**settings)
        learner.sample_encoder_ = dr.load_sample_encoder(state["encoder"])
        learner.drug_ids_ = list(state["drugs"])
        learner.means_, learner.coefficients_ = state["means"], state["coefficients"]
        return learner
