"""The options of `explain`: a model and measurements in; what moves the response out."""

from __future__ import annotations

from dataclasses import replace

from drugresponse.learners.registry import AUTO, WITHOUT_GENOTYPE
from drugresponse.settings import inputs, learning
from drugresponse.settings.parameter import Command, Parameter

__all__ = ["EXPLAIN"]


_GENE_SETS = Parameter(
    "gene_sets",
    "input",
    label="Gene sets to test",
    help="GMT: name, description and genes in each line, separated by tabs, such as Hallmark or Reactome.",
    formats=("tabular", "txt"),
    section="genotype_options",
)
_SELECTED = Parameter(
    "selected_samples",
    "names",
    label="Samples to explain one by one",
    help="Ids separated by commas. For each of them the report ranks the drugs and gives the reasons; they need a "
    "genotype, and need not be measured.",
)
_ATTRIBUTIONS = Parameter(
    "attributions",
    "output",
    label="attributions",
    help="What the model hangs on each feature for each drug.",
    required=True,
    formats=("tabular",),
)
_ASSOCIATIONS = Parameter(
    "associations",
    "output",
    label="associations",
    help="Effect, p and q of each feature with each drug in the measurements, whatever the model says.",
    formats=("tabular",),
)
_AGREEMENT = Parameter(
    "agreement",
    "output",
    label="agreement",
    help="What the measurements and the model name, those that both do first.",
    formats=("tabular",),
)
_REASONS = Parameter(
    "reasons",
    "output",
    label="reasons",
    help="The predictions of the selected samples as sums of parts.",
    formats=("tabular",),
)
_PATHWAYS = Parameter(
    "pathways",
    "output",
    label="gene sets",
    help="Gene sets that the model's attributions lean on; needs --gene-sets.",
    formats=("tabular",),
)
_REFITS = Parameter(
    "refits",
    "integer",
    label="Refits",
    help="How often the model is fitted again without a part of the subjects, to see which attributions are stable; a "
    "few more fits show what noise reaches. 2 or more; 0 leaves both out.",
    default=5,
    minimum=0,
    maximum=50,
    section="held_out",
)
_REFIT_LEARNER = Parameter(
    "refit_learner",
    "choice",
    label="Learner of the refits",
    help="Unless given, the model's own; ridge takes a small part of the time of auto, but tells of ridge.",
    # one that weighs others anew is no cheaper one, and without genotype there is no stability to tell
    choices={
        name: label for name, label in learning.LEARNER.choices.items() if name not in WITHOUT_GENOTYPE and name != AUTO
    },
    unset="The model's own",
    section="held_out",
)
_ADJUST = Parameter(
    "adjust_sensitivity",
    "switch",
    label="Adjust associations for general sensitivity",
    help="Takes out how a sample responds to the other drugs, so that what is special to a drug stands out.",
    default=False,
    section="held_out",
)
_CARRIERS = Parameter(
    "minimum_carriers",
    "integer",
    label="Least carriers of a feature",
    help="Features that fewer samples of a drug bear are not tested for association.",
    default=3,
    minimum=1,
    maximum=100_000,
    section="held_out",
)

EXPLAIN = Command(
    "explain",
    "Say which features move the response: by the measurements, by the model, and by both.",
    (
        inputs.MODEL,
        replace(inputs.GENOTYPES, required=True),
        replace(
            inputs.RESPONSES,
            label="Responses: what was measured of these samples",
            help="Columns sample_id, drug_id and response, one row for each pair: those of the training, or others of "
            "the same assay.",
        ),
        replace(
            inputs.DRUGS,
            help=f"{inputs.DRUGS.help} Names stand beside the ids in the report; of targets, genes separated by "
            "commas, it tells the ranks.",
        ),
        inputs.SAMPLES,
        _GENE_SETS,
        _SELECTED,
        _ATTRIBUTIONS,
        _ASSOCIATIONS,
        _AGREEMENT,
        _REASONS,
        _PATHWAYS,
        learning.REPORT,
        replace(learning.SEED, section="advanced"),
        inputs.SAMPLE_COLUMN,
        inputs.DRUG_COLUMN,
        inputs.RESPONSE_COLUMN,
        *inputs.GENOTYPE_OPTIONS,
        _REFITS,
        _REFIT_LEARNER,
        _ADJUST,
        _CARRIERS,
        learning.THREADS,
        learning.DEVICE,
        learning.CONFIG,
    ),
)
