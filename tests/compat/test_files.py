"""Files of a run with the stock client: sent by every policy, listed, fetched, deleted; and the console."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from urllib.parse import quote

import pytest
from client import ask, run_script

SETTINGS = "settings=wandb.Settings(x_disable_stats=True, console='off')"
WAIT_LIMIT_SECS = 30

FILES = """query F($p: String!, $r: String!, $first: Int, $after: String, $pattern: String, $names: [String]) {
  project(name: $p) { run(name: $r) { fileCount
    files(first: $first, after: $after, pattern: $pattern, names: $names) {
      edges { node { id name sizeBytes md5 mimetype directUrl } } pageInfo { endCursor hasNextPage } } } } }"""


def files(server, project: str, run: str, **variables) -> dict[str, dict]:
    node = server.graphql(FILES, p=project, r=run, **variables)["project"]["run"]
    return {edge["node"]["name"]: edge["node"] for edge in node["files"]["edges"]}


def path_of(server, url: str) -> str:
    assert url.startswith(server.url + "/")
    return url.removeprefix(server.url)


def make_run(server, project: str, run: str) -> None:
    server.graphql(
        "mutation U($p: String!, $r: String!) { upsertBucket(input: {modelName: $p, name: $r}) { inserted } }",
        p=project,
        r=run,
    )


def announce(server, project: str, run: str, *names: str) -> list[str]:
    """Where to put the bytes of these files."""
    made = server.graphql(
        """mutation C($e: String!, $p: String!, $r: String!, $n: [String!]!) { createRunFiles(input: {
             entityName: $e, projectName: $p, runName: $r, files: $n}) { files { uploadUrl } } }""",
        e=server.entity(),
        p=project,
        r=run,
        n=list(names),
    )
    return [path_of(server, file["uploadUrl"]) for file in made["createRunFiles"]["files"]]


def put(server, project: str, run: str, name: str, content: bytes) -> None:
    (path,) = announce(server, project, run, name)
    assert server.request("PUT", path, content)[0] == 200


def objects_size(server) -> int:
    return sum(p.stat().st_size for p in (server.data / "objects").rglob("*") if p.is_file())


def test_saved_files_of_every_policy_arrive_and_are_restored(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        f"""
        import os, pathlib, time, wandb
        run = wandb.init(project="saved", id="s1", {SETTINGS})
        folder = pathlib.Path("out/deep")
        folder.mkdir(parents=True)
        (folder / "now # ? & + é.txt").write_text("now")
        (folder / "end.txt").write_text("early")
        (folder / "live.txt").write_text("one")
        run.save("out/deep/now*", policy="now", base_path="out")
        run.save("out/deep/end.txt", policy="end", base_path="out")
        run.save("out/deep/live.txt", policy="live", base_path="out")
        api = wandb.Api()
        deadline = time.monotonic() + {WAIT_LIMIT_SECS}
        while not any(f.name.startswith("deep/now") for f in api.run("saved/s1").files()):
            assert time.monotonic() < deadline, "a file saved now did not arrive while the run lived"
            time.sleep(0.05)
        (folder / "end.txt").write_text("late")
        (folder / "live.txt").write_text("two, longer")
        pathlib.Path(run.dir, "in_run_dir.txt").write_text("left in the run's folder")
        run.finish()
        for name, text in [("deep/now # ? & + é.txt", "now"), ("deep/end.txt", "late"),
                           ("deep/live.txt", "two, longer")]:
            got = wandb.restore(name, run_path="saved/s1", root="restored", replace=True)
            assert got.read() == text, name
        """,
    )
    found = files(shared_server, "saved", "s1")
    assert found["deep/live.txt"]["sizeBytes"] == len("two, longer")
    assert found["deep/end.txt"]["mimetype"].startswith("text/plain")
    assert not any(name.startswith(("/", ".")) for name in found)


def test_files_are_listed_by_pattern_name_and_page(shared_server, tmp_path):
    make_run(shared_server, "listed", "l1")
    names = [f"media/images/img_{i:03}.png" for i in range(120)] + [
        "a%b.txt",
        "a_b.txt",
        "axb.txt",
        "日本.txt",
    ]
    for name, path in zip(names, announce(shared_server, "listed", "l1", *names)):
        assert shared_server.request("PUT", path, name.encode())[0] == 200
    announce(shared_server, "listed", "l1", "announced only.txt")
    assert set(files(shared_server, "listed", "l1")) == set(names)
    seen, after = [], None
    while True:
        page = shared_server.graphql(FILES, p="listed", r="l1", first=50, after=after)["project"]["run"]
        assert page["fileCount"] == len(names)
        seen += [edge["node"]["name"] for edge in page["files"]["edges"]]
        after = page["files"]["pageInfo"]["endCursor"]
        if not page["files"]["pageInfo"]["hasNextPage"]:
            break
    assert sorted(seen) == sorted(names) and len(seen) == len(set(seen))
    got = ask(
        shared_server,
        tmp_path,
        """[len(run.files()), sorted(f.name for f in run.files(per_page=7)),
            sorted(f.name for f in run.files(pattern="a%.txt")), [f.name for f in run.files(pattern="a\\\\_b.txt")],
            [f.name for f in run.files(names=["axb.txt", "no", "日本.txt"])],
            len(run.files(pattern="media/images/%"))] if (run := api.run("listed/l1")) else None""",
    )
    assert got[0] == len(names) and got[1] == sorted(names)
    assert got[2] == ["a%b.txt", "a_b.txt", "axb.txt"] and got[3] == ["a_b.txt"]
    assert got[4] == ["axb.txt", "日本.txt"]


def test_a_file_of_the_public_api_goes_up_comes_down_and_is_deleted(server, tmp_path):
    make_run(server, "api", "a1")
    before = objects_size(server)
    run_script(
        server,
        tmp_path,
        """
        import os, pathlib, wandb
        run = wandb.Api().run("api/a1")
        content = os.urandom(3_000_000)
        pathlib.Path("sub").mkdir()
        pathlib.Path("sub/up.bin").write_bytes(content)
        run.upload_file("sub/up.bin")
        file = wandb.Api().run("api/a1").file("sub/up.bin")
        assert file.size == len(content) and file.md5
        got = file.download(root="down", replace=True)
        assert open(got.name, "rb").read() == content
        assert wandb.Api().run("api/a1").state == "running"
        print("UP", file.url)
        """,
    )
    assert objects_size(server) >= before + 3_000_000
    run_script(
        server,
        tmp_path,
        """
        import wandb
        run = wandb.Api().run("api/a1")
        run.file("sub/up.bin").delete()
        assert [f.name for f in wandb.Api().run("api/a1").files()] == []
        """,
    )
    assert objects_size(server) == before, "the bytes are freed"
    put(server, "api", "a1", "again.bin", b"x" * 1000)
    run_id = server.graphql('{ project(name: "api") { run(name: "a1") { id } } }')["project"]["run"]["id"]
    server.graphql("mutation D($id: ID!) { deleteRun(input: {id: $id}) { clientMutationId } }", id=run_id)
    assert objects_size(server) == before


def test_an_address_expires_and_allows_one_file_and_one_method(shared_server):
    make_run(shared_server, "signed", "s2")
    put(shared_server, "signed", "s2", "a.txt", b"content")
    url = path_of(shared_server, files(shared_server, "signed", "s2")["a.txt"]["directUrl"])
    assert shared_server.request("GET", url) == (200, b"content")
    assert shared_server.request("GET", url.split("?")[0])[0] == 401, "no key and no signature"
    assert shared_server.request("GET", url.split("?")[0], headers=shared_server.authorization())[0] == 200
    assert shared_server.request("PUT", url, b"other")[0] in (401, 403)
    assert shared_server.request("GET", url.replace("a.txt", "b.txt"))[0] in (401, 403)
    expires = int(url.split("expires=")[1].split("&")[0])
    assert time.time() < expires < time.time() + 2 * 3600
    for other in (expires + 1, int(time.time()) - 1, 0, "x", ""):
        changed = url.replace(f"expires={expires}", f"expires={other}")
        assert shared_server.request("GET", changed)[0] in (401, 403), other
    (up,) = announce(shared_server, "signed", "s2", "a.txt")
    assert shared_server.request("PUT", up.replace("/s2/", "/s3/"), b"x")[0] in (401, 403)
    assert shared_server.request("GET", url) == (200, b"content")


def test_a_file_that_is_deleted_during_its_download_arrives_whole(shared_server):
    make_run(shared_server, "races", "d1")
    content = os.urandom(16 << 20)
    put(shared_server, "races", "d1", "big.bin", content)
    node = files(shared_server, "races", "d1")["big.bin"]
    connection = http.client.HTTPConnection("127.0.0.1", shared_server.port, timeout=30)
    connection.request("GET", path_of(shared_server, node["directUrl"]))
    response = connection.getresponse()
    got = response.read(1 << 16)
    shared_server.graphql(
        "mutation D($f: [ID!]!) { deleteFiles(input: {files: $f}) { success } }", f=[node["id"]]
    )
    assert got + response.read() == content
    connection.close()
    assert shared_server.request("GET", path_of(shared_server, node["directUrl"]))[0] == 404
    assert files(shared_server, "races", "d1") == {}


def test_an_upload_cut_in_half_leaves_nothing(server):
    make_run(server, "cut", "c1")
    (path,) = announce(server, "cut", "c1", "half.bin")

    def stored() -> list[Path]:
        return [
            p
            for p in server.data.rglob("*")
            if p.is_file() and p.stat().st_size > 100_000 and "db" not in p.name
        ]

    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        head = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: 2000000\r\n\r\n"
        connection.sendall(head.encode() + b"x" * 1_000_000)
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(30)
        while connection.recv(1 << 16):
            pass
    deadline = time.monotonic() + WAIT_LIMIT_SECS
    while stored() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert stored() == []
    assert files(server, "cut", "c1") == {}
    status, _ = server.request("PUT", path, b"whole", {"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="})
    assert status == 400 and files(server, "cut", "c1") == {}, "bytes that are not what was announced"
    assert server.request("PUT", path, b"whole")[0] == 200
    assert files(server, "cut", "c1")["half.bin"]["sizeBytes"] == 5


@pytest.mark.parametrize(
    "name",
    [
        "../up.txt",
        "a/../../up.txt",
        "/etc/passwd",
        "a//b",
        "./a",
        "a/.",
        "..",
        "",
        "nul\0",
        "x" * 5000,
    ],
)
def test_a_file_name_that_leads_elsewhere_is_refused(shared_server, name):
    make_run(shared_server, "names", "n1")
    query = """mutation C($e: String!, $n: [String!]!) { createRunFiles(input: {entityName: $e,
                 projectName: "names", runName: "n1", files: $n}) { files { name } } }"""
    variables = {"e": shared_server.entity(), "n": ["good.txt", name]}
    body = json.dumps({"query": query, "variables": variables}).encode()
    status, answer = shared_server.request("POST", "/graphql", body, shared_server.authorization())
    assert status == 200 and "file name" in json.loads(answer)["errors"][0]["message"]
    path = f"/files/{shared_server.entity()}/names/n1/{quote(name, safe='/')}"
    assert shared_server.request("GET", path, headers=shared_server.authorization())[0] in (400, 404)
    assert files(shared_server, "names", "n1") == {}


def test_another_users_file_looks_like_one_that_is_not_there(shared_server):
    make_run(shared_server, "hidden", "h1")
    put(shared_server, "hidden", "h1", "a.txt", b"x")
    entity = shared_server.entity()
    there = shared_server.request("GET", f"/files/{entity}/hidden/h1/a.txt")
    absent = shared_server.request("GET", f"/files/{entity}/hidden/h1/b.txt")
    assert there == absent and there[0] == 401


def test_what_was_uploaded_runs_nothing_in_a_browser(shared_server):
    make_run(shared_server, "pages", "p1")
    for name in ("x.html", "x.svg", "x.xml", "x.js", "x", "x.txt", "x.pdf"):
        put(shared_server, "pages", "p1", name, b"<script>alert(1)</script>")
        connection = http.client.HTTPConnection("127.0.0.1", shared_server.port, timeout=30)
        connection.request(
            "GET", path_of(shared_server, files(shared_server, "pages", "p1")[name]["directUrl"])
        )
        response = connection.getresponse()
        response.read()
        policy = response.headers["Content-Security-Policy"]
        assert "sandbox" in policy and "allow-scripts" not in policy and "default-src 'none'" in policy, name
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        connection.close()


def test_the_facts_about_a_run_are_files_that_the_api_reads(shared_server, tmp_path):
    repo = tmp_path / "repo"
    repo.mkdir()
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]
    (repo / "tracked.txt").write_text("before\n")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], cwd=repo, check=True)
    (repo / "tracked.txt").write_text("after\n")
    run_script(
        shared_server,
        repo,
        """
        import wandb
        run = wandb.init(project="facts", id="g1", save_code=True,
                         settings=wandb.Settings(x_stats_sampling_interval=0.1, x_file_stream_transmit_interval=0.2))
        import time
        print("a line")
        api = wandb.Api()
        deadline = time.monotonic() + 30
        while not api.run("facts/g1").history(stream="events", pandas=False):
            assert time.monotonic() < deadline, "no system metrics"
            time.sleep(0.05)
        run.finish()
        run = wandb.Api().run("facts/g1")
        names = {f.name for f in run.files()}
        assert {"diff.patch", "requirements.txt", "wandb-metadata.json", "config.yaml",
                "wandb-summary.json", "output.log"} <= names, names
        patch = run.file("diff.patch").download(root="d", replace=True).read()
        assert "-before" in patch and "+after" in patch, patch
        assert run.metadata["program"].endswith("script.py") and run.metadata["git"]["commit"] == run.commit
        assert "wandb==" in run.file("requirements.txt").download(root="d", replace=True).read()
        assert any(key.startswith("system.") for key in run.system_metrics), run.system_metrics
        assert any(name.startswith("code/") for name in names), names
        """,
    )
    entity = shared_server.entity()
    body = json.dumps(
        {
            "queries": [
                {"run": f"{entity}/facts/g1", "key": r"system\.proc\.memory\.rssMB", "stream": "events"}
            ]
        }
    )
    status, answer = shared_server.request(
        "POST", "/api/series", body.encode(), shared_server.authorization()
    )
    header = json.loads(answer[4 : 4 + int.from_bytes(answer[:4], "little")])
    assert status == 200 and header["series"][0]["count"] > 0


def test_console_lines_change_and_parts_of_the_console_are_files(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        """
        import sys, time, wandb
        run = wandb.init(project="console", id="c1", settings=wandb.Settings(
            x_disable_stats=True, console="wrap", console_multipart=True, console_chunk_max_bytes=2000,
            x_file_stream_transmit_interval=0.1))
        print("first line")
        api = wandb.Api()
        def lines():
            return [line.content for line in api.run("console/c1").console_logs()]
        def wait_for(text):
            deadline = time.monotonic() + 30
            while not any(text in line for line in lines()):
                assert time.monotonic() < deadline, (text, lines())
                time.sleep(0.05)
        for percent in (10, 50):
            sys.stdout.write(f"\\rprogress {percent}%")
            sys.stdout.flush()
            wait_for(f"progress {percent}%")
        sys.stdout.write("\\rprogress 100%\\n")
        print("to stderr", file=sys.stderr)
        print("\\x1b[31mred\\x1b[0m text")
        for i in range(200):
            print(f"line {i}")
        run.finish()
        """,
    )
    data = shared_server.graphql(
        """{ project(name: "console") { run(name: "c1") { logLineCount
             logLines { edges { node { number line level timestamp } } } } } }"""
    )["project"]["run"]
    nodes = [edge["node"] for edge in data["logLines"]["edges"]]
    texts = [node["line"] for node in nodes]
    assert [node["number"] for node in nodes] == list(range(len(nodes)))
    assert sum(text.startswith("progress") for text in texts) == 1, "a line that changed is one line"
    assert "progress 100%" in texts and "progress 10%" not in texts and "first line" in texts
    assert next(node for node in nodes if "to stderr" in node["line"])["level"] == "error"
    assert [text for text in texts if text.startswith("line ")] == [f"line {i}" for i in range(200)]
    assert all(node["timestamp"] for node in nodes)
    parts = [name for name in files(shared_server, "console", "c1") if name.startswith("logs/")]
    assert parts, files(shared_server, "console", "c1").keys()


def test_pages_of_other_origins_may_use_signed_addresses_and_no_others(shared_server):
    server, allowed = shared_server, "Access-Control-Allow-Origin"
    server.graphql('mutation { upsertBucket(input: {modelName: "origins", name: "r"}) { inserted } }')
    create = """mutation C($e: String!) { createRunFiles(input:
        {entityName: $e, projectName: "origins", runName: "r", files: ["f.txt"]}) { files { uploadUrl } } }"""
    upload = server.graphql(create, e=server.entity())["createRunFiles"]["files"][0]["uploadUrl"]

    def answer(method: str, url: str, **more):
        request = urllib.request.Request(url, method=method, **more)
        request.add_header("Origin", "https://example.org")
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.headers, response.read()

    assert answer("OPTIONS", upload)[0][allowed] == "*"
    assert answer("PUT", upload, data=b"text")[0][allowed] == "*"
    look = 'query { project(name: "origins") { run(name: "r") { files { edges { node { directUrl } } } } } }'
    edges = server.graphql(look)["project"]["run"]["files"]["edges"]
    headers, content = answer("GET", edges[0]["node"]["directUrl"])
    assert headers[allowed] == "*" and content == b"text"
    plain = f"{server.url}/files/{server.entity()}/origins/r/f.txt"
    headers, content = answer("GET", plain, headers=server.authorization())
    assert headers[allowed] is None and content == b"text"
