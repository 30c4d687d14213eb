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

    __slots__ = ("_store",)

    def __init__(self, **values: object) -> None:
        object.__setattr__(self, "_store", _core.SettingsStore())
        for name, value in values.items():
            self._store.set(name, value)

    @classmethod
    def _of(cls, store: _core.SettingsStore) -> Settings:
        settings = cls()
        object.__setattr__(settings, "_store", store)
        return settings

    @staticmethod
    def names() -> list[str]:
        """Every field, in a fixed order."""
        return _core.SettingsStore.names()

    def __getattr__(self, name: str) -> object:
        if name.startswith("__") or name == "_store":
            raise AttributeError(name)
        try:
            value = self._store.get(name)
        except ValueError as error:
            raise AttributeError(str(error)) from None
        return tuple(value) if name in _TUPLES and value is not None else value

    def __setattr__(self, name: str, value: object) -> None:
        self._store.set(name, value)

    def copy(self) -> Settings:
        """The same values, to be changed on their own."""
        return Settings._of(self._store.copy())

    def __copy__(self) -> Settings:
        return self.copy()

    def __deepcopy__(self, memo: dict) -> Settings:
        return self.copy()

    def to_dict(self) -> dict[str, object]:
        """Every field with its value now."""
        return self._store.all()

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{k}={v!r}' for k, v in self._store.values().items())})"


def store_of(settings: object) -> _core.SettingsStore:
    """The core's settings of a Settings or a dict; any other object counts as none, as documented."""
    if isinstance(settings, Settings):
        return settings._store.copy()
    if isinstance(settings, dict):
        return Settings(**settings)._store
    return _core.SettingsStore()
