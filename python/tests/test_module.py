"""The module's surface: what the reference names is there, and nothing waits to be served."""

from __future__ import annotations

import inspect

import pytest
import runstone
from runstone import errors

NAMES = """
    init finish join login setup teardown log save config summary define_metric alert log_artifact use_artifact
    log_model use_model link_model watch unwatch mark_preempting restore run Run Settings Api Artifact ArtifactTTL
    AlertLevel Error CommError UsageError Image Video Audio Histogram Table Object3D Html Molecule Plotly Classes
    JoinedTable Graph box3d plot plot_table visualize errors __version__
"""

MEMBERS = """
    config config_static dir disabled entity group id job_type name notes offline path project project_url resumed
    settings start_time starting_step step summary sweep_id sweep_url sync_dir tags url
    log alert define_metric display finish log_artifact upsert_artifact finish_artifact use_artifact link_artifact
    log_model use_model link_model log_code save restore status mark_preempting watch unwatch write_logs
    pin_config_keys to_html
"""

ERRORS = """
    Error CommError AuthenticationError UsageError UnsupportedError ConfigError ArtifactStatusError
    ArtifactNotLoggedError ArtifactFinalizedError WaitTimeoutError
"""


@pytest.mark.parametrize("name", NAMES.split())
def test_M1_the_module_serves_the_name(name):
    value = getattr(runstone, name)
    assert value is not None or name == "run"
    assert name in runstone.__all__
    assert "Not available yet" not in (inspect.getdoc(value) or "")


@pytest.mark.parametrize("name", MEMBERS.split())
def test_every_member_of_a_run_is_served(name):
    assert "Not available yet" not in inspect.getdoc(getattr(runstone.Run, name))


@pytest.mark.parametrize("name", ERRORS.split())
def test_E1_the_error_is_exported(name):
    assert issubclass(getattr(runstone.errors, name), Exception)


def test_M1_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        runstone.nothing  # noqa: B018
    assert not hasattr(runstone, "_LATER")


def test_join_is_finish():
    assert runstone.join is runstone.finish


def test_M1_module_functions_need_a_run():
    for call in (
        lambda: runstone.log({"a": 1}),
        lambda: runstone.config.x,
        lambda: runstone.summary["x"],
        lambda: runstone.save("f"),
        lambda: runstone.alert("a", "b"),
        lambda: runstone.watch(None),
    ):
        with pytest.raises(errors.Error, match="You must call runstone.init"):
            call()
    assert runstone.finish() is None


MODULE_FUNCTIONS = {
    "log": ({"a": 1},),
    "save": ("f",),
    "define_metric": ("a",),
    "alert": ("a", "b"),
    "log_artifact": ("a",),
    "use_artifact": ("a",),
    "log_model": ("a",),
    "use_model": ("a",),
    "link_model": ("a", "b"),
    "watch": (None,),
    "unwatch": (),
    "mark_preempting": (),
}


def uses_of(mirror) -> list:
    """Ways to read and to write config or summary."""
    return [
        lambda: mirror.x,
        lambda: mirror["x"],
        lambda: setattr(mirror, "x", 1),
        lambda: mirror.__setitem__("x", 1),
        lambda: delattr(mirror, "x"),
        lambda: mirror.__delitem__("x"),
        lambda: mirror.update({"x": 1}),
        lambda: "x" in mirror,
        lambda: len(mirror),
        lambda: list(mirror),
    ]


@pytest.mark.parametrize("when", ["before init", "after finish"])
def test_M1_every_function_of_the_module_needs_a_run(when):
    if when == "after finish":
        runstone.init(mode="offline").finish()
    assert runstone.run is None
    for name, arguments in MODULE_FUNCTIONS.items():
        with pytest.raises(
            errors.Error, match=rf"You must call runstone.init\(\) before runstone.{name}\(\)"
        ):
            getattr(runstone, name)(*arguments)
    with pytest.raises(ValueError, match="run_path"):
        runstone.restore("f")
    for name in ("config", "summary"):
        for use in uses_of(getattr(runstone, name)):
            with pytest.raises(errors.Error, match=f"You must call runstone.init.. before runstone.{name}"):
                use()
    assert runstone.finish() is None and runstone.finish(exit_code=1, quiet=True) is None


def test_M1_module_functions_mirror_the_run():
    run = runstone.init(mode="offline", config={"lr": 1})
    runstone.log({"a": 1})
    runstone.summary["b"] = 2
    runstone.config.update({"c": 3})
    assert runstone.define_metric("x").name == "x"
    assert run.summary["a"] == 1 and run.summary["b"] == 2 and run.config.c == 3 and runstone.config.lr == 1
    runstone.finish()
    assert runstone.run is None
    with pytest.raises(errors.Error, match="You must call"):
        runstone.log({"a": 1})
