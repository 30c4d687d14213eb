"""The module's surface: what the reference names is there, and nothing waits to be served."""

from __future__ import annotations

import inspect

import pytest
import runstone

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
