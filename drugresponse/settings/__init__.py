"""Every option, declared once: the command line, the Galaxy tools and the option page are made from here."""

from drugresponse.settings.collect import collect_settings, convert
from drugresponse.settings.columns import name_columns
from drugresponse.settings.commands import COMMANDS
from drugresponse.settings.input_files import input_files, pipes_as_files
from drugresponse.settings.page import option_page
from drugresponse.settings.parameter import SECTIONS, Command, Parameter
from drugresponse.settings.spelling import as_typed

__all__ = [
    "COMMANDS",
    "SECTIONS",
    "Command",
    "Parameter",
    "as_typed",
    "collect_settings",
    "convert",
    "input_files",
    "name_columns",
    "option_page",
    "pipes_as_files",
]
