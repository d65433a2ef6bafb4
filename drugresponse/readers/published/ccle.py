"""Files of the Cancer Cell Line Encyclopedia: the screen of 24 drugs, and its matrices of genes (GCT).

Columns: Barretina et al. 2012, doi:10.1038/nature11003, "Pharmacological profiling" (CCLE_NP24.2009_Drug_data). Lines
are known by their CCLE name, which ends with the tissue (A375_SKIN), in all of its files.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from drugresponse.data.conversion.numbers import to_numbers
from drugresponse.data.ids import clean_ids
from drugresponse.data.tables import Measure
from drugresponse.errors import count
from drugresponse.readers.matrix.gct import read_gct
from drugresponse.readers.published.tables import PublishedFile, PublishedTables, Publisher, as_frame
from drugresponse.readers.source.source import Source

__all__ = ["CCLE"]

_LINE, _AREA = "CCLE Cell Line Name", "ActArea"


def _take_screen(tables: PublishedTables, table: pd.DataFrame, where: str) -> None:
    lines, drugs = clean_ids(table[_LINE], where), clean_ids(table["Compound"], where)
    rows = pd.DataFrame({"sample_id": lines, "drug_id": drugs, "response": to_numbers(table[_AREA], where=where)})
    known = (lines != "") & (drugs != "") & rows["response"].notna()
    rows = rows[known]
    tables.add_responses(rows, Measure("activity_area", "", "sensitive"))
    name, _, tissue = (lines.str.partition("_")[at] for at in range(3))
    tables.add_samples(pd.DataFrame({"sample_id": lines, "name": name, "tissue": tissue})[known])
    targets = {"targets": table["Target"]} if "Target" in table else {}
    tables.add_drugs(pd.DataFrame({"drug_id": drugs, **targets})[known])
    tables.notes.append(
        f"{where}: {count(len(rows), 'response')} (activity area above the fitted curve; higher is more sensitive) of "
        f"{count(rows['sample_id'].nunique(), 'cell line')} by CCLE name and {count(rows['drug_id'].nunique(), 'drug')}"
        f"; {count(int((~known).sum()), 'row')} without an id or a response left out. IC50 ends at the highest dose "
        "for lines that do not respond, so it is not taken. It has no structures of drugs."
    )


def _took_matrix(tables: PublishedTables, file: Source) -> bool:
    """Add features that differ between lines, of a matrix of genes by lines."""
    with file.opened():
        if file.content != "gct":
            return False
    genotypes = read_gct(file)
    values = as_frame(genotypes)
    varies = (values.max() > values.min()).to_numpy()
    tables.add_genotypes(values.loc[:, varies], genotypes.features[varies])
    same = f"; {count(int(np.sum(~varies)), 'feature')} in which no line differs left out" * (not varies.all())
    tables.notes.append(
        f"{file.name}: {count(int(varies.sum()), 'feature')} of {count(len(values), 'cell line')} by CCLE name{same}."
    )
    return True


CCLE = Publisher(
    (PublishedFile("drug data", (_LINE, "Compound", _AREA), _take_screen),), _took_matrix, ("matrices of genes (GCT)",)
)
