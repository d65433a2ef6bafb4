"""What an alteration does to its gene: the words of many annotators, and protein changes, as classes of effect."""

from __future__ import annotations

import re

__all__ = ["EFFECTS", "SILENT", "SMALL_MUTATIONS", "WILD_TYPE", "classify", "parse_protein_change", "protein_changes"]

SMALL_MUTATIONS = ("lof", "splice", "inframe", "missense", "mutation")
"""Classes of mutations within the gene, worst first; `mutation` is one whose effect is not told."""
PROMOTER = "promoter"
EFFECTS = (*SMALL_MUTATIONS, "deletion", "amplification", "loss", "gain", "fusion", PROMOTER)
"""Classes of effect; where a cell names several terms, the first of these counts."""
SILENT = "silent"
WILD_TYPE = "wild type"

# Words of MAF (GDC and TCGA 2.4.1), Sequence Ontology (VEP, SnpEff), ANNOVAR, Funcotator, cBioPortal, OncoKB, COSMIC,
# DepMap and Sanger's VAGrENT (Cell Model Passports), without case, blanks and punctuation. Which of MAF count as silent
# follows maftools, but for the promoter of TERT, whose mutations are drivers (Huang et al. 2013,
# doi:10.1126/science.1229259).
_TERMS = {
    "lof": """frameshift frameshiftdel frameshiftins frameshiftvariant frameshiftdeletion frameshiftinsertion
        frameshiftsubstitution frameshiftblocksubstitution nonsense nonsensemutation stopgain
        stopgained stopgainsnv stoploss stoplost stoplosssnv nonstop nonstopmutation startloss startlost
        translationstartsite startcodonsnp startcodondel startcodonins stopcodondel stopcodonins denovostartoutofframe
        initiatorcodonvariant truncating truncatingmutation truncation lof lossoffunction exonlossvariant
        truncatingmutations proteintruncating likelylossoffunction frameshiftmutation frameshiftindel
        frameshifttruncation frameshiftelongation deletionframeshift insertionframeshift complexframeshift
        substitutionnonsense
        nonstopextension stopcodongained stopcodonlost startcodonlost startlostvariant stoplostvariant
        stopgainedvariant initiatorcodonchange initiatorcodon cdsdisrupted denovostartoutframe exondeleted""",
    "splice": """splice splicesite splicing spliceacceptorvariant splicedonorvariant splicesiteacceptor splicesitedonor
        splicesitesnp splicesitedel splicesiteins splicesitevariant spliceacceptor splicedonor splicemutation
        splicesitemutation splicevariant essentialsplice essentialsplicesite esssplice 5primeutresssplice
        3primeutresssplice""",
    "inframe": """inframe inframedel inframeins inframedeletion inframeinsertion inframeindel inframemutation
        conservativeinframedeletion conservativeinframeinsertion disruptiveinframedeletion disruptiveinframeinsertion
        nonframeshift nonframeshiftdeletion nonframeshiftinsertion nonframeshiftsubstitution
        nonframeshiftblocksubstitution proteinalteringvariant inframevariant inframesubstitution inframedelins
        inframeduplication inframecodongain inframecodonloss deletioninframe insertioninframe complexinframe
        complexdeletioninframe complexinsertioninframe codondeletion codoninsertion codonchangepluscodondeletion
        codonchangepluscodoninsertion codonchange""",
    "missense": """missense missensemutation missensevariant missensesubstitution nonsynonymous nonsynonymoussnv
        nonsynonymouscoding nonsynonymouscodon nonsynonymousvariant nonsynonymousmutation substitutionmissense
        rareaminoacidvariant""",
    "mutation": """mutation mutated mutant mut altered alteration variant unknown unclassified codingsequencevariant
        yes true 1 complexsub complexsubstitution complexchangeintranscript gainoffunction
        likelygainoffunction switchoffunction likelyswitchoffunction inconclusive oncogenicmutation
        oncogenicmutations codingvariant codingtranscriptvariant complexcompoundsubstitution exonic""",
    "deletion": """deletion deleted del homdel homodel homozygousdeletion deepdeletion genedeletion
        transcriptablation homozygousloss homloss deeploss homozygousdel deepdel wholegenedeletion""",
    "amplification": """amplification amplified amp highamp highamplification hlamp highlevelamplification
        focalamplification transcriptamplification""",
    "loss": """loss shallowloss heterozygousloss hemizygousloss singlecopyloss lowlevelloss copyloss
        copynumberloss cnvloss hetloss hetdel shallowdeletion heterozygousdeletion
        hemizygousdeletion""",
    "gain": "gain copygain copynumbergain cnvgain lowlevelgain",
    PROMOTER: "promoter promotermutation promotervariant",
    "fusion": """fusion fusions genefusion bidirectionalgenefusion inframefusion rearrangement rearranged
        translocation structuralvariant structuralvariation""",
    SILENT: """silent synonymous synonymoussnv synonymousvariant stopretainedvariant startretainedvariant intron
        intronic intronvariant 3utr 5utr utr3 utr5 utr 3primeutr 5primeutr 3primeutrvariant 5primeutrvariant 3flank
        5flank igr intergenic intergenicvariant intergenicregion rna lincrna ncrna ncrnaexonic ncrnaintronic
        ncrnasplicing ncrnautr3 ncrnautr5 upstream downstream upstreamgenevariant downstreamgenevariant spliceregion
        spliceregionvariant splicepolypyrimidinetractvariant splicedonorregionvariant splicedonor5thbasevariant
        targetedregion denovostartinframe denovostart 5primeutrprematurestartcodongainvariant
        noncodingtranscriptexonvariant noncodingtranscriptvariant noncodingexonvariant noncodingtranscript
        regulatoryregionvariant tfbindingsitevariant maturemirnavariant nmdtranscriptvariant
        incompleteterminalcodonvariant noncoding noncodingvariant ncvariant ncesssplice nctranscriptvariant
        intronicvariant intragenicvariant intragenic conservedintergenicvariant conservedintronvariant upstreamvariant
        downstreamvariant 2kbupstreamvariant 5kbupstreamvariant 500bdownstreamvariant 5kbdownstreamvariant utrvariant
        3utrvariant 5utrvariant fiveprimeutr threeprimeutr fiveprimeflank threeprimeflank 3primeflank 5primeflank
        synonymousmutation synonymouscodon synonymouscoding synonymousstart synonymousstop substitutioncodingsilent
        codingsilent stopretained startretained startgained spliceregionmutation extendedintronicspliceregion
        extendedintronicspliceregionvariant couldnotdetermine mirna lncrna pseudogene regulatoryregion
        tfbsvariant tfbsablation tfbsamplification tfbindingsiteablation regulatoryregionablation
        regulatoryregionamplification splicesiteregion utr3prime utr5prime utr3deleted utr5deleted 5primeutrtruncation
        3primeutrtruncation startgain substitutionintronic likelyneutral""",
    WILD_TYPE: """wt wildtype reference notaltered unaltered normal neutral diploid no false negative 0
        unmutated nonmutated notmutated nonmutant notmutant nomutation nomutations nomutationfound nomutationdetected
        nochange notdetected undetected nonedetected noalteration noalterations notfound nonefound""",
}
_BEFORE_THE_GENE = frozenset(
    ("5flank", "5primeflank", "fiveprimeflank", "upstreamgenevariant", "upstream", "upstreamvariant")
)
_CLASS_OF = {word: name for name, words in _TERMS.items() for word in words.split()}
_SEVERITY = (*EFFECTS, SILENT, WILD_TYPE)

_AMINO_ACIDS = "Ala Arg Asn Asp Cys Gln Glu Gly His Ile Leu Lys Met Phe Pro Ser Thr Trp Tyr Val Sec Pyl Ter Xaa"
_THREE_LETTERS = dict(zip(_AMINO_ACIDS.split(), "ARNDCQEGHILKMFPSTWYVUO*X", strict=True))
_THREE = re.compile("|".join(_THREE_LETTERS))
_SUBSTITUTION = re.compile(r"([A-Z*])(\d+)([A-Z*=])")
_FRAME_SHIFT = re.compile(r"([A-Z*-]*\d+)[A-Z*]?fs.*")
_IN_FRAME = re.compile(r"[A-Z*]*\d+(?:_[A-Z*]*\d+)?[A-Z*]*(?:delins|del|ins|dup|>)[A-Z*]*\d*")
_SPLICE = re.compile(r"[A-Z*]?\d+_splice")
_NO_PROTEIN = re.compile(r"M1\?|0\??")
_EXTENSION = re.compile(r"\*\d+[A-Z*]*ext.*")
_FUSION = re.compile(r"(?:[A-Z0-9]+(?:-|::|/))?[A-Z0-9]+[ _-]fusion", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*[,;&|+/]\s*|\s+and\s+|\s+")


def is_promoter(term: str, gene: str) -> bool:
    """Whether a term beside the coding sequence means the promoter of a gene in which that is known to matter: TERT's.

    Examples
    --------
    >>> is_promoter("5'Flank", "TERT"), is_promoter("5'Flank", "MYC"), is_promoter("Intron", "TERT")
    (True, False, False)
    """
    return gene.upper() == "TERT" and _plain(term) in _BEFORE_THE_GENE


def classify(term: str) -> str | None:
    """The class of effect that a term of an annotator means; `silent`, `wild type`, or None where it is not known.

    Examples
    --------
    >>> classify("Frame_Shift_Del"), classify("stop_gained&splice_region_variant"), classify("5'UTR"), classify("ITD")
    ('lof', 'lof', 'silent', None)
    """
    whole = _CLASS_OF.get(_plain(term))
    if term.startswith("-"):  # a copy number such as -1 is not the word 1
        return None
    if whole is not None:
        return whole
    if _FUSION.fullmatch(term.strip()) and not term.lower().startswith("no"):
        return "fusion"
    named = {_CLASS_OF.get(_plain(part)) for part in re.split(r"[&,;|]", term)}
    worst = next((effect for effect in _SEVERITY if effect in named), None)
    # beside a term that is not known, one without effect says nothing
    return None if worst in (SILENT, WILD_TYPE) and None in named else worst


def parse_protein_change(text: str) -> tuple[str, str] | None:
    """A protein change in one-letter form, without `p.` and what follows a frame shift, and its class of effect.

    Returns
    -------
    tuple or None
        None where the text is no protein change, or an unknown one (`p.?`); `p.=` is silent.

    Examples
    --------
    >>> parse_protein_change("p.Val600Glu"), parse_protein_change("NP_000537.3:p.(R213*)")
    (('V600E', 'missense'), ('R213*', 'lof'))
    >>> parse_protein_change("p.W288Cfs*12"), parse_protein_change("E746_A750del"), parse_protein_change("amplified")
    (('W288fs', 'lof'), ('E746_A750del', 'inframe'), None)
    """
    change = text.strip().rpartition(":")[2].removeprefix("p.").strip("()[]")
    if change == "=":
        return change, SILENT
    if _THREE.search(change):
        change = _THREE.sub(lambda word: _THREE_LETTERS[word.group()], change)
    substitution = _SUBSTITUTION.fullmatch(change)
    if substitution:
        before, position, after = substitution.groups()
        if after in (before, "="):
            return change, SILENT
        if after == "X":
            change, after = f"{before}{position}*", "*"
        lost = after == "*" or before == "*" or (before == "M" and position == "1")
        return change, "lof" if lost else "missense"
    shifted = _FRAME_SHIFT.fullmatch(change)
    if shifted:
        return f"{shifted.group(1)}fs", "lof"
    if _IN_FRAME.fullmatch(change):
        return change, "inframe"
    if _SPLICE.fullmatch(change):
        return change, "splice"
    if _NO_PROTEIN.fullmatch(change) or _EXTENSION.fullmatch(change):
        return change, "lof"
    return None


def protein_changes(text: str) -> list[str]:
    """The protein changes of a cell that holds nothing but several of them; what else it holds, as it stands.

    Examples
    --------
    >>> protein_changes("T790M;L858R"), protein_changes("p.V600E and K601E"), protein_changes("exon 19 deletion")
    (['T790M', 'L858R'], ['p.V600E', 'K601E'], ['exon 19 deletion'])
    """
    parts = [part for part in _BETWEEN.split(text.strip()) if part]
    return parts if len(parts) > 1 and all(map(parse_protein_change, parts)) else [text]


def _plain(term: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "", term).lower()
