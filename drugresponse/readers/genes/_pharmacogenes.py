"""Genes on which a published guideline of CPIC bases a prescribing recommendation."""

from __future__ import annotations

__all__ = ["PHARMACOGENES"]

PHARMACOGENES: tuple[str, ...] = (
    "ABCG2",
    "CACNA1S",
    "CFTR",
    "CYP2B6",
    "CYP2C19",
    "CYP2C9",
    "CYP2D6",
    "CYP3A5",
    "CYP4F2",
    "DPYD",
    "G6PD",
    "HLA-A",
    "HLA-B",
    "IFNL3",
    "MT-RNR1",
    "NAT2",
    "NUDT15",
    "RYR1",
    "SLCO1B1",
    "TPMT",
    "UGT1A1",
    "VKORC1",
)
"""HGNC symbols, in order of the alphabet.

All but NAT2 stand at level A in the list of guidelines of the Clinical Pharmacogenetics Implementation Consortium
(cpicpgx.org, "Prioritization of CPIC guidelines"; the drugs are named there). NAT2 comes from the guideline for
hydralazine, published in September 2025, the newest that is counted here. Genes that CPIC has evaluated without a
recommendation (such as ADRB1, CYP3A4 or COMT) are not in the list. CPIC's data are free of copyright (CC0).
"""
