"""The 42 examples of RFC 5545, section 3.8.5.3, with the lists that the RFC prints, and two more opinions on each."""

from __future__ import annotations

from calendar import month_abbr
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
import recurring_ical_events
import whenever
from dateutil.rrule import rrulestr
from icalendar import Calendar

from slotcalc import Interval
from slotcalc.rules import Recurring

MINUTE = timedelta(minutes=1)
OFFSETS = {"EDT": timedelta(hours=-4), "EST": timedelta(hours=-5)}
MONTHS = list(month_abbr)


class Example(NamedTuple):
    """An example: its title, DTSTART, RRULE and list, as the RFC has them.

    The list has a line for each year and offset, as the RFC's own: `Sep 2,4 Oct 1-5` is two days and five, `2-30/2`
    every other one, and the time of day is that of DTSTART unless some follow an @. A list that ends in … goes on.
    """

    title: str
    start: str
    rrule: str
    expected: str
    exdate: str | None = None

    @property
    def first(self) -> datetime:
        return datetime.strptime(self.start, "%Y%m%dT%H%M%S")  # noqa: DTZ007  # a wall time

    def instants(self) -> list[datetime]:
        """Return what the RFC prints, as instants; the offset is its own."""
        found = []
        for line in self.expected.strip().removesuffix("…").strip().splitlines():
            dates, _, clocks = line.partition("@")
            year, offset, *pairs = dates.split()
            for month, days in zip(pairs[::2], pairs[1::2], strict=True):
                for day in each_day(days):
                    for clock in clocks.replace(",", " ").split() or [f"{self.first:%H:%M}"]:
                        hour, minute = clock.split(":")
                        local = datetime(int(year), MONTHS.index(month), day, int(hour), int(minute), tzinfo=UTC)
                        found.append(local - OFFSETS[offset])
        return found

    @property
    def goes_on(self) -> bool:
        return self.expected.strip().endswith("…")

    def window(self) -> Interval[datetime]:
        """Return all time from before the first to the last that is printed; to 2020 if there are no more."""
        printed = self.instants()
        return Interval(
            printed[0] - timedelta(days=40), printed[-1] + MINUTE if self.goes_on else datetime(2020, 1, 1, tzinfo=UTC)
        )


def each_day(text: str) -> list[int]:
    days: list[int] = []
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        days += range(int(first), int(last or first) + 1, int(step or 1))
    return days


EVERY_20_MINUTES = " ".join(f"{hour}:{minute:02}" for hour in range(9, 17) for minute in (0, 20, 40))

JANUARIES = """
    1998 EST Jan 1-31
    1999 EST Jan 1-31
    2000 EST Jan 1-31"""

FIVE_WEEKS = "1997 EDT Sep 2,4,9,11,16,18,23,25,30 Oct 2"

TWENTIES = f"""
    1997 EDT Sep 2 @ {EVERY_20_MINUTES}
    1997 EDT Sep 3 @ {EVERY_20_MINUTES} …"""

EXAMPLES = [
    Example("Daily for 10 occurrences", "19970902T090000", "FREQ=DAILY;COUNT=10", "1997 EDT Sep 2-11"),
    Example(
        "Daily until December 24, 1997",
        "19970902T090000",
        "FREQ=DAILY;UNTIL=19971224T000000Z",
        """
        1997 EDT Sep 2-30 Oct 1-25
        1997 EST Oct 26-31 Nov 1-30 Dec 1-23""",
    ),
    Example(
        "Every other day - forever",
        "19970902T090000",
        "FREQ=DAILY;INTERVAL=2",
        """
        1997 EDT Sep 2-30/2 Oct 2-24/2
        1997 EST Oct 26-30/2 Nov 1-29/2 Dec 1,3 …""",
    ),
    Example(
        "Every 10 days, 5 occurrences",
        "19970902T090000",
        "FREQ=DAILY;INTERVAL=10;COUNT=5",
        "1997 EDT Sep 2,12,22 Oct 2,12",
    ),
    Example(
        "Every day in January, for 3 years, by year",
        "19980101T090000",
        "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
        JANUARIES,
    ),
    Example(
        "Every day in January, for 3 years, by day",
        "19980101T090000",
        "FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1",
        JANUARIES,
    ),
    Example(
        "Weekly for 10 occurrences",
        "19970902T090000",
        "FREQ=WEEKLY;COUNT=10",
        """
        1997 EDT Sep 2,9,16,23,30 Oct 7,14,21
        1997 EST Oct 28 Nov 4""",
    ),
    Example(
        "Weekly until December 24, 1997",
        "19970902T090000",
        "FREQ=WEEKLY;UNTIL=19971224T000000Z",
        """
        1997 EDT Sep 2,9,16,23,30 Oct 7,14,21
        1997 EST Oct 28 Nov 4,11,18,25 Dec 2,9,16,23""",
    ),
    Example(
        "Every other week - forever",
        "19970902T090000",
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
        """
        1997 EDT Sep 2,16,30 Oct 14
        1997 EST Oct 28 Nov 11,25 Dec 9,23
        1998 EST Jan 6,20 Feb 3,17 …""",
    ),
    Example(
        "Weekly on Tuesday and Thursday for five weeks, by UNTIL",
        "19970902T090000",
        "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
        FIVE_WEEKS,
    ),
    Example(
        "Weekly on Tuesday and Thursday for five weeks, by COUNT",
        "19970902T090000",
        "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH",
        FIVE_WEEKS,
    ),
    Example(
        "Every other week on Monday, Wednesday, and Friday until December 24, 1997",
        "19970901T090000",
        "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
        """
        1997 EDT Sep 1,3,5,15,17,19,29 Oct 1,3,13,15,17
        1997 EST Oct 27,29,31 Nov 10,12,14,24,26,28 Dec 8,10,12,22""",
    ),
    Example(
        "Every other week on Tuesday and Thursday, for 8 occurrences",
        "19970902T090000",
        "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
        "1997 EDT Sep 2,4,16,18,30 Oct 2,14,16",
    ),
    Example(
        "Monthly on the first Friday for 10 occurrences",
        "19970905T090000",
        "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
        """
        1997 EDT Sep 5 Oct 3
        1997 EST Nov 7 Dec 5
        1998 EST Jan 2 Feb 6 Mar 6 Apr 3
        1998 EDT May 1 Jun 5""",
    ),
    Example(
        "Monthly on the first Friday until December 24, 1997",
        "19970905T090000",
        "FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR",
        """
        1997 EDT Sep 5 Oct 3
        1997 EST Nov 7 Dec 5""",
    ),
    Example(
        "Every other month on the first and last Sunday of the month for 10 occurrences",
        "19970907T090000",
        "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
        """
        1997 EDT Sep 7,28
        1997 EST Nov 2,30
        1998 EST Jan 4,25 Mar 1,29
        1998 EDT May 3,31""",
    ),
    Example(
        "Monthly on the second-to-last Monday of the month for 6 months",
        "19970922T090000",
        "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
        """
        1997 EDT Sep 22 Oct 20
        1997 EST Nov 17 Dec 22
        1998 EST Jan 19 Feb 16""",
    ),
    Example(
        "Monthly on the third-to-the-last day of the month, forever",
        "19970928T090000",
        "FREQ=MONTHLY;BYMONTHDAY=-3",
        """
        1997 EDT Sep 28
        1997 EST Oct 29 Nov 28 Dec 29
        1998 EST Jan 29 Feb 26 …""",
    ),
    Example(
        "Monthly on the 2nd and 15th of the month for 10 occurrences",
        "19970902T090000",
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
        """
        1997 EDT Sep 2,15 Oct 2,15
        1997 EST Nov 2,15 Dec 2,15
        1998 EST Jan 2,15""",
    ),
    Example(
        "Monthly on the first and last day of the month for 10 occurrences",
        "19970930T090000",
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
        """
        1997 EDT Sep 30 Oct 1
        1997 EST Oct 31 Nov 1,30 Dec 1,31
        1998 EST Jan 1,31 Feb 1""",
    ),
    Example(
        "Every 18 months on the 10th thru 15th of the month for 10 occurrences",
        "19970910T090000",
        "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
        """
        1997 EDT Sep 10,11,12,13,14,15
        1999 EST Mar 10,11,12,13""",
    ),
    Example(
        "Every Tuesday, every other month",
        "19970902T090000",
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
        """
        1997 EDT Sep 2,9,16,23,30
        1997 EST Nov 4,11,18,25
        1998 EST Jan 6,13,20,27 Mar 3,10,17,24,31 …""",
    ),
    Example(
        "Yearly in June and July for 10 occurrences",
        "19970610T090000",
        "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
        """
        1997 EDT Jun 10 Jul 10
        1998 EDT Jun 10 Jul 10
        1999 EDT Jun 10 Jul 10
        2000 EDT Jun 10 Jul 10
        2001 EDT Jun 10 Jul 10""",
    ),
    Example(
        "Every other year on January, February, and March for 10 occurrences",
        "19970310T090000",
        "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
        """
        1997 EST Mar 10
        1999 EST Jan 10 Feb 10 Mar 10
        2001 EST Jan 10 Feb 10 Mar 10
        2003 EST Jan 10 Feb 10 Mar 10""",
    ),
    Example(
        "Every third year on the 1st, 100th, and 200th day for 10 occurrences",
        "19970101T090000",
        "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
        """
        1997 EST Jan 1
        1997 EDT Apr 10 Jul 19
        2000 EST Jan 1
        2000 EDT Apr 9 Jul 18
        2003 EST Jan 1
        2003 EDT Apr 10 Jul 19
        2006 EST Jan 1""",
    ),
    Example(
        "Every 20th Monday of the year, forever",
        "19970519T090000",
        "FREQ=YEARLY;BYDAY=20MO",
        """
        1997 EDT May 19
        1998 EDT May 18
        1999 EDT May 17 …""",
    ),
    Example(
        "Monday of week number 20, forever",
        "19970512T090000",
        "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
        """
        1997 EDT May 12
        1998 EDT May 11
        1999 EDT May 17 …""",
    ),
    Example(
        "Every Thursday in March, forever",
        "19970313T090000",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
        """
        1997 EST Mar 13,20,27
        1998 EST Mar 5,12,19,26
        1999 EST Mar 4,11,18,25 …""",
    ),
    Example(
        "Every Thursday, but only during June, July, and August, forever",
        "19970605T090000",
        "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
        """
        1997 EDT Jun 5,12,19,26 Jul 3,10,17,24,31 Aug 7,14,21,28
        1998 EDT Jun 4,11,18,25 Jul 2,9,16,23,30 Aug 6,13,20,27
        1999 EDT Jun 3,10,17,24 Jul 1,8,15,22,29 Aug 5,12,19,26 …""",
    ),
    Example(
        "Every Friday the 13th, forever",
        "19970902T090000",
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        """
        1998 EST Feb 13 Mar 13 Nov 13
        1999 EDT Aug 13
        2000 EDT Oct 13 …""",
        exdate="19970902T090000",
    ),
    Example(
        "The first Saturday that follows the first Sunday of the month, forever",
        "19970913T090000",
        "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
        """
        1997 EDT Sep 13 Oct 11
        1997 EST Nov 8 Dec 13
        1998 EST Jan 10 Feb 7 Mar 7
        1998 EDT Apr 11 May 9 Jun 13 …""",
    ),
    Example(
        "Every 4 years, the first Tuesday after a Monday in November, forever (U.S. Presidential Election day)",
        "19961105T090000",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
        """
        1996 EST Nov 5
        2000 EST Nov 7
        2004 EST Nov 2 …""",
    ),
    Example(
        "The third instance into the month of one of Tuesday, Wednesday, or Thursday, for the next 3 months",
        "19970904T090000",
        "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",
        """
        1997 EDT Sep 4 Oct 7
        1997 EST Nov 6""",
    ),
    Example(
        "The second-to-last weekday of the month",
        "19970929T090000",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
        """
        1997 EDT Sep 29
        1997 EST Oct 30 Nov 27 Dec 30
        1998 EST Jan 29 Feb 26 Mar 30 …""",
    ),
    Example(
        "Every 3 hours from 9:00 AM to 5:00 PM on a specific day",
        "19970902T090000",
        "FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z",  # printed as T170000Z, which is 1 PM in New York
        "1997 EDT Sep 2 @ 09:00,12:00,15:00",
    ),
    Example(
        "Every 15 minutes for 6 occurrences",
        "19970902T090000",
        "FREQ=MINUTELY;INTERVAL=15;COUNT=6",
        "1997 EDT Sep 2 @ 09:00,09:15,09:30,09:45,10:00,10:15",
    ),
    Example(
        "Every hour and a half for 4 occurrences",
        "19970902T090000",
        "FREQ=MINUTELY;INTERVAL=90;COUNT=4",
        "1997 EDT Sep 2 @ 09:00,10:30,12:00,13:30",
    ),
    Example(
        "Every 20 minutes from 9:00 AM to 4:40 PM every day, by day",
        "19970902T090000",
        "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40",
        TWENTIES,
    ),
    Example(
        "Every 20 minutes from 9:00 AM to 4:40 PM every day, by minute",
        "19970902T090000",
        "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16",
        TWENTIES,
    ),
    Example(
        "Days generated make a difference because of WKST: Monday",
        "19970805T090000",
        "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
        "1997 EDT Aug 5,10,19,24",
    ),
    Example(
        "Days generated make a difference because of WKST: Sunday",
        "19970805T090000",
        "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
        "1997 EDT Aug 5,17,19,31",
    ),
    Example(
        "An invalid date (i.e., February 30) is ignored",
        "20070115T090000",
        "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
        """
        2007 EST Jan 15,30 Feb 15
        2007 EDT Mar 15,30""",
    ),
]


def rule_of(example: Example) -> Recurring:
    exdates = [datetime.strptime(example.exdate, "%Y%m%dT%H%M%S")] if example.exdate else []  # noqa: DTZ007
    return Recurring(example.rrule, start=example.first, duration=MINUTE, zone="America/New_York", exdates=exdates)


def by_dateutil_and_whenever(example: Example) -> list[datetime]:
    """Return the starts in the window as dateutil has the wall times and whenever the instants."""
    text, _, until = example.rrule.partition("UNTIL=")
    if until:  # a wall time for dateutil, which has no zone here
        end, _, rest = until.partition("Z")
        local = whenever.Instant(datetime.strptime(end, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)).to_tz("America/New_York")
        text += f"UNTIL={local.to_plain().to_stdlib():%Y%m%dT%H%M%S}{rest}"
    window = example.window()
    found = rrulestr(text, dtstart=example.first).between(example.first, window.end.replace(tzinfo=None), inc=True)
    instants = [whenever.PlainDateTime(wall).assume_tz("America/New_York").to_instant().to_stdlib() for wall in found]
    return [instant for instant in instants if instant in window]


def by_recurring_ical_events(example: Example) -> list[datetime]:
    tz = ";TZID=America/New_York:"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//t//t//EN",
        "BEGIN:VEVENT",
        "UID:1",
        "DTSTAMP:19970901T000000Z",
    ]
    lines += [f"DTSTART{tz}{example.start}", "DURATION:PT1M", f"RRULE:{example.rrule}"]
    lines += [f"EXDATE{tz}{example.exdate}"] if example.exdate else []
    calendar = Calendar.from_ical("\r\n".join([*lines, "END:VEVENT", "END:VCALENDAR", ""]))
    window = example.window()
    events = recurring_ical_events.of(calendar).between(window.start, window.end)
    return sorted(event.start.astimezone(UTC) for event in events)


each_example = pytest.mark.parametrize("example", EXAMPLES, ids=[example.title for example in EXAMPLES])


def test_there_are_all_42() -> None:
    assert len(EXAMPLES) == len({example.title for example in EXAMPLES}) == 42


@each_example
def test_the_list_of_the_rfc_comes_out(example: Example) -> None:
    assert list(rule_of(example).within(example.window()).starts) == example.instants()


@each_example
def test_dateutil_and_whenever_agree_on_it(example: Example) -> None:
    assert by_dateutil_and_whenever(example) == example.instants()


@each_example
def test_recurring_ical_events_agrees_on_it(example: Example) -> None:
    assert by_recurring_ical_events(example) == example.instants()


def test_the_until_that_the_rfc_prints_for_five_o_clock_is_one_o_clock_in_new_york() -> None:
    rule = rule_of(EXAMPLES[34]).replace(rrule_text="FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000Z")
    starts = rule.within(EXAMPLES[34].window()).starts
    assert [f"{start:%H:%M}" for start in starts] == ["13:00", "16:00"]  # in UTC; 15:00 in New York is beyond it
