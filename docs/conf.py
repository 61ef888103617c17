"""How Sphinx builds this documentation: MyST Markdown for the pages, docstrings for the reference."""

import collections.abc
import datetime as dt
import pathlib
import zoneinfo
from importlib.metadata import version as installed_version

project = "slotcalc"
author = "the slotcalc maintainers"
copyright = "2026, the slotcalc maintainers"
version = release = installed_version("slotcalc")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]

napoleon_use_ivar = True  # fields of a named tuple are listed once

html_theme = "furo"
html_title = f"slotcalc {version}"
html_copy_source = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88

# The build runs without a network, so names of other projects are not looked up; our own must all resolve. A name that
# only type checkers import arrives without its module, and a type variable reads like a class and has no page.
nitpick_ignore = [("py:class", name) for module in (collections.abc, dt, pathlib, zoneinfo) for name in module.__all__]
nitpick_ignore += [("py:class", "AsyncEngine")]
nitpick_ignore_regex = [
    (r"py:.*", r"(?!slotcalc\b)\w+(\.\w+)+"),
    (r"py:(class|obj)", r"(slotcalc(\.\w+)+\.)?_?[A-Z][A-Za-z]?(_co|_contra)?"),
]
