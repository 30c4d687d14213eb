"""Settings: named, checked values that init() takes, and the process-wide ones of setup()."""

from __future__ import annotations

from . import _core

_TUPLES = ("run_tags", "ignore_globs", "config_paths")


class Settings:
    """What a run can be told besides init()'s arguments: ``Settings(mode="offline", silent=True)``.

    A name that is no setting, or a value of the wrong type, raises ValueError. Unset fields read as
    their defaults. The names, types and defaults are those of the core (``Settings.names()``).

    Args:
        values: settings by name.

    Raises:
        ValueError: an unknown name, or a value of the wrong type.
    """

    __slots__ = ("_stop_fn", "_store")  # a function is Python's own: the core knows only values

    def __init__(self, **values: object) -> None:
        object.__setattr__(self, "_store", _core.SettingsStore())
        object.__setattr__(self, "_stop_fn", None)
        for name, value in values.items():
            setattr(self, name, value)

    @classmethod
    def _of(cls, store: _core.SettingsStore, stop_fn=None) -> Settings:
        settings = cls()
        object.__setattr__(settings, "_store", store)
        object.__setattr__(settings, "_stop_fn", stop_fn)
        return settings

    @staticmethod
    def names() -> list[str]:
        """Every field, in a fixed order."""
        return _core.SettingsStore.names()

    def __getattr__(self, name: str) -> object:
        if name.startswith("__") or name in self.__slots__:
            raise AttributeError(name)
        if name == "stop_fn":
            return self._stop_fn
        try:
            value = self._store.get(name)
        except ValueError as error:
            raise AttributeError(str(error)) from None
        return tuple(value) if name in _TUPLES and value is not None else value

    def __setattr__(self, name: str, value: object) -> None:
        if name == "stop_fn":
            if value is not None and not callable(value):
                raise ValueError(f"stop_fn must be a function of no arguments or None, not {value!r}")
            object.__setattr__(self, "_stop_fn", value)
            return
        self._store.set(name, value)

    def copy(self) -> Settings:
        """The same values, to be changed on their own."""
        return Settings._of(self._store.copy(), self._stop_fn)

    def __copy__(self) -> Settings:
        return self.copy()

    def __deepcopy__(self, memo: dict) -> Settings:
        return self.copy()

    def __reduce__(self):
        """To another process: what was set. A stop_fn can only go if pickle can name it."""
        return Settings._of, (self._store, self._stop_fn)

    def to_dict(self) -> dict[str, object]:
        """Every field with its value now."""
        return {**self._store.all(), "stop_fn": self._stop_fn}

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{k}={v!r}' for k, v in self._store.values().items())})"


def stop_fn_of(*settings: object):
    """The stop_fn of the first of these Settings (or dicts) that has one; None if none has."""
    for given in settings:
        found = given.get("stop_fn") if isinstance(given, dict) else getattr(given, "_stop_fn", None)
        if found is not None:
            return found
    return None


def store_of(settings: object) -> _core.SettingsStore:
    """The core's settings of a Settings or a dict; any other object counts as none, as documented."""
    if isinstance(settings, Settings):
        return settings._store.copy()
    if isinstance(settings, dict):
        return Settings(**settings)._store
    return _core.SettingsStore()
