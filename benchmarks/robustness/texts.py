"""A small text of every kind that is read, in which nothing is wrong."""

from __future__ import annotations

__all__ = ["TEXTS"]

TEXTS: dict[str, str] = {
    "matrix": "sample_id,TP53,KRAS,rs1\ns1,1,0,\ns2,0,1,1\ns3,1,1,0\ns4,0,0,1\n",
    "dosages": "sample_id\trs1\trs2\trs3\ns1\t0\t2\t1\ns2\t1\tNA\t0\ns3\t2\t1\t0.5\n",
    "alterations": (
        "sample_id\tgene\talteration\ns1\tBRAF\tV600E\ns2\tTP53\tR213*\ns3\tKRAS\tG12D\ns1\tEGFR\tamplification\n"
    ),
    "maf": (
        "#version 2.4\nHugo_Symbol\tVariant_Classification\tTumor_Sample_Barcode\tHGVSp_Short\n"
        "TP53\tMissense_Mutation\ts1\tp.R175H\nFLT3\tIn_Frame_Ins\ts2\tp.E598_Y599insF\nDNMT3A\tSplice_Site\ts3\t\n"
    ),
    "star alleles": (
        "Sample ID\tGene\tSource Diplotype\tPhenotype\tActivity Score\n"
        "s1\tCYP2D6\t*1/*4\tIntermediate Metabolizer\t1.0\n"
        "s2\tCYP2D6\t*4/*4\tPoor Metabolizer\t0.0\ns3\tTPMT\t*1/*3A\tIntermediate Metabolizer\t\n"
    ),
    "amrfinderplus": (
        "Name\tElement symbol\tElement name\tScope\tSubtype\tClass\tSubclass\tMethod\n"
        "S1\tblaTEM-1\ta\tcore\tAMR\tBETA-LACTAM\tBETA-LACTAM\tALLELEX\n"
        "S2\tgyrA_S83L\tb\tcore\tPOINT\tQUINOLONE\tQUINOLONE\tPOINTX\n"
    ),
    "resfinder": (
        "sample_id\tResistance gene\tIdentity\tPhenotype\nS1\tsul1\t99.9\tSulphonamide resistance\n"
        "S2\tblaNDM-1\t99.9\tBeta-lactam resistance\n"
    ),
    "rgi": (
        "sample_id\tORF_ID\tCut_Off\tBest_Hit_ARO\tSNPs_in_Best_Hit_ARO\tDrug Class\n"
        "S1\t1\tStrict\tNDM-1\tn/a\tcarbapenem; penam\nS2\t1\tStrict\tgyrB\tR136L\taminocoumarin\n"
    ),
    "hamronization": (
        "input_file_name\tgene_symbol\tanalysis_software_name\tamino_acid_mutation\nS1\tsul1\trgi\t\n"
        "S2\tgyrA\tamrfinderplus\tp.S83L\n"
    ),
    "tb-profiler": (
        '[{"id": "S1", "dr_variants": [{"gene": "rpoB", "change": "p.Ser450Leu", "pos": 761155}]},\n'
        ' {"id": "S2", "dr_variants": [], "qc": {"missing_positions": [{"position": 1}]}}]\n'
    ),
    "sierra": (
        '[{"inputSequence": {"header": "P1"}, "alignedGeneSequences": [{"gene": {"name": "RT"}, "firstAA": 1,\n'
        '  "lastAA": 240, "mutations": [{"position": 184, "AAs": "MV", "consensus": "M"}]}]}]\n'
    ),
    "substitutions": ("sample_id\tsubstitutions\nP1\tRT:M184MV, RT:K65R\nP2\tPR:V82A\nP3\tnone\nP4\tRT:184X\n"),
    "responses": "sample_id\tdrug_id\tresponse\tcensor\ns1\td1\t0.5\tnone\ns2\td1\t-1.5e0\tright\n",
    "wide responses": "sample_id,d1,d2\ns1,0.5,1.5\ns2,,0.25\n",
    "doses": "sample_id\tdrug_id\tdose\tresponse\ns1\td1\t0\t1\ns1\td1\t0.1\t0.9\ns1\td1\t1\t0.4\n",
    "samples": "sample_id\ttissue\tage\ns1\tlung\t40\ns2\tskin\t50\n",
    "drugs": 'drug_id;name;smiles\nd1;"a;b";CCO\nd2;b;c1ccccc1\n',
    "pairs": "sample_id\tdrug_id\ns1\td1\ns2\td1\n",
    "features": "feature_id\tkind\tgene\tchromosome\tposition\nrs1\tdosage\tTPMT\t6\t18130687\n",
    "splits": "sample_id\tfold\ns1\t0\ns2\t1\n",
    "gene names": "alias\tgene\nMLL\tKMT2A\nHER2\tERBB2\n",
    "gene list": "gene\nTPMT\nHLA-B\n",
    "bed": "track name=a\nchr6\t18128310\t18155169\tTPMT\nchr10\t94762680\t94855547\tCYP2C19\n",
    "gtf": 'chr6\tX\tgene\t18128311\t18155169\t.\t-\t.\tgene_id "E"; gene_name "TPMT";\n',
}
