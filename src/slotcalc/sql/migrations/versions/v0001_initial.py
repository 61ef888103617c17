"""The tables of the first release; `schema` says what they are for."""

from slotcalc.sql.migrations import Change

revision = "0001"
down_revision = None


def upgrade(*, change: Change) -> None:
    """Make the tables."""
    change.script("v0001_initial")


def downgrade(*, change: Change) -> None:
    """Take them away; what refers to another goes first."""
    names = ("slots", "bookings", "requests", "resources", "events", "batches", "baselines", "outbox")
    change.run(*[f"DROP TABLE public.slotcalc_{name}" for name in names])
