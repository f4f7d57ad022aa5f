"""NamedTuple for modules that the hook imports: to a type checker it is `typing.NamedTuple`, and it behaves like that.

Importing `typing` and making some thirty classes with it cost the hook a seventh of its time, most of it for compiling
a constructor for each. Here all classes share one.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from _collections import _tuplegetter  # what `collections` makes its fields of

    class _Maker(type):
        """Turns the annotations of a class into the fields of a tuple; an assigned value is the field's default."""

        def __new__(cls, name, bases, space):
            if not bases:
                return super().__new__(cls, name, (tuple,), space)
            if bases[0].__bases__ != (tuple,) or bases[0]._fields:
                return super().__new__(cls, name, bases, {"__slots__": (), **space})
            fields = tuple(space.get("__annotations__", ()))
            defaults = {field: space[field] for field in fields if field in space}
            getters = {field: _tuplegetter(at, f"Field number {at}") for at, field in enumerate(fields)}
            own = {"__slots__": (), "_fields": fields, "_field_defaults": defaults, "__match_args__": fields}
            own["__new__"] = _constructor(fields, defaults)
            return super().__new__(cls, name, bases, {**space, **own, **getters})

    def _constructor(fields, defaults):
        count, make = len(fields), tuple.__new__

        def __new__(cls, /, *values, **named):  # noqa: N807  it becomes the method of that name
            if named or len(values) != count:
                if len(values) > count or not named.keys() <= set(fields[len(values) :]):
                    raise TypeError(f"{cls.__name__} takes the fields {', '.join(fields)}")
                for field in fields[len(values) :]:
                    if field not in named and field not in defaults:
                        raise TypeError(f"{cls.__name__} lacks the field {field}")
                    values += (named[field] if field in named else defaults[field],)
            return make(cls, values)

        return __new__

    class NamedTuple(metaclass=_Maker):
        """The base of classes whose annotated names are the fields of a tuple."""

        __slots__ = ()
        _fields = ()

        @classmethod
        def _make(cls, values):
            return cls(*values)

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def _replace(self, /, **named):
            return type(self)(**{**self._asdict(), **named})

        def __repr__(self):
            pairs = ", ".join(f"{field}={value!r}" for field, value in zip(self._fields, self, strict=True))
            return f"{type(self).__name__}({pairs})"

        def __getnewargs__(self):
            return tuple(self)


__all__ = ["NamedTuple"]
