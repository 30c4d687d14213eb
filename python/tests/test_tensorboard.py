"""sync_tensorboard: what tensorboardX writes is logged, by its tags, with global_step."""

from __future__ import annotations

import textwrap

import numpy as np
import pytest
import runstone
from support import journal


def write(directory: str, first: int = 0, name: str = "loss") -> None:
    from tensorboardX import SummaryWriter

    with SummaryWriter(directory) as writer:
        for i in range(3):
            writer.add_scalar(name, 1 / (i + 1), first + i * 10)
            writer.add_scalar("sub/acc", i, first + i * 10)


def rows_of(run) -> list[dict]:
    run.finish()
    return [
        {k: v for k, v in row.items() if not k.startswith("_")}
        for row in journal.rows(journal.find(run.sync_dir))
    ]


@pytest.fixture(autouse=True)
def unpatched():
    yield
    runstone.tensorboard.unpatch()


def test_scalars_images_histograms_and_texts_are_logged_by_step(offline, tmp_path):
    from tensorboardX import SummaryWriter

    run = offline(sync_tensorboard=True)
    with SummaryWriter("logs") as writer:
        writer.add_scalar("loss", 0.5, 7)
        writer.add_image("im", np.zeros((3, 4, 6), np.uint8), 7)
        writer.add_histogram("hist", np.arange(100.0), 7)
        writer.add_text("txt", "hello **w**", 7)
        writer.add_scalar("loss", 0.25, 8)
    first, second = rows_of(run)
    assert (first["loss"], first["global_step"], second) == (0.5, 7, {"loss": 0.25, "global_step": 8})
    assert first["im"]["_type"] == "image-file" and (first["im"]["width"], first["im"]["height"]) == (6, 4)
    assert first["hist"]["_type"] == "histogram" and sum(first["hist"]["values"]) == 100
    assert first["hist"]["bins"][0] <= 0 and first["hist"]["bins"][-1] >= 99
    assert "hello **w**" in next(str(value) for key, value in first.items() if key.startswith("txt"))


def test_several_directories_get_their_names_in_front(offline):
    run = offline(sync_tensorboard=True)
    write("logs/train")
    write("logs/eval", first=100)
    rows = rows_of(run)
    assert {"train/loss": 1.0, "train/sub/acc": 0.0, "global_step": 0} in rows
    assert {"eval/loss": 1.0, "eval/sub/acc": 0.0, "global_step": 100} in rows
    assert len(rows) == 6


def test_a_root_given_by_patch(offline):
    runstone.tensorboard.patch(root_logdir="logs")
    run = offline(sync_tensorboard=True)
    write("logs/deep/train")
    assert "deep/train/loss" in rows_of(run)[0]
    with pytest.raises(ValueError, match="patched already"):
        runstone.tensorboard.patch()


def test_step_is_ignored_with_one_warning_and_own_rows_stay_apart(offline, capfd, monkeypatch):
    monkeypatch.delenv("RUNSTONE_SILENT")
    run = offline(sync_tensorboard=True)
    run.log({"own": 1}, step=70)
    run.log({"own": 2}, step=90)
    write("logs")
    rows = rows_of(run)
    assert [row["own"] for row in rows if "own" in row] == [1, 2]
    assert capfd.readouterr().err.count("step= is ignored with sync_tensorboard") == 1


def test_event_files_are_kept_with_the_run(offline):
    run = offline(sync_tensorboard=True)
    write("logs/train")
    run.finish()
    import os

    kept = [name for _, _, names in os.walk(run.dir, followlinks=True) for name in names]
    assert any("tfevents" in name for name in kept)


def test_a_writer_imported_after_init_is_followed_and_nothing_is_imported_for_it(script, tmp_path):
    done = script(
        textwrap.dedent("""
        import sys
        import runstone
        run = runstone.init(mode="offline", sync_tensorboard=True)
        assert not [m for m in ("tensorboardX", "tensorboard", "torch", "tensorflow") if m in sys.modules]
        from tensorboardX import SummaryWriter
        writer = SummaryWriter("logs")
        writer.add_scalar("a", 1, 5)      # neither flushed nor closed by the program
        """)
    )
    assert done.returncode == 0, done.stderr
    rows = journal.rows(journal.find(tmp_path / "runstone"))
    assert [(row["a"], row["global_step"]) for row in rows] == [(1, 5)]


def test_a_damaged_event_file_is_told_and_harms_nothing(offline, tmp_path, capfd, monkeypatch):
    monkeypatch.delenv("RUNSTONE_SILENT")
    run = offline(sync_tensorboard=True)
    write("logs")
    path = next((tmp_path / "logs").iterdir())
    data = bytearray(path.read_bytes())
    data[-20] ^= 0xFF
    path.write_bytes(data)
    rows = rows_of(run)
    assert len(rows) >= 2 and "checksum" in capfd.readouterr().err
