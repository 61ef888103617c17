"""Public holidays, from the package `holidays`: the only module that imports it, when the first such rule is made.

Imports `days`; read `switch` next.
"""

from collections.abc import Iterator
from datetime import date, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Any, final

from slotcalc import zones
from slotcalc.errors import MissingExtraError, ParseError, PointTypeError
from slotcalc.limits import DEFAULT_LIMITS, Limits
from slotcalc.rules.days import DayRule
from slotcalc.rules.hours import ALL_DAY, Spans
from slotcalc.zones import Disambiguate

if TYPE_CHECKING:
    from slotcalc.rules.document import Node

__all__ = ["Holidays"]


@final
class Holidays(DayRule):
    """The public holidays of a country, or of a part of it, as whole local days.

    Needs the extra `holidays`. Which days are holidays is what the installed version of that package knows, and for
    years to come its estimate; so two versions may answer differently. Where it knows some years of a country only, it
    says so with a warning of its own.

    Args:
        country: ISO 3166-1 alpha-2, such as "DE".
        subdivision: ISO 3166-2 without the country, such as "BY"; the whole country's holidays if not given.
        observed: whether days in lieu of holidays at weekends are holidays, too.
        zone: the IANA zone of the days; kept by name.
        limits: `window` bounds the window that is asked for, `occurrences` the days in it.

    Raises:
        MissingExtraError: if the package `holidays` is not installed.
        ParseError: for a country or a subdivision that it does not know.
        PointTypeError: if either is not text.
        UnknownZoneError: if there is no such zone.

    >>> from slotcalc import Interval
    >>> [
    ...     str(day)
    ...     for day, _ in Holidays("DE", zone="Europe/Berlin")
    ...     .within(Interval.parse("2026-12-01T00:00Z/P30D"))
    ...     .by_day("Europe/Berlin")
    ... ]
    ['2026-12-25', '2026-12-26']
    """

    __slots__ = ("country", "limits", "observed", "subdivision", "zone")
    __match_args__ = ("country", "subdivision", "observed", "zone", "limits")
    _positional = 1
    _kind = "holidays"

    country: str
    subdivision: str | None
    observed: bool
    disambiguate: Disambiguate = "compatible"  # whole days leave nothing to choose

    def __init__(
        self,
        country: str,
        *,
        subdivision: str | None = None,
        observed: bool = True,
        zone: str | tzinfo,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Ask the package whether there is such a place."""
        given: dict[str, object] = {"country": country}
        if subdivision is not None:
            given["subdivision"] = subdivision
        for name, value in given.items():
            if not isinstance(value, str):
                message = f"{name}={value!r:.80} is not text; write ISO 3166 codes such as 'DE', and 'BY' within it"
                raise PointTypeError(message, value)
        if subdivision == "":
            raise ParseError("subdivision='' is no part of a country; leave it out for all of the country", subdivision)
        if not isinstance(observed, bool):
            raise PointTypeError(f"observed={observed!r:.80} is neither True nor False", observed)
        _dates(country, subdivision, observed, None)
        self._set(
            country=country, subdivision=subdivision, observed=observed, zone=str(zones.zone(zone)), limits=limits
        )

    def _hours(self, first: date, last: date) -> Iterator[tuple[date, Spans]]:
        # A day in lieu may lie in the year before its holiday or after it.
        years = range(max(1, first.year - 1), min(9999, last.year + 1) + 1)
        days = {day for year in years for day in _dates(self.country, self.subdivision, self.observed, year)}
        return ((day, ALL_DAY) for day in days if first <= day <= last)

    def _to_json(self) -> dict[str, Any]:
        subdivision = {} if self.subdivision is None else {"subdivision": self.subdivision}
        observed = {} if self.observed else {"observed": False}
        return {"country": self.country, **subdivision, **observed, "zone": self.zone}

    @classmethod
    def _from_json(cls, node: "Node") -> "Holidays":
        return cls(
            node.text("country"),
            subdivision=node.optional("subdivision", node.text),
            observed=node.optional("observed", node.flag, True),
            zone=node.text("zone"),
            limits=node.limits,
        )


@lru_cache(maxsize=1024)  # some 100 µs a year
def _dates(country: str, subdivision: str | None, observed: bool, year: int | None) -> tuple[date, ...]:  # noqa: FBT001
    """Return the holidays of a year; None asks for no year at all, only whether there is such a place."""
    try:
        import holidays  # noqa: PLC0415  # optional
    except ImportError:
        message = "public holidays need the package holidays; install it with: pip install 'slotcalc[holidays]'"
        raise MissingExtraError(message) from None
    try:
        return tuple(holidays.country_holidays(country, subdivision, years=year, expand=False, observed=observed))
    except NotImplementedError:
        place = country if subdivision is None else f"{country}-{subdivision}"
        message = f"the package holidays knows no {place!r:.80}; write ISO 3166 codes such as 'DE', and 'BY' within it"
        raise ParseError(message, country, subdivision) from None
