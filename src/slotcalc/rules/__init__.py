"""Rules: values that yield an interval set for any window, and that combine with `| & - ~` into rules."""

from slotcalc.rules.weekly import Weekly

__all__ = ["Weekly"]
