"""Reading a history page by page: by period, author, reason and action. Imports `log`; read `stats` next.

A page begins behind the last event of the one before, whatever has been appended since. So pages never repeat an event,
and never lose one that was there when the first page was read.

A log is asked by `history`. Whoever has to ask otherwise, as a coroutine does, puts the same pieces together:
`page(await log.select(one_more(wanted)), wanted)`.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final, final

from slotcalc.audit.log import AuditLog, Selection, check_deliverable, unknown_event
from slotcalc.booking import as_list
from slotcalc.diff import AuditEvent
from slotcalc.errors import LimitExceededError, PointTypeError
from slotcalc.values import Value

__all__ = ["LARGEST_PAGE", "PAGE", "Page", "history", "one_more", "page", "selected"]

PAGE: Final = 100
"""How many events a page has if nobody says."""
LARGEST_PAGE: Final = 1_000
"""How many events a page has at most."""


@final
class Page(Value):
    """Some events of a history, and where the next page begins.

    Args:
        events: the events, in the order asked for.
        next: what to pass as `Selection.after` for the page behind this one; None if there is none.
    """

    __slots__ = ("events", "next")
    __match_args__ = ("events", "next")
    _positional = 1

    events: tuple[AuditEvent, ...]
    next: str | None

    def __init__(self, events: Iterable[AuditEvent], *, next: str | None = None) -> None:  # noqa: A002  # as a page calls it
        """Keep the parts; `page` makes them."""
        self._set(events=tuple(events), next=next)

    def to_json(self) -> dict[str, Any]:
        """Return the page as a JSON object.

        >>> Page([]).to_json()
        {'events': [], 'next': None}
        """
        return {"events": [event.to_json() for event in self.events], "next": self.next}


def history(source: AuditLog | Iterable[AuditEvent], wanted: Selection | None = None) -> Page:
    """Return a page of the events that are asked for, of a log or of events at hand.

    The limit of the selection is the size of the page, by default 100 and at most 1,000. Without a selection it is the
    first page of everything. For the next page ask the same with `after=page.next`.

    Costs what `select` of the log costs; with events at hand, O(n log n).

    Raises:
        LimitExceededError: for a page of more than 1,000 events.
        PointTypeError: for what is no event, and for an asynchronous log.
        UnknownEventError: if `after` is no event of the log.

    >>> events = [AuditEvent("tutor-1", "added", (n, n + 1), revision=n, id=f"e{n}") for n in (1, 2, 3)]
    >>> wanted = Selection(resource_id="tutor-1", limit=2)
    >>> page = history(events, wanted)
    >>> [event.id for event in page.events], page.next
    (['e1', 'e2'], 'e2')
    >>> [event.id for event in history(events, wanted.replace(after=page.next)).events]
    ['e3']
    """
    wanted = Selection() if wanted is None else wanted
    asked = one_more(wanted)
    found: Any = source.select(asked) if isinstance(source, AuditLog) else selected(source, asked)
    if hasattr(found, "__await__"):
        found.close()  # it is not awaited by anybody
        message = f"{source!r:.200} is asynchronous; ask AsyncSchedule, or give page(…) what it selects"
        raise PointTypeError(message, source)
    return page(found, wanted)


def one_more(wanted: Selection) -> Selection:
    """Return what to ask of a log for a page: one event more than it has, which tells whether there is a next one.

    Raises:
        LimitExceededError: for a page of more than 1,000 events.
    """
    return wanted.replace(limit=_size(wanted) + 1)


def page(events: Iterable[AuditEvent], wanted: Selection) -> Page:
    """Return the page of what a log gave for `one_more(wanted)`."""
    size = _size(wanted)
    there = [*islice(events, size + 1)]
    return Page(there[:size], next=there[size - 1].id if len(there) > size else None)


def selected(events: Iterable[AuditEvent], wanted: Selection) -> list[AuditEvent]:
    """Return those of the events that are asked for, in the order of `Selection`: what `select` of a log has to answer.

    O(n log n).

    Raises:
        UnknownEventError: if `after` is none of the events.
        PointValueError: for an event that belongs to no edit, if events of all resources are asked for.
    """
    listed = as_list(events, AuditEvent)
    if wanted.resource_id is None:
        check_deliverable(listed)  # without a time they have no order
    chosen = sorted(filter(wanted.includes, listed), key=wanted.order, reverse=wanted.newest_first)
    if wanted.after is not None:
        behind = next((event for event in listed if event.id == wanted.after), None)
        if behind is None:
            raise unknown_event(wanted.after)
        last = wanted.order(behind)
        if wanted.newest_first:
            chosen = [event for event in chosen if wanted.order(event) < last]
        else:
            chosen = [event for event in chosen if last < wanted.order(event)]
    return chosen[: wanted.limit]


def _size(wanted: Selection) -> int:
    size = PAGE if wanted.limit is None else wanted.limit
    if size > LARGEST_PAGE:
        message = f"limit={size} is more than a page holds, {LARGEST_PAGE}; ask page by page, with after=page.next"
        raise LimitExceededError(message, size, LARGEST_PAGE)
    return size
