"""Users, teams, keys and sign-in: the stock client, the commands and a browser's requests meet them."""

from __future__ import annotations

import base64
import http.client
import itertools
import json
import subprocess
import threading
from types import SimpleNamespace

import pytest
from client import ask, run_script, wandb_command
from support.server import runstone_bin

GIVEN_KEY = "local-" + "c" * 40


def command(server, *arguments: str, code: int = 0, stdin: str = "") -> str:
    """`runstone ARGUMENTS --data ...` beside the running server."""
    done = subprocess.run(
        [runstone_bin(), *arguments, "--data", str(server.data)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout if code == 0 else done.stderr


def last_line(text: str) -> str:
    return text.strip().splitlines()[-1]


def basic(key: str) -> dict[str, str]:
    token = base64.b64encode(f"api:{key}".encode()).decode()
    return {"Authorization": f"Basic {token}", "Content-Type": "application/json"}


def graphql(server, key: str, query: str, headers: dict | None = None, **variables):
    body = json.dumps({"query": query, "variables": variables}).encode()
    status, answer = server.request("POST", "/graphql", body, basic(key) | (headers or {}))
    return status, json.loads(answer)


@pytest.fixture(scope="module")
def people(shared_server):
    """alice (a team's member), vera (its viewer), tom (its admin), olga (in nothing), and the teams."""
    keys = {}
    for name in ("alice", "vera", "tom", "olga"):
        out = command(shared_server, "user", "add", name, "--email", f"{name}@example.org")
        keys[name] = last_line(out)
    keys["carol"] = last_line(command(shared_server, "user", "add", "carol", "--key", GIVEN_KEY))
    command(shared_server, "team", "add", "crew", "--member", "alice", "--viewer", "vera", "--admin", "tom")
    command(shared_server, "team", "add", "others", "--member", "olga")
    command(shared_server, "org", "add", "acme", "--team", "crew", "--admin", "tom")
    return SimpleNamespace(server=shared_server, keys=keys)


def as_user(people, name: str) -> dict[str, str]:
    return {"WANDB_API_KEY": people.keys[name], "RUNSTONE_API_KEY": people.keys[name]}


TEAM_RUN = """
    import wandb
    with wandb.init(entity="crew", project="shared", id="team1", settings=wandb.Settings(silent=True)) as run:
        assert run.entity == "crew", run.entity
        for i in range(5):
            run.log({"loss": 1 / (i + 1)})
"""


@pytest.fixture(scope="module")
def team_run(people, tmp_path_factory):
    """crew/shared/team1, logged by alice, who is a member."""
    run_script(people.server, tmp_path_factory.mktemp("alice"), TEAM_RUN, env=as_user(people, "alice"))
    return people


def test_a_given_key_is_taken_as_it_is(people):
    assert people.keys["carol"] == GIVEN_KEY
    assert command(people.server, "user", "add", "x", "--key", "short", code=2)
    assert "somebody's already" in command(people.server, "user", "add", "x", "--key", GIVEN_KEY, code=1)
    assert "no user" in command(people.server, "key", "list", "x", code=1)  # and it left no user


def test_login_and_the_viewer(people, tmp_path):
    """`wandb login` takes the key; `Api().viewer` and `Api().user` know who that is."""
    done = wandb_command(
        people.server, tmp_path, "login", "--relogin", "--verify", "--host", people.server.url, GIVEN_KEY
    )
    assert "carol" in done.stderr + done.stdout
    wrong = wandb_command(
        people.server, tmp_path, "login", "--relogin", "--verify", "--host", people.server.url, "w" * 40,
        check=False,
    )  # fmt: skip
    assert wrong.returncode != 0
    assert "user is not logged in" in wrong.stdout + wrong.stderr
    script = """
        import wandb
        api = wandb.Api()
        assert api.viewer.username == "tom", api.viewer
        assert api.viewer.email == "tom@example.org"
        assert api.viewer.admin is False
        assert api.viewer.entity == api.default_entity == "tom"
        assert api.viewer.teams == ["tom", "crew"], api.viewer.teams
        assert api.viewer.api_keys == ["first"], api.viewer.api_keys
        assert api.user("alice").email == "alice@example.org"
        assert api.user("alice@example.org").username == "alice"
        assert api.user("alice").api_keys == []
        assert api.user("olga") is None and api.users("olga") == []
        assert {u.username for u in api.users("a")} >= {"alice", "vera"}
        user = api.viewer
        fresh = user.generate_api_key("laptop")
        assert len(fresh.split("-", 1)[1]) >= 40, fresh
        assert wandb.Api(api_key=fresh).viewer.username == "tom"
        assert sorted(wandb.Api().viewer.api_keys) == ["first", "laptop"]
        assert user.delete_api_key(fresh) is True
        assert user.delete_api_key("first") is True   # the one in use
        try:
            print(wandb.Api().viewer)
            raise SystemExit("a revoked key was accepted")
        except Exception as error:
            assert "not logged in" in str(error) or "401" in str(error), error
    """
    run_script(people.server, tmp_path, script, env=as_user(people, "tom"))
    people.keys["tom"] = last_line(command(people.server, "key", "add", "tom", "--name", "first"))


def test_teams_of_the_public_api(people, tmp_path):
    script = """
        import wandb
        api = wandb.Api()
        team = api.team("crew")
        roles = {m.username: (m.admin, m.pending, m.account_type) for m in team.members}
        assert roles["alice"] == (False, False, "MEMBER") and roles["tom"][0] is True, roles
        made = api.create_team("fresh-team")
        assert made.name == "fresh-team" and [m.username for m in made.members] == ["tom"]
        assert made.invite("alice@example.org") is True
        assert made.invite("alice") is False        # is a member already
        assert made.invite("nobody-here") is False
        assert made.invite("vera", admin=True) is True
        bot = made.create_service_account("nightly builds")
        assert bot.account_type == "SERVICE" and bot.name == "nightly builds"
        key = bot.api_key
        assert key and wandb.Api(api_key=key).viewer.entity == "fresh-team"
        made.load(True)
        assert made.members[-1].api_key is None     # it was shown once
        assert [m.username for m in made.members][:3] == ["tom", "alice", "vera"]
        assert made.members[1].delete() is True
        assert api.team("fresh-team").members[1].username == "vera"
        assert api.organization("acme").name == "acme"
        assert api.organization().org_entity.name == "acme"
        for other in (lambda: api.organization("nothing"), lambda: api.team("others"), lambda: api.team("nobody")):
            try:
                other()
                raise SystemExit("it is there")
            except Exception:
                pass
    """
    run_script(people.server, tmp_path, script, env=as_user(people, "tom"))
    for name in ("a/b", "..", "", "api", "x" * 65, "crew", "Crew"):
        status, answer = graphql(
            people.server,
            people.keys["tom"],
            "mutation($n: String!) { createTeam(input: {teamName: $n}) { entity { name } } }",
            n=name,
        )
        assert status == 200 and answer["errors"], (name, answer)


def test_a_member_logs_to_the_team_and_a_viewer_reads(team_run, tmp_path):
    script = """
        import wandb
        api = wandb.Api()
        run = api.run("crew/shared/team1")
        assert len(list(run.scan_history())) == 5 and run.user.username == "alice"
        assert [p.name for p in api.projects("crew")] == ["shared"]
        run.notes = "mine"
        try:
            run.update()
            raise SystemExit("a viewer wrote")
        except SystemExit:
            raise
        except Exception as error:
            assert "may not write" in str(error), error
        try:
            wandb.init(entity="crew", project="shared", settings=wandb.Settings(silent=True, init_timeout=20))
            raise SystemExit("a viewer logged")
        except SystemExit:
            raise
        except Exception as error:
            assert "may not write" in str(error) or "permission" in str(error).lower(), error
    """
    run_script(team_run.server, tmp_path, script, env=as_user(team_run, "vera"))
    key = team_run.keys["vera"]
    stream = "/files/crew/shared/team1/file_stream"
    assert team_run.server.request("POST", stream, b"{}", basic(key))[0] == 404
    assert team_run.server.request("GET", "/api/runs/crew/shared/team1/keys", None, basic(key))[0] == 200


def test_anothers_run_cannot_be_told_from_none(team_run):
    """olga asks for what is there and for what is not, by every road: the answers are the same."""
    server, key = team_run.server, team_run.keys["olga"]
    document = """query($e: String!, $r: String!) {
      project(name: "shared", entityName: $e) { run(name: $r) { id } }
      model(name: "shared", entityName: $e) { bucket(name: $r) { id } }
      models(entityName: $e) { edges { node { name } } }
      entity(name: $e) { id members { name } } }"""
    there = graphql(server, key, document, e="crew", r="team1")
    assert there == graphql(server, key, document, e="nobody", r="team1")
    assert there[1]["data"]["project"] is None and there[1]["data"]["entity"] is None
    for method, path in (
        ("GET", "/api/runs/{}/shared/team1/keys"),
        ("GET", "/api/runs/{}/shared/team1/console"),
        ("GET", "/files/{}/shared/team1/config.yaml"),
        ("POST", "/files/{}/shared/team1/file_stream"),
        ("GET", "/api/events?run={}/shared/team1"),
    ):
        answers = []
        for entity in ("crew", "nobody"):
            status, text = server.request(
                method, path.format(entity), b"{}" if method == "POST" else None, basic(key)
            )
            answers.append((status, text.replace(entity.encode(), b"E")))
        assert answers[0] == answers[1] and answers[0][0] == 404, (path, answers)


def test_a_members_id_of_a_run_is_nothing_to_others(team_run):
    server = team_run.server
    _, answer = graphql(
        server,
        team_run.keys["alice"],
        '{ project(name: "shared", entityName: "crew") { run(name: "team1") { id } } }',
    )
    run_id = answer["data"]["project"]["run"]["id"]
    absent = base64.b64encode(b"Run:999999").decode()
    for mutation in (
        "mutation($id: ID!) { deleteRun(input: {id: $id}) { clientMutationId } }",
        "mutation($id: ID!) { stopRun(input: {id: $id}) { success } }",
    ):
        texts = []
        for asked in (run_id, absent):
            status, answer = graphql(server, team_run.keys["olga"], mutation, id=asked)
            error = answer["errors"][0]
            texts.append((status, error["message"].replace(asked, "ID"), error["extensions"]["code"]))
        assert texts[0] == texts[1], texts
    status, answer = graphql(
        server,
        team_run.keys["alice"],
        '{ project(name: "shared", entityName: "crew") { run(name: "team1") { state } } }',
    )
    assert answer["data"]["project"]["run"]["state"] == "finished"


def test_an_administrators_power_needs_the_header(team_run):
    """The local user runs the server; without the header he is what his roles make him."""
    server = team_run.server
    document = '{ project(name: "shared", entityName: "crew") { name } }'
    assert graphql(server, server.key, document)[1]["data"]["project"] is None
    powers = {"Use-Admin-Privileges": "true"}
    assert graphql(server, server.key, document, powers)[1]["data"]["project"] == {"name": "shared"}
    assert graphql(server, team_run.keys["olga"], document, powers)[1]["data"]["project"] is None
    make = 'mutation { createUser(input: {email: "new.person@example.org"}) { user { username } } }'
    assert graphql(server, team_run.keys["olga"], make, powers)[1]["errors"]
    made = graphql(server, server.key, make, powers)[1]["data"]["createUser"]
    assert made == {"user": {"username": "new.person"}}


def test_the_stock_api_as_administrator(people, tmp_path):
    names = ask(
        people.server,
        tmp_path,
        "[api.create_user('second@example.org').username, [u.username for u in api.users('second')], "
        "api.user('olga').email, api.user('olga').api_keys]",
    )
    assert names == ["second", ["second"], "olga@example.org", ["first"]]


def test_changes_by_command_count_at_once(people):
    server = people.server
    key = last_line(command(server, "user", "add", "quick"))
    crew = '{ entity(name: "crew") { viewerRole readOnly } }'
    write = '{"files":{}}'
    assert graphql(server, key, crew)[1]["data"]["entity"] is None
    command(server, "team", "join", "crew", "quick", "--role", "viewer")
    assert graphql(server, key, crew)[1]["data"]["entity"] == {"viewerRole": "viewer", "readOnly": True}
    command(server, "team", "join", "crew", "quick", "--role", "member")
    assert graphql(server, key, crew)[1]["data"]["entity"] == {"viewerRole": "member", "readOnly": False}
    command(server, "team", "leave", "crew", "quick")
    assert graphql(server, key, crew)[1]["data"]["entity"] is None
    path = "/files/crew/shared/none/file_stream"
    assert server.request("POST", path, write.encode(), basic(key))[0] == 404
    command(server, "key", "revoke", "quick", "first")
    status, answer = graphql(server, key, crew)
    assert status == 401
    assert answer == {"errors": [{"message": "user is not logged in"}], "data": {"viewer": None}}
    again = last_line(command(server, "key", "add", "quick", "--name", "second"))
    assert graphql(server, again, "{ viewer { username } }")[0] == 200
    command(server, "user", "remove", "quick")
    assert graphql(server, again, "{ viewer { username } }")[0] == 401
    assert "user restore" in command(server, "user", "add", "quick", code=1)
    back = last_line(command(server, "user", "restore", "quick"))
    assert graphql(server, back, "{ viewer { username } }")[1]["data"]["viewer"] == {"username": "quick"}


def test_commands_say_what_was_wrong(people):
    server = people.server
    assert "cannot be a name" in command(server, "user", "add", "a/b", code=2)
    assert "exists already" in command(server, "user", "add", "alice", code=1)
    assert "cannot be told from alice" in command(server, "user", "add", "Alice", code=1)
    assert 'no user "ghost"' in command(server, "team", "add", "ghosts", "--member", "ghost", code=1)
    assert 'no team "ghosts"' in command(server, "team", "remove", "ghosts", code=1)
    assert 'no organization "x"' in command(server, "org", "remove", "x", code=1)
    assert "still has teams" in command(server, "org", "remove", "acme", code=1)
    assert "at least 8" in command(server, "user", "password", "alice", code=2, stdin="short\n")
    assert "alice" in command(server, "user", "list")
    assert "crew" in command(server, "team", "list") and "acme" in command(server, "org", "list")
    listing = command(server, "key", "list", "alice")
    assert "first" in listing and people.keys["alice"] not in listing


PAGE = {"X-Runstone-Request": "1", "Content-Type": "application/json"}


def sign_in(server, name: str, password: str, headers: dict | None = None):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    body = json.dumps({"name": name, "password": password})
    connection.request("POST", "/api/signin", body, PAGE if headers is None else headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def test_a_password_signs_in_and_guessing_is_slowed_down(people):
    server = people.server
    command(server, "user", "password", "olga", stdin="correct horse\n")
    good = sign_in(server, "olga", "correct horse")
    assert good.status == 200
    cookie = good.headers["Set-Cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Strict", "Path=/"))
    session = {"Cookie": cookie.split(";")[0], "Content-Type": "application/json"}
    body = json.dumps({"query": "{ viewer { username } }"}).encode()
    assert server.request("POST", "/graphql", body, session)[0] == 403  # another site's page
    status, answer = server.request("POST", "/graphql", body, session | PAGE)
    assert status == 200 and json.loads(answer)["data"]["viewer"] == {"username": "olga"}
    # A page of another site cannot sign anybody in.
    assert sign_in(server, "olga", "correct horse", {"Content-Type": "text/plain"}).status == 403
    statuses = [sign_in(server, "olga", "wrong").status for _ in range(5)]
    assert statuses == [401] * 5
    refused = sign_in(server, "olga", "wrong")
    assert refused.status == 429 and int(refused.headers["Retry-After"]) >= 1
    assert sign_in(server, "nobody", "wrong").status == 401
    # A new password ends the sessions.
    command(server, "user", "password", "olga", stdin="another horse\n")
    assert server.request("POST", "/graphql", body, session | PAGE)[0] == 401


def test_a_users_signin_link_is_his(people):
    link = last_line(command(people.server, "user", "signin", "vera"))
    assert link.startswith(people.server.url + "/signin?token=")
    connection = http.client.HTTPConnection("127.0.0.1", people.server.port, timeout=30)
    connection.request("GET", link[len(people.server.url) :])
    response = connection.getresponse()
    assert response.status == 303
    session = {"Cookie": response.headers["Set-Cookie"].split(";")[0]} | PAGE
    body = json.dumps({"query": "{ viewer { username } }"}).encode()
    assert json.loads(people.server.request("POST", "/graphql", body, session)[1])["data"]["viewer"] == {
        "username": "vera"
    }


def test_a_live_page_hears_nothing_more_from_a_team_that_it_was_removed_from(shared_server):
    keys = {
        name: last_line(command(shared_server, "user", "add", name)) for name in ("live_owner", "live_reader")
    }
    command(shared_server, "team", "add", "live-team", "--admin", "live_owner", "--viewer", "live_reader")

    def ask_as(name: str, query: str) -> dict:
        status, answer = graphql(shared_server, keys[name], query)
        assert status == 200 and not answer.get("errors"), answer
        return answer["data"]

    made = 'upsertBucket(input: {entityName: "live-team", modelName: "live", name: "r"}) { inserted }'
    ask_as("live_owner", f"mutation {{ {made} }}")
    lines = itertools.count()

    def log() -> None:
        number = next(lines)
        chunk = {"offset": number, "content": [json.dumps({"_step": number, "loss": 1})]}
        body = json.dumps({"files": {"wandb-history.jsonl": chunk}}).encode()
        path = "/files/live-team/live/r/file_stream"
        assert shared_server.request("POST", path, body, basic(keys["live_owner"]))[0] == 200

    connection = http.client.HTTPConnection("127.0.0.1", shared_server.port, timeout=20)
    connection.request("GET", "/api/events?run=live-team/live/r", headers=basic(keys["live_reader"]))
    stream = connection.getresponse()
    assert stream.status == 200
    log()
    while stream.readline() != b"event: rows\n":
        pass
    reader = ask_as("live_reader", "{ viewer { id } }")["viewer"]["id"]
    left = f'deleteInvite(input: {{entityName: "live-team", id: "{reader}"}}) {{ success }}'
    ask_as("live_owner", f"mutation {{ {left} }}")
    ended = threading.Event()

    def keep_logging() -> None:
        while not ended.wait(0.1):
            log()

    writer = threading.Thread(target=keep_logging)
    writer.start()
    try:
        stream.read()  # to its end; the connection gives up after 20 s
    finally:
        ended.set()
        writer.join()
        connection.close()
    connection.request("GET", "/api/events?run=live-team/live/r", headers=basic(keys["live_reader"]))
    assert connection.getresponse().status == 404
    connection.close()


def test_verify(shared_server, tmp_path):
    """The checks of `wandb verify`, but for those of https and of sweeps, which wait for a minute (they
    are in test_sweeps.py)."""
    script = f"""
        import getpass, os, sys
        os.environ["WANDB_SILENT"] = "true"
        import wandb
        import wandb.sdk.verify.verify as verify
        host = "{shared_server.url}"
        wandb.login(host=host)
        api = wandb.Api()
        assert verify.check_host(host)
        assert verify.check_logged_in(api, host)
        uploaded, url = verify.check_graphql_put(api, host)
        assert uploaded and url.startswith("http")
        verify.check_cors_configuration(url, host)
        assert verify.check_large_post()
        verify.check_wandb_version(api)
        assert verify.check_run(api)
        assert verify.check_artifacts()
    """
    done = run_script(shared_server, tmp_path, script)
    assert "\u274c" not in done.stdout, done.stdout
