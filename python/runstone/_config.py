"""run.config: dict-like, with attribute access, over the core's config rules."""

from __future__ import annotations

import os

from . import _core
from ._config_artifacts import with_artifacts_used
from ._terminal import warn

TYPE_CHECKING = False
if TYPE_CHECKING:  # these modules take longer to load than all of ours
    from collections.abc import ItemsView, Iterator, KeysView, ValuesView
    from typing import Any


def read_config(config: object) -> dict[str, Any]:
    """init(config=) as a dict: a dict, a Namespace, absl FLAGS, an object with __dict__, a YAML path.

    Raises TypeError for anything else, ConfigError for a file that is missing or not of the form.
    """
    if config is None:
        return {}
    if isinstance(config, Config):
        return config.as_dict()
    if isinstance(config, str) or hasattr(config, "__fspath__"):
        return _core.read_config_file(os.fspath(config))
    if hasattr(config, "flag_values_dict"):  # absl FLAGS
        return dict(config.flag_values_dict())
    if isinstance(config, dict):
        return dict(config)
    if hasattr(config, "keys") and hasattr(config, "__getitem__"):
        return {key: config[key] for key in config.keys()}
    if hasattr(config, "__dict__") and not callable(config):
        return {key: value for key, value in vars(config).items() if not key.startswith("_")}
    raise TypeError(
        f"config must be a dict, a Namespace, FLAGS or the path of a YAML file, not {type(config).__name__}"
    )


class Config:
    """The run's configuration: what went into it.

    ``config.lr``, ``config["lr"]``, ``config.get("lr", 0.1)``; a new key can be set at any time, a
    changed value needs permission (``update(..., allow_val_change=True)``), else ConfigError. Keys that
    start with ``_`` are the product's own and not shown. Nested dicts are plain dicts: what is changed
    inside them is sent when the run finishes.

    What has no stored form of its own is converted: NaN to None, arrays of up to 32 elements to lists and
    larger ones to their text, enums to their names, dataclasses to dicts, dates to ISO text, functions and
    classes to ``module.name``. Media are refused with TypeError. After finish() reading works, and writing
    raises UsageError.

    Follows: the attribute ``config`` of the class ``Run`` that the stock client documents.
    """

    def __init__(self, core) -> None:
        object.__setattr__(self, "_core", core)
        object.__setattr__(self, "_values", core._config_all())

    def _shown(self) -> dict[str, Any]:
        return {key: value for key, value in self._values.items() if not key.startswith("_")}

    def _refresh(self, keys) -> None:
        for key in keys:
            value = self._core._config_get(key)
            self._values[key] = value

    def _take_nested_changes(self, keys) -> None:
        """What was changed in place is what a new value is compared with, for the user sees no other."""
        if not self._core._finished:
            self._send_nested_changes(
                [key for key in keys if isinstance(self._values.get(key), (dict, list))]
            )

    def _send_nested_changes(self, keys: list[str] | None = None) -> None:
        """Dicts and lists that were changed in place; all of them at finish. What cannot be stored is told, and
        no more: the end of a run must not fail for it."""
        if keys == []:
            return
        stored = self._core._config_all()
        for key, value in (
            self._values.items() if keys is None else [(key, self._values[key]) for key in keys]
        ):
            try:
                if _differs(stored.get(key), value):
                    self._core._config_update({key: value}, True)
            except Exception as error:  # whatever a user's objects may raise
                warn(f"config[{key!r}] was changed to what cannot be stored and stays as it was: {error}")

    def update(self, d: object, allow_val_change: bool | None = None) -> None:
        """Sets several keys at once, or none.

        Args:
            d: a dict, a Namespace, absl FLAGS, a Config, an object's attributes, or the path of a YAML file.
            allow_val_change: keys that are there may get another value.

        Raises:
            ConfigError: a value would change without permission, or the file is missing or bad. TypeError:
                another form, a key that is no str, a value that cannot be stored. UsageError: the run is
                finished. Whatever raises, everything is as it was.
        """
        values = with_artifacts_used(self._core, checked_keys(read_config(d)))
        self._take_nested_changes(values)
        self._core._config_update(values, bool(allow_val_change))
        self._refresh(values)

    def setdefaults(self, d: object) -> None:
        """Sets the keys that are missing.

        Args:
            d: as update() takes it.

        Raises:
            TypeError, ConfigError, UsageError: as update().
        """
        values = with_artifacts_used(self._core, checked_keys(read_config(d)))
        self._core._config_set_defaults(values)
        self._refresh(values)

    def update_locked(self, d: object, user: str | None = None) -> None:
        """Sets and locks: later writes of these keys are ignored with a warning.

        Args:
            d: as update() takes it.
            user: who locks, for the warning, such as ``"sweep"``.

        Raises:
            TypeError, UsageError: as update().
        """
        values = with_artifacts_used(self._core, checked_keys(read_config(d)))
        self._core._config_update_locked(values, user or "")
        self._refresh(values)

    def persist(self) -> None:
        """Sends everything again, what was changed inside of nested dicts, too.

        Raises:
            UsageError: the run is finished.
        """
        if not self._core._finished:
            self._send_nested_changes()
        self._core._config_persist()

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __getattr__(self, key: str) -> Any:
        if key in ("_values", "_core"):  # of an object that is not made yet, as copy and pickle make them
            raise AttributeError(key)
        try:
            return self._values[key]
        except KeyError:
            raise AttributeError(f"the config has no key {key!r}") from None

    def __setitem__(self, key: str, value: object) -> None:
        values = with_artifacts_used(self._core, checked_keys({key: value}))
        self._take_nested_changes(values)
        self._core._config_update(values, False)
        self._refresh(values)

    def __setattr__(self, key: str, value: object) -> None:
        self[key] = value

    def __delitem__(self, key: str) -> None:
        raise TypeError("a config key cannot be deleted; give it another value")

    __delattr__ = __delitem__

    def get(self, key: str, default: object = None) -> Any:
        """The value of a key.

        Args:
            key: a str.
            default: what to give if the key is missing.

        Returns:
            The value, or the default.
        """
        return self._values.get(key, default)

    def keys(self) -> KeysView[str]:
        """The keys that do not start with ``_``."""
        return self._shown().keys()

    def items(self) -> ItemsView[str, Any]:
        """(key, value) of the keys that do not start with ``_``."""
        return self._shown().items()

    def values(self) -> ValuesView[Any]:
        """The values of the keys that do not start with ``_``."""
        return self._shown().values()

    def as_dict(self) -> dict[str, Any]:
        """All keys that do not start with ``_``, as a dict of its own; nested dicts are the config's."""
        return self._shown()

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._shown())

    def __len__(self) -> int:
        return len(self._shown())

    def __repr__(self) -> str:
        return repr(self._shown())

    def __copy__(self) -> Config:
        return self

    def __deepcopy__(self, memo: dict) -> dict[str, Any]:
        """A dict of its own: a second Config would write to the same run."""
        return _copy(self._shown())


class ConfigStatic:
    """A snapshot of the config that cannot be written: attributes and items as of Config, and keys().

    Writing raises AttributeError. Later changes of the config do not show.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        # The config holds numbers, text, lists and dicts: a copy of its own goes all the way down.
        object.__setattr__(self, "_values", _copy(values))

    def __getattr__(self, key: str) -> Any:
        if key in ("_values", "_core"):  # of an object that is not made yet, as copy and pickle make them
            raise AttributeError(key)
        try:
            return self._values[key]
        except KeyError:
            raise AttributeError(f"the config has no key {key!r}") from None

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __setattr__(self, key: str, value: object) -> None:
        raise AttributeError("config_static is readonly")

    __setitem__ = __setattr__

    def __delattr__(self, key: str) -> None:
        raise AttributeError("config_static is readonly")

    __delitem__ = __delattr__

    def __copy__(self) -> ConfigStatic:
        return self

    def __deepcopy__(self, memo: dict) -> ConfigStatic:
        return self  # nobody can change it

    def __reduce__(self):
        return ConfigStatic, (self._values,)

    def __repr__(self) -> str:
        return repr(self._values)

    def keys(self) -> KeysView[str]:
        """The keys that do not start with ``_``."""
        return self._values.keys()


def checked_keys(values: dict[str, Any]) -> dict[str, Any]:
    """Top-level keys as the core wants them: text, without `-` at the ends."""
    for key in values:
        if not isinstance(key, str):
            raise TypeError(f"a config key must be a str, not {type(key).__name__}")
    return {key.strip("-"): value for key, value in values.items()}


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _differs(stored: object, value: object) -> bool:
    """Whether a value was changed in place; True where the two cannot be compared (an array was put in)."""
    try:
        return bool(stored != value)
    except Exception:  # numpy's arrays refuse to be true or false
        return True
