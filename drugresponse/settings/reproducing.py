"""The options of `reproduce` and `validate`: a model and the files of its training; where results of checks go."""

from __future__ import annotations

from drugresponse.settings.inputs import CohortTables, GenotypeFiles, GenotypeReading, MeasuredResponses, ModelFile
from drugresponse.settings.learning import PriorKnowledge, Report, Running
from drugresponse.settings.option import (
    InputFile,
    InputTable,
    OutputFile,
    OutputTable,
    Settings,
    changed,
    option,
    options,
)

__all__ = ["ReproduceSettings", "ValidateSettings"]


@options()
class ReproduceSettings(ModelFile, Running, Settings):
    """Settings of `reproduce`; how the files are read, and all settings of the training, stand in the model."""

    genotypes: list[InputFile] = changed(GenotypeFiles, "genotypes")
    responses: InputTable = changed(MeasuredResponses, "responses")
    drugs: InputTable | None = changed(CohortTables, "drugs")
    samples: InputTable | None = changed(CohortTables, "samples")
    features: InputTable | None = changed(GenotypeReading, "features")
    aliases: InputTable | None = changed(GenotypeReading, "aliases")
    callable: InputFile | None = changed(GenotypeReading, "callable")
    prior: InputTable | None = changed(PriorKnowledge, "prior", help="The one of the training.")
    tolerance: float = option(
        "Tolerance",
        "By how much a prediction may differ, as a share of the standard deviation of the predictions, where the bytes "
        "do: on another kind of processor sums are added in another order.",
        default=1e-5,
        limits=(0, 1),
    )


@options()
class ValidateSettings(Settings):
    """Settings of `validate`; what is checked is not chosen."""

    report: OutputFile | None = changed(Report, "report")
    checks: OutputTable | None = option(
        "checks", "Every check: what was expected, what was found, the tolerance, and whether it holds."
    )
    markdown: OutputFile | None = option("page as Markdown", "The page as Markdown.", formats=("markdown",))
