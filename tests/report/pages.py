"""A page of a report as its tests read it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"meta"}
EXPECTED_TAGS = set(
    re.findall(
        r"\w+",
        "html head meta title style body main header footer section h1 h2 p div span strong b bdi ul li figure "
        "figcaption svg defs clippath g use text rect circle line path table thead tbody tr th td",
    )
)


class Page(HTMLParser):
    """Tags, attributes and text of a page; fails where tags do not nest or something has no name of its own."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.words: list[str] = []
        self.prose: list[str] = []
        self.nameless: list[str] = []
        self.heading: str | None = None
        self.feed(page)
        self.close()
        assert self.open == []
        assert self.nameless == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self._take(attrs)
        given = dict(attrs)
        if (tag == "table" or given.get("role") in ("img", "region")) and not given.get("aria-label", "").strip():
            self.nameless.append(tag)
        if given.get("scope") == "col":
            self.heading = ""
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self._take(attrs)

    def _take(self, attrs):
        """Names of attributes, but for what refers to the page itself."""
        self.attributes.update(name for name, value in attrs if name != "href" or not value.startswith("#"))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag == "th" and self.heading is not None:
            if not self.heading.strip():
                self.nameless.append("heading of a column")
            self.heading = None

    def handle_data(self, data):
        if self.heading is not None:
            self.heading += data
        if "style" not in self.open:
            self.words.append(data)
            if not {"svg", "title"} & set(self.open):
                self.prose.append(data)

    @property
    def text(self) -> str:
        plain = " ".join(" ".join(self.words).split())
        return plain.replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-")
