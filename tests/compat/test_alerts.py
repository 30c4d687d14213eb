"""run.alert() of the stock client: kept, shown, told to webhooks and by mail."""

from __future__ import annotations

import json
import subprocess
import threading
import time

import client
import pytest
from alert_receivers import MailReceiver, WebhookReceiver, body_of, check_signature
from support.server import Server, free_port, runstone_bin

PATIENCE_SECS = 20

ALERTS = """query Alerts($entity: String!, $project: String!, $run: String!, $first: Int, $after: String) {
  alerts(entityName: $entity, projectName: $project, runName: $run, first: $first, after: $after) {
    totalCount edges { cursor node { id title text severity createdAt repeatCount
      deliveries { id state attempts lastError targetName targetKind } } }
    pageInfo { endCursor hasNextPage } } }"""
NOTIFY = """mutation NotifyScriptableRunAlert($entityName: String!, $projectName: String!, $runName: String!,
    $title: String!, $text: String!, $severity: AlertSeverity = INFO, $waitDuration: Duration) {
  notifyScriptableRunAlert(input: {entityName: $entityName, projectName: $projectName, runName: $runName,
    title: $title, text: $text, severity: $severity, waitDuration: $waitDuration}) { success } }"""
MAKE_RUN = """mutation Make($input: UpsertBucketInput!) {
  upsertBucket(input: $input) { bucket { id name } } }"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("alerts") / "data").start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def no_targets_left(request):
    yield
    if "server" in request.fixturenames:
        server = request.getfixturevalue("server")
        for target in administer(server, "{ alertTargets { id } }")["alertTargets"]:
            mutation = (
                "mutation D($input: AlertTargetInput!) { deleteAlertTarget(input: $input) { success } }"
            )
            administer(server, mutation, input={"id": target["id"]})


def ask_raw(server, query: str, key: str | None = None, **variables) -> dict:
    """The whole answer, errors included."""
    import base64

    headers = dict(server.authorization())
    if key is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(f"api:{key}".encode()).decode()
    body = json.dumps({"query": query, "variables": variables}).encode()
    return json.loads(server.request("POST", "/graphql", body, headers)[1])


def administer(server, query: str, **variables) -> dict:
    """As server.graphql(), with the powers of an administrator, for which a request has to ask."""
    headers = server.authorization() | {"Use-Admin-Privileges": "true"}
    body = json.dumps({"query": query, "variables": variables}).encode()
    decoded = json.loads(server.request("POST", "/graphql", body, headers)[1])
    assert not decoded.get("errors"), decoded["errors"]
    return decoded["data"]


def alert_command(server, *arguments: str, stdin: str = "", check: bool = True):
    command = [runstone_bin(), "alert", *arguments, "--data", str(server.data)]
    return subprocess.run(command, check=check, capture_output=True, text=True, input=stdin, timeout=60)


def add_webhook(server, url: str, *options: str) -> str:
    """The secret that the server made."""
    done = alert_command(server, "add-webhook", "hook", url, "--allow-private", *options)
    return done.stdout.splitlines()[-1]


def make_run(server, project: str, run: str) -> None:
    server.graphql(MAKE_RUN, input={"entityName": server.entity(), "modelName": project, "name": run})


def notify(server, project: str, run: str, title: str, **more) -> None:
    variables = {
        "entityName": server.entity(),
        "projectName": project,
        "runName": run,
        "title": title,
        "text": "",
    }
    answer = server.graphql(NOTIFY, **(variables | more))
    assert answer == {"notifyScriptableRunAlert": {"success": True}}


def alerts_of(server, project: str, run: str, **page) -> list[dict]:
    answer = administer(server, ALERTS, entity=server.entity(), project=project, run=run, **page)
    return [edge["node"] for edge in answer["alerts"]["edges"]]


def settled(server, project: str, run: str) -> dict:
    """The delivery of the run's one alert, once it is no longer queued."""
    deadline = time.monotonic() + PATIENCE_SECS
    while True:
        (delivery,) = alerts_of(server, project, run)[0]["deliveries"]
        if delivery["state"] != "QUEUED" or time.monotonic() > deadline:
            return delivery
        time.sleep(0.02)


def test_alerts_of_the_stock_client_are_kept_shown_and_told_to_webhook_and_mail(server, tmp_path):
    with WebhookReceiver() as hook, MailReceiver() as mail:
        secret = add_webhook(server, hook.url)
        alert_command(
            server, "add-mail", "post", mail.url, "--allow-private", "--min-severity", "ERROR",
            "--from", "runstone@example.org", "--to", "a@example.org", "b@example.org",
        )  # fmt: skip
        script = """
            import wandb
            from datetime import timedelta
            run = wandb.init(project="alerts", id="told")
            run.alert("plain", "some text")
            run.alert("plain", "again within the minute")
            run.alert("Verlust ist NaN \\u26a0\\ufe0f", "at step 300\\nnew line", level=wandb.AlertLevel.ERROR,
                      wait_duration=5)
            run.alert(title="short", text="1", level="WARN", wait_duration=timedelta(milliseconds=1))
            run.log({"a": 1})
            run.finish()
        """
        client.run_script(server, tmp_path, script)
        heard = hook.heard.wait_for(3)
        ((sender, recipients, message),) = mail.heard.wait_for(1)
    kept = {alert["title"]: alert for alert in alerts_of(server, "alerts", "told")}
    assert set(kept) == {"plain", "Verlust ist NaN ⚠️", "short"}
    assert kept["plain"]["severity"] == "INFO"
    assert kept["plain"]["text"] == "some text"
    assert kept["plain"]["repeatCount"] == 1
    assert kept["Verlust ist NaN ⚠️"]["severity"] == "ERROR"
    assert kept["short"]["severity"] == "WARN"
    for item in heard:
        check_signature(secret, item[1], item[2])
    bodies = {body_of(item)["title"]: body_of(item) for item in heard}
    body = bodies["Verlust ist NaN ⚠️"]
    assert body["text"] == "at step 300\nnew line"
    assert body["severity"] == "ERROR"
    assert (body["entity"], body["project"], body["run"]["name"]) == (server.entity(), "alerts", "told")
    assert body["run"]["url"] == f"{server.url}/{server.entity()}/alerts/runs/told"
    keys = [item[1]["Idempotency-Key"] for item in heard]
    assert len(set(keys)) == 3
    assert sender == "runstone@example.org"
    assert recipients == ["a@example.org", "b@example.org"]
    assert message["subject"] == "[ERROR] Verlust ist NaN ⚠️"
    assert "at step 300\nnew line" in message.get_content().replace("\r\n", "\n")


def test_a_receiver_that_answers_500_is_asked_again_with_the_same_key_and_body(server):
    make_run(server, "p", "retried")
    with WebhookReceiver(500, 200) as hook:
        secret = add_webhook(server, hook.url)
        notify(server, "p", "retried", "t")
        first, second = hook.heard.wait_for(2)
        delivery = settled(server, "p", "retried")
    assert first[1]["Idempotency-Key"] == second[1]["Idempotency-Key"]
    assert first[2] == second[2]
    check_signature(secret, second[1], second[2])
    assert delivery["state"] == "DELIVERED"
    assert delivery["attempts"] == 2
    assert delivery["lastError"] is None


def test_a_redirect_is_not_followed_and_the_delivery_says_so(server):
    make_run(server, "p", "redirected")
    with WebhookReceiver(307) as hook:
        add_webhook(server, hook.url)
        notify(server, "p", "redirected", "t")
        delivery = settled(server, "p", "redirected")
        assert [item[0] for item in hook.heard.items] == ["/hook"]
    assert delivery["state"] == "FAILED"
    assert "redirect" in delivery["lastError"]
    listed = alert_command(server, "deliveries", "--state", "FAILED").stdout
    assert "redirect" in listed


def test_an_alert_outlives_a_kill_between_its_storing_and_its_delivery(tmp_path):
    server = Server(tmp_path / "data").start()
    port = free_port()
    try:
        make_run(server, "p", "killed")
        secret = add_webhook(server, f"http://127.0.0.1:{port}/hook")  # nobody listens yet
        notify(server, "p", "killed", "heard later")
        server.kill()
        with WebhookReceiver(port=port) as hook:
            server.start()
            (item,) = hook.heard.wait_for(1)
            assert settled(server, "p", "killed")["state"] == "DELIVERED"
        check_signature(secret, item[1], item[2])
        assert body_of(item)["title"] == "heard later"
    finally:
        server.stop()


def test_one_title_within_its_wait_duration_is_told_once_even_by_many_at_a_time(server):
    make_run(server, "p", "many")
    with WebhookReceiver() as hook:
        add_webhook(server, hook.url)
        threads = [
            threading.Thread(
                target=notify, args=(server, "p", "many", "same"), kwargs={"waitDuration": 60000}
            )
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        settled(server, "p", "many")
        assert len(hook.heard.items) == 1
    (kept,) = alerts_of(server, "p", "many")
    assert kept["repeatCount"] == 7


def test_no_wait_keeps_every_alert_and_pages_hold_while_more_come(server):
    make_run(server, "p", "paged")
    for number in range(5):
        notify(server, "p", "paged", "same", waitDuration=0, text=str(number))
    variables = {"entity": server.entity(), "project": "p", "run": "paged"}
    first = server.graphql(ALERTS, **variables, first=2)["alerts"]
    assert first["totalCount"] == 5
    notify(server, "p", "paged", "same", waitDuration=0, text="late")
    rest = server.graphql(ALERTS, **variables, first=50, after=first["pageInfo"]["endCursor"])["alerts"]
    texts = [edge["node"]["text"] for edge in first["edges"] + rest["edges"]]
    assert texts == ["4", "3", "2", "1", "0"]
    assert first["pageInfo"]["hasNextPage"] and not rest["pageInfo"]["hasNextPage"]


def test_bad_alerts_get_an_error_that_says_what_is_wrong(server):
    make_run(server, "p", "bad")
    good = {"entityName": server.entity(), "projectName": "p", "runName": "bad", "title": "t", "text": ""}
    for change, said in [
        ({"title": ""}, "title"),
        ({"title": "x" * 5000}, "4096"),
        ({"text": "x" * (2 << 20)}, "1048576"),
        ({"severity": "LOUD"}, "LOUD"),
        ({"waitDuration": "soon"}, "waitDuration"),
        ({"runName": "gone"}, "no such run"),
    ]:
        answer = ask_raw(server, NOTIFY, **(good | change))
        assert said in answer["errors"][0]["message"], answer
    for wait in (-5, 0.5, 1e300):
        notify(server, "p", "bad", f"wait {wait}", waitDuration=wait)


def test_private_addresses_need_the_explicit_option(server):
    for url in (
        "http://127.0.0.1:9/x",
        "http://localhost:9/x",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]:9/x",
        "http://10.0.0.1/x",
    ):
        done = alert_command(server, "add-webhook", "hook", url, check=False)
        assert done.returncode == 1
        assert "no public address" in done.stderr
    for url in (
        "file:///etc/passwd",
        "ftp://example.org/x",
        "http://user:pw@example.org/",
        "http://example.org:0/",
    ):
        assert alert_command(server, "add-webhook", "hook", url, check=False).returncode == 1
    # A form of 127.0.0.1 that only a resolver understands is refused when it is reached.
    alert_command(server, "add-webhook", "odd", "http://2130706433:9/x")
    make_run(server, "p", "odd")
    notify(server, "p", "odd", "t")
    delivery = settled(server, "p", "odd")
    assert delivery["state"] == "FAILED"
    assert "127.0.0.1 is no public address" in delivery["lastError"]


def test_mail_headers_cannot_be_injected(server):
    make_run(server, "p", "mail")
    with MailReceiver() as mail:
        options = ["--allow-private", "--from", "bot@example.org"]
        for bad in ("a@example.org\r\nBcc: x@example.org", "a@example.org, x@example.org", "<a@example.org>"):
            done = alert_command(server, "add-mail", "post", mail.url, *options, "--to", bad, check=False)
            assert done.returncode == 1
            assert "no mail address" in done.stderr
        alert_command(server, "add-mail", "post", mail.url, *options, "--to", "a@example.org")
        notify(server, "p", "mail", "x\r\nBcc: evil@example.org", text=".\r\nRCPT TO:<evil@example.org>\r\n.")
        ((_, recipients, message),) = mail.heard.wait_for(1)
    assert recipients == ["a@example.org"]
    assert message["bcc"] is None
    assert message["subject"] == "[INFO] x  Bcc: evil@example.org"
    assert "RCPT TO:<evil@example.org>" in message.get_content()


def test_the_alert_command_administers_a_running_server(server):
    with WebhookReceiver(200, 404) as hook:
        done = alert_command(
            server, "add-webhook", "mine", hook.url, "--allow-private", "--entity", server.entity(),
            "--secret-from-stdin", stdin="a secret of mine\n",
        )  # fmt: skip
        target = done.stdout.split("id ")[1].split(".")[0]
        assert "secret" not in done.stdout
        assert alert_command(server, "test", target).stdout == "Sent.\n"
        (item,) = hook.heard.wait_for(1)
        check_signature("a secret of mine", item[1], item[2])
        refused = alert_command(server, "test", target, check=False)
        assert refused.returncode == 1
        assert "status 404" in refused.stderr
        rotated = alert_command(server, "rotate-secret", target).stdout.splitlines()[-1]
        assert len(rotated) > 40
        listed = alert_command(server, "list").stdout
        assert "mine" in listed and hook.url in listed
        assert rotated not in listed
        make_run(server, "p", "switched")
        alert_command(server, "disable", target)
        notify(server, "p", "switched", "unheard")
        assert alerts_of(server, "p", "switched")[0]["deliveries"] == []
        alert_command(server, "enable", target)
        notify(server, "p", "switched", "heard")
        assert hook.heard.wait_for(3)
        alert_command(server, "remove", target)
        assert alert_command(server, "remove", target, check=False).returncode == 1
    assert alert_command(server, "remove", "nonsense", check=False).returncode == 1


def test_strangers_and_members_see_nothing_that_is_not_theirs(server):
    make_run(server, "p", "private")
    add_webhook(server, "http://127.0.0.1:9/secret-path")
    notify(server, "p", "private", "t")
    stranger = subprocess.run(
        [runstone_bin(), "user", "add", "stranger", "--data", str(server.data)],
        check=True, capture_output=True, text=True,
    ).stdout.splitlines()[-1]  # fmt: skip
    variables = {"entity": server.entity(), "project": "p", "run": "private"}
    assert ask_raw(server, ALERTS, key=stranger, **variables)["data"] == {"alerts": None}
    assert ask_raw(server, ALERTS, **(variables | {"run": "gone"}))["data"] == {"alerts": None}
    assert ask_raw(server, "{ alertTargets { id } }", key=stranger)["data"] == {"alertTargets": []}
    everything = "{ alertDeliveries { edges { node { id } } } }"
    assert ask_raw(server, everything, key=stranger)["data"] == {"alertDeliveries": {"edges": []}}
    there = {
        "entityName": server.entity(),
        "projectName": "p",
        "runName": "private",
        "title": "t",
        "text": "",
    }
    gone = there | {"runName": "gone"}
    errors = [
        ask_raw(server, NOTIFY, key=stranger, **which)["errors"][0]["message"] for which in (there, gone)
    ]
    assert errors[0].replace("private", "gone") == errors[1]
    (target,) = administer(server, "{ alertTargets { id } }")["alertTargets"]
    create = (
        "mutation C($input: CreateAlertTargetInput!) { createAlertTarget(input: $input) { target { id } } }"
    )
    update = "mutation U($input: UpdateAlertTargetInput!) { updateAlertTarget(input: $input) { secret } }"
    hook = {"kind": "WEBHOOK", "name": "n", "url": "https://example.org/x"}
    for query, value in [
        (create, hook),
        (create, hook | {"entityName": server.entity()}),
        (create, hook | {"entityName": "stranger", "allowPrivate": True, "url": "http://127.0.0.1:9/x"}),
        (update, {"id": target["id"], "rotateSecret": True}),
    ]:
        answer = ask_raw(server, query, key=stranger, input=value)
        assert answer.get("errors"), answer
    own = ask_raw(server, create, key=stranger, input=hook | {"entityName": "stranger"})
    assert own["data"]["createAlertTarget"]["target"]["id"]


def test_the_stock_clients_integrations_list_and_make_webhooks(server, tmp_path):
    add_webhook(server, "http://127.0.0.1:9/x", "--entity", server.entity())
    script = f"""
        import wandb
        api = wandb.Api()
        names = [(i.name, i.url_endpoint) for i in api.webhook_integrations({server.entity()!r})]
        assert names == [("hook", "http://127.0.0.1:9/x")], names
        assert [i.name for i in api.integrations({server.entity()!r})] == ["hook"]
        assert list(api.slack_integrations(entity={server.entity()!r})) == []
    """
    client.run_script(server, tmp_path, script)
    make = """mutation CreateGenericWebhookIntegration($input: CreateGenericWebhookIntegrationInput!) {
      result: createGenericWebhookIntegration(input: $input) { integration { __typename
        ... on GenericWebhookIntegration { id name urlEndpoint } } } }"""
    wanted = {"entityName": server.entity(), "name": "made", "urlEndpoint": "https://example.org/hook"}
    made = server.graphql(make, input=wanted)["result"]["integration"]
    assert (made["__typename"], made["name"]) == ("GenericWebhookIntegration", "made")
    answer = ask_raw(server, make, input=wanted | {"secretRef": "named"})
    assert "secretRef" in answer["errors"][0]["message"]


def test_a_deleted_run_takes_its_alerts_along(server):
    make_run(server, "p", "deleted")
    add_webhook(server, "http://127.0.0.1:9/x")
    notify(server, "p", "deleted", "t")
    run = server.graphql(
        'query R($e: String!) { project(name: "p", entityName: $e) { run(name: "deleted") { id } } }',
        e=server.entity(),
    )["project"]["run"]
    server.graphql("mutation D($id: ID!) { deleteRun(input: {id: $id}) { clientMutationId } }", id=run["id"])
    assert (
        administer(server, "{ alertDeliveries { edges { node { id } } } }")["alertDeliveries"]["edges"] == []
    )
