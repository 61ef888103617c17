"""Recurrence sets (RFC 5545, section 3.8.5): which instances a series of components has in a window.

Components with one UID are a series: one that begins it, and those that replace single instances of it, or all from one
instance on. Which wall times recur, `recurrence` says; which instants they are and how long they last, `moments`.

Where the RFC is silent or calendars are careless: an EXDATE or RECURRENCE-ID that is a date means the instance of that
local day; an instance that is replaced and excepted is excepted; a replacement of what is not in the set is an event of
its own; among components that say the same, the highest SEQUENCE counts. Imports the modules of this folder that
`moments` names, `intervals` and `limits`; read `events` next.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import islice
from typing import Final, NamedTuple

from slotcalc import zones
from slotcalc.errors import ParseError, PointTypeError
from slotcalc.ical.content import Component, Property
from slotcalc.ical.moments import Moment, When, day_of, instant, length_of, span, when, whens
from slotcalc.ical.timezones import TimeZones
from slotcalc.intervals import Interval, as_interval
from slotcalc.limits import Limits, Steps
from slotcalc.literals import Length, date_or_time
from slotcalc.recurrence import occurrences, parse_rule

__all__ = ["Instance", "Question", "grouped", "instances", "question_about", "value_of"]

_DAY: Final = timedelta(days=1)
_NOTHING: Final = timedelta()
_RECURRING: Final = frozenset({"RRULE", "EXRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})


class Question(NamedTuple):
    """What is asked of a file: which instants, with which zones, at what cost."""

    timezones: TimeZones
    window: Interval[datetime]
    limits: Limits
    steps: Steps


class Instance(NamedTuple):
    """One time at which a component is, and the name of that time within its series."""

    component: Component
    start: datetime
    end: datetime
    name: str | None

    @property
    def id(self) -> str | None:
        """The UID, with the name of the instance behind it; None if there is no UID."""
        uid = self.component.text("UID") or None
        return uid if uid is None or self.name is None else f"{uid}/{self.name}"


class _Replacement(NamedTuple):
    """A component that stands for the instance at `at`, and if it is about the future, for those after it."""

    component: Component
    at: When
    start: When
    length: Length
    future: bool


class _Member(NamedTuple):
    """A member of a recurrence set, what tells it apart from others, and the length it has if that is its own."""

    start: When
    key: date
    length: Length | timedelta | None


def question_about(
    calendars: list[Component],
    window: Interval[datetime] | tuple[datetime, datetime],
    zone: str | tzinfo | None,
    limits: Limits,
) -> Question:
    """Return the question, with its window checked."""
    asked = as_interval(window)
    start: object = asked.start
    if not isinstance(start, datetime) or start.tzinfo is None:
        raise PointTypeError(f"the window {asked} is not of instants; give both ends a time zone", window)
    limits.check("window", asked.duration)
    local = None if zone is None else zones.zone(zone)
    steps = Steps(limits)
    return Question(TimeZones(calendars, local, asked.end, steps), asked, limits, steps)


def grouped(components: Iterable[Component]) -> list[list[Component]]:
    """Return the components by UID, in order of their first; one without a UID is by itself."""
    groups: dict[object, list[Component]] = {}
    for component in components:
        groups.setdefault(component.text("UID") or component, []).append(component)
    return [*groups.values()]


def instances(group: list[Component], question: Question) -> Iterator[Instance]:
    """Yield the instances of a series that meet the window and take time, in no order."""
    low, high = question.window.start, question.window.end
    for instance in _all_instances(group, question):
        if instance.start < high and low < instance.end > instance.start:
            yield instance


def _all_instances(group: list[Component], question: Question) -> Iterator[Instance]:
    timezones = question.timezones
    firsts = _newest([part for part in group if "RECURRENCE-ID" not in part.properties])
    replacements = _replacements([part for part in group if "RECURRENCE-ID" in part.properties], timezones)
    excepted: set[date] = set()
    for first in firsts:
        start = value_of(first, "DTSTART", timezones)
        length = length_of(first, start, timezones)
        if _RECURRING.isdisjoint(first.properties) and not replacements:
            with first.blamed("DTSTART"):
                yield Instance(first, *span(start, length, timezones), None)
            continue
        excepted |= _exceptions(first, start, timezones)
        gone = excepted | {_key(_like(replacement.at, start), timezones) for replacement in replacements}
        futures = [replacement for replacement in replacements if replacement.future]
        with first.blamed("DTSTART"):
            low, high = _bounds(start, length, futures, question)
        for member in _members(first, start, low, high, question):
            if gone.isdisjoint((member.key, day_of(member.start))):
                with first.blamed("DTSTART"):
                    yield _instance(first, member, length, futures, timezones)
        replacements = [r._replace(at=_like(r.at, start)) for r in replacements]
    for replacement in replacements:
        with replacement.component.blamed("DTSTART"):
            if excepted.isdisjoint((_key(replacement.at, timezones), day_of(replacement.at))):
                begins, ends = span(replacement.start, replacement.length, timezones)
                yield Instance(replacement.component, begins, ends, _name(_key(replacement.at, timezones)))


def _newest(components: list[Component]) -> list[Component]:
    """Return those with the highest SEQUENCE: several if two events were given one UID, which must not hide one."""
    numbers = [_sequence(component) for component in components]
    newest = max(numbers, default=0)
    return [component for component, number in zip(components, numbers, strict=True) if number == newest]


def _sequence(component: Component) -> int:
    text = component.text("SEQUENCE") or "0"
    if text.isascii() and text.isdigit() and len(text) < 20:
        return int(text)
    raise component.error("SEQUENCE", f"{text!r:.40} is not a whole number")


def value_of(component: Component, name: str, timezones: TimeZones) -> When:
    """Return the date or time of a property that has to be there."""
    found = component.one(name)
    if found is None:
        raise component.error(name, "there is none, so it is at no time")
    with component.blamed(name):
        return when(found.value, found.params.get("TZID", ""), timezones)


def _replacements(components: list[Component], timezones: TimeZones) -> list[_Replacement]:
    """Return one replacement for each RECURRENCE-ID, the newest, in order of what they replace."""
    newest: dict[date, tuple[int, _Replacement]] = {}
    for component in components:
        at, start = value_of(component, "RECURRENCE-ID", timezones), value_of(component, "DTSTART", timezones)
        scope = component.all("RECURRENCE-ID")[0].params.get("RANGE", "").upper()
        if scope not in {"", "THISANDFUTURE"}:
            raise component.error("RECURRENCE-ID", f"RANGE={scope:.40} is not THISANDFUTURE, the only one there is")
        made = _Replacement(component, at, start, length_of(component, start, timezones), bool(scope))
        with component.blamed("RECURRENCE-ID"):
            key, number = _key(at, timezones), _sequence(component)
        if key not in newest or newest[key][0] <= number:
            newest[key] = number, made
    return [newest[key][1] for key in sorted(newest, key=_name)]


def _key(moment: When, timezones: TimeZones) -> date:
    """Return what tells instances apart: the date of a day, the instant of a moment."""
    return instant(moment, timezones) if isinstance(moment, Moment) else moment


def _like(moment: When, start: When) -> When:
    """Return what names an instance, as a date if the series is of whole days."""
    return moment if isinstance(start, Moment) else day_of(moment)


def _name(key: date) -> str:
    """Return what an instance is called in ids: its date, or its time in UTC; the order of names is that of time."""
    if isinstance(key, datetime):
        return key.replace(tzinfo=None).isoformat().replace("-", "").replace(":", "") + "Z"
    return key.isoformat().replace("-", "")


def _exceptions(first: Component, start: When, timezones: TimeZones) -> set[date]:
    excepted: set[date] = set()
    for found in first.all("EXDATE"):
        with first.blamed("EXDATE"):
            excepted |= {_key(_like(moment, start), timezones) for moment, _ in whens(found, timezones)}
    return excepted


def _instance(
    first: Component, member: _Member, length: Length, futures: list[_Replacement], timezones: TimeZones
) -> Instance:
    """Return the member as an instance, as the first says, or as the last replacement that is for its future."""
    name = _name(member.key)
    standing = bisect_left(futures, name, key=lambda future: _name(_key(future.at, timezones))) - 1
    if standing >= 0:
        future = futures[standing]
        moved = _moved(member.start, future, timezones)
        return Instance(future.component, *span(moved, future.length, timezones), name)
    if isinstance(member.length, timedelta):
        begins = instant(member.start, timezones)
        return Instance(first, begins, begins + member.length, name)
    return Instance(first, *span(member.start, member.length or length, timezones), name)


def _moved(moment: When, replacement: _Replacement, timezones: TimeZones) -> When:
    """Return when an instance is that a replacement moves as it moved its own: by the same difference of wall times."""
    at, start = replacement.at, replacement.start
    if isinstance(start, Moment) and isinstance(at, Moment) and isinstance(moment, Moment):
        local, was = (zones.to_local(instant(m, timezones), start.zone).replace(tzinfo=None) for m in (moment, at))
        return Moment(local + (start.wall - was), start.zone)
    if isinstance(start, Moment) or isinstance(moment, Moment):
        raise replacement.component.error(
            "DTSTART", "it makes times of whole days, or days of times, for all the future"
        )
    return moment + (start - day_of(at))


def _members(first: Component, start: When, low: datetime, high: datetime, question: Question) -> Iterator[_Member]:
    """Yield the members of the recurrence set that can meet the window, each once; exceptions are not yet taken out."""
    if first.one("EXRULE") is not None:
        raise first.error("EXRULE", "RFC 5545 has it no more; list the exceptions as EXDATE")
    timezones = question.timezones
    members: dict[date, _Member] = {}
    for found in first.all("RDATE"):  # before the rules, because a period says how long that instance is
        with first.blamed("RDATE"):
            for extra, own in whens(found, timezones):
                moment = _on_clock_of(start, extra, timezones)
                key = _key(moment, timezones)
                members.setdefault(key, _Member(moment, key, own))
    for found in first.all("RRULE"):
        with first.blamed("RRULE"):
            for moment in _by_rule(found, start, low, high, question):
                key = _key(moment, timezones)
                members.setdefault(key, _Member(moment, key, None))
    if first.one("RRULE") is None:
        with first.blamed("DTSTART"):
            key = _key(start, timezones)
            members.setdefault(key, _Member(start, key, None))
    return iter(members.values())


def _on_clock_of(start: When, moment: When, timezones: TimeZones) -> When:
    """Return an RDATE by the clock that the series goes by, so that its days are days of that calendar."""
    if isinstance(moment, Moment) and isinstance(start, Moment):
        local = zones.to_local(instant(moment, timezones), start.zone)  # keeps which of two equal wall times it is
        return Moment(local.replace(tzinfo=None), start.zone)
    if isinstance(moment, Moment) or isinstance(start, Moment):
        raise ParseError("DTSTART and RDATE are a date and a time; write two dates or two times")
    return moment


def _by_rule(found: Property, start: When, low: datetime, high: datetime, question: Question) -> Iterator[When]:
    rule = parse_rule(found.value, all_day=not isinstance(start, Moment))
    timezones, limits = question.timezones, question.limits
    until, is_utc = date_or_time(rule.until) if rule.until is not None else (None, False)
    if until is not None:
        high = min(high, zones.plus(_at_midnight(until), 2 * _DAY))  # a rule without COUNT is walked no further
    wall = start.wall if isinstance(start, Moment) else _at_midnight(start)
    walls = (at for at in occurrences(rule, wall, low, high, question.steps) if at >= low)
    near = [*islice(walls, limits.occurrences + 1)]
    limits.check("occurrences", len(near))  # before each of them costs more than a wall time
    for at in near:
        moment: When = Moment(at, start.zone) if isinstance(start, Moment) else at.date()
        if until is None or _is_by(moment, until, timezones, is_utc=is_utc):
            yield moment


def _is_by(moment: When, until: date, timezones: TimeZones, *, is_utc: bool) -> bool:
    """Return whether an instance is not after UNTIL, which is a date, a wall time of the series, or an instant."""
    if not isinstance(until, datetime):
        return day_of(moment) <= until
    if is_utc and isinstance(moment, Moment):
        return instant(moment, timezones) <= until.replace(tzinfo=UTC)
    if is_utc:
        until = zones.to_local(until.replace(tzinfo=UTC), timezones.local("a day")).replace(tzinfo=None)
    return (moment.wall if isinstance(moment, Moment) else _at_midnight(moment)) <= until


def _bounds(start: When, length: Length, futures: list[_Replacement], question: Question) -> tuple[datetime, datetime]:
    """Return wall times between which all members begin that can meet the window, as narrow as the clocks allow."""
    zone = start.zone if isinstance(start, Moment) else question.timezones.local("an all-day event")
    back, ahead = length.days * _DAY + length.exact, _NOTHING
    for future in futures:
        begins, ends = span(future.start, future.length, question.timezones)
        at = instant(future.at, question.timezones)
        back, ahead = max(back, ends - at), max(ahead, at - begins)
    if length.days or futures:  # days of the calendar, and what moves by the clock, are a little longer or shorter
        back, ahead = back + _DAY, ahead + _DAY
    low, high = zones.plus(question.window.start, -back), zones.plus(question.window.end, ahead)
    first, last = zones.wall_bounds(low, high, zone)
    return first.replace(tzinfo=None), last.replace(tzinfo=None)


def _at_midnight(day: date) -> datetime:
    return day if isinstance(day, datetime) else datetime(day.year, day.month, day.day)  # noqa: DTZ001  # a wall time
