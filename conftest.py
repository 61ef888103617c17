"""Makes every example in the README, the documentation and the docstrings a test.

In Markdown a fenced `python` block is run as it stands, or as a doctest where it begins with `>>>`; a `pycon` block is
always a doctest. Other fences (`sh`, `console`, `text`) are for reading. Blocks of one page share their names. In the
source only docstrings are read, and the names of their module are at hand.

The fixtures and the Hypothesis profiles are in `tests/conftest.py`.
"""

from __future__ import annotations

from doctest import ELLIPSIS
from typing import TYPE_CHECKING

from sybil import Sybil
from sybil.evaluators.doctest import DocTestEvaluator
from sybil.parsers.abstract import DocTestStringParser
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer
from sybil.parsers.rest import DocTestParser
from sybil.sybil import SybilCollection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sybil import Document, Region


def parse_pycon_blocks(document: Document) -> Iterator[Region]:
    """Yield the examples of each `pycon` block; Sybil's own parser looks into `python` blocks only."""
    parse_doctest = DocTestStringParser(DocTestEvaluator(ELLIPSIS))
    for block in FencedCodeBlockLexer("pycon")(document):
        source = block.lexemes["source"]
        for example in parse_doctest(source, document.path):
            example.adjust(block, source)
            yield example


pages = Sybil(
    parsers=[PythonCodeBlockParser(doctest_optionflags=ELLIPSIS), parse_pycon_blocks, SkipParser()],
    patterns=["README.md", "docs/*.md"],
)
docstrings = Sybil(parsers=[DocTestParser(ELLIPSIS)], path="src", pattern="*.py")

pytest_collect_file = SybilCollection([pages, docstrings]).pytest()
