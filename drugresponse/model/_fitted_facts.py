"""What a fitted model shows of itself in a few lines: what it was trained on, and how it did on held-out rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drugresponse.audit.findings import findings_of, leak_messages
from drugresponse.errors import count

__all__ = ["fitted_facts"]

_JUDGED = {
    "better": "better than every naive prediction",
    "same": "not reliably better than a naive prediction",
    "worse": "worse than a naive prediction",
    "unknown": "cannot be judged",
}


def fitted_facts(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Facts by their names; leaks stand before the score that they spoil.

    Parameters
    ----------
    manifest
        Of the model.
    """
    training, measure, held_out = manifest["training"], manifest["measure"], manifest.get("held_out") or {}
    facts = {
        "trained on": ", ".join(count(training[name], name[:-1]) for name in ("samples", "drugs", "pairs")),
        "features": f"{manifest['features']['used']:,} of {manifest['features']['given']:,} given are used",
        "measure": " ".join(filter(None, (measure["name"], measure["unit"] and f"({measure['unit']})"))),
        "covariates": ", ".join(manifest["covariates"]),
        "leaks": " ".join(leak_messages(findings_of(manifest))),
        "held out": "not checked",
    }
    skill = held_out.get("skill")
    if skill is not None:
        judgement = _JUDGED.get((manifest.get("verdict") or {}).get("judgement", ""), "not judged")
        facts["held out"] = f"skill {skill:.3g} ({manifest['scheme']['name']}): {judgement}"
    return facts
