"""A page of a report as its tests read it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"meta"}
EXPECTED_TAGS = set(
    re.findall(
        r"\w+",
        "html head meta title style body main header footer section h1 h2 p div span strong b bdi ul li figure "
        "figcaption svg text rect circle line path table thead tbody tr th td",
    )
)


class Page(HTMLParser):
    """Tags, attributes and text of a page; fails where tags do not nest."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.words: list[str] = []
        self.prose: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)
            if not {"svg", "title"} & set(self.open):
                self.prose.append(data)

    @property
    def text(self) -> str:
        plain = " ".join(" ".join(self.words).split())
        return plain.replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-")
