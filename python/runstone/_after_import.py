"""Changes modules of others once somebody imports them; nothing is imported that the user does not."""

from __future__ import annotations

import sys

_waiting: dict[str, list] = {}


class _Finder:
    """Stands first in sys.meta_path while a module is waited for; the real finders do the work."""

    def find_spec(self, name: str, path=None, target=None):
        if name not in _waiting:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                break
        else:
            return None
        if spec.loader is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader:
    def __init__(self, loader) -> None:
        self._loader = loader

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module) -> None:
        self._loader.exec_module(module)
        for call in _waiting.pop(module.__name__, ()):
            call(module)

    def __getattr__(self, name: str):
        return getattr(self._loader, name)


_finder = _Finder()


def after_import(name: str, call) -> None:
    """Calls `call(module)` at once if the module of that name is imported, else when it will be."""
    module = sys.modules.get(name)
    if module is not None:
        call(module)
        return
    _waiting.setdefault(name, []).append(call)
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


class Patches:
    """What is replaced in modules of others, between begin() and undo()."""

    def __init__(self) -> None:
        self._session: object | None = None
        self._undo: list = []

    @property
    def on(self) -> bool:
        return self._session is not None

    def begin(self) -> None:
        self._session = object()

    def when_imported(self, name: str, change) -> None:
        """Calls `change(module)` once the module is imported, unless they have been taken back by then."""
        session = self._session
        after_import(name, lambda module: change(module) if self._session is session else None)

    def replace(self, owner, name: str, value) -> None:
        original = getattr(owner, name)
        setattr(owner, name, value)
        self._undo.append(lambda: setattr(owner, name, original))

    def undo(self) -> None:
        self._session = None
        while self._undo:
            self._undo.pop()()
