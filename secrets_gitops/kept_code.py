"""The byte code of the modules that a program imports at every start, kept in one file.

A start of the hook imports more than a hundred small modules, and to look each up in its folder and to read its `.pyc`
takes longer than to run it. So when the hook ends, the `.pyc` of what it imported are kept together in one file beside
its own, and the next start takes them from there. A module is taken only if its source has the time and the size that
its `.pyc` states, as Python itself decides (PEP 3147). Any other, and all of them if the file is missing, damaged, not
ours to write or left by another version, are imported as ever.

Only what lies in a package is kept: the package, which Python found on its path, says where its modules are.
"""

from __future__ import annotations

import marshal
import os
import sys
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import MAGIC_NUMBER, SourceFileLoader

from secrets_gitops import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType, ModuleType
    from typing import Any

_FRESH = MAGIC_NUMBER + bytes(4)
"""How the `.pyc` begins that is held against the time and the size of its source: of this Python, and no flags."""
_HEAD = 16
_PACKAGE = "/__init__.py"


class _Loader(SourceFileLoader):
    """Loads one module from its kept byte code, and is a loader of source files in all else."""

    def __init__(self, name: str, path: str, code: bytes) -> None:
        super().__init__(name, path)
        self._code = code
        self.served = False
        """Whether the module came from what was kept."""

    def get_code(self, fullname: str) -> CodeType | None:
        """The code of the module; from its source, if what was kept is damaged."""
        found = _unmarshalled(memoryview(self._code)[_HEAD:])
        self.served = isinstance(found, type(_head.__code__))
        return found if self.served else super().get_code(fullname)


class KeptCode:
    """A finder of modules whose `.pyc` are kept in the file at `place`.

    They are held as `{name: (its place within its package's folder, path of the .pyc, its bytes)}`.
    """

    def __init__(self, place: str) -> None:
        self._place = place
        self._kept = _read(place)
        self._before = frozenset(sys.modules)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's specification, as `importlib` would make it; None for one that is not kept or was changed."""
        kept = self._kept.get(fullname)
        if kept is None or path is None or len(path) != 1:
            return None
        within, cached, code = kept
        source = path[0] + within
        try:
            info = os.stat(source)
        except OSError:
            return None
        if code[:_HEAD] != _head(info):
            return None
        spec = ModuleSpec(fullname, _Loader(fullname, source, code), origin=source)
        spec.has_location = True
        spec.cached = cached
        if within.endswith(_PACKAGE):
            spec.submodule_search_locations = [source.removesuffix(_PACKAGE)]
        return spec

    def keep(self) -> None:
        """Keep what was imported otherwise since. Nothing is written if nothing was, nor where no `.pyc` would be."""
        if sys.dont_write_bytecode:
            return
        new = {
            name: kept
            for name, module in list(sys.modules.items())
            if "." in name
            and name not in self._before
            and not getattr(getattr(module, "__loader__", None), "served", False)
            and (kept := _kept(module)) is not None
        }
        if not new:
            return
        beside = f"{self._place}.{os.getpid()}"
        try:
            with open(beside, "xb") as file:
                file.write(marshal.dumps((__version__, {**self._kept, **new})))
            os.replace(beside, self._place)
        except OSError:  # the next start will be as slow as this one
            if os.path.isfile(beside):
                os.unlink(beside)


def begin(module: ModuleType) -> KeptCode | None:
    """Let modules be found in the file beside the `.pyc` of `module`; None if it has none."""
    spec = module.__spec__
    if spec is None or not spec.cached:
        return None
    kept = KeptCode(f"{spec.cached.removesuffix('.pyc')}.kept")
    sys.meta_path.insert(0, kept)
    return kept


def _read(place: str) -> dict[str, tuple[str, str, bytes]]:
    try:
        with open(place, "rb") as file:
            found = _unmarshalled(file.read())
    except OSError:
        return {}
    try:
        version, modules = found
        if version != __version__:  # an installer may give the sources of every version the same time
            return {}
        return {name: (str(within), str(cached), bytes(code)) for name, (within, cached, code) in modules.items()}
    except (AttributeError, TypeError, ValueError):
        return {}


def _unmarshalled(data: bytes | memoryview) -> Any:  # noqa: ANN401  it may be anything
    """What `data` stands for; None when it is damaged. Whoever can write it can write the `.pyc` beside it."""
    try:
        return marshal.loads(data)  # noqa: S302
    except (EOFError, TypeError, ValueError):
        return None


def _kept(module: ModuleType) -> tuple[str, str, bytes] | None:
    """What is kept of a module; None for what has no fresh `.pyc`, or does not lie where its package says.

    Among the modules stand things that are none: `typing.io` is a class.
    """
    spec = getattr(module, "__spec__", None)
    if spec is None or not spec.origin or not spec.cached:
        return None
    parent, _, leaf = spec.name.rpartition(".")
    folders = getattr(sys.modules.get(parent), "__path__", ())
    within = f"/{leaf}{_PACKAGE if spec.submodule_search_locations else '.py'}"
    if list(folders) != [spec.origin.removesuffix(within)]:
        return None
    try:
        with open(spec.cached, "rb") as file:
            code = file.read()
    except OSError:
        return None
    return (within, spec.cached, code) if code.startswith(_FRESH) else None


def _head(info: os.stat_result) -> bytes:
    """The first 16 bytes that a fresh `.pyc` of that source has."""
    time, size = int(info.st_mtime) & 0xFFFFFFFF, info.st_size & 0xFFFFFFFF
    return _FRESH + time.to_bytes(4, "little") + size.to_bytes(4, "little")
