from __future__ import annotations

import sys
from pathlib import Path

from lxml import etree

sys.path.insert(0, str(Path(__file__).parent))
from fill_states import filled

FORM = etree.fromstring("""
<inputs>
    <conditional name="model_source">
        <param name="source" type="select"><option value="history" selected="true"/><option value="server"/></param>
        <when value="history"><param argument="--model" type="data"/></when>
        <when value="server"><param name="installed" type="select"><option value="a" selected="true"/></param></when>
    </conditional>
    <param argument="--n-drugs" type="integer" optional="true"/>
    <param argument="--learner" type="select" multiple="true">
        <option value="ridge" selected="true"/><option value="neural" selected="true"/><option value="auto"/>
    </param>
    <section name="advanced">
        <param argument="--seed" type="integer" value="0"/>
        <param argument="--quiet" type="boolean" checked="true"/>
        <param argument="--unit" type="text" value=""/>
    </section>
</inputs>
""")


def test_filled__defaults_of_what_no_input_feeds() -> None:
    assert filled({}, FORM, {"model_source|model", "advanced|seed"}) == {
        "model_source": {"source": "history"},
        "n_drugs": None,
        "learner": ["ridge", "neural"],
        "advanced": {"quiet": True, "unit": ""},
    }


def test_filled__keeps_values_and_drops_what_the_tool_does_not_have() -> None:
    state = {"learner": ["auto"], "advanced": {"seed": 7, "gone": 1}, "model_source": {"source": "server"}}
    found = filled(state, FORM, set())
    assert found["learner"] == ["auto"]
    assert found["advanced"] == {"seed": 7, "quiet": True, "unit": ""}
    assert found["model_source"] == {"source": "server", "installed": "a"}
