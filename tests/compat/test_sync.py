"""Offline runs of the stock client, brought to the server by the stock client's own sync."""

from __future__ import annotations

from client import check_synced_run, offline_folder, run_script, wandb_command

OFFLINE = """
    import wandb
    run = wandb.init(project="synced", id="{run}", mode="offline", config={{"lr": 0.5}},
                     settings=wandb.Settings(x_disable_stats=True))
    for i in range(200):
        run.log({{"loss": 1 / (i + 1), "nested": {{"a": i}}}})
    open("note.txt", "w").write("a file")
    run.save("note.txt")
    print("offline line")
    run.finish(exit_code={code})
    """


def without_environment(facts: dict) -> dict:
    """Each sync of the client records itself in `_wandb` anew."""
    facts["config"].pop("_wandb")
    return facts


def check(server, run: str, state: str) -> None:
    check_synced_run(server, "synced", run, state)


def test_sync_twice_changes_nothing(shared_server, tmp_path):
    run_script(shared_server, tmp_path, OFFLINE.format(run="twice", code=0))
    folder = offline_folder(tmp_path)
    wandb_command(shared_server, tmp_path, "sync", str(folder))
    check(shared_server, "twice", "finished")
    first = without_environment(shared_server.run_facts("synced", "twice"))
    for marker in folder.glob("*.synced"):
        marker.unlink()  # else the client takes the folder as done and sends nothing
    wandb_command(shared_server, tmp_path, "sync", str(folder))
    check(shared_server, "twice", "finished")
    assert without_environment(shared_server.run_facts("synced", "twice")) == first


def test_a_failed_offline_run_is_failed_after_sync(shared_server, tmp_path):
    run_script(shared_server, tmp_path, OFFLINE.format(run="failed", code=4), check=False)
    wandb_command(shared_server, tmp_path, "sync", str(offline_folder(tmp_path)))
    check(shared_server, "failed", "failed")
    data = shared_server.graphql('{ project(name: "synced") { run(name: "failed") { exitCode } } }')
    assert data["project"]["run"]["exitCode"] == 4


def test_synced_runs_have_their_files_and_console(shared_server, tmp_path):
    run_script(shared_server, tmp_path, OFFLINE.format(run="files", code=0))
    wandb_command(shared_server, tmp_path, "sync", str(offline_folder(tmp_path)))
    run = shared_server.graphql(
        """{ project(name: "synced") { run(name: "files") {
             files { edges { node { name sizeBytes } } } logLines { edges { node { line } } } } } }"""
    )["project"]["run"]
    files = {edge["node"]["name"]: edge["node"]["sizeBytes"] for edge in run["files"]["edges"]}
    assert files["note.txt"] == len("a file")
    assert "offline line" in [edge["node"]["line"] for edge in run["logLines"]["edges"]]


def test_a_synced_run_survives_the_servers_death(server, tmp_path):
    run_script(server, tmp_path, OFFLINE.format(run="again", code=0))
    folder = offline_folder(tmp_path)
    wandb_command(server, tmp_path, "sync", str(folder))
    server.kill()
    server.start()
    check(server, "again", "finished")
