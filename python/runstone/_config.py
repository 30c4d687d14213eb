"""run.config: dict-like, with attribute access, over the core's config rules."""

from __future__ import annotations

from collections.abc import Iterator

from .errors import ConfigError


def read_config(config: object) -> dict:
    """init(config=) as a dict: a dict, a Namespace, absl FLAGS, an object with __dict__, a YAML path.

    Raises TypeError for anything else, ConfigError for a file that is missing or not of the form.
    """
    if config is None:
        return {}
    if isinstance(config, Config):
        return config.as_dict()
    if isinstance(config, str) or hasattr(config, "__fspath__"):
        return read_config_file(str(config))
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


def read_config_file(path: str) -> dict:
    """`key: {value: v, desc: ...}` of a YAML file; an optional `wandb_version: 1` beside."""
    import yaml

    try:
        with open(path, encoding="utf-8") as file:
            tree = yaml.safe_load(file)
    except FileNotFoundError:
        raise ConfigError(f"the config file {path} doesn't exist") from None
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"the config file {path} cannot be read: {error}") from error
    if not isinstance(tree, dict):
        raise ConfigError(f"the config file {path} must hold a mapping of keys")
    version = tree.pop("wandb_version", 1)
    if version != 1:
        raise ConfigError(f"the config file {path} has wandb_version {version}; only 1 is known")
    return {
        key: entry["value"] if isinstance(entry, dict) and "value" in entry else entry
        for key, entry in tree.items()
    }


class Config:
    """The run's configuration: what went into it.

    ``config.lr``, ``config["lr"]``, ``config.get("lr", 0.1)``; a new key can be set at any time, a
    changed value needs permission (``update(..., allow_val_change=True)``), else ConfigError. Keys that
    start with ``_`` are the product's own and not shown. Nested dicts are plain dicts: what is changed
    inside them is sent when the run finishes.
    """

    def __init__(self, core) -> None:
        object.__setattr__(self, "_core", core)
        object.__setattr__(self, "_values", core._config_all())

    def _refresh(self, keys) -> None:
        for key in keys:
            value = self._core._config_get(key)
            self._values[key] = value

    def _send_nested_changes(self) -> None:
        """At finish: dicts and lists that were changed in place."""
        stored = self._core._config_all()
        changed = {key: value for key, value in self._values.items() if stored.get(key) != value}
        if changed:
            self._core._config_update(changed, True)

    def update(self, d: object, allow_val_change: bool | None = None) -> None:
        """Sets several keys at once, or none: ConfigError leaves everything as it was."""
        values = _checked(read_config(d))
        self._core._config_update(values, bool(allow_val_change))
        self._refresh(values)

    def setdefaults(self, d: object) -> None:
        """Sets the keys that are missing."""
        values = _checked(read_config(d))
        self._core._config_set_defaults(values)
        self._refresh(values)

    def update_locked(self, d: object, user: str | None = None) -> None:
        """Sets and locks: later writes of these keys are ignored with a warning."""
        values = _checked(read_config(d))
        self._core._config_update_locked(values, user or "")
        self._refresh(values)

    def persist(self) -> None:
        """Sends everything again."""
        self._send_nested_changes()
        self._core._config_persist()

    def __getitem__(self, key: str) -> object:
        return self._values[key]

    def __getattr__(self, key: str) -> object:
        try:
            return self._values[key]
        except KeyError:
            raise AttributeError(f"the config has no key {key!r}") from None

    def __setitem__(self, key: str, value: object) -> None:
        values = _checked({key: value})
        self._core._config_update(values, False)
        self._refresh(values)

    __setattr__ = __setitem__

    def __delitem__(self, key: str) -> None:
        raise TypeError("a config key cannot be deleted")

    def get(self, key: str, default: object = None) -> object:
        return self._values.get(key, default)

    def keys(self):
        return self._values.keys()

    def items(self):
        return self._values.items()

    def values(self):
        return self._values.values()

    def as_dict(self) -> dict:
        return dict(self._values)

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return repr(self._values)


class ConfigStatic:
    """A snapshot of the config that cannot be written."""

    def __init__(self, values: dict) -> None:
        object.__setattr__(self, "_values", values)

    def __getattr__(self, key: str) -> object:
        try:
            return self._values[key]
        except KeyError:
            raise AttributeError(f"the config has no key {key!r}") from None

    def __getitem__(self, key: str) -> object:
        return self._values[key]

    def __setattr__(self, key: str, value: object) -> None:
        raise AttributeError("config_static is readonly")

    __setitem__ = __setattr__

    def keys(self):
        return self._values.keys()


def _checked(values: dict) -> dict:
    """Top-level keys as the core wants them: text, without `-` at the ends."""
    for key in values:
        if not isinstance(key, str):
            raise TypeError(f"a config key must be a str, not {type(key).__name__}")
    return {key.strip("-"): value for key, value in values.items()}
