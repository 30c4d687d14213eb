"""`wandb artifact` on a command line: put, ls, get."""

from __future__ import annotations

from client import wandb_command


def test_an_artifact_is_put_listed_and_got_by_the_command_line(shared_server, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.txt").write_text("first")
    (source / "deep").mkdir()
    (source / "deep" / "b.txt").write_text("second")
    put = [
        "artifact",
        "put",
        "--name",
        "by-command/numbers",
        "--type",
        "dataset",
        "--alias",
        "best",
        str(source),
    ]
    wandb_command(shared_server, tmp_path, *put)
    (source / "a.txt").write_text("changed")
    wandb_command(shared_server, tmp_path, *put)

    listed = wandb_command(shared_server, tmp_path, "artifact", "ls", "by-command")
    assert "numbers:v1" in listed.stdout + listed.stderr

    for name, text in (("numbers:v0", "first"), ("numbers:best", "changed")):
        folder = tmp_path / name.replace(":", "-")
        wandb_command(shared_server, tmp_path, "artifact", "get", f"by-command/{name}", "--root", str(folder))
        assert (folder / "a.txt").read_text() == text
        assert (folder / "deep" / "b.txt").read_text() == "second"

    missing = wandb_command(shared_server, tmp_path, "artifact", "get", "by-command/numbers:v9", check=False)
    assert missing.returncode != 0
    assert "numbers:v9" in missing.stdout + missing.stderr
