"""What else a run can do, once each."""

import pathlib

import torch
import wandb

run = wandb.init(project="A18", id="a", group="g")
run.alert(title="Low accuracy", text="acc 0.3", level=wandb.AlertLevel.WARN, wait_duration=300)
run.mark_preempting()

net = torch.nn.Linear(4, 2)
torch.nn.init.constant_(net.bias, 0.5)
torch.nn.init.constant_(net.weight, 0.25)
run.watch(net, log="all", log_freq=1)
net(torch.arange(4.0)).sum().backward()
run.log({"loss": 1})
run.unwatch(net)
net(torch.arange(4.0)).sum().backward()
run.log({"loss": 2})
assert run.status().sync_items_pending >= 0

pathlib.Path("model.txt").write_text("weights\n")
run.save("model.txt", policy="now")
run.log_model("model.txt", name="net")
run.finish()

run = wandb.init(project="A18", id="b", group="g")
with run.restore("model.txt", run_path="A18/a") as restored:
    assert restored.read() == "weights\n"
assert pathlib.Path(run.use_model("net:latest")).read_text() == "weights\n"
run.link_model("model.txt", "prod-net", name="net", aliases=["staging"])
run.upsert_artifact("hello.txt", name="parts", type="dataset")
run.finish_artifact("model.txt", name="parts", type="dataset")
run.finish()
