"""galaxyxml, imported without its settings of the root logger and without its warnings; and lxml beside it."""

from __future__ import annotations

import logging
import warnings

from lxml import etree

__all__ = ["etree", "gx", "gxt"]

_root = logging.getLogger()
_level, _handlers = _root.level, list(_root.handlers)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import galaxyxml.tool as gxt
    import galaxyxml.tool.parameters as gx
_root.setLevel(_level)
_root.handlers = _handlers
