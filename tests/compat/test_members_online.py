"""Members of our own Run that a server takes part in, read back by the stock client's public API."""

from __future__ import annotations

from client import ask, run_script


def test_SV3_AL1_ST1_what_is_saved_told_and_delivered_is_on_the_server(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        """
        import pathlib, time
        import runstone
        run = runstone.init(project="members", id="told")
        pathlib.Path("live.txt").write_text("first")
        pathlib.Path("end.txt").write_text("early")
        run.save("live.txt", policy="live")
        run.save("end.txt", policy="end")
        run.alert("Low accuracy", "acc 0.3", level="WARN", wait_duration=300)
        run.log({"a": 1})
        for _ in range(200):
            status = run.status()
            if status.sync_items_pending == 0 and status.sync_time is not None:
                break
            time.sleep(0.05)
        assert (status.sync_items_total, status.sync_items_pending) == (1, 0), status
        pathlib.Path("live.txt").write_text("second, and longer")
        pathlib.Path("end.txt").write_text("late")
        run.log({"image": runstone.Image(__import__("numpy").zeros((4, 6, 3), "uint8"), caption="c")})
        """,
    )
    read = ask(
        shared_server,
        tmp_path,
        """(lambda run: {
            "state": run.state,
            "live": run.file("live.txt").download(root="got", replace=True).read(),
            "end": run.file("end.txt").download(root="got", replace=True).read(),
            "image": dict(run.summary["image"]),
            "bytes": len(open(run.file(run.summary["image"]["path"]).download(root="got").name, "rb").read()),
        })(api.run("members/told"))""".replace("\n", " "),
    )
    assert read["state"] == "finished"
    assert (read["live"], read["end"]) == ("second, and longer", "late")
    assert read["image"]["caption"] == "c" and read["image"]["size"] == read["bytes"]
    alerts = shared_server.graphql(
        """query A($entity: String!, $project: String!) {
             alerts(entityName: $entity, projectName: $project, runName: "told") {
             edges { node { title text severity } } } }""",
        entity=shared_server.entity(),
        project="members",
    )["alerts"]["edges"]
    assert [edge["node"] for edge in alerts] == [
        {"title": "Low accuracy", "text": "acc 0.3", "severity": "WARN"}
    ]


def test_SV3_a_live_file_is_sent_when_it_changes_while_the_run_goes_on(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        """
        import os, pathlib, time, urllib.request, json
        import runstone
        run = runstone.init(project="members", id="live")
        path = pathlib.Path("weights.txt")
        path.write_text("one")
        run.save("weights.txt")

        def size_on_server():
            query = '{ project(name: "members") { run(name: "live") { files(names: ["weights.txt"]) { edges { node { sizeBytes } } } } } }'
            import base64
            key = base64.b64encode(b"api:" + os.environ["WANDB_API_KEY"].encode()).decode()
            request = urllib.request.Request(
                os.environ["WANDB_BASE_URL"] + "/graphql", json.dumps({"query": query}).encode(),
                {"Content-Type": "application/json", "Authorization": "Basic " + key})
            edges = json.load(urllib.request.urlopen(request, timeout=10))["data"]["project"]["run"]["files"]["edges"]
            return edges[0]["node"]["sizeBytes"] if edges else None

        def wait_for(size):
            for _ in range(200):
                if size_on_server() == size:
                    return
                time.sleep(0.05)
            raise SystemExit(f"the server has {size_on_server()} bytes, not {size}")

        wait_for(3)
        path.write_text("one and two")
        wait_for(11)
        """,
    )


def test_MP1_a_preempting_run_says_so_while_it_runs_and_is_preempted_if_it_fails(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        """
        import time, wandb, runstone
        run = runstone.init(project="members", id="preempted")
        run.mark_preempting()
        api = wandb.Api()
        for _ in range(200):
            if api.run("members/preempted").state == "preempting":
                break
            time.sleep(0.05)
        else:
            raise SystemExit(api.run("members/preempted").state)
        run.finish(1)
        """,
    )
    assert ask(shared_server, tmp_path, 'api.run("members/preempted").state') == "preempted"


def test_DI1_in_a_notebook_the_html_holds_the_page_and_its_height(shared_server, tmp_path):
    done = run_script(
        shared_server,
        tmp_path,
        """
        from IPython.core.interactiveshell import InteractiveShell
        from IPython.utils.capture import capture_output
        shell = InteractiveShell.instance()
        shell.run_cell('import runstone; run = runstone.init(project="members", id="shown")')
        with capture_output() as captured:
            shell.run_cell("assert run.display(height=300) is True")
            shell.run_cell("run.display(hidden=True)")
            shell.run_cell("run")
        shown = [output.data["text/html"] for output in captured.outputs]
        assert len(shown) >= 2, shown
        assert "height:300px" in shown[0]
        print("SHOWN", shown[0])
        assert "<button" in shown[1] and "display:none" in shown[1]
        shell.run_cell("run.finish()")
        """,
    )
    assert "/members/runs/shown?jupyter=true" in done.stdout
