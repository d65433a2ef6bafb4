"""The options of `explain`: a model and measurements in; what moves the response out."""

from __future__ import annotations

from drugresponse.learners.registry import AUTO, LEARNERS
from drugresponse.settings.inputs import (
    CohortTables,
    GenotypeFiles,
    GenotypeReading,
    MeasuredResponses,
    ModelFile,
    TimeColumns,
)
from drugresponse.settings.learning import Distributed, Rehearsed, Report, Running, Seeded
from drugresponse.settings.option import InputFile, OutputTable, Settings, changed, option, options

__all__ = ["ExplainSettings", "ExplanationChecks"]

_REFIT_LEARNERS = {name: learner.label for name, learner in LEARNERS.items() if learner.uses_genotype and name != AUTO}
"""Not one that weighs others anew, which is no cheaper, and none without genotype, whose stability could be told."""


@options()
class ExplainedTables(ModelFile, GenotypeFiles, MeasuredResponses, TimeColumns, CohortTables):
    """What is explained: a model, the samples, and what was measured of them."""

    responses: InputFile = changed(
        MeasuredResponses,
        "responses",
        label="Responses: what was measured of these samples",
        help="Columns sample_id, drug_id and response, one row for each pair: those of the training, or others of "
        "the same assay.",
    )
    drugs: InputFile | None = changed(
        CohortTables,
        "drugs",
        also="Names stand beside the ids in the report; of targets, genes separated by commas, it tells the ranks.",
    )
    gene_sets: InputFile | None = option(
        "Gene sets to test",
        "GMT: name, description and genes in each line, separated by tabs, such as Hallmark or Reactome.",
        formats=("tabular", "txt"),
        section="genotype_options",
    )
    selected_samples: list[str] | None = option(
        "Samples to explain one by one",
        "Ids separated by commas. For each of them the report ranks the drugs and gives the reasons; they need a "
        "genotype, and need not be measured.",
    )


@options()
class ExplanationTables:
    """The tables that are written."""

    attributions: OutputTable = option("attributions", "The attribution of each feature for each drug, by the model.")
    associations: OutputTable | None = option(
        "associations", "Effect, p and q of each feature with each drug in the measurements, whatever the model says."
    )
    agreement: OutputTable | None = option(
        "agreement", "What the measurements and the model name, those that both do first."
    )
    reasons: OutputTable | None = option("reasons", "The predictions of the selected samples as sums of parts.")
    pathways: OutputTable | None = option(
        "gene sets", "Gene sets that the model's attributions lean on; needs --gene-sets."
    )


@options(section="held_out")
class ExplanationChecks:
    """What is tested, and how sure that is; `explain` takes each by its name."""

    refits: int = option(
        "Refits",
        "How often the model is fitted again without a part of the subjects, to see which attributions are stable; a "
        "few more fits show what noise reaches. 2 or more; 0 leaves both out.",
        default=5,
        limits=(0, 50),
    )
    refit_learner: str | None = option(
        "Learner of the refits",
        "Unless given, the model's own; ridge takes a small part of the time of auto, but tells of ridge.",
        choices=_REFIT_LEARNERS,
        unset="The model's own",
    )
    adjust_sensitivity: bool = option(
        "Adjust associations for general sensitivity",
        "Takes out how a sample responds to the other drugs, so that what is special to a drug stands out.",
        default=False,
    )
    minimum_carriers: int = option(
        "Fewest carriers of a feature",
        "Features with fewer carriers among the samples of a drug are not tested for association. Up to 20 carriers p "
        "is by permutation: of whole subjects, and within lineages where they are known.",
        default=3,
        limits=(1, 100_000),
    )


@options()
class ExplainSettings(
    ExplainedTables,
    ExplanationTables,
    GenotypeReading,
    ExplanationChecks,
    Report,
    Seeded,
    Running,
    Distributed,
    Rehearsed,
    Settings,
):
    """Settings of `explain`."""

    seed: int = changed(Seeded, "seed", section="advanced")
