"""Which features go with the response to which drug, whatever a model says."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.association._cells import AssociationCells, associate_drugs
from drugresponse.association._clones import Clones
from drugresponse.association._covariate_bases import CovariateBases, covariate_columns, general_sensitivity
from drugresponse.association._likely_effects import with_likely_effects
from drugresponse.association._linkage import Linkage, linkage_table
from drugresponse.association._score_bases import likelihoods_of, score_bases
from drugresponse.association.feature_columns import FeatureColumns
from drugresponse.data.conversion.frames import FrameLike, as_pandas
from drugresponse.data.conversion.genotypes import as_genotypes
from drugresponse.data.conversion.observations import tell_of_observations
from drugresponse.data.covariates import typed_covariate
from drugresponse.data.genotypes import GenotypesLike
from drugresponse.data.ids import suggest_ids, tell_of_lost_ids
from drugresponse.data.joining import observed_of
from drugresponse.data.metrics import q_values
from drugresponse.data.pairs import Pairs
from drugresponse.data.tables import ResponsesLike, as_responses, index_by_id
from drugresponse.data.turned_responses import right_way_round
from drugresponse.errors import InputError, count
from drugresponse.learners.genotypes_in_memory import genotypes_in_memory
from drugresponse.shown import Shown
from drugresponse.threads import one_thread, run_in_order

__all__ = ["MINIMUM_CARRIERS", "Associations", "associate", "associate_pairs"]

MINIMUM_CARRIERS = 3
"""Two carriers among 100 samples can be chosen in 4,950 ways: their least p drowns in a grid of thousands of tests."""
SENSITIVITY = "general sensitivity"
_DRUGS_AT_ONCE = 32
_BASIS_BYTES = 64 * 1024**2


@dataclass(frozen=True, eq=False, repr=False)
class Associations(Shown):
    """Every (drug, feature) that could be tested, and the groups of features that cannot be told apart.

    Attributes
    ----------
    table
        One row a tested cell, ordered by `drug_id`, `rank` and `feature_id`. Columns: `drug_id, feature_id, block,
        gene`; `effect`, the difference of response for each unit of the feature between samples alike in the
        covariates, in response units (or of log odds, of the log hazard), with its 95 % bounds `lower, upper` (of the t
        distribution, whatever the method; normal ones where a response is no number); `n_carriers, n_samples` with both
        response and call; `statistic`, t of the effect, or z of its score; `p`, two-sided, never 0; `q`, p adjusted
        over all rows (Benjamini and Hochberg 1995); `method` of p, `t`, `score`, `permutation`, `permutation of
        subjects` or `permutation within lineages`;
        `group` of the feature, named after its first; `rank` of the group within the drug by its least p, 1 first, the
        same for all its members; `adjusted_for`, the covariates in words.
    groups
        One row for each feature of a group of two or more: see `linkage_table`.
    adjusted_for
        Names of the covariates that were adjusted for.
    n_tests
        How many tests q is adjusted over: the rows of the table.

    Examples
    --------
    >>> genotypes = pd.DataFrame({"KRAS": [0, 0, 0, 1, 1, 1]}, index=list("abcdef"))
    >>> responses = pd.DataFrame({"sample_id": list("abcdef"), "drug_id": "d", "response": [0.0, 1, 2, 5, 6, 7]})
    >>> found = associate(genotypes, responses)
    >>> found.n_tests, found.adjusted_for, found.table["effect"].round(6).tolist()
    (1, (), [5.0])
    """

    table: pd.DataFrame
    groups: pd.DataFrame
    adjusted_for: tuple[str, ...]
    n_tests: int

    def _headline(self) -> str:
        least = f"; least q {self.table['q'].min():.3g}" if len(self.table) else ""
        return f"Associations: {count(self.n_tests, 'test')} of {count(self.table['drug_id'].nunique(), 'drug')}{least}"


def associate(
    genotypes: GenotypesLike,
    responses: ResponsesLike,
    *,
    covariates: FrameLike | None = None,
    adjust_sensitivity: bool = False,
    minimum_carriers: int = MINIMUM_CARRIERS,
    random_state: int = 0,
    n_jobs: int | None = None,
) -> Associations:
    """Test every feature with the response to every drug, adjusted for covariates.

    Parameters
    ----------
    genotypes
        `Genotypes`, a DataFrame (index or column `sample_id`, one column a feature) or an AnnData.
    responses
        `Responses`, or long rows of `sample_id, drug_id, response`; joined by id.
    covariates
        `sample_id` (column or index), and the columns to adjust for, numeric or text by content; None adjusts for
        nothing, not even for the `obs` of an AnnData, which is said. A sample that the table lacks has every
        covariate missing, which for text is a level of its own.
    adjust_sensitivity, minimum_carriers, random_state, n_jobs
        As in `associate_pairs`.

    Raises
    ------
    InputError
        No sample has both genotype and response, none of these has covariates where a table of them is given, or
        `minimum_carriers` is less than 1.

    Examples
    --------
    >>> import drugresponse as dr
    >>> genotypes = pd.DataFrame({"KRAS": [0, 0, 0, 1, 1, 1]}, index=list("abcdef"))
    >>> responses = pd.DataFrame({"sample_id": list("abcdef"), "drug_id": "d", "response": [0.0, 1, 2, 5, 6, 7]})
    >>> table = dr.associate(genotypes, responses).table
    >>> table[["feature_id", "effect", "n_carriers", "p"]].round(6).values.tolist()
    [['KRAS', 5.0, 3, 0.1]]
    """
    called = genotypes_in_memory(as_genotypes(genotypes), "associate")
    if covariates is None:
        tell_of_observations(genotypes)
    measured_responses = right_way_round(as_responses(responses), samples=called.sample_ids)
    table = measured_responses.table
    shared = called.sample_ids[called.sample_ids.isin(table["sample_id"])].sort_values()
    measured = pd.Index(table["sample_id"].unique())
    if shared.empty:
        raise InputError(
            f"responses: none of its {count(len(measured), 'sample')} is among the {len(called.sample_ids)} of the "
            f"genotypes. {suggest_ids(measured, called.sample_ids)}"
        )
    tell_of_lost_ids("responses", "samples", measured, "genotypes", called.sample_ids, "left out")
    rows = table[table["sample_id"].isin(shared)]
    known = pd.DataFrame(index=shared) if covariates is None else _covariates_of(covariates, shared)
    pairs = Pairs.build(
        called.reindex(shared),
        pd.DataFrame({name: typed_covariate(known[name]) for name in known.columns}, index=shared),
        pd.DataFrame(index=pd.Index(sorted(rows["drug_id"].unique()), name="drug_id", dtype=object)),
        rows,
    )
    return associate_pairs(
        replace(pairs, observed=observed_of(rows, measured_responses.outcome)),
        rows["response"].to_numpy(),
        adjust_sensitivity=adjust_sensitivity,
        minimum_carriers=minimum_carriers,
        random_state=random_state,
        n_jobs=n_jobs,
    )


def _covariates_of(covariates: FrameLike, ids: pd.Index) -> pd.DataFrame:
    """The covariates of these samples; a warning tells of samples that the table lacks."""
    side = as_pandas(covariates, "covariates")
    named = side if "sample_id" in side.columns else side.rename_axis("sample_id")
    table = index_by_id(named, "sample_id", where="covariates")
    if not ids.isin(table.index).any():
        raise InputError(
            f"covariates: none of its {count(len(table), 'sample')} is among the {len(ids)} with genotype and "
            f"response. {suggest_ids(table.index, ids)}"
        )
    tell_of_lost_ids("genotypes", "samples", ids, "covariates", table.index, "without covariates")
    return table.reindex(ids)


def associate_pairs(
    pairs: Pairs,
    y: NDArray[np.float64],
    *,
    adjust_sensitivity: bool = False,
    minimum_carriers: int = MINIMUM_CARRIERS,
    random_state: int = 0,
    n_jobs: int | None = None,
) -> Associations:
    """Test every feature with the response to every drug, adjusted for the covariates of the pairs.

    Each (drug, feature) is an ordinary least-squares fit of the response on the feature and the covariates over the
    samples that have both response and call. All measured pairs weigh the same, and a censored response is taken at its
    limit. Samples are taken as independent: several samples of one subject or lineage make p of the t and the score
    test too small.

    Up to 20 carriers p is by permutation of the residuals that covariates leave (Freedman and Lane 1983), exact for
    features with two values (see `rare_carriers`); else it is of the t test. Where subjects have several samples they
    are exchanged whole, and where lineages are known only within them: a clone is alike in more than the feature, so
    that one borne by all of a lineage and by nobody else has p 1.

    Where a response is no number, p is of the score test of the outcome's likelihood, or by permutation of its slopes;
    the effect is the most likely one with a log-F(1, 1) prior, finite also where a feature separates the classes, and
    for p above 0.05 one step from none towards it.

    Not tested, and so neither in the table nor counted by q: features with too few carriers among a drug's samples,
    features or responses that covariates tell wholly, and drugs with no sample to spare.

    Parameters
    ----------
    pairs
        Measured pairs with genotypes and covariates; repeats of a pair are averaged.
    y
        `(n_pairs,)` responses.
    adjust_sensitivity
        Adjust also for each sample's mean response over the other drugs, where there are others.
    minimum_carriers
        Fewest carriers, and fewest others of a feature with two values. A carrier is as in `FeatureColumns`.
    random_state
        Seed of what is drawn for features with few carriers and several values.
    n_jobs
        Threads, None and -1 for all cores; the result does not depend on them.

    Raises
    ------
    InputError
        `minimum_carriers` is less than 1, or `adjust_sensitivity` is set where a response is no number.

    References
    ----------
    Y. Benjamini and Y. Hochberg, Controlling the false discovery rate, J. R. Stat. Soc. B 57 (1995).
    D. Freedman and D. Lane, A nonstochastic interpretation of reported significance levels, J. Bus. Econ. Stat. 1
    (1983).
    M. Pagano and D. Tritchler, On obtaining permutation distributions in polynomial time, J. Am. Stat. Assoc. 78
    (1983).
    """
    if minimum_carriers < 1:
        raise InputError(f"minimum carriers: found {minimum_carriers} (expected 1 or more). Give a greater number.")
    is_number = pairs.outcome.kind == "continuous"
    if adjust_sensitivity and not is_number:
        raise InputError(
            f"`adjust_sensitivity`: the outcome is {pairs.outcome.kind} (expected measured numbers, which have a mean "
            "over drugs). Leave it out."
        )
    used = pairs.compact()
    order = np.argsort(used.drugs.index.to_numpy(dtype=object))
    drug_ids, responses = used.drugs.index.to_numpy(dtype=object)[order], _response_grid(used, y, order)
    features = FeatureColumns.of(used.genotypes)
    features = features.take(np.flatnonzero(features.rarer() >= minimum_carriers))
    clones = Clones.of(used.subjects, used.lineages)
    varying = used.covariates.loc[:, used.covariates.nunique() > 1]
    columns = covariate_columns(varying)
    sensitivity = general_sensitivity(responses) if adjust_sensitivity and len(drug_ids) > 1 else None
    adjusted_for = (*map(str, varying.columns), *(() if sensitivity is None else (SENSITIVITY,)))

    def test(drugs: NDArray[np.intp]) -> AssociationCells:
        if not is_number:
            likelihoods = likelihoods_of(used, y, order[drugs].tolist(), columns)
            bases = score_bases(likelihoods, len(responses))
            cells = associate_drugs(features, bases, drugs, minimum_carriers, random_state, clones)
            return with_likely_effects(cells, features, drugs, likelihoods)
        own = None if sensitivity is None else sensitivity[:, drugs]
        bases = CovariateBases.build(responses[:, drugs], columns, own)
        return associate_drugs(features, bases, drugs, minimum_carriers, random_state, clones)

    with one_thread():
        linkage = Linkage.of(features, n_jobs)
        chunks = _drug_chunks(len(responses), columns.shape[1] + 2, len(drug_ids))
        cells = AssociationCells.join(run_in_order(test, chunks, n_jobs))
    names = _group_names(linkage, features)
    methods = ("permutation" if clones is None else clones.words, "t" if is_number else "score")
    table = _table(cells, drug_ids, features, linkage, names, ", ".join(adjusted_for) or "nothing", methods)
    return Associations(table, linkage_table(linkage, features, names), adjusted_for, len(table))


def _response_grid(pairs: Pairs, y: NDArray[np.float64], order: NDArray[np.intp]) -> NDArray[np.float64]:
    """`(n_samples, n_drugs)` responses, drugs in this order, NaN where not measured."""
    place = np.argsort(order)[pairs.drug_index]
    sums, counts = np.zeros((2, pairs.genotypes.shape[0], len(order)))
    np.add.at(sums, (pairs.sample_index, place), y)
    np.add.at(counts, (pairs.sample_index, place), 1.0)
    return np.where(counts > 0, sums / np.maximum(counts, 1.0), np.nan)


def _drug_chunks(n_samples: int, n_columns: int, n_drugs: int) -> list[NDArray[np.intp]]:
    width = min(_DRUGS_AT_ONCE, max(1, _BASIS_BYTES // (8 * n_samples * n_columns)))
    return [np.arange(start, min(start + width, n_drugs)) for start in range(0, n_drugs, width)]


def _group_names(linkage: Linkage, features: FeatureColumns) -> NDArray[np.object_]:
    """The id of each group's first feature, after its block where another block has the same id."""
    ids, blocks = features.table.index.to_numpy(dtype=object), features.table["block"].to_numpy(dtype=object)
    twice = features.table.index.duplicated(keep=False)
    return np.where(twice, blocks + ":" + ids, ids)[linkage.group]


def _table(
    cells: AssociationCells,
    drug_ids: NDArray[np.object_],
    features: FeatureColumns,
    linkage: Linkage,
    names: NDArray[np.object_],
    adjusted_for: str,
    methods: tuple[str, str],
) -> pd.DataFrame:
    rank = _ranks(cells, linkage)
    ids = features.table.index.to_numpy(dtype=object)
    id_order = np.argsort(np.argsort(ids, kind="stable"), kind="stable")
    order = np.lexsort((id_order[cells.feature], rank, cells.drug))
    feature, p = cells.feature[order], cells.p[order]
    effect, half_width = cells.effect[order], cells.half_width[order]
    return pd.DataFrame(
        {
            "drug_id": drug_ids[cells.drug[order]],
            "feature_id": ids[feature],
            "block": features.table["block"].to_numpy(dtype=object)[feature],
            "gene": features.table["gene"].to_numpy(dtype=object)[feature],
            "effect": effect,
            "lower": effect - half_width,
            "upper": effect + half_width,
            "n_carriers": cells.carriers[order],
            "n_samples": cells.samples[order],
            "statistic": cells.statistic[order],
            "p": p,
            "q": q_values(p),
            "method": np.where(cells.permuted[order], *methods).astype(object),
            "group": names[feature],
            "rank": rank[order],
            "adjusted_for": np.full(len(p), adjusted_for, dtype=object),
        },
        copy=False,
    )


def _ranks(cells: AssociationCells, linkage: Linkage) -> NDArray[np.int64]:
    """`(n_cells,)` rank of the feature's group within the drug, by its least p, then its greatest t."""
    group = linkage.group[cells.feature]
    order = np.lexsort((group, -np.abs(cells.statistic), cells.p, cells.drug))
    table = pd.DataFrame({"drug": cells.drug[order], "group": group[order]}, index=order)
    place = (~table.duplicated()).groupby(table["drug"]).cumsum()
    return place.groupby([table["drug"], table["group"]]).transform("first").sort_index().to_numpy(dtype=np.int64)
