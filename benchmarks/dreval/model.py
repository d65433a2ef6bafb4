"""A learner of this package as a model of drevalpy, for its pipeline of experiments."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from drevalpy.datasets.dataset import DrugResponseDataset, FeatureDataset
from drevalpy.models import MODEL_FACTORY, MULTI_DRUG_MODEL_FACTORY
from drevalpy.models.drp_model import DRPModel
from drevalpy.models.utils import load_and_select_gene_features, load_drug_ids_from_csv, load_tissues_from_csv
from numpy.typing import NDArray

from benchmarks.dreval.folder import CALLS, SMILES
from drugresponse.model.loading import load_model
from drugresponse.model.model import DrugResponseModel

__all__ = ["SCHEMES", "register"]

SCHEMES = {"LPO": "random-pairs", "LCO": "new-samples", "LDO": "new-drugs", "LTO": "new-tissues"}
"""Its test modes (what is left out: pairs, cell lines, drugs, tissues), and what we call them."""
_TISSUE, _FILE = "tissue", "model.safetensors"


class _ResponseModel(DRPModel):
    """The base of what `register` makes: calls, tissue and structures in, one number for each pair out."""

    cell_line_views: ClassVar[list[str]] = [CALLS, _TISSUE]
    drug_views: ClassVar[list[str]] = [SMILES]
    learner: ClassVar[str] = "auto"
    scheme: ClassVar[str] = "new-samples"

    def __init__(self) -> None:
        super().__init__()
        self.model: DrugResponseModel | None = None
        self.features: list[str] = []

    @classmethod
    def get_model_name(cls) -> str:
        return f"drugresponse-{cls.learner}"

    @classmethod
    def get_hyperparameter_set(cls) -> list[dict[str, Any]]:
        """A single set: what is to be chosen, the learners choose on folds of their own."""
        return [{"learner": cls.learner, "scheme": cls.scheme}]

    def build_model(self, hyperparameters: dict[str, Any]) -> None:
        self.log_hyperparameters(hyperparameters)
        self.model = DrugResponseModel(**hyperparameters, folds=0)

    def train(
        self,
        output: DrugResponseDataset,
        cell_line_input: FeatureDataset,
        drug_input: FeatureDataset | None = None,
        output_earlystopping: DrugResponseDataset | None = None,  # noqa: ARG002 -- its word
        model_checkpoint_dir: str = "checkpoints",  # noqa: ARG002 -- its word
    ) -> None:
        """Fit to the training pairs; what it keeps for early stopping is not looked at."""
        if self.model is None:
            raise ValueError("train: found no model (expected build_model to come first).")
        self.features = [str(name) for name in cell_line_input.meta_info[CALLS]]
        rows = {"sample_id": output.cell_line_ids, "drug_id": output.drug_ids, "response": output.response}
        calls, samples = self._samples(cell_line_input, output.cell_line_ids)
        self.model.fit(calls, pd.DataFrame(rows), drugs=_drugs(drug_input, output.drug_ids), samples=samples)

    def predict(
        self,
        cell_line_ids: NDArray[np.str_],
        drug_ids: NDArray[np.str_],
        cell_line_input: FeatureDataset,
        drug_input: FeatureDataset | None = None,
    ) -> NDArray[np.float64]:
        """`(n_pairs,)`."""
        if self.model is None:
            raise ValueError("predict: found no model (expected train or load to come first).")
        calls, samples = self._samples(cell_line_input, cell_line_ids)
        pairs = pd.DataFrame({"sample_id": cell_line_ids, "drug_id": drug_ids})
        distinct, drugs = pairs.drop_duplicates(), _drugs(drug_input, drug_ids)
        predicted = self.model.predict(calls, drugs=drugs, samples=samples, pairs=distinct)
        joined = pairs.merge(predicted, on=["sample_id", "drug_id"], how="left", validate="many_to_one")
        return np.asarray(joined["prediction"], dtype=np.float64)

    def load_cell_line_features(self, data_path: str, dataset_name: str) -> FeatureDataset:
        """All calls, and the tissue."""
        features = load_and_select_gene_features(CALLS, None, data_path, dataset_name)
        features.add_features(load_tissues_from_csv(data_path, dataset_name))
        return features

    def load_drug_features(self, data_path: str, dataset_name: str) -> FeatureDataset:
        """Structures, and drugs without any where there is no table of them."""
        path = Path(data_path) / dataset_name / f"{SMILES}.csv"
        if not path.is_file():
            ids = load_drug_ids_from_csv(data_path, dataset_name).identifiers
            return FeatureDataset(features={str(drug): {SMILES: np.array([""])} for drug in ids})
        with path.open(encoding="utf-8", newline="") as lines:
            rows = [(row["pubchem_id"], row["canonical_smiles"]) for row in csv.DictReader(lines)]
        return FeatureDataset(features={drug: {SMILES: np.array([smiles])} for drug, smiles in rows})

    def save(self, directory: str) -> None:
        """One file, in which nothing can run."""
        if self.model is None:
            raise ValueError("save: found no model (expected train to come first).")
        self.model.save(Path(directory) / _FILE)
        (Path(directory) / "features.txt").write_text("\n".join(self.features), encoding="utf-8")

    @classmethod
    def load(cls, directory: str) -> _ResponseModel:
        made = cls()
        made.model = load_model(Path(directory) / _FILE)
        made.features = (Path(directory) / "features.txt").read_text(encoding="utf-8").split("\n")
        return made

    def _samples(self, features: FeatureDataset, ids: NDArray[np.str_]) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Calls and covariates, one row for each distinct sample."""
        distinct = np.unique(ids)
        index = pd.Index(distinct, name="sample_id")
        calls = pd.DataFrame(features.get_feature_matrix(CALLS, distinct), index=index, columns=self.features)
        tissues = features.get_feature_matrix(_TISSUE, distinct)[:, 0]
        return calls, pd.DataFrame({_TISSUE: tissues}, index=index)


def _drugs(features: FeatureDataset | None, ids: NDArray[np.str_]) -> pd.DataFrame | None:
    if features is None:
        return None
    distinct = np.unique(ids)
    structures = features.get_feature_matrix(SMILES, distinct)[:, 0]
    return pd.DataFrame({"smiles": structures}, index=pd.Index(distinct, name="drug_id"))


def register(learner: str, mode: str) -> type[DRPModel]:
    """The class of a learner, known to drevalpy by the name drugresponse-LEARNER.

    Parameters
    ----------
    learner
        As in `DrugResponseModel`.
    mode
        Test mode of the experiment, of which drevalpy tells its models nothing.
    """
    made = type(f"Response{learner.title()}", (_ResponseModel,), {"learner": learner, "scheme": SCHEMES[mode]})
    MODEL_FACTORY[made.get_model_name()] = MULTI_DRUG_MODEL_FACTORY[made.get_model_name()] = made
    return made
