"""The contract of an audit log: what every adapter passes, whatever it keeps the events in.

Each sentence of `slotcalc.audit.AuditLog` and `Selection` is a test here. Read `concurrency` next.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any

from slotcalc.audit import AuditLog, Baseline, Selection
from slotcalc.diff import Action, AuditEvent
from slotcalc.errors import HorizonError, PointValueError, UnknownEventError
from slotcalc.testing.expectations import ODD_NAMES, TUTOR, at, event, expect_equal, expect_error, slot

__all__ = ["AuditLogContract"]

OTHER = "tutor-2"


class AuditLogContract:
    """The tests of an `AuditLog`: inherit from it in a test class, and say how a log is made.

        class TestMyAuditLog(AuditLogContract):
            def make_audit_log(self):
                return MyAuditLog(...)

    pytest collects the class as it is; with unittest, inherit from `TestCase` as well. An asynchronous adapter is
    returned through `awaited`.
    """

    def make_audit_log(self) -> AuditLog:
        """Return a new and empty audit log of your kind."""
        message = f"{type(self).__name__} has to say how an audit log is made: override make_audit_log"
        raise NotImplementedError(message)

    # Delivery

    def test_an_empty_log_has_nothing(self) -> None:
        log = self.make_audit_log()
        expect_equal(log.append([]), 0)
        expect_equal([*log.select(Selection())], [])
        expect_equal([*log.select(Selection(resource_id=TUTOR))], [])
        expect_equal(log.baseline(TUTOR), None)

    def test_events_come_back_as_they_were(self) -> None:
        log = self.make_audit_log()
        tick = timedelta(microseconds=1)
        full = event(
            1,
            action="removed",
            capacity=2**31 - 1,
            slot_id="slot '1'; --",
            label="“Ärzte” & co.\n",
            reason="личное 🎻",
            notes="\\ % _ \t\r\n'\"" + "ж" * 5000,
            changed_by="o'neil",
            changed_at=at(9) + tick,
            ordinal=7,
        )
        plain = event(2, slot_id="", changed_by="")
        exact = event(3).replace(interval=(at(9) + tick, at(9) + 2 * tick))
        expect_equal(log.append([full, plain, exact]), 3)
        expect_equal([*log.select(Selection(resource_id=TUTOR))], [full, plain, exact])

    def test_an_event_is_kept_once_however_often_it_is_delivered(self) -> None:
        log = self.make_audit_log()
        first, second, third = event(1), event(2), event(3)
        expect_equal(log.append([first, second]), 2)
        expect_equal(log.append([first, second]), 0)
        expect_equal(log.append([second, third, third]), 1)
        expect_equal([*log.select(Selection(resource_id=TUTOR))], [first, second, third])

    def test_events_may_come_late_and_in_any_order(self) -> None:
        events = [event(1), event(1, 11, 12, ordinal=1), event(2), event(3)]
        for shuffled in permutations(events):
            log = self.make_audit_log()
            for late in shuffled:
                log.append([late])
            expect_equal([*log.select(Selection(resource_id=TUTOR))], events)

    def test_an_event_that_belongs_to_no_edit_is_refused_with_all_that_come_with_it(self) -> None:
        log = self.make_audit_log()
        good = event(1)
        lacks: list[dict[str, Any]] = [{"id": ""}, {"change_id": ""}, {"revision": 0}, {"changed_at": None}]
        for lack in lacks:
            odd = event(2).replace(**lack)
            expect_error(PointValueError, log.append, [good, odd])
            expect_error(PointValueError, log.append, [odd, good])
        expect_equal([*log.select(Selection())], [])
        expect_equal(log.append([good]), 1)

    def test_events_of_several_resources_may_come_together(self) -> None:
        log = self.make_audit_log()
        events = [event(1, resource_id=name) for name in ODD_NAMES]
        expect_equal(log.append(events), len(ODD_NAMES))
        for name, one in zip(ODD_NAMES, events, strict=True):
            expect_equal([*log.select(Selection(resource_id=name))], [one])

    def test_many_events_come_at_once(self) -> None:
        log = self.make_audit_log()
        events = [event(1 + n // 10, n / 100, (n + 1) / 100, ordinal=n % 10) for n in range(2000)]
        expect_equal(log.append(events), 2000)
        expect_equal([*log.select(Selection(resource_id=TUTOR))], events)

    # Selection

    def test_events_of_one_resource_come_by_revision_and_ordinal_and_never_by_the_clock(self) -> None:
        log = self.make_audit_log()
        events = [event(n // 3 + 1, n, n + 1, ordinal=n % 3, changed_at=at(24 - n)) for n in range(12)]
        log.append(events[::-1])
        expect_equal([*log.select(Selection(resource_id=TUTOR))], events)
        expect_equal([*log.select(Selection(resource_id=TUTOR, newest_first=True))], events[::-1])

    def test_numbers_are_ordered_as_numbers(self) -> None:
        log = self.make_audit_log()
        events = [event(revision, ordinal=ordinal) for revision in (2, 10, 100) for ordinal in (0, 2, 10)]
        log.append(events)
        expect_equal([*log.select(Selection(resource_id=TUTOR))], events)

    def test_events_of_several_resources_come_by_time_resource_revision_and_ordinal(self) -> None:
        log = self.make_audit_log()
        events = [
            event(2, changed_at=at(1)),
            event(1, resource_id=OTHER, changed_at=at(1)),
            event(1, changed_at=at(2)),
            event(3, changed_at=at(2)),
            event(3, changed_at=at(2), ordinal=1),
            event(2, resource_id=OTHER, changed_at=at(2)),
            event(3, resource_id=OTHER, changed_at=at(2) + timedelta(microseconds=1)),
        ]
        log.append(events[::-1])
        expect_equal([*log.select(Selection())], events)
        expect_equal([*log.select(Selection(newest_first=True))], events[::-1])

    def test_each_field_of_a_selection_leaves_events_out(self) -> None:
        log = self.make_audit_log()
        events = [
            event(1, changed_at=at(1)),
            event(2, changed_at=at(2), reason="personal", action="removed"),
            event(2, changed_at=at(2), reason="personal", ordinal=1),
            event(3, changed_at=at(3), changed_by="ben"),
            event(4, changed_at=at(4), changed_by="Ada", reason="Personal"),
        ]
        log.append([*events, event(2, resource_id=OTHER, changed_at=at(2), reason="personal")])
        tick = timedelta(microseconds=1)
        fields: list[tuple[dict[str, Any], list[AuditEvent]]] = [
            ({"since": at(2)}, events[1:]),
            ({"since": at(2) + tick}, events[3:]),
            ({"until": at(2)}, events[:1]),
            ({"until": at(2) + tick}, events[:3]),
            ({"since": at(2), "until": at(2)}, []),
            ({"first_revision": 2}, events[1:]),
            ({"last_revision": 2}, events[:3]),
            ({"first_revision": 2, "last_revision": 3}, events[1:4]),
            ({"last_revision": 0}, []),
            ({"first_revision": 0}, events),
            ({"changed_by": "ada"}, events[:3]),
            ({"reason": "personal"}, events[1:3]),
            ({"action": Action.REMOVED}, events[1:2]),
            ({"reason": "personal", "action": Action.ADDED, "changed_by": "ada"}, events[2:3]),
            ({"limit": 2}, events[:2]),
            ({"limit": 100}, events),
            ({"limit": 1, "reason": "personal"}, events[1:2]),
        ]
        for asked, wanted in fields:
            expect_equal([*log.select(Selection(resource_id=TUTOR, **asked))], wanted, f"the events with {asked}")

    def test_text_is_compared_as_it_is(self) -> None:
        log = self.make_audit_log()
        events = [event(n, reason=name, changed_by=name) for n, name in enumerate(ODD_NAMES, start=1)]
        log.append(events)
        for name, one in zip(ODD_NAMES, events, strict=True):
            expect_equal([*log.select(Selection(reason=name))], [one], f"the events with the reason {name!r}")
            expect_equal([*log.select(Selection(changed_by=name))], [one], f"the events by {name!r}")

    def test_the_next_page_begins_behind_an_event(self) -> None:
        log = self.make_audit_log()
        events = [event(n // 2 + 1, ordinal=n % 2, changed_at=at(8 - n), reason="ab"[n % 2]) for n in range(8)]
        log.append(events)
        for n, one in enumerate(events):
            behind = Selection(resource_id=TUTOR, after=one.id)
            expect_equal([*log.select(behind)], events[n + 1 :])
            expect_equal([*log.select(behind.replace(newest_first=True))], events[:n][::-1])
            expect_equal([*log.select(behind.replace(limit=2))], events[n + 1 : n + 3])
            expect_equal([*log.select(behind.replace(reason="a"))], [e for e in events[n + 1 :] if e.reason == "a"])

    def test_pages_neither_repeat_nor_lose_events_while_others_come(self) -> None:
        for newest_first in (False, True):
            for resource_id in (TUTOR, None):
                log = self.make_audit_log()
                events = [event(n, ordinal=1) for n in range(1, 12)]
                log.append(events)
                wanted = Selection(resource_id=resource_id, newest_first=newest_first, limit=3)

                def disturb(page: int, log: AuditLog = log) -> None:  # before, amid and after what was read
                    if page < 5:
                        log.append([event(page + 1), event(100 + page), event(50, ordinal=page, resource_id=OTHER)])

                read = [e for e in _paged(log, wanted, disturb) if e in events]
                expect_equal(read, events[::-1] if newest_first else events, f"all pages of {wanted!r}")

    def test_pages_over_resources_of_any_name_hold_each_event_once(self) -> None:
        log = self.make_audit_log()
        log.append([event(1, resource_id=name) for name in ODD_NAMES])
        for newest_first in (False, True):
            read = _paged(log, Selection(limit=2, newest_first=newest_first), lambda _: None)
            expect_equal(sorted(e.resource_id for e in read), sorted(ODD_NAMES))

    def test_there_is_nothing_behind_an_event_that_the_log_does_not_have(self) -> None:
        log = self.make_audit_log()
        log.append([event(1)])
        absent = event(2).id
        for wanted in (Selection(after=absent), Selection(resource_id=TUTOR, after=absent), Selection(after="")):
            expect_error(UnknownEventError, log.select, wanted)

    # Purging

    def test_purging_drops_the_events_up_to_a_revision_and_keeps_where_history_begins(self) -> None:
        log = self.make_audit_log()
        events = [event(1), event(2), event(2, 11, 12, ordinal=1), event(3)]
        others = [event(n, resource_id=OTHER) for n in (1, 2, 3)]
        log.append([*events, *others])
        slots = [slot(9, 10, capacity=2, id="s1", label="L"), slot(11, 12), slot(11, 12, id="")]
        baseline = Baseline(TUTOR, 2, slots, digest="5f" * 32, changed_at=at(9) + timedelta(microseconds=1))
        expect_equal(log.purge(baseline), 3)
        expect_equal(log.baseline(TUTOR), baseline)
        expect_equal(log.baseline(OTHER), None)
        expect_equal([*log.select(Selection(resource_id=TUTOR))], events[3:])
        expect_equal([*log.select(Selection(resource_id=OTHER))], others)
        expect_error(UnknownEventError, log.select, Selection(resource_id=TUTOR, after=events[0].id))

    def test_what_was_purged_does_not_come_back_with_a_late_delivery(self) -> None:
        log = self.make_audit_log()
        log.append([event(1), event(3)])
        log.purge(Baseline(TUTOR, 2, []))
        late = [event(1), event(2), event(2, resource_id=OTHER), event(4)]
        expect_equal(log.append(late), 2)
        expect_equal([*log.select(Selection(resource_id=TUTOR))], [event(3), event(4)])
        expect_equal([*log.select(Selection(resource_id=OTHER))], [event(2, resource_id=OTHER)])

    def test_the_beginning_of_history_only_moves_on(self) -> None:
        log = self.make_audit_log()
        log.append([event(n) for n in (1, 2, 3, 4)])
        second, third = Baseline(TUTOR, 2, [slot(9, 10)], digest="two"), Baseline(TUTOR, 3, [], digest="three")
        expect_equal(log.purge(second), 2)
        expect_equal(log.purge(second), 0)
        expect_equal(log.purge(third), 1)
        expect_error(HorizonError, log.purge, second)
        expect_equal(log.baseline(TUTOR), third)
        expect_equal([*log.select(Selection(resource_id=TUTOR))], [event(4)])

    def test_all_of_a_history_may_be_purged(self) -> None:
        log = self.make_audit_log()
        log.append([event(1), event(2)])
        baseline = Baseline(TUTOR, 7, [slot(9, 10)])
        expect_equal(log.purge(baseline), 2)
        expect_equal([*log.select(Selection(resource_id=TUTOR))], [])
        expect_equal(log.baseline(TUTOR), baseline)
        expect_equal(log.append([event(8)]), 1)

    def test_resources_of_similar_names_are_purged_apart(self) -> None:
        log = self.make_audit_log()
        log.append([event(1, resource_id=name) for name in ODD_NAMES])
        for left, name in enumerate(reversed(ODD_NAMES)):
            expect_equal(log.purge(Baseline(name, 1, [slot(9, 10, name)])), 1)
            expect_equal(log.baseline(name), Baseline(name, 1, [slot(9, 10, name)]))
            expect_equal(len(log.select(Selection())), len(ODD_NAMES) - left - 1)


def _paged(log: AuditLog, wanted: Selection, between: Callable[[int], None]) -> list[AuditEvent]:
    """Return all events of a selection, read page by page, while something happens between the pages."""
    read: list[AuditEvent] = []
    page: Sequence[AuditEvent] = log.select(wanted)
    for number in range(100):
        read += page
        if not page:
            return read
        between(number)
        page = log.select(wanted.replace(after=page[-1].id))
    raise AssertionError(f"the pages of {wanted!r} do not end")
