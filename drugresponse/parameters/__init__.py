"""Every option, declared once: the command line, the Galaxy tools and the option page are made from here."""

from drugresponse.parameters.columns import name_columns
from drugresponse.parameters.commands import COMMANDS
from drugresponse.parameters.input_files import input_files, pipes_as_files
from drugresponse.parameters.page import option_page
from drugresponse.parameters.parameter import SECTIONS, Command, Parameter
from drugresponse.parameters.settings import collect_settings, convert
from drugresponse.parameters.spelling import as_typed

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
