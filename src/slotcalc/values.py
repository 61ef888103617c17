"""What every value of slotcalc shares: slotted, immutable, equal by content, printed as the code that makes it.

Written by hand because importing `dataclasses` alone takes 12 to 19 ms, and `import slotcalc` promises less than 20.
Imports nothing of slotcalc; `booking` shows it in use.
"""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, NoReturn, Self

__all__ = ["Value", "setters"]

_set = object.__setattr__


class Value:
    """The base of immutable values: a subclass names its fields in `__match_args__`, in order, and calls `_set` once.

    Two values are equal if they are of the same class and all their fields are equal; the hash follows.
    """

    __slots__ = ()
    __match_args__: ClassVar[tuple[str, ...]] = ()
    _positional: ClassVar[int] = 0

    def _set(self, **fields: object) -> None:
        """Fill the fields: for constructors only."""
        for name, value in fields.items():
            _set(self, name, value)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: a value never changes."""
        message = f"{type(self).__name__} is immutable, so {name} stays; make another with .replace({name}=…)"
        raise AttributeError(message)

    def __delattr__(self, name: str) -> NoReturn:
        """Refuse: a value never changes."""
        message = f"{type(self).__name__} is immutable, so {name} stays"
        raise AttributeError(message)

    def _fields(self) -> tuple[object, ...]:
        return tuple([getattr(self, name) for name in self.__match_args__])

    def __eq__(self, other: object) -> bool:
        """Compare class and fields."""
        if type(other) is not type(self):
            return NotImplemented
        return self._fields() == other._fields()

    def __hash__(self) -> int:
        """Hash class and fields."""
        return hash((type(self), self._fields()))

    def __setstate__(self, state: tuple[None, dict[str, object]]) -> None:
        """Restore from a pickle or a copy."""
        self._set(**state[1])

    def __repr__(self) -> str:
        """Return the constructor call that makes this value, without the arguments that have their default."""
        names, cls = self.__match_args__, type(self)
        defaults: dict[str, object] = cls.__init__.__kwdefaults__ or {}
        shown = [repr(getattr(self, name)) for name in names[: cls._positional]]
        for name in names[cls._positional :]:
            value = getattr(self, name)
            if value != defaults.get(name):
                shown.append(f"{name}={value!r}")
        return f"{cls.__name__}({', '.join(shown)})"

    def replace(self, **changes: Any) -> Self:  # the constructor checks each change by its own type
        """Return a copy with some fields changed, checked as the constructor checks them."""
        names, cls = self.__match_args__, type(self)
        fields = {name: getattr(self, name) for name in names} | changes
        positional = [fields.pop(name) for name in names[: cls._positional]]
        return cls(*positional, **fields)

    __replace__ = replace


def setters(cls: type[Value], names: Iterable[str]) -> list[Callable[[Any, object], None]]:
    """Return what sets these fields of a new value: for constructors so hot that `_set` is half of their time."""
    return [cls.__dict__[name].__set__ for name in names]
