"""Calls a function with a module once somebody imports it; nothing is imported that the user does not."""

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
    calls = _waiting.setdefault(name, [])
    if call not in calls:  # who has given up waiting meanwhile, and waits again
        calls.append(call)
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
