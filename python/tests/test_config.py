"""The config of a run: conversions, permission, what is stored."""

from __future__ import annotations

import dataclasses
import enum
from pathlib import Path

import numpy as np
import pytest
import runstone
from runstone import errors


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Optimizer:
    rate: float


def function():
    pass


CONVERSIONS = {
    "nan": (float("nan"), None),
    "numpy scalar": (np.float32(0.5), 0.5),
    "array": (np.arange(3), [0, 1, 2]),
    "large array": (np.zeros(100), str(np.zeros(100))),
    "tuple": ((1, 2), [1, 2]),
    "set": ({1}, [1]),
    "enum": (Colour.RED, "RED"),
    "dataclass": (Optimizer(0.1), {"rate": 0.1}),
    "bytes": (b"x", "x"),
    "function": (function, f"{__name__}.function"),
    "class": (Optimizer, f"{__name__}.Optimizer"),
    "slice": (slice(1, 2), {"slice_start": 1, "slice_step": None, "slice_stop": 2}),
    "path": (Path("/a"), "/a"),
    "int sub-key": ({1: {2: 3}}, {"1": {"2": 3}}),
}


@pytest.mark.parametrize("name", CONVERSIONS)
def test_C2_config_converts(name):
    value, stored = CONVERSIONS[name]
    run = runstone.init(mode="offline", config={"k": value})
    assert run.config["k"] == stored


def test_C1_config_operations():
    config = runstone.init(mode="offline", config={"lr": 0.1, "n": {"a": 1}}).config
    with pytest.raises(AttributeError):
        config.missing  # noqa: B018
    with pytest.raises(KeyError):
        config["missing"]
    assert config.get("missing", 5) == 5 and "lr" in config and "missing" not in config
    config.new = 1
    config["lr"] = 0.1
    with pytest.raises(errors.ConfigError, match="Attempted to change value of key"):
        config.lr = 0.2
    assert config.lr == 0.1
    config.update({"lr": 0.2}, allow_val_change=True)
    assert config.lr == 0.2 and config["n"]["a"] == 1
    config.setdefaults({"lr": 9, "d": 4})
    assert config.lr == 0.2 and config.d == 4
    config.update_locked({"locked": 1}, "sweep")
    config.update({"locked": 2}, allow_val_change=True)
    assert config.locked == 1
    config["--dashed-"] = 7
    assert config["dashed"] == 7
    assert runstone.init(mode="offline", config={"-a-": 1}, reinit="create_new").config.as_dict() == {"a": 1}
    assert sorted(config.keys()) == ["d", "dashed", "locked", "lr", "n", "new"] == sorted(config)
    assert len(config) == 6
    with pytest.raises(TypeError):
        config[5] = 1
    with pytest.raises(TypeError):
        del config["lr"]


def test_C1_all_or_nothing():
    config = runstone.init(mode="offline", config={"lr": 0.1}).config
    with pytest.raises(errors.ConfigError):
        config.update({"fresh": 1, "lr": 0.5})
    assert "fresh" not in config


def test_C1_allow_val_change_of_the_run():
    config = runstone.init(mode="offline", config={"lr": 0.1}, allow_val_change=True).config
    config.lr = 0.2
    assert config.lr == 0.2


def test_nested_config_changes_are_sent_at_finish():
    run = runstone.init(mode="offline", config={"n": {"a": 1}})
    run.config["n"]["a"] = 2
    run.finish()
    import yaml

    tree = yaml.safe_load((Path(run.dir) / "config.yaml").read_text())
    assert tree["n"] == {"value": {"a": 2}}


def test_C3_the_stored_config_file():
    import yaml

    run = runstone.init(
        mode="offline", config={"lr": 0.2, "n": {"a": [1, {"b": 2}], "s": "x: y", "none": None}, "e": {}}
    )
    run.finish()
    tree = yaml.safe_load((Path(run.dir) / "config.yaml").read_text())
    own = tree.pop("_wandb")["value"]
    assert tree == {"lr": {"value": 0.2}, "n": {"value": {"a": [1, {"b": 2}], "s": "x: y", "none": None}}}
    assert {"cli_version", "python_version", "t", "m"} <= own.keys()
