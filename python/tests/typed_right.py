"""Not run: mypy reads it. Every public member, with the types that it takes and gives."""

from datetime import timedelta
from pathlib import Path
from typing import Any, Optional

import numpy as np
import runstone

settings = runstone.Settings(mode="offline", silent=True)
runstone.setup(settings)
runstone.setup({"mode": "offline"})
run: runstone.Run = runstone.init(
    entity="me",
    project="p",
    dir=Path("/tmp"),
    id="x",
    name="n",
    notes="notes",
    tags=["a", "b"],
    config={"lr": 0.1, "layers": [1, 2]},
    group="g",
    job_type="train",
    mode="offline",
    reinit="create_new",
    resume=False,
    settings=settings,
)

# rows
run.log({"loss": 0.5, "n": {"x": 1}}, step=3, commit=True)
run.log({"a": np.zeros(3)}, commit=False)
runstone.log({"loss": 1})
metric: runstone.Metric = run.define_metric("val/*", step_metric="epoch", summary="max", hidden=False)
metric = runstone.define_metric("loss", goal="minimize", overwrite=True, step_sync=True)
name_and_step: tuple[str, Optional[str]] = (metric.name, metric.step_metric)
operations: Optional[tuple[str, ...]] = metric.summary
flags: list[Optional[bool]] = [metric.step_sync, metric.hidden]
goal: Optional[str] = metric.goal

# facts
texts: list[str] = [
    run.id,
    run.project,
    run.entity,
    run.group,
    run.job_type,
    run.path,
    run.dir,
    run.sync_dir,
]
optional_texts: list[Optional[str]] = [
    run.name,
    run.notes,
    run.url,
    run.project_url,
    run.sweep_id,
    run.sweep_url,
]
bools: list[bool] = [run.offline, run.disabled, run.resumed]
numbers: list[int] = [run.step, run.starting_step]
start: float = run.start_time
tags: tuple[str, ...] = run.tags
run.name, run.notes, run.tags = "new", "text", (*run.tags, "t")
copied: runstone.Settings = run.settings
fields: dict[str, object] = copied.to_dict()

# config and summary
run.config.update({"lr": 0.2}, allow_val_change=True)
run.config["lr"] = 0.3
run.config.epochs = 3
run.config.setdefaults({"lr": 1})
run.config.update_locked({"a": 1}, user="sweep")
config: dict[str, Any] = run.config.as_dict()
static = run.config_static
runstone.config.update({"x": 1})
run.summary["best"] = 0.9
run.summary.update({"a": 1})
keys: list[str] = list(run.summary.keys())
best: Any = runstone.summary.get("best", 0)

# files and messages
paths = run.save("*.txt", base_path=Path("."), policy="now", glob=True)
paths = runstone.save("a.txt")
run.alert("title", "text", level=runstone.AlertLevel.WARN, wait_duration=timedelta(minutes=5))
runstone.alert("title", "text", level="INFO", wait_duration=60)
run.mark_preempting()
runstone.mark_preempting()
status = run.status()
pending: int = status.sync_items_pending if status is not None else 0
run.pin_config_keys(["lr"])
run.write_logs("text")
shown: bool = run.display(height=300, hidden=True)
html: str = run.to_html(height=300)

# media
image = runstone.Image(np.zeros((4, 6, 3), np.uint8), caption="c", file_type="png")
media: list[object] = [
    image,
    runstone.Video("v.gif"),
    runstone.Audio(np.zeros(10), sample_rate=8000),
    runstone.Histogram([1, 2, 3], num_bins=4),
    runstone.Object3D(np.zeros((5, 3))),
    runstone.Html("<b>x</b>", inject=False),
    runstone.Molecule("m.pdb"),
    runstone.Plotly(object()),
]
graph = runstone.Graph(format="torch")
graph.add_edge(graph.add_node(id=1), graph.add_node(id=2))
box: dict[str, Any] = runstone.box3d(
    center=(0, 0, 0), size=(1, 1, 1), orientation=(1, 0, 0, 0), color=(255, 0, 0)
)
run.log({"image": image, "images": [image, image], "graph": graph})

# tables and charts
table = runstone.Table(columns=["a", "b"], data=[[1, "x"]], optional=True, log_mode="MUTABLE")
table.add_data(2, "y")
table.add_column("c", [0.1, 0.2])
column = table.get_column("a", convert_to="numpy")
classes = runstone.Classes([{"id": 0, "name": "road"}])
joined = runstone.JoinedTable(table, table, "a")
chart = runstone.plot.line(table, "a", "c", title="T", split_table=True)
chart = runstone.plot_table("me/spec", table, {"x": "a"}, string_fields={"title": "T"})
shown_table = runstone.visualize("me/spec", table)
run.log({"table": table, "chart": chart})

# models
run.watch(object(), log="all", log_freq=10, idx=0, log_graph=True)
runstone.watch([object()], log=None)
run.unwatch()
runstone.unwatch(object())

# artifacts, models, code, restored files
artifact = runstone.Artifact("data", "dataset", description="d", metadata={"rows": 3}, digest_algorithm="MD5")
entry = artifact.add_file("a.txt", name="b.txt", policy="immutable", overwrite=True)
artifact.add_dir("folder", name="in", merge=True)
entries = artifact.add_reference("s3://bucket/key", checksum=False, max_objects=10)
with artifact.new_file("n.txt", mode="w", encoding="utf-8") as opened:
    opened.write("x")
artifact.ttl = timedelta(days=3)
artifact.ttl = runstone.ArtifactTTL.INHERIT
logged: runstone.Artifact = run.log_artifact(artifact, aliases=["best"], tags=["t"]).wait(timeout=10)
logged = runstone.log_artifact("folder", name="data", type="dataset")
logged = run.upsert_artifact("part", name="big", type="dataset", distributed_id="job")
logged = run.finish_artifact("part", name="big", type="dataset", distributed_id="job")
used = run.use_artifact("data:latest", type="dataset")
used = runstone.use_artifact(artifact)
linked = run.link_artifact(artifact, "me/registry/data", aliases=["prod"])
folder: str = logged.download(root="there", path_prefix="in/")
run.log_model("m.pt", name="net", aliases=["a"])
runstone.log_model("m.pt")
model: Optional[str] = run.use_model("net:latest")
model = runstone.use_model("net")
run.link_model("m.pt", "registered", name="net", aliases=["staging"])
runstone.link_model("m.pt", "registered")
code = run.log_code(".", name="code", include_fn=lambda path: path.endswith(".py"))
restored = run.restore("f.txt", run_path="me/p/x", replace=True, root=".")
restored = runstone.restore("f.txt", run_path="me/p/x")

# what a server has
api = runstone.Api(overrides={"entity": "me"}, timeout=10, api_key="k")
for stored in api.runs("me/p", filters={"state": "finished"}, order="-created_at", per_page=10):
    stored.update()
row_dicts: list[dict[str, Any]] = list(api.run("me/p/x").scan_history(keys=["loss"], min_step=3))
frame = api.run("me/p/x").history(samples=100, pandas=False)
there: bool = api.artifact_exists("data:latest", type="dataset")
logged_in: bool = runstone.login(key="k", host="http://127.0.0.1:7867", verify=False)

# the end
active: Optional[runstone.Run] = runstone.run
with run as entered:
    entered.finish(exit_code=1)
run.finish()
runstone.finish()
runstone.join(0)
runstone.teardown()
version: str = runstone.__version__
try:
    pass
except runstone.CommError as error:
    cause: Optional[BaseException] = error.exc
except (runstone.UsageError, runstone.errors.ConfigError) as error:
    message: str = error.message
except runstone.Error as error:
    context: dict[str, Any] = error.context
