"""watch() where PyTorch is not installed; tests/pytorch/ has the rest."""

from __future__ import annotations

import pytest
import runstone


def test_watch_without_pytorch_names_the_package(offline):
    run = offline()
    with pytest.raises(runstone.Error, match="pip install torch"):
        run.watch(object())
    with pytest.raises(ValueError, match="log must be one of"):
        run.watch(object(), log="all of it")
    run.unwatch()
    run.log({"loss": 1})
    assert run.summary["loss"] == 1


def test_watch_needs_a_run_that_goes_on(offline):
    for call in (runstone.watch, runstone.unwatch):
        with pytest.raises(runstone.Error, match="must call runstone.init"):
            call(None)
    run = offline()
    run.finish()
    with pytest.raises(runstone.UsageError, match="is finished"):
        run.watch(object())
    run.unwatch()


def test_a_graph_is_refused_in_another_form():
    from runstone import _core

    for text in ("", "[]", '{"nodes": []}', '{"nodes": 1, "edges": []}'):
        with pytest.raises(ValueError, match="lists nodes and edges"):
            _core.Media.graph(text)
