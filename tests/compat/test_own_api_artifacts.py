"""What runstone.Api says of artifacts: versions by name, of a collection, made and read by a run."""

from __future__ import annotations

import json

import pytest
from client import run_script

SCRIPT = """
    import json, pathlib
    import runstone
    pathlib.Path("data").mkdir(exist_ok=True)
    with runstone.init(project="apiartifacts", id="maker") as run:
        for text in ("one", "two"):
            pathlib.Path("data/a.txt").write_text(text)
            run.log_artifact("data", name="ds", type="dataset", aliases=[text]).wait()
    with runstone.init(project="apiartifacts", id="reader") as run:
        run.use_artifact("ds:one")
    runstone.init(project="apiartifacts", id="third").finish()
    api = runstone.Api()
    facts = {}
    one = api.artifact("apiartifacts/ds:one", type="dataset")
    facts["artifact"] = [one.name, one.version, one.type, one.state, "one" in one.aliases, one.size, one.file_count]
    facts["artifacts"] = [version.name for version in api.artifacts("dataset", "apiartifacts/ds")]
    facts["exists"] = [
        api.artifact_exists("apiartifacts/ds:v1"), api.artifact_exists("apiartifacts/ds:v7"),
        api.artifact_exists("apiartifacts/ds:v1", type="model"),
    ]
    facts["logged"] = sorted(v.name for v in api.run("apiartifacts/maker").logged_artifacts())
    facts["used"] = [v.name for v in api.run("apiartifacts/reader").used_artifacts()]
    third = api.run("apiartifacts/third")
    facts["use_artifact"] = third.use_artifact(one) is one
    facts["log_artifact"] = third.log_artifact(one, aliases=["again"]) is one
    facts["third used"] = [v.name for v in third.used_artifacts()]
    facts["again"] = sorted(api.artifact("apiartifacts/ds:again").aliases)
    errors = []
    for call in (
        lambda: api.artifact("apiartifacts/nothing:latest"),
        lambda: api.artifact("apiartifacts/ds:v0", type="model"),
        lambda: third.use_artifact("ds:v0"),
    ):
        try:
            errors.append(repr(call()))
        except Exception as error:
            errors.append(sorted(c.__name__ for c in type(error).__mro__))
    facts["errors"] = errors
    print("FACTS " + json.dumps(facts))
"""


@pytest.fixture(scope="module")
def facts(shared_server, tmp_path_factory):
    done = run_script(shared_server, tmp_path_factory.mktemp("apiartifacts"), SCRIPT)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("FACTS ")]
    return json.loads(line.removeprefix("FACTS "))


def test_a_version_is_found_by_its_alias_and_a_collection_lists_its_versions(facts):
    assert facts["artifact"] == ["ds:v0", "v0", "dataset", "COMMITTED", True, 3, 1]
    assert facts["artifacts"] == ["ds:v1", "ds:v0"]


def test_artifact_exists_asks_for_the_type_too(facts):
    assert facts["exists"] == [True, False, False]


def test_logged_and_used_artifacts_of_a_run(facts):
    assert facts["logged"] == ["ds:v0", "ds:v1"] and facts["used"] == ["ds:v0"]


def test_use_artifact_and_log_artifact_of_a_stored_run_are_noted(facts):
    assert facts["use_artifact"] and facts["log_artifact"]
    assert facts["third used"] == ["ds:v0"] and {"again", "one"} <= set(facts["again"])


def test_what_is_not_there_of_another_type_or_no_version_is_refused(facts):
    missing, another_type, text = facts["errors"]
    assert "CommError" in missing or "ValueError" in missing
    assert "ValueError" in another_type
    assert "TypeError" in text
