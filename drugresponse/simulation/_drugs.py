"""Made-up drugs whose structure tells how they act: a scaffold for each mechanism, substituents for potency."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["MAXIMUM_DRUGS", "MECHANISMS", "WARFARIN", "Mechanism", "simulate_drugs"]


@dataclass(frozen=True)
class Mechanism:
    """A class of drugs with one scaffold and one target gene.

    Attributes
    ----------
    name
        Such as `EGFR inhibitor`.
    gene
        The gene whose alteration changes the response to every drug of the class.
    effect
        Change of ln IC50 in a sample whose gene is altered; below 0 is sensitising.
    scaffold
        SMILES with the places `{small}` and `{chain}` for substituents.
    """

    name: str
    gene: str
    effect: float
    scaffold: str


MECHANISMS = (
    Mechanism("EGFR inhibitor", "EGFR", -2.2, "COc1cc2ncnc(Nc3ccc({small})cc3)c2cc1{chain}"),
    Mechanism("BRAF inhibitor", "BRAF", -2.4, "CCCS(=O)(=O)Nc1ccc({small})c(C(=O)Nc2ccc({chain})nc2)c1F"),
    Mechanism("CDK inhibitor", "RB1", 2.2, "CC(C)n1cnc2c(Nc3ccc({small})cc3)nc({chain})nc21"),
    Mechanism("KIT inhibitor", "KIT", -2.0, "Cc1ccc(NC(=O)c2ccc({chain})cc2)cc1Nc1nccc(-c2cnc({small})cc2)n1"),
    Mechanism("MDM2 inhibitor", "TP53", 2.4, "O=C1Nc2cc(Cl)ccc2C1(Cc1ccc({small})cc1)C(=O){chain}"),
    Mechanism("PARP inhibitor", "BRCA2", -2.0, "O=C1NN=C(Cc2ccc({small})c(C(=O){chain})c2)c2ccccc12"),
)
SMALL = ("F", "Cl", "Br", "C", "CC", "OC", "OCC", "C#N", "C#C", "C(F)(F)F", "N(C)C", "S(C)(=O)=O")
CHAINS = (
    "OC",
    "OCC",
    "OCCOC",
    "OCCN9CCOCC9",
    "OC9CCCC9",
    "NC",
    "NCCO",
    "NCCN(C)C",
    "NC9CC9",
    "N9CCOCC9",
    "N9CCN(C)CC9",
    "N9CCCCC9",
)
WARFARIN = {
    "name": "warfarin",
    "smiles": "CC(=O)CC(c1ccccc1)c1c(O)c2ccccc2oc1=O",
    "inchikey": "PJVWKTKQMONHTI-UHFFFAOYSA-N",
    "mechanism": "vitamin K antagonist",
    "targets": "VKORC1",
}
MAXIMUM_DRUGS = len(MECHANISMS) * len(SMALL) * len(CHAINS)


def simulate_drugs(n_drugs: int, rng: np.random.Generator) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Draw distinct drugs, the mechanisms in turn, and their potency.

    Parameters
    ----------
    n_drugs
        1 to `MAXIMUM_DRUGS`.
    rng
        Source of chance.

    Returns
    -------
    drugs
        `(n_drugs,)` rows, index `drug_id`, text columns `name, smiles, inchikey` (empty), `mechanism, targets`.
    potency
        `(n_drugs,)` float64, mean ln IC50 of each drug: class mean (-1.5 to 3.5) + the two substituents (sd 0.4 each)
        + the drug's own (sd 0.3).

    Examples
    --------
    >>> drugs, potency = simulate_drugs(2, np.random.default_rng(0))
    >>> drugs["mechanism"].tolist(), potency.shape
    (['EGFR inhibitor', 'BRAF inhibitor'], (2,))
    """
    # spread evenly, so that structure tells potency whatever the seed
    class_potency = rng.permutation(np.linspace(-1.5, 3.5, len(MECHANISMS)))
    small_potency, chain_potency = rng.normal(0, 0.4, len(SMALL)), rng.normal(0, 0.4, len(CHAINS))
    own_potency = rng.normal(0, 0.3, n_drugs)
    decorations = [rng.permutation(len(SMALL) * len(CHAINS)) for _ in MECHANISMS]
    at_class = np.arange(n_drugs) % len(MECHANISMS)
    number = np.arange(n_drugs) // len(MECHANISMS)
    chosen = np.array([decorations[i][k] for i, k in zip(at_class, number, strict=True)], dtype=np.intp)
    small, chain = np.divmod(chosen, len(CHAINS))
    mechanisms = [MECHANISMS[i] for i in at_class]
    drugs = pd.DataFrame(
        {
            "name": [f"simulated {mechanism.name} {k + 1}" for mechanism, k in zip(mechanisms, number, strict=True)],
            "smiles": [
                mechanism.scaffold.format(small=SMALL[i], chain=CHAINS[j])
                for mechanism, i, j in zip(mechanisms, small, chain, strict=True)
            ],
            "inchikey": "",
            "mechanism": [mechanism.name for mechanism in mechanisms],
            "targets": [mechanism.gene for mechanism in mechanisms],
        },
        index=pd.Index([f"D{i + 1:03d}" for i in range(n_drugs)], name="drug_id", dtype=object),
    )
    return drugs, class_potency[at_class] + small_potency[small] + chain_potency[chain] + own_potency
