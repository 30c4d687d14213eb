"""Runs of our own package that are rewound or forked. The same program under the stock client leaves the same
on the same server."""

from __future__ import annotations

from resumed_runs import BRANCHES, both_clients, node, ours, same_for_both


def test_resume_from_drops_what_is_behind_the_step(shared_server, tmp_path):
    both_clients(
        shared_server,
        tmp_path,
        "rewind",
        BRANCHES
        + """
run = init(resume_from="base?_step=4", config={"lr": 5})
assert run.id == "base"
log(run, 500, 600)
run.finish()
""",
    )
    facts = same_for_both(shared_server, "rewind", "base", without=("console",))
    assert [(row["_step"], row["l"]) for row in facts["rows"]] == [
        *((i, i) for i in range(5)),
        (5, 500),
        (6, 600),
    ]
    assert facts["lines"] == 7 and facts["config"] == {"lr": 5, "old": 2}
    assert facts["kept"]["branch_point"] == {"run_id": "base", "step": 4}
    assert facts["summary"] == {"l": 600, "acc": {"max": 4}, "_step": 6}


def test_fork_from_copies_and_leaves_the_other_run_as_it_is(shared_server, tmp_path):
    both_clients(
        shared_server,
        tmp_path,
        "fork",
        BRANCHES
        + """
run = init("twig", fork_from="base?_step=4", config={"lr": 5})
assert run.id == "twig"
log(run, 500)
run.finish()
""",
    )
    facts = same_for_both(shared_server, "fork", "twig", without=("console",))
    assert [(row["_step"], row["l"]) for row in facts["rows"]] == [*((i, i) for i in range(5)), (5, 500)]
    assert facts["config"] == {"lr": 5, "old": 2}
    assert facts["kept"]["branch_point"] == {"run_id": "base", "step": 4}
    assert facts["summary"] == {"l": 500, "acc": {"max": 4}, "_step": 5}
    base = same_for_both(shared_server, "fork", "base", without=("console",))
    assert base["lines"] == 10 and base["kept"] == {} and base["state"] == "finished"


def test_a_branch_knows_its_beginning_at_once(shared_server, tmp_path):
    ours(
        shared_server,
        tmp_path,
        "begin",
        BRANCHES
        + """
run = init("twig", fork_from="base?_step=4")
assert (run.step, run.starting_step, run.resumed) == (5, 5, False)
assert dict(run.config) == {"lr": 1, "old": 2}, dict(run.config)
assert run.summary["l"] == 4 and run.summary["acc"]["max"] == 4, dict(run.summary)
run.finish()
run = init(resume_from="base?_step=2")
assert (run.id, run.step, run.starting_step, run.resumed) == ("base", 3, 3, True)
assert run.tags == ("t",) and run.notes == "n" and run.summary["l"] == 2
run.log({"l": -1}, step=2)      # the past is over
run.log({"l": 30}, step=7)
run.finish()
""",
    )
    rows = node(shared_server, "begin", "base")["rows"]
    assert [(row["_step"], row["l"]) for row in rows] == [(0, 0), (1, 1), (2, 2), (7, 30)]


def test_an_unknown_run_cannot_be_rewound_or_forked_and_nothing_is_left(shared_server, tmp_path):
    ours(
        shared_server,
        tmp_path,
        "unknown",
        """
import os
for arguments in (dict(resume_from="nobody?_step=1"), dict(fork_from="nobody?_step=1", id="child")):
    try:
        init(**arguments)
    except wandb.CommError as error:
        assert "run not found" in str(error) and "nobody" in str(error), error
    else:
        raise AssertionError("not refused")
    assert wandb.run is None
assert not os.path.exists("runstone") or not [n for n in os.listdir("runstone") if n.startswith("run-")]
init("fine").finish()
""",
        env={"RUNSTONE_DIR": "."},
    )
    query = 'query { project(name: "unknown") { runs { edges { node { name } } } } }'
    runs = shared_server.graphql(query)["project"]["runs"]["edges"]
    assert [edge["node"]["name"] for edge in runs] == ["fine"]
