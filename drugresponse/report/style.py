"""How the pages look: light, dark, on paper, on a phone."""

__all__ = ["STYLE", "drawing_style"]

LIGHT = {
    "ink": "#1c2430",
    "quiet": "#566273",
    "paper": "#ffffff",
    "card": "#f5f7f9",
    "rule": "#d9dfe6",
    "shade": "#8b98a8a0",
    "model": "#1f6fb5",
    "naive": "#a3adb9",
    "good": "#1a7f4b",
    "even": "#8a6a12",
    "bad": "#b3382c",
}
DARK = {
    "ink": "#e6eaef",
    "quiet": "#a2adba",
    "paper": "#14181d",
    "card": "#1d232b",
    "rule": "#37404b",
    "shade": "#000000c0",
    "model": "#63aeee",
    "naive": "#66717f",
    "good": "#56c98d",
    "even": "#dcb64e",
    "bad": "#f0877c",
}


def _root(colours: dict[str, str]) -> str:
    return f":root {{ {' '.join(f'--{name}: {value};' for name, value in colours.items())} }}"


DRAWINGS = """\
svg { display: block; overflow: visible; fill: currentColor; stroke: none; }
svg text { fill: currentColor; font-size: 14px; } svg .tick { fill: var(--quiet); font-size: 12px; }
svg .label { font-size: 12px; }
svg .model { fill: var(--model); stroke: none; } svg .naive { fill: var(--naive); }
svg .fold { fill: var(--paper); stroke: var(--ink); stroke-width: 1.25; }
svg .best { stroke: var(--ink); stroke-width: 1.25; stroke-dasharray: 4 3; }
svg .zero { stroke: var(--quiet); } svg .grid { stroke: var(--rule); }
svg .frame { fill: none; stroke: var(--rule); }
svg .mark { stroke: var(--quiet); stroke-width: 1.5; }
svg .whisker { stroke-width: 3; stroke-linecap: round; } svg .whisker, svg .thin, svg .spot { fill: none; }
svg .whisker.model, svg .thin.model, svg .spot.model { fill: none; stroke: var(--model); }
svg .whisker.naive, svg .thin.naive, svg .spot.naive { fill: none; stroke: var(--naive); }
svg .thin, svg .spot { vector-effect: non-scaling-stroke; }
svg .thin { stroke-width: 1; stroke-opacity: .55; } svg .spot { stroke-width: 5; stroke-linecap: round; }
svg .curve { fill: none; stroke-width: 2; } svg .curve.naive { fill: none; stroke: var(--naive); }
svg .gain { fill: var(--model); } svg .loss { fill: var(--bad); }
"""

STYLE = (
    f"{_root(LIGHT)}\n@media screen and (prefers-color-scheme: dark) {{ {_root(DARK)} }}\n{DRAWINGS}"
    + """\
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.25rem 1rem 3rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; }
h2 { font-size: 1.15rem; line-height: 1.3; margin: 2.25rem 0 .5rem; }
p { margin: .5rem 0; max-width: 44rem; }
ul { margin: .5rem 0; padding-left: 1.2rem; max-width: 44rem; }
li { margin: .25rem 0; }
header p { margin: .25rem 0 1rem; }
.quiet, figcaption, footer, .range { color: var(--quiet); }
.quiet, figcaption, footer { font-size: .875rem; }
.verdict { background: var(--card); border-left: .35rem solid var(--even); border-radius: .25rem;
  padding: .75rem 1rem; margin: 1rem 0; }
.verdict strong { display: block; font-size: 1.05rem; margin-bottom: .25rem; }
.verdict p { margin: 0; }
.verdict.better { border-color: var(--good); } .verdict.better strong { color: var(--good); }
.verdict.same strong, .verdict.unknown strong { color: var(--even); }
.verdict.worse { border-color: var(--bad); } .verdict.worse strong { color: var(--bad); }
figure { margin: 1.25rem 0; max-width: 44rem; }
figcaption { margin-top: .5rem; }
.beside { display: flex; flex-wrap: wrap; gap: 1rem; }
b.good { color: var(--good); } b.bad { color: var(--bad); }
.scroll { overflow-x: auto; margin: .75rem 0; scrollbar-width: thin; scrollbar-color: var(--quiet) var(--card);
  background: linear-gradient(to left, var(--paper) 40%, transparent) right / 3rem 100% no-repeat local,
    linear-gradient(to left, var(--shade), transparent) right / .75rem 100% no-repeat scroll; }
.scroll tr > :first-child { position: sticky; left: 0; z-index: 1; background: var(--paper); }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
.caption { color: var(--quiet); font-size: .875rem; margin: 1rem 0 -.5rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--rule); }
tr > :last-child { padding-right: 0; } th { font-weight: 600; } tbody th { font-weight: 500; }
td, tbody th { overflow-wrap: anywhere; } td { min-width: 3.5rem; } td:not(.n) { min-width: 5rem; }
tbody th { min-width: 6rem; }
td bdi, th bdi { display: inline-block; white-space: normal; overflow-wrap: break-word; max-width: 7.5rem; }
@media (min-width: 40rem) {
  b.good { white-space: nowrap; } tbody th { min-width: 7.25rem; } td bdi, th bdi { max-width: 11rem; } }
thead th { color: var(--quiet); font-size: .8rem; vertical-align: bottom; }
.n { text-align: right; } tbody .n { white-space: nowrap; }
.range { font-size: .78rem; white-space: normal; }
b { font-weight: 700; }
.chips { display: flex; flex-wrap: wrap; gap: .1rem 1rem; }
.chips span { white-space: nowrap; } .chips bdi { display: inline; white-space: inherit; }
footer { margin-top: 2.5rem; padding-top: .75rem; border-top: 1px solid var(--rule); }
@media print { html { font-size: 11.5px; } body { font-size: 1rem; }
  main { max-width: none; padding: 0; } .scroll { overflow: visible; background: none; }
  figure, .verdict, tr { break-inside: avoid; } h2, .caption { break-after: avoid; }
  thead { display: table-header-group; }
  svg text { font-size: 11px; } svg, .verdict { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
)


def drawing_style() -> str:
    """Of a drawing in a file of its own: light, and without variables, which few drawing programs know."""
    style = f"svg {{ color: {LIGHT['ink']}; font-family: system-ui, Arial, sans-serif; }}\n{DRAWINGS}"
    for name, value in LIGHT.items():
        style = style.replace(f"var(--{name})", value)
    return style
