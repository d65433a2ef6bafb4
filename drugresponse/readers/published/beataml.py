"""Files of Beat AML, waves 1 to 4: curves that were fitted to ex vivo responses, and mutations of whole exomes.

Columns: biodev.github.io/BeatAML2 (beataml_probit_curve_fits_v4_dbgap.txt, beataml_wes_wv1to4_mutations_dbgap.txt);
Bottomly et al. 2022, doi:10.1016/j.ccell.2022.07.002. A specimen is known by the id of its DNA, which both files have.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.conversion.numbers import to_numbers
from drugresponse.data.ids import clean_ids
from drugresponse.data.tables import Measure
from drugresponse.errors import count
from drugresponse.readers.alterations.classes import SILENT, classify
from drugresponse.readers.published.tables import PublishedFile, PublishedTables, Publisher

__all__ = ["BEATAML"]


def _take_curves(tables: PublishedTables, table: pd.DataFrame, where: str) -> None:
    samples, drugs = clean_ids(table["dbgap_dnaseq_sample"], where), clean_ids(table["inhibitor"], where)
    response = to_numbers(table["auc"], where=where)
    fitted = np.ones(len(table), dtype=bool)
    if "converged" in table:
        fitted = ~table["converged"].str.strip().str.lower().isin(("false", "f", "0")).to_numpy()
    known = ((samples != "") & (drugs != "") & response.notna()).to_numpy()
    kept = known & fitted
    rows = pd.DataFrame({"sample_id": samples, "drug_id": drugs, "response": response})[kept]
    tables.add_responses(rows.reset_index(drop=True), Measure("area_under_curve", "", "resistant"))
    tables.add_samples(pd.DataFrame({"sample_id": samples, "subject_id": table["dbgap_subject_id"]})[kept])
    tables.notes.append(
        f"{where}: {count(len(rows), 'response')} (area under the fitted curve of viability; higher is more resistant) "
        f"of {count(rows['sample_id'].nunique(), 'specimen')} by the id of their DNA and "
        f"{count(rows['drug_id'].nunique(), 'inhibitor')}; {count(int((~known).sum()), 'row')} without an id or a "
        f"response, and {count(int((known & ~fitted).sum()), 'curve')} that did not converge, left out. Specimens of "
        "one patient are one subject. It has no structures of drugs."
    )


def _take_mutations(tables: PublishedTables, table: pd.DataFrame, where: str) -> None:
    calls = pd.DataFrame({"sample_id": clean_ids(table["dbgap_sample_id"], where), "gene": table["symbol"].str.strip()})
    silent = _are_silent(table)
    calls = calls[(calls["sample_id"] != "") & (calls["gene"] != "") & ~silent].drop_duplicates()
    altered = pd.crosstab(calls["sample_id"], calls["gene"]).astype(np.float32).rename_axis(columns=None)
    genes = list(altered.columns)
    altered.columns = pd.Index([f"{gene}_mut" for gene in genes])
    features = pd.DataFrame({"kind": "altered", "gene": genes}, index=altered.columns.rename("feature_id"))
    tables.add_genotypes(altered, features)
    left_out = f"; {count(int(silent.sum()), 'row')} of changes that alter no protein left out" * bool(silent.any())
    tables.notes.append(
        f"{where}: {count(len(genes), 'gene')} with a mutation in any of {count(len(altered), 'specimen')}; a gene "
        f"without one counts as not altered, and a specimen without any mutation is not in the file{left_out}."
    )


def _are_silent(table: pd.DataFrame) -> NDArray[np.bool_]:
    """`(n_rows,)` which rows change no protein, as far as a column tells the effect."""
    name = next((name for name in ("variant_classification", "consequence") if name in table), None)
    if name is None:
        return np.zeros(len(table), dtype=bool)
    silent = {term: classify(term.strip()) == SILENT for term in table[name].unique()}
    return table[name].map(silent).to_numpy(dtype=bool)


_CURVES = ("dbgap_subject_id", "dbgap_dnaseq_sample", "inhibitor", "auc")
BEATAML = Publisher(
    (
        PublishedFile("fitted curves", _CURVES, _take_curves),
        PublishedFile("mutations", ("dbgap_sample_id", "symbol"), _take_mutations),
    )
)
