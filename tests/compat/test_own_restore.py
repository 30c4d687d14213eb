"""Files of runs that our own client restores."""

from __future__ import annotations

from client import run_script


def test_RS1_a_file_of_a_run_is_restored(own, shared_server):
    own(
        f"""
entity = {shared_server.entity()!r}
run = runstone.init(project="own-restore", id="saver")
write("sub/model.txt", "content")
run.save("sub/model.txt", policy="now")
run.finish()
run = runstone.init(project="own-restore", id="reader")
path = "own-restore/saver"
with run.restore("sub/model.txt", run_path=path) as file:
    assert file.read() == "content"
    assert file.name == os.path.join(run.dir, "sub/model.txt")
write(file.name, "changed here")
assert run.restore("sub/model.txt", run_path=path).read() == "changed here", "not fetched again"
assert run.restore("sub/model.txt", run_path=path, replace=True).read() == "content"
assert run.restore("sub/model.txt", f"{{entity}}/own-restore/saver", root="other").read() == "content"
assert os.path.exists("other/sub/model.txt")
assert runstone.restore("sub/model.txt", "saver", True).read() == "content"
error = raises(ValueError, lambda: run.restore("none.txt", run_path=path), "not found")
assert isinstance(error, errors.CommError)
raises(ValueError, lambda: run.restore("never.txt"), "not found")
raises(ValueError, lambda: run.restore("never.txt", run_path="own-restore/nobody"), "not found")
raises(ValueError, lambda: run.restore("../up", run_path=path))
raises(ValueError, lambda: run.restore("x", run_path="a/b/c/d"))
run.finish()
assert run.restore("sub/model.txt", run_path=path).read() == "content"
assert runstone.run is None
raises(ValueError, lambda: runstone.restore("sub/model.txt"), "run_path")
with runstone.restore("sub/model.txt", f"{{entity}}/own-restore/saver") as file:
    assert file.read() == "content" and os.path.abspath(file.name) == os.path.abspath("sub/model.txt")
assert runstone.restore("sub/model.txt", path, root="third").read() == "content"
offline = runstone.init(project="own-restore", mode="offline")
assert offline.restore("sub/model.txt", path).read() == "content"
offline.finish()
"""
    )


def test_RS1_a_server_that_is_away_is_a_comm_error_and_no_key_a_usage_error(server, tmp_path):
    script = """
        import runstone
        from runstone import errors
        try:
            runstone.restore("f", "e/p/r")
        except errors.{kind} as error:
            print("ANSWER", error)
        """
    env = {"RUNSTONE_BASE_URL": "http://127.0.0.1:9"}
    done = run_script(server, tmp_path, script.format(kind="CommError"), env=env)
    assert "ANSWER" in done.stdout
    env = {"RUNSTONE_API_KEY": "", "WANDB_API_KEY": ""}
    done = run_script(server, tmp_path, script.format(kind="UsageError"), env=env)
    assert "API key" in done.stdout
