"""A settings file: `option: value` lines of YAML, whose values stay the text that stands there."""

from __future__ import annotations

from pathlib import Path

import yaml

from drugresponse.errors import InputError, one_line

__all__ = ["read_settings_file"]

_TEXT = "tag:yaml.org,2002:str"
_OPTIONS = "tag:yaml.org,2002:map"
_LIST = "tag:yaml.org,2002:seq"
_NULL = ("", "~", "null", "Null", "NULL")
_EXPECTED = "(expected lines such as `learner: ridge`). Correct the file."


def read_settings_file(path: Path) -> dict[str, str | list[str]]:
    r"""The options of a settings file, each a text or a list of texts.

    Whether `0012`, `1e3`, `no` or `2024-02-30` is right is for the option to say; YAML would take them for 10, text,
    false and a date. An option without a value, or with `null`, is left out: it is as if it did not stand there.

    Parameters
    ----------
    path
        The file; UTF-8.

    Raises
    ------
    InputError
        It cannot be read, is not YAML, holds something else than options with texts, or an option twice.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "run.yml")
    ...     _ = file.write_text("seed: 0012\nlearner: [ridge, neural]\n")
    ...     read_settings_file(file)
    {'seed': '0012', 'learner': ['ridge', 'neural']}
    """
    try:
        # the base loader gives no meaning to what stands there, and nodes are not yet values: nothing is built
        node = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.BaseLoader)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}. Name a settings file that can be read.") from error
    except RecursionError as error:
        raise InputError(f"{path}: is nested too deeply {_EXPECTED}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"{path}: is not YAML ({one_line(error)}). Correct the file.") from error
    if node is None or _is_null(node):
        return {}
    if not isinstance(node, yaml.MappingNode):
        raise InputError(f"{path}: found no option names {_EXPECTED}")
    settings: dict[str, str | list[str]] = {}
    seen: set[str] = set()
    for key_node, value_node in node.value:
        key = _text(key_node, path)
        if key in seen:
            raise InputError(f'{path}: "{key}" stands there twice. Keep one of the two.')
        seen.add(key)
        if isinstance(value_node, yaml.SequenceNode) and value_node.tag == _LIST:
            settings[key] = [_text(item, path) for item in value_node.value]
        elif not _is_null(value_node):
            settings[key] = _text(value_node, path)
    return settings


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style is None and node.tag == _TEXT and node.value in _NULL


def _text(node: yaml.Node, path: Path) -> str:
    where = f"{path}, line {node.start_mark.line + 1}"
    if node.tag not in (_TEXT, _LIST, _OPTIONS):
        raise InputError(f"{where}: found the tag {node.tag} (expected a plain value). Take the tag out.")
    if not isinstance(node, yaml.ScalarNode):
        what = "a list" if isinstance(node, yaml.SequenceNode) else "options"
        raise InputError(f"{where}: found {what} where one value belongs {_EXPECTED}")
    return str(node.value)
