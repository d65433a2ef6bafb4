"""The frame of every drawing: its size, and what it shows for those who do not see it."""

from __future__ import annotations

from drugresponse.report.page import Html, text

__all__ = ["drawing"]


def drawing(title: str, width: int | str, height: int, content: str) -> Html:
    """An inline SVG with a name.

    Parameters
    ----------
    title
        What it shows.
    width
        In pixels, or a share of the page such as "100%"; only a drawing of fixed width can be scaled.
    height
        In pixels.
    content
        Shapes and texts, escaped.

    Notes
    -----
    Where a page loses its style, shapes are outlines in the colour of the text, not black areas: the style takes the
    attributes of the frame back.

    Examples
    --------
    >>> str(drawing("Two columns", 30, 20, "<text>a</text>")).partition(">")[0]
    '<svg role="img" aria-label="Two columns" width="30" height="20" viewBox="0 0 30 20" fill="none" stroke="gray"'
    """
    view = f' viewBox="0 0 {width} {height}"' if isinstance(width, int) else ""
    return Html(
        f'<svg role="img" aria-label="{text(title)}" width="{width}" height="{height}"{view} fill="none" '
        f'stroke="gray"><title>{text(title)}</title>\n{content}</svg>\n'
    )
