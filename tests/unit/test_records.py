"""Our NamedTuple does what `typing.NamedTuple` does."""

from __future__ import annotations

import copy
import pickle
import typing

import pytest

from secrets_gitops import records


class Ours(records.NamedTuple):
    """A point."""

    x: int
    y: int = 2
    label: str = ""

    def total(self) -> int:
        return self.x + self.y


class Theirs(typing.NamedTuple):
    x: int
    y: int = 2
    label: str = ""


class Below(Ours):
    """A subclass with a behaviour of its own."""

    def total(self) -> int:
        return super().total() * 10


ARGUMENTS = [
    ((1,), {}),
    ((1, 5), {}),
    ((1, 5, "a"), {}),
    ((), {"x": 1}),
    ((1,), {"label": "b"}),
    ((), {"y": 3, "x": 0}),
]


@pytest.mark.parametrize(("values", "named"), ARGUMENTS)
def test_it_is_made_as_theirs_is(values, named):
    ours, theirs = Ours(*values, **named), Theirs(*values, **named)
    assert tuple(ours) == tuple(theirs)
    assert (ours.x, ours.y, ours.label) == theirs
    assert ours._asdict() == theirs._asdict()
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert hash(ours) == hash(theirs)


@pytest.mark.parametrize(("values", "named"), [((), {}), ((1, 2, "a", 4), {}), ((1,), {"z": 1}), ((1,), {"x": 1})])
def test_what_theirs_refuses_it_refuses(values, named):
    for made in (Ours, Theirs):
        with pytest.raises(TypeError):
            made(*values, **named)


def test_it_replaces_unpacks_compares_and_matches():
    one = Ours(1, 2)
    assert one._replace(x=7) == Ours(7, 2)
    with pytest.raises(TypeError):
        one._replace(z=7)
    x, y, _ = one
    assert (x, y) == (1, 2)
    assert Ours(1, 2) < Ours(1, 3)
    match one:
        case Ours(x=1, y=found):
            assert found == 2
        case _:
            raise AssertionError
    with pytest.raises(AttributeError):
        one.x = 3
    assert not hasattr(one, "__dict__")


def test_it_is_copied_and_pickled():
    one = Ours(1, 2, "a")
    assert copy.deepcopy(one) == one
    again = pickle.loads(pickle.dumps(one))
    assert again == one
    assert type(again) is Ours


def test_it_has_methods_documentation_and_subclasses():
    assert Ours._fields == Theirs._fields == ("x", "y", "label")
    assert Ours.__doc__ == "A point."
    assert Ours._make([1, 2, ""]).total() == 3
    assert Below(1, 2).total() == 30
    assert isinstance(Below(1, 2)._replace(x=2), Below)
    assert issubclass(Below, tuple)
