"""iCalendar text as a tree of components, and content lines written: the one module that knows the library icalendar.

The tree holds what is about time and nothing else: the components and properties listed here. All others, however many
and however broken, are stepped over. Lines are counted, so that an error can say where; and what a file may cost is
checked here, before any of it becomes a value. The library splits a content line into its parts and undoes the escapes
of text; its own tree is not used because it has no line numbers and keeps time zones of one file for the next.

Imports `errors`, `files` (to get at the bytes) and `limits`; read `moments` next, where values become points in time.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import Final, NamedTuple

from slotcalc.errors import EndlessRuleError, InputFileError, LimitExceededError, MissingExtraError, SlotcalcError
from slotcalc.files import Source, read_bytes
from slotcalc.limits import Limits

try:
    from icalendar.parser import Contentline, Parameters
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON
except ImportError as error:
    raise MissingExtraError("reading calendars needs icalendar: pip install 'slotcalc[ical]'", error.name) from error

__all__ = ["WINDOWS_TO_OLSON", "Component", "Property", "content_line", "read_calendars"]

# Which components are read within which; "" is the file itself.
_WITHIN: Final = {
    "": {"VCALENDAR"},
    "VCALENDAR": {"VEVENT", "VAVAILABILITY", "VTIMEZONE"},
    "VAVAILABILITY": {"AVAILABLE"},
    "VTIMEZONE": {"STANDARD", "DAYLIGHT"},
}
_PROPERTIES: Final = frozenset(
    {
        *("CALSCALE", "X-WR-TIMEZONE", "UID", "SEQUENCE", "SUMMARY", "STATUS", "TRANSP", "PRIORITY"),
        *("DTSTART", "DTEND", "DURATION", "RRULE", "EXRULE", "RDATE", "EXDATE", "RECURRENCE-ID"),
        *("TZID", "TZOFFSETFROM", "TZOFFSETTO"),
    }
)
_SEVERAL: Final = frozenset({"RRULE", "RDATE", "EXDATE"})
"""What a component may have more than one of."""

_LISTS: Final = frozenset({b"RDATE", b"EXDATE"})
_HEAD: Final = re.compile(r'[^":]*(?:"[^"]*"[^":]*)*:')
"""What stands before the value."""

_NAME: Final = re.compile(rb"[A-Za-z0-9-]+")


class Property(NamedTuple):
    """One property: its parameters by upper-case name, and its value with the escapes of text undone."""

    name: str
    params: Mapping[str, str]
    value: str
    line: int


class Component:
    """One component of a file: its properties and the components within it."""

    __slots__ = ("file", "line", "name", "parts", "properties")

    def __init__(self, file: str, name: str, line: int) -> None:
        self.file = file
        self.name = name
        self.line = line
        self.properties: dict[str, list[Property]] = {}
        self.parts: list[Component] = []

    def all(self, name: str) -> list[Property]:
        """Return each property of this name, in order."""
        return self.properties.get(name, [])

    def one(self, name: str) -> Property | None:
        """Return the property of this name, if there is one."""
        found = self.properties.get(name)
        return found[0] if found else None

    def text(self, name: str) -> str:
        """Return the value of the property of this name without blanks around it, "" if there is none."""
        found = self.properties.get(name)
        return found[0].value.strip() if found else ""

    def error(self, name: str, fault: str) -> InputFileError:
        """Return the error for a property, which names file, line, the component with its UID, and the property."""
        found = self.one(name)
        line = found.line if found else self.line
        uid = self.text("UID")
        named = f"{self.name} {uid[:80]!r}" if uid else self.name
        message = f"{self.file}, line {line}, {named}, {name}: {fault}"
        return InputFileError(message, self.file, line, name, found.value if found else None)

    @contextmanager
    def blamed(self, name: str) -> Iterator[None]:
        """Turn errors about a value into the error for the property that has it."""
        try:
            yield
        except EndlessRuleError as error:  # whatever the limits
            raise self.error(name, str(error)) from None
        except (InputFileError, LimitExceededError):
            raise
        except OverflowError:
            raise self.error(name, "it reaches outside the years 1 to 9999") from None
        except SlotcalcError as error:
            raise self.error(name, str(error)) from None


def read_calendars(source: Source | bytes, limits: Limits, *, also: str | None = None) -> list[Component]:
    """Return the calendars of a file, a stream, or of text that begins with BEGIN: or has more than one line.

    Args:
        source: where it is.
        limits: the bounds on bytes, on events and their dates (`rows`), and on the length of a text.
        also: a property to read besides those that are about time.

    Raises:
        InputFileError: for what is no iCalendar, or ends too early.
        LimitExceededError: for more than `limits` allows.
        OSError: if the file cannot be opened.
    """
    if isinstance(source, str) and (source.lstrip("\ufeff \r\n\t")[:6].upper() == "BEGIN:" or "\n" in source):
        source = source.encode(errors="replace")
    if isinstance(source, bytes):
        name, data = "the text", source
        limits.check("input_bytes", len(data))
    else:
        given = source if isinstance(source, str | os.PathLike) else getattr(source, "name", None)
        name = os.fspath(given) if isinstance(given, str | os.PathLike) else "the stream"
        data = read_bytes(source, limits)
    root = _tree(name, data.removeprefix(b"\xef\xbb\xbf"), limits, _PROPERTIES | ({also.upper()} if also else set()))
    if not root.parts:
        raise InputFileError(f"{name}: there is no BEGIN:VCALENDAR in it, so it is no iCalendar file", name)
    for calendar in root.parts:
        if calendar.text("CALSCALE").upper() not in {"", "GREGORIAN"}:
            raise calendar.error("CALSCALE", f"{calendar.text('CALSCALE')!r:.80} is not GREGORIAN, the only one known")
    return root.parts


def _tree(file: str, data: bytes, limits: Limits, wanted: frozenset[str]) -> Component:
    """Return the file as a component that holds its calendars."""
    names = frozenset(name.encode() for name in wanted)
    root = Component(file, "", 1)
    stack = [root]
    passed: list[str] = []  # the components around this line that are stepped over
    rows = 0
    for line, text in _logical_lines(data):
        found = _NAME.match(text)
        name = found[0].upper() if found else b""
        if name == b"BEGIN":
            kind = _kind(text)
            rows += 1
            limits.check("rows", rows)
            if passed or kind not in _WITHIN.get(stack[-1].name, ()):
                passed.append(kind)
            else:
                stack.append(Component(file, kind, line))
                stack[-2].parts.append(stack[-1])
        elif name == b"END":
            opened = passed.pop() if passed else stack.pop().name
            if _kind(text) != opened or not stack:
                begun = f"BEGIN:{opened}" if opened else "nothing"
                message = f"{file}, line {line}: END:{_kind(text):.40} ends {begun:.40}; lines are missing"
                raise InputFileError(message, file, line)
        elif name in names and not passed and len(stack) > 1:
            if name in _LISTS:
                rows += 1 + text.count(b",")
                limits.check("rows", rows)
            else:
                limits.check("text", len(text))
            _add(stack[-1], text, line, is_list=name in _LISTS)
    if len(stack) > 1 or passed:
        message = f"{file}: it ends before END:{[stack[-1].name, *passed][-1]:.40}; lines are missing"
        raise InputFileError(message, file)
    return root


def _kind(line: bytes) -> str:
    return line.partition(b":")[2].strip().upper().decode("utf-8", "replace")


def _logical_lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield content lines, unfolded (section 3.1) before they are decoded, since a fold may cut a character in two."""
    parts: list[bytes] = []
    begun = 1
    for number, physical in enumerate(BytesIO(data), 1):
        line = physical.rstrip(b"\r\n")
        if parts and line[:1] in {b" ", b"\t"}:
            parts.append(line[1:])
            continue
        if parts:
            yield begun, b"".join(parts)
        parts, begun = [line], number
    if parts:
        yield begun, b"".join(parts)


def _add(component: Component, line: bytes, number: int, *, is_list: bool) -> None:
    """Add the property that a content line holds."""
    try:
        text = line.decode()
        values = ""
        if is_list:  # 200,000 dates have no escapes, and the library looks at each character
            head = _HEAD.match(text)
            text, values = (head[0] + "…", text[head.end() :]) if head else (text, "")
        name, params, value = Contentline(text).parts()  # type: ignore[no-untyped-call]  # as the library has it
    except ValueError:
        shown = line[:60].decode("utf-8", "replace")
        message = f"{component.file}, line {number}: {shown!r} is no content line NAME;PARAMETER=…:VALUE in UTF-8"
        raise InputFileError(message, component.file, number) from None
    value = values if is_list else value
    made = Property(name.upper(), {key.upper(): str(value) for key, value in params.items()}, value, number)
    there = component.properties.setdefault(made.name, [])
    if there and made.name in _PROPERTIES - _SEVERAL:
        raise component.error(made.name, f"it is there twice, again in line {number}; drop one of them")
    there.append(made)


def content_line(name: str, value: str) -> str:
    """Return one content line of text, escaped and folded, with its line end."""
    line: bytes = Contentline.from_parts(name, Parameters(), value).to_ical()
    return line.decode() + "\r\n"
