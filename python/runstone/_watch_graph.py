"""A PyTorch model's layers, in the order in which a forward pass runs them."""

from __future__ import annotations

import threading

from ._watch_hooks import Hook
from .media._graph import Graph


def hook_graph(watcher, model, key: str) -> list:
    """Stores the graph as the summary's `key` after the model's next forward pass; gives the handles of the
    hooks, which are removed then."""
    recording = Recording(watcher, model, key)
    for name, module in recording.waiting.items():
        node = Hook(lambda layer, _, output, name=name: recording.add(name, layer, output))
        recording.handles.append(module.register_forward_hook(node))
    # Layers that a pass does not use are not waited for.
    recording.handles.append(model.register_forward_hook(Hook(lambda *_: recording.end())))
    return recording.handles


class Recording:
    """The nodes so far, and the layers that have not run yet."""

    def __init__(self, watcher, model, key: str) -> None:
        self.graph = Graph(format="torch")
        self.waiting = dict(_layers(model)) or {type(model).__name__: model}
        self.handles: list = []
        self._watcher, self._key = watcher, key
        self._lock = threading.Lock()

    def add(self, name: str, layer, output) -> None:
        with self._lock:
            if self.waiting.pop(name, None) is None:
                return  # it runs a second time
        self._watcher.guarded(self._key, lambda: self._add_node(name, layer, output))
        if not self.waiting:
            self.end()

    def _add_node(self, name: str, layer, output) -> None:
        parameters = [[own, list(parameter.size())] for own, parameter in layer.named_parameters()]
        self.graph.add_node(
            id=name,
            name=name,
            class_name=str(layer),
            parameters=parameters,
            output_shape=_shape_of(output if isinstance(output, tuple) else (output,)),
            num_parameters=[parameter.numel() for parameter in layer.parameters()],
        )

    def end(self) -> None:
        with self._lock:
            handles, self.handles[:] = list(self.handles), []
        if not handles:
            return
        for handle in handles:
            handle.remove()
        self._watcher.guarded(self._key, self._store)

    def _store(self) -> None:
        self._watcher.run.summary[self._key] = self.graph


def _layers(module, prefix: str = ""):
    """(name, module) of what the graph shows: containers are looked into, all else is one layer."""
    import torch

    containers = (torch.nn.Sequential, torch.nn.ModuleList, torch.nn.ModuleDict)
    for name, child in module.named_children():
        if isinstance(child, containers):
            yield from _layers(child, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", child


def _shape_of(value: object) -> list:
    if hasattr(value, "size") and callable(value.size):
        return list(value.size())
    if isinstance(value, dict):
        value = list(value.values())
    return [_shape_of(one) for one in value] if isinstance(value, (list, tuple)) else []
