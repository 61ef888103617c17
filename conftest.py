"""Makes every example in the README, the documentation and the docstrings a test.

In Markdown a fenced `python` block is run as it stands, or as a doctest where it begins with `>>>`; a `pycon` block is
always a doctest. Other fences (`sh`, `console`, `text`) are for reading. Blocks of one page share their names. In the
source only docstrings are read, and the names of their module are at hand.

A test or a page may just let go of an engine of SQLAlchemy: it is disposed of when the test or the page is over. That
does not close a connection that was never given back to its pool, so a leak still shows as a `ResourceWarning`.

The fixtures and the Hypothesis profiles are in `tests/conftest.py`.
"""

from __future__ import annotations

from doctest import ELLIPSIS
from typing import TYPE_CHECKING

import pytest
from sybil import Sybil
from sybil.evaluators.doctest import DocTestEvaluator
from sybil.integration.pytest import SybilItem
from sybil.parsers.abstract import DocTestStringParser
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer
from sybil.parsers.rest import DocTestParser
from sybil.sybil import SybilCollection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine
    from sybil import Document, Region

connected: set[Engine] = set()
"""The engines that a test has connected, to be disposed of."""


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


def remember_engine(connection: Connection) -> None:
    """Note the engine of a new connection; asynchronous ones are disposed of by whoever runs their loop."""
    if not connection.dialect.is_async:
        connected.add(connection.engine)


try:
    from sqlalchemy import event
    from sqlalchemy.engine import Engine as AnyEngine
except ImportError:
    pass  # the tests that need it say so
else:
    event.listen(AnyEngine, "engine_connect", remember_engine)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Dispose of the engines of a test, or of a page after the last of its examples."""
    yield
    if isinstance(item, SybilItem) and nextitem is not None and nextitem.path == item.path:
        return
    while connected:
        connected.pop().dispose()
