"""watch() and unwatch() with a real PyTorch."""

from __future__ import annotations

import copy
import json
import pickle
import threading
from pathlib import Path

import pytest
import runstone
import torch
from support import journal

BINS = 64


def net() -> torch.nn.Module:
    torch.manual_seed(3)
    return torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))


def train(model, steps: int = 1) -> None:
    for _ in range(steps):
        model.zero_grad()
        model(torch.randn(8, 6)).square().sum().backward()


def rows(run) -> list[dict]:
    return journal.rows(journal.find(Path(run.sync_dir)))


def watched(row: dict) -> set[str]:
    return {key for key in row if key.startswith(("gradients/", "parameters/"))}


def hook_counts(model) -> int:
    hooks = [len(module._forward_hooks) for module in model.modules()]
    return sum(hooks) + sum(len(p._backward_hooks or ()) for p in model.parameters())


def test_W1_gradients_and_parameters_are_in_the_next_row_until_unwatch(run):
    model = torch.nn.Linear(20, 30)
    run.watch(model, log="all", log_freq=1)
    model(torch.randn(4, 20)).square().sum().backward()
    assert run.step == 0, "the values wait in the open row"
    run.log({"loss": 1})
    run.unwatch(model)
    model(torch.randn(4, 20)).sum().backward()
    run.log({"loss": 2})
    run.finish()
    first, second = rows(run)
    assert first["loss"] == 1
    assert watched(first) == {
        "gradients/weight",
        "gradients/bias",
        "parameters/weight",
        "parameters/bias",
    }
    for key in ("gradients/weight", "parameters/weight"):
        histogram = first[key]
        assert histogram["_type"] == "histogram"
        assert len(histogram["values"]) == BINS and len(histogram["bins"]) == BINS + 1
        assert sum(histogram["values"]) == 600
    assert watched(second) == set()
    assert hook_counts(model) == 0


def test_W2_every_third_pass_is_logged(run):
    model = net()
    run.watch(model, log="all", log_freq=3)
    for step in range(6):
        train(model)
        run.log({"loss": step})
    run.finish()
    assert [bool(watched(row)) for row in rows(run)] == [False, False, True, False, False, True]
    assert len(watched(rows(run)[2])) == 8


@pytest.mark.parametrize(
    "log, kinds", [("gradients", {"gradients"}), ("parameters", {"parameters"}), (None, set())]
)
def test_log_says_what_is_watched(run, log, kinds):
    model = net()
    run.watch(model, log=log, log_freq=1)
    train(model)
    run.log({})
    run.finish()
    assert {key.split("/")[0] for key in watched(rows(run)[0])} == kinds


def test_gradients_are_the_default_and_frozen_parameters_have_none(run):
    model = net()
    model[0].weight.requires_grad_(False)
    run.watch(model, log_freq=1)
    train(model)
    run.log({})
    run.finish()
    assert watched(rows(run)[0]) == {"gradients/0.bias", "gradients/2.weight", "gradients/2.bias"}


def test_the_counts_are_those_of_the_values(run):
    model = net()
    run.watch(model, log="all", log_freq=1)
    train(model)
    run.log({})
    row = run.summary
    for kind, tensor in (("parameters", model[0].weight), ("gradients", model[0].weight.grad)):
        tensor = tensor.detach()
        found = row[f"{kind}/0.weight"]
        low, high = tensor.min().item(), tensor.max().item()
        assert found["values"] == torch.histc(tensor, BINS, low, high).int().tolist()
        assert found["bins"][0] == low and found["bins"][-1] == high
        assert found["bins"] == pytest.approx(
            torch.linspace(low, high, BINS + 1).tolist(), rel=1e-5, abs=1e-6
        )


# --- names ----------------------------------------------------------------------------------------------


def test_models_after_the_first_have_a_number_in_their_names(run):
    models = [torch.nn.Linear(2, 2, bias=False) for _ in range(4)]
    run.watch(models[:2], log="parameters", log_freq=1)
    run.watch((models[2],), log="parameters", log_freq=1)
    run.watch(models[3], log="parameters", log_freq=1, idx=7)
    for model in models:
        model(torch.ones(1, 2))
    run.log({})
    run.finish()
    assert watched(rows(run)[0]) == {
        "parameters/weight",
        "parameters/graph_1weight",
        "parameters/graph_2weight",
        "parameters/graph_7weight",
    }


def test_shared_parameters_are_logged_once(run):
    model = torch.nn.ModuleList([torch.nn.Linear(3, 3, bias=False) for _ in range(2)])
    model[1].weight = model[0].weight
    run.watch(model, log_freq=1)
    model[1](model[0](torch.ones(1, 3))).sum().backward()
    run.log({})
    run.finish()
    assert watched(rows(run)[0]) == {"gradients/0.weight"}


# --- wrong use ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments, kind, words",
    [
        ({"log": "grads"}, ValueError, "one of 'gradients', 'parameters', 'all', or None"),
        ({"log_freq": 0}, ValueError, "at least 1"),
        ({"log_freq": 2.5}, TypeError, "must be an int, not float"),
        ({"log_freq": True}, TypeError, "must be an int, not bool"),
        ({"idx": -1}, ValueError, "at least 0"),
        ({"idx": "a"}, TypeError, "must be an int, not str"),
    ],
)
def test_wrong_arguments_are_refused_and_nothing_is_watched(run, arguments, kind, words):
    model = net()
    with pytest.raises(kind, match=words):
        run.watch(model, **arguments)
    assert hook_counts(model) == 0
    run.watch(model)


@pytest.mark.parametrize("wrong", [None, 3, "model", torch.zeros(3), [torch.nn.ReLU(), object()]])
def test_what_is_no_module_is_refused(run, wrong):
    for kind in (TypeError, ValueError):
        with pytest.raises(kind, match="Expected a pytorch model"):
            run.watch(wrong)


def test_the_same_model_twice_is_refused_and_stays_watched_once(run):
    model, other = net(), net()
    run.watch(model, log_freq=1)
    with pytest.raises(ValueError, match="hook has already been set"):
        run.watch([other, model])
    with pytest.raises(ValueError, match="hook has already been set"):
        run.watch([other, other])
    with pytest.raises(ValueError, match='hook has already been set under name "gradients/0.bias"'):
        run.watch(other, idx=0)
    assert hook_counts(other) == 0 and hook_counts(model) == 4
    run.unwatch(model)
    run.watch(model, log_freq=1)


def test_torchscript_is_watched_for_its_gradients_only(run):
    model = torch.jit.script(net())
    for arguments in ({"log": "all"}, {"log": "parameters"}, {"log_graph": True}):
        with pytest.raises(ValueError, match="TorchScript"):
            run.watch(model, **arguments)
    run.watch(model, log_freq=1)
    model(torch.randn(2, 6)).sum().backward()
    run.log({})
    run.finish()
    assert "gradients/0.weight" in rows(run)[0]


def test_unwatch_of_a_model_that_is_not_watched_warns(run, capfd):
    run.unwatch(net())
    run.unwatch([net(), 3])
    run.unwatch()
    assert capfd.readouterr().err.count("has not been watched") == 3


def test_a_finished_run_refuses_to_watch(run):
    run.finish()
    with pytest.raises(runstone.UsageError, match="is finished"):
        run.watch(net())
    run.unwatch()


def test_a_disabled_run_hooks_nothing():
    model = net()
    run = runstone.init(mode="disabled")
    assert run.watch(model, log="all", log_freq=1, log_graph=True) is None
    assert run.unwatch(model) is None
    assert hook_counts(model) == 0


def test_the_module_functions_are_those_of_the_global_run():
    with pytest.raises(runstone.Error, match="must call runstone.init"):
        runstone.watch(net())
    model = net()
    with runstone.init(mode="offline", project="p") as run:
        runstone.watch(model, log_freq=1)
        train(model)
        runstone.log({})
        runstone.unwatch()
        assert hook_counts(model) == 0
        assert "gradients/0.weight" in run.summary


# --- runs, threads, copies ------------------------------------------------------------------------------


def test_data_goes_to_the_run_on_which_watch_was_called(offline):
    one, two, model, both = offline(), offline(), net(), net()
    one.watch(model, log_freq=1)
    two.watch(both, log_freq=1)
    one.watch(both, log_freq=1)
    train(model)
    train(both)
    one.log({"a": 1})
    two.log({"b": 1})
    one.finish()
    train(both)
    two.log({"b": 2})
    two.finish()
    assert len(watched(rows(one)[0])) == 8
    assert [len(watched(row)) for row in rows(two)] == [4, 4]


def test_no_hook_stays_when_the_run_has_finished(offline):
    model = net()
    run = offline()
    run.watch(model, log="all", log_freq=1, log_graph=True)
    assert hook_counts(model) > 0
    run.finish()
    assert hook_counts(model) == 0
    train(model)


def test_a_watched_model_can_be_freed(run):
    import gc
    import weakref

    model = net()
    run.watch(model, log="all")
    train(model)
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


def test_a_copy_of_a_watched_model_is_not_watched(run, tmp_path):
    model = net()
    run.watch(model, log="all", log_freq=1)
    copies = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    torch.save(model, tmp_path / "model.pt")
    copies.append(torch.load(tmp_path / "model.pt"))
    for one in copies:
        train(one)
    run.log({"loss": 1})
    train(model)
    run.log({"loss": 2})
    run.finish()
    assert [len(watched(row)) for row in rows(run)] == [0, 8]


def test_passes_of_several_threads_are_all_counted(run):
    model = net()
    run.watch(model, log="parameters", log_freq=50)
    threads = [
        threading.Thread(target=lambda: [model(torch.randn(1, 6)) for _ in range(25)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.log({"loss": 1})
    assert "parameters/0.weight" in run.summary
    train(model, 49)
    run.log({"loss": 2})
    assert not watched(rows_after(run, 1))
    train(model)
    run.log({"loss": 3})
    assert watched(rows_after(run, 2))


def rows_after(run, index: int) -> dict:
    return rows(run)[index]


def test_a_wrapped_model_is_watched_through_its_wrapper(run):
    model = torch.nn.DataParallel(net())
    run.watch(model, log="all", log_freq=1)
    train(model)
    run.log({})
    run.finish()
    assert {"gradients/module.0.weight", "parameters/module.2.bias"} <= watched(rows(run)[0])


# --- values ---------------------------------------------------------------------------------------------


class Holder(torch.nn.Module):
    """One parameter whose gradient the test chooses."""

    def __init__(self, parameter: torch.Tensor) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(parameter)

    def forward(self) -> torch.Tensor:
        return self.weight


def gradient_histogram(run, gradient: torch.Tensor, parameter: torch.Tensor | None = None):
    model = Holder(torch.zeros_like(gradient) if parameter is None else parameter)
    run.watch(model, log_freq=1, idx=0)
    model().backward(gradient)
    run.log({"loss": 1})
    run.unwatch(model)
    return run.summary.get("gradients/weight")


def test_equal_values_have_one_bin(run):
    found = gradient_histogram(run, torch.full((4, 5), 2.5))
    assert (found["values"], found["bins"]) == ([20], [2.5, 2.5])


def test_nan_and_infinities_are_left_out_and_told(run, capfd):
    inf, nan = float("inf"), float("nan")
    found = gradient_histogram(run, torch.tensor([0.0, nan, 1.0, inf, -inf]))
    assert sum(found["values"]) == 2 and found["bins"][0] == 0 and found["bins"][-1] == 1
    model = Holder(torch.zeros(3))
    run.watch(model, log_freq=1, idx=1)
    model().backward(torch.full((3,), nan))
    run.log({"loss": 2})
    assert "gradients/graph_1weight" not in run.summary and run.step == 2
    run.finish()
    told = capfd.readouterr().err
    assert "6 values were NaN or infinite" in told
    assert "1 histograms had no finite value and were not logged, gradients/graph_1weight first" in told


def test_an_empty_gradient_logs_nothing(run):
    assert gradient_histogram(run, torch.zeros(0)) is None


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16, torch.complex64])
def test_every_type_of_floats_is_counted(run, dtype):
    gradient = torch.arange(64.0).to(dtype)
    found = gradient_histogram(run, gradient)
    zeros = 64 if dtype.is_complex else 0  # imaginary parts
    assert found["values"] == [1 + zeros] + [1] * 63
    assert (found["bins"][0], found["bins"][-1]) == (0, 63)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_large_tensors_lose_no_value(run, dtype):
    gradient = torch.randn(500, 401).to(dtype)
    found = gradient_histogram(run, gradient)
    assert sum(found["values"]) == gradient.numel()
    assert (found["bins"][0], found["bins"][-1]) == (gradient.min().item(), gradient.max().item())
    wide = gradient.double()
    exact = torch.histc(wide, BINS, wide.min().item(), wide.max().item())
    assert max(abs(a - b) for a, b in zip(found["values"], exact.tolist())) < 0.03 * max(found["values"])


def test_a_transposed_or_sliced_gradient_is_counted_whole(run):
    for gradient in (
        torch.arange(64.0).reshape(8, 8).t(),
        torch.arange(128.0)[::2],
        torch.ones(1).expand(4, 4),
    ):
        found = gradient_histogram(run, gradient, torch.zeros(gradient.shape))
        assert sum(found["values"]) == gradient.numel()
        assert (found["bins"][0], found["bins"][-1]) == (gradient.min().item(), gradient.max().item())


def test_a_sparse_gradient_counts_its_zeros(run):
    model = torch.nn.Embedding(10, 2, sparse=True)
    run.watch(model, log_freq=1)
    (model(torch.tensor([3, 3, 4])) * torch.tensor([1.0, 2.0])).sum().backward()
    run.log({})
    found = run.summary["gradients/weight"]
    assert sum(found["values"]) == 20 and found["values"][0] == 16
    assert (found["bins"][0], found["bins"][-1]) == (0, 4)


def test_parameters_of_whole_numbers_and_quantised_ones_are_counted(run):
    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.steps = torch.nn.Parameter(torch.tensor([1, 2, 2]), requires_grad=False)
            quantised = torch.quantize_per_tensor(torch.tensor([0.0, 1.0]), 0.5, 0, torch.quint8)
            self.quantised = torch.nn.Parameter(quantised, requires_grad=False)

        def forward(self) -> None:
            pass

    model = Whole()
    run.watch(model, log="parameters", log_freq=1)
    model()
    run.log({})
    assert sum(run.summary["parameters/steps"]["values"]) == 3
    assert run.summary["parameters/quantised"]["bins"][-1] == 1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("shape", [(0,), (7,), (40, 50)])
@pytest.mark.parametrize("spoilt", [False, True])
def test_what_a_device_counts_is_what_the_core_counts(shape, spoilt, dtype, monkeypatch):
    from runstone import _tensor

    monkeypatch.setattr(_tensor, "_PART", 300)
    tensor = torch.randn(shape).to(dtype)
    if spoilt and tensor.numel():
        tensor.view(-1)[0] = float("nan")
    for zeros in (0, 5):
        here, left_out = runstone._core.tensor_histogram(tensor.view(-1), BINS, zeros)
        there, left_out_there = _tensor.on_device(tensor, zeros)
        assert left_out == left_out_there
        if here is None:
            assert there is None
            continue
        counts, edges = here.histogram_parts()
        counts_there, edges_there = there.histogram_parts()
        assert counts == counts_there
        assert edges == pytest.approx(edges_there, rel=1e-5, abs=1e-6)


def test_a_device_without_the_functions_has_its_tensors_copied(monkeypatch):
    from runstone import _tensor

    class OnDevice(torch.Tensor):
        """A tensor that says that it is elsewhere until it is copied."""

        @property
        def device(self):
            return torch.device("meta")

        def cpu(self):
            return self.as_subclass(torch.Tensor)

    def refuse(*_):
        raise RuntimeError("histc has no deterministic implementation")

    monkeypatch.setattr(_tensor, "on_device", refuse)
    histogram, _ = _tensor.histogram_of(torch.arange(64.0).as_subclass(OnDevice))
    assert histogram.histogram_parts()[0] == [1] * BINS


def test_an_error_in_a_hook_never_reaches_the_training(run, monkeypatch, capfd):
    from runstone import _tensor

    def fail(tensor):
        raise RuntimeError("a tensor of a new kind")

    model = net()
    run.watch(model, log="all", log_freq=1)
    monkeypatch.setattr(_tensor, "histogram_of", fail)
    train(model)
    run.log({"loss": 1})
    run.finish()
    told = capfd.readouterr().err
    assert told.count("Training goes on") == 1
    assert "8 histograms or graphs could not be logged" in told
    assert rows(run)[0]["loss"] == 1


def test_a_run_that_ends_in_the_midst_of_a_pass_disturbs_nothing(run, capfd):
    model = net()
    run.watch(model, log="all", log_freq=1)
    model[1].register_forward_hook(lambda *_: run.finish())
    train(model)
    assert "could not be logged" not in capfd.readouterr().err


def test_other_threads_run_while_a_tensor_is_counted():
    tensor, beats, done = torch.zeros(60_000_000), 0, threading.Event()

    def count() -> None:
        runstone._core.tensor_histogram(tensor, BINS, 0)
        done.set()

    thread = threading.Thread(target=count)
    thread.start()
    while not done.is_set():
        beats += 1
    thread.join()
    assert beats > 100


# --- the graph ------------------------------------------------------------------------------------------


def graph_of(run, key: str = "graph_0") -> dict:
    stored = run.summary[key]
    assert stored["_type"] == "graph-file" and stored["path"].startswith("media/graph/")
    return json.loads(Path(run.dir, stored["path"]).read_text())


def test_the_graph_has_each_layer_once(run):
    model = torch.nn.Sequential(
        torch.nn.Linear(6, 16), torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Linear(16, 3, bias=False))
    )
    run.watch(model, log=None, log_graph=True)
    train(model, 3)
    graph = graph_of(run)
    assert (graph["format"], graph["edges"]) == ("torch", [])
    assert [node["name"] for node in graph["nodes"]] == ["0", "1.0", "1.1"]
    assert graph["nodes"][0] == {
        "id": "0",
        "name": "0",
        "class_name": "Linear(in_features=6, out_features=16, bias=True)",
        "parameters": [["weight", [16, 6]], ["bias", [16]]],
        "output_shape": [[8, 16]],
        "num_parameters": [96, 16],
    }
    assert hook_counts(model) == 0, "one pass is enough"


def test_a_layer_that_is_not_used_does_not_hold_up_the_graph(run):
    class Partly(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.unused = torch.nn.Linear(6, 2), torch.nn.Linear(6, 2)

        def forward(self, x):
            return {"out": self.used(x), "more": (self.used(x), None)}

    model = Partly()
    run.watch([net(), model], log=None, log_graph=True)
    model(torch.zeros(1, 6))
    assert [node["name"] for node in graph_of(run, "graph_1")["nodes"]] == ["used"]
    assert "graph_0" not in run.summary


def test_a_model_of_one_layer_has_a_graph_of_one_node(run):
    model = torch.nn.Linear(2, 2)
    run.watch(model, torch.nn.MSELoss(), log=None, log_graph=True)
    model(torch.zeros(1, 2))
    assert [node["name"] for node in graph_of(run)["nodes"]] == ["Linear"]


def test_a_graph_can_be_made_by_hand(run):
    graph = runstone.Graph(format="mine")
    one, two = graph.add_node(id=1, name="one"), graph.add_node(runstone.media._graph.Node(id=2, size=(3,)))
    graph.add_edge(one, two)
    run.log({"g": graph})
    assert graph[2] is two
    stored = run.summary["g"]
    assert json.loads(Path(run.dir, stored["path"]).read_text()) == {
        "format": "mine",
        "nodes": [{"name": "one", "id": 1}, {"name": None, "id": 2, "size": [3]}],
        "edges": [[1, 2]],
    }
    with pytest.raises(ValueError, match="not both"):
        graph.add_node(one, name="x")
