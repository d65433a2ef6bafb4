"""Genes of a simulated cohort, the effects planted in them, and calls; positions and strengths are made up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.simulation._drugs import MECHANISMS

__all__ = [
    "AlterationEffect",
    "VariantEffect",
    "alteration_truth",
    "draw_alterations",
    "draw_variants",
    "variant_truth",
]

BASES = "ACGT"
TRUTH_COLUMNS = ["drug_id", "feature_id", "partner", "gene", "effect", "mechanism_of_effect"]


class AlterationEffect(NamedTuple):
    """What an altered gene does to ln IC50 of every drug; with a partner, only where both are altered."""

    gene: str
    effect: float
    mechanism: str = "common"
    partner: str = ""


class VariantEffect(NamedTuple):
    """What a copy of a variant does to the weekly dose; with a partner gene, only where both are carried."""

    gene: str
    chromosome: str
    position: int
    ref: str
    alt: str
    frequency: float
    effect: float
    mechanism: str = "common"
    partner: str = ""


ALTERATION_EFFECTS = (
    AlterationEffect("KEAP1", 1.2),
    AlterationEffect("NFE2L2", 1.0),
    AlterationEffect("SMARCA4", -1.2),
    AlterationEffect("STK11", -1.0),
    AlterationEffect("NF1", 2.0, "pair", "PTEN"),
)

VARIANT_EFFECTS = (
    VariantEffect("VKORC1", "16", 31096368, "C", "T", 0.40, -10.0, "targeted"),
    VariantEffect("CYP2C9", "10", 94942291, "C", "T", 0.15, -7.0),
    VariantEffect("CYP2C9", "10", 94981296, "A", "C", 0.10, -11.0),
    VariantEffect("CYP4F2", "19", 15879621, "C", "T", 0.30, 5.0),
    VariantEffect("EPHX1", "1", 225831932, "T", "C", 0.35, 6.0, "pair", "GGCX"),
    VariantEffect("GGCX", "2", 85550443, "C", "G", 0.35, 0.0),
)

CANCER_GENES = """
    KRAS NRAS HRAS PIK3CA APC CDKN2A ARID1A ATM SMAD4 FBXW7 CTNNB1 NOTCH1 ERBB2 MET ALK RET FGFR1 FGFR2 FGFR3 PDGFRA
    FLT3 JAK2 IDH1 IDH2 DNMT3A TET2 NPM1 RUNX1 GATA3 CDH1 MAP2K1 MAP3K1 PIK3R1 AKT1 MTOR TSC1 TSC2 VHL PBRM1 BAP1 SETD2
    KDM6A KMT2D KMT2C CREBBP EP300 EZH2 ASXL1 WT1 BRCA1 PALB2 MSH2 MSH6 MLH1 POLE CCND1 CCNE1 CDK4 MDM4 MYC MYCN SF3B1
    U2AF1 RNF43 AXIN1 B2M PTCH1 SMO ESR1 AR FOXA1 SPOP
"""

PHARMACOGENES = """
    CYP2D6:22 CYP2C19:10 CYP3A5:7 CYP3A4:7 SLCO1B1:12 TPMT:6 NUDT15:13 DPYD:1 UGT1A1:2 ABCB1:7 ABCG2:4 CYP2B6:19
    CYP1A2:15 NAT2:8 COMT:22 OPRM1:6 HTR2A:13 IFNL3:19 F5:1 MTHFR:1 CES1:16 ADRB1:10 CYP2C8:10 RYR1:19 CALU:7
    VDR:12
"""
"""Genes, each with its chromosome."""


def draw_alterations(
    n_samples: int, n_features: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Features, and `(n_samples, n_features)` whether a gene is altered in a sample.

    Planted genes are carried by an exact share of the samples, so that none is lost in a small cohort.

    Examples
    --------
    >>> features, altered = draw_alterations(100, 20, np.random.default_rng(0))
    >>> altered[:, features.index.get_loc("KEAP1_mut")].sum()
    np.int64(17)
    """
    planted = _planted_genes()
    others = [gene for gene in CANCER_GENES.split() if gene not in planted]
    genes = (planted + others + [f"GENE{i + 1}" for i in range(n_features)])[:n_features]
    altered = rng.random((n_samples, n_features)) < rng.uniform(0.02, 0.2, n_features)
    altered[:, : len(planted)] = _draw_planted(n_samples, planted, rng)
    order = rng.permutation(n_features)
    genes = [genes[i] for i in order]
    features = pd.DataFrame(
        {
            "kind": "altered",
            "gene": genes,
            # a made-up place for each gene, for formats that cannot do without
            "chromosome": "simulated",
            "position": 1000 * np.arange(1, n_features + 1),
            "ref": "A",
            "alt": "G",
        },
        index=pd.Index([f"{gene}_mut" for gene in genes], name="feature_id"),
    )
    return features, altered[:, order]


def _planted_genes() -> list[str]:
    common = [gene for effect in ALTERATION_EFFECTS for gene in (effect.gene, effect.partner) if gene]
    return common + [mechanism.gene for mechanism in MECHANISMS]


def _draw_planted(n_samples: int, planted: list[str], rng: np.random.Generator) -> NDArray[np.bool_]:
    (pair,) = (effect for effect in ALTERATION_EFFECTS if effect.partner)
    first, second = planted.index(pair.gene), planted.index(pair.partner)
    n_carriers = np.full(len(planted), round(0.17 * n_samples))
    n_carriers[[first, second]] = round(0.2 * n_samples)
    draw = rng.random((n_samples, len(planted)))
    # the pair is altered together more often than by chance, else hardly any sample would carry both
    draw[_lowest(draw, n_carriers)[:, first], second] *= 0.4
    return _lowest(draw, n_carriers)


def _lowest(values: NDArray[np.float64], counts: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Where the so many lowest values of each column are."""
    return values.argsort(axis=0, kind="stable").argsort(axis=0) < counts


def alteration_truth(drugs: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The planted effects on ln IC50: of all drugs, and of each drug's target gene with a strength of its own.

    Parameters
    ----------
    drugs
        Index `drug_id`, columns `mechanism, targets`.
    rng
        Source of chance.
    """
    rows: list[tuple[str, str, str, str, float, str]] = [
        ("", f"{gene}_mut", f"{partner}_mut" if partner else "", gene, effect, mechanism)
        for gene, effect, mechanism, partner in ALTERATION_EFFECTS
    ]
    effect_of = {mechanism.name: mechanism.effect for mechanism in MECHANISMS}
    strength = rng.uniform(0.85, 1.15, len(drugs))
    for drug, by in zip(drugs.itertuples(), strength, strict=True):
        effect = round(effect_of[str(drug.mechanism)] * by, 3)
        rows.append((str(drug.Index), f"{drug.targets}_mut", "", str(drug.targets), effect, "targeted"))
    return pd.DataFrame(rows, columns=TRUTH_COLUMNS)


def draw_variants(n_features: int, rng: np.random.Generator) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Planted variants first, then made-up ones, and `(n_features,)` frequencies of the alternate allele.

    Examples
    --------
    >>> features, frequency = draw_variants(20, np.random.default_rng(0))
    >>> features.index[0], frequency[0]
    ('16:31096368:C:T', np.float64(0.4))
    """
    planted = pd.DataFrame(VARIANT_EFFECTS)[["gene", "chromosome", "position", "ref", "alt", "frequency"]]
    n_others = n_features - len(planted)
    genes = [gene.split(":") for gene in PHARMACOGENES.split()[:n_others]]
    n_outside = n_others - len(genes)
    ref = rng.integers(4, size=n_others)
    others = pd.DataFrame(
        {
            "gene": [gene for gene, _ in genes] + [""] * n_outside,
            "chromosome": [place for _, place in genes] + [str(number) for number in rng.integers(1, 23, n_outside)],
            # multiples of 5 within the shortest chromosome: no planted variant stands on one
            "position": 5 * rng.choice(np.arange(200_000, 9_000_000), n_others, replace=False),
            "ref": [BASES[i] for i in ref],
            "alt": [BASES[i] for i in (ref + rng.integers(1, 4, n_others)) % 4],
            "frequency": rng.uniform(0.05, 0.5, n_others),
        }
    )
    features = pd.concat([planted, others], ignore_index=True).assign(kind="dosage")
    features.index = pd.Index(_variant_ids(features), name="feature_id")
    return features.drop(columns="frequency"), features["frequency"].to_numpy(dtype=np.float64)


def variant_truth() -> pd.DataFrame:
    """The planted effects on the weekly dose of warfarin."""
    planted = pd.DataFrame(VARIANT_EFFECTS)
    planted["feature_id"] = _variant_ids(planted)
    id_of_gene = planted.set_index("gene")["feature_id"]
    truth = planted[planted["effect"] != 0].rename(columns={"mechanism": "mechanism_of_effect"})
    truth["partner"] = [id_of_gene[gene] if gene else "" for gene in truth["partner"]]
    truth["drug_id"] = np.where(truth["mechanism_of_effect"] == "targeted", "warfarin", "")
    return truth.reset_index(drop=True)[TRUTH_COLUMNS]


def _variant_ids(rows: pd.DataFrame) -> list[str]:
    parts = zip(rows["chromosome"], rows["position"], rows["ref"], rows["alt"], strict=True)
    return [":".join(map(str, part)) for part in parts]
