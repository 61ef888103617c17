"""Rules: values that yield an interval set for any window, and that combine with `| & - ~` into rules.

`rule` says what every rule is, `days` what all those have in common that have hours on local days. `import slotcalc`
does not load this folder, and `Holidays` loads the package that it needs when the first one is made.
"""

from slotcalc.rules.dates import DateRange, Dates, TimeOff, Yearly
from slotcalc.rules.days import DayRule, Override
from slotcalc.rules.holidays import Holidays
from slotcalc.rules.recurring import Recurring
from slotcalc.rules.rule import Rule, Transition
from slotcalc.rules.switch import Switch
from slotcalc.rules.weekly import Weekly

__all__ = [
    "DateRange",
    "Dates",
    "DayRule",
    "Holidays",
    "Override",
    "Recurring",
    "Rule",
    "Switch",
    "TimeOff",
    "Transition",
    "Weekly",
    "Yearly",
]
