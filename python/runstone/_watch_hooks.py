"""The hooks that a run has set on PyTorch models. They never raise into a training."""

from __future__ import annotations

import itertools
import operator
import threading
import weakref

from . import _tensor
from ._terminal import warn
from .errors import InvalidModelError
from .media._base import need

_KINDS = ("gradients", "parameters", "all", None)
_MAKING = threading.Lock()


def watcher_of(run) -> Watcher:
    with _MAKING:
        if getattr(run, "_watch_state", None) is None:
            run._watch_state = Watcher(run)
            run._on_finish.append(run._watch_state.close)
    return run._watch_state


class Watcher:
    """What one run watches. Its methods may be called from any thread."""

    def __init__(self, run) -> None:
        self.run = run
        self._lock = threading.RLock()
        self._handles = weakref.WeakKeyDictionary()  # model -> what removes its hooks
        self._keys = weakref.WeakKeyDictionary()  # model -> the keys that its hooks log
        self._model_count = 0
        self._losses = Losses()
        self._closed = False

    def watch(self, models, log: str | None, log_freq: int, idx: int | None, log_graph: bool) -> None:
        if log not in _KINDS:
            raise ValueError(f"log must be one of 'gradients', 'parameters', 'all', or None, not {log!r}")
        log_freq = _whole_number("log_freq", log_freq, 1)
        first = self._model_count if idx is None else _whole_number("idx", idx, 0)
        torch = need("torch", "watch()")
        models = tuple(models) if isinstance(models, (tuple, list)) else (models,)
        needs_forward = log in ("parameters", "all") or log_graph
        for model in models:
            _check_model(torch, model, needs_forward)
        with self._lock:
            done = []
            try:
                for index, model in enumerate(models, first):
                    self._hook(model, index, log, log_freq, log_graph)
                    done.append(model)
            except BaseException:
                for model in done:
                    self._unhook(model)
                raise
            self._model_count += len(models)

    def unwatch(self, models) -> None:
        with self._lock:
            if models is None:
                models = list(self._handles)
            for model in tuple(models) if isinstance(models, (tuple, list)) else (models,):
                if not self._unhook(model):
                    warn(f"{type(model).__name__} model has not been watched")

    def close(self) -> None:
        """At the end of the run: no hook stays on a model, and what was lost is told."""
        self._closed = True
        self.unwatch(None)
        for line in self._losses.lines():
            warn(f"watch(): {line}")

    def log(self, tensors: dict) -> None:
        """The histograms of tensors by key, into the open row."""
        row = {}
        for key, tensor in tensors.items():
            try:
                histogram, left_out = _tensor.histogram_of(tensor)
            except Exception as error:  # of a tensor of a kind that is not known here; training goes on
                self._fail(key, error)
                continue
            if left_out:
                self._losses.add_left_out(key, left_out, histogram is None)
            if histogram is not None:
                row[key] = histogram
        if row:
            self.guarded(next(iter(row)), lambda: self.run.log(row, commit=False), len(row))

    def guarded(self, what: str, act, count: int = 1) -> None:
        """What a hook does: an error of it is counted as `count` histograms, never raised."""
        try:
            act()
        except Exception as error:
            if not self._closed:  # finish() came in between: there is no row any more
                self._fail(what, error, count)

    def _fail(self, what: str, error: Exception, count: int = 1) -> None:
        if self._losses.add_failures(what, error, count):
            warn(f"watch(): {what} could not be logged: {error}. Training goes on; the rest is counted.")

    def _hook(self, model, index: int, log: str | None, log_freq: int, log_graph: bool) -> None:
        prefix = f"graph_{index}" if index > 0 else ""
        named = list(model.named_parameters())
        gradients = {
            f"gradients/{prefix}{name}": parameter
            for name, parameter in named
            if log in ("gradients", "all") and parameter.requires_grad
        }
        keys = set(gradients)
        if log in ("parameters", "all"):
            keys.update(f"parameters/{prefix}{name}" for name, _ in named)
        if model in self._handles:
            raise ValueError(
                f"A hook has already been set on this {type(model).__name__}: unwatch it before it is watched anew"
            )
        for taken in self._keys.values():
            if taken & keys:
                key = min(taken & keys)
                raise ValueError(f'A hook has already been set under name "{key}": give another idx')
        handles = self._handles[model] = []
        self._keys[model] = keys
        for key, parameter in gradients.items():
            handles.append(parameter.register_hook(_gradient_hook(self, key, log_freq)))
        if log in ("parameters", "all"):
            handles.append(model.register_forward_hook(_parameter_hook(self, model, prefix, log_freq)))
        if log_graph:
            from ._watch_graph import hook_graph

            handles.extend(hook_graph(self, model, f"graph_{index}"))

    def _unhook(self, model) -> bool:
        try:
            handles = self._handles.pop(model, None)
        except TypeError:  # what has no weak references is no model
            handles = None
        if handles is None:
            return False
        self._keys.pop(model, None)
        for handle in handles:
            handle.remove()
        return True


class Hook:
    """A function that PyTorch calls. Copies of the model, pickled ones too, have one that does nothing:
    else an average of weights would be logged in the place of the model."""

    def __init__(self, act=None) -> None:
        self._act = act

    def __call__(self, *arguments) -> None:
        if self._act is not None:
            self._act(*arguments)

    def __deepcopy__(self, memo: dict) -> Hook:
        return Hook()

    def __reduce__(self):
        return Hook, ()


class Losses:
    """What was left out, by how many and which first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.values = self.partly = self.wholly = self.failures = 0
        self.first_wholly = self.first_failure = ""

    def add_left_out(self, key: str, values: int, wholly: bool) -> None:
        with self._lock:
            self.values += values
            self.partly += not wholly
            self.wholly += wholly
            self.first_wholly = self.first_wholly or (key if wholly else "")

    def add_failures(self, what: str, error: Exception, count: int) -> bool:
        """Whether these are the first."""
        with self._lock:
            is_first = self.failures == 0
            self.failures += count
            self.first_failure = self.first_failure or f"{what}: {error}"
            return is_first

    def lines(self) -> list[str]:
        lines = []
        if self.partly or self.wholly:
            lines.append(
                f"{self.values} values were NaN or infinite and are in no histogram; {self.partly} histograms "
                f"hold the rest of theirs"
            )
        if self.wholly:
            lines.append(
                f"{self.wholly} histograms had no finite value and were not logged, {self.first_wholly} first"
            )
        if self.failures:
            lines.append(f"{self.failures} histograms or graphs could not be logged ({self.first_failure})")
        return lines


def _gradient_hook(watcher: Watcher, key: str, log_freq: int) -> Hook:
    is_due = _every(log_freq)
    return Hook(lambda gradient: watcher.log({key: gradient}) if is_due() else None)


def _parameter_hook(watcher: Watcher, model, prefix: str, log_freq: int) -> Hook:
    is_due = _every(log_freq)
    model = weakref.ref(model)  # the hook is the model's: it must not keep it alive

    def log_parameters(*_: object) -> None:
        watched = model()
        if is_due() and watched is not None:
            watcher.log({f"parameters/{prefix}{name}": p for name, p in watched.named_parameters()})

    return Hook(log_parameters)


def _every(times: int):
    """A function that is true at each `times`-th call."""
    calls = itertools.count(1)  # next() of it is one step for all threads
    return lambda: next(calls) % times == 0


def _check_model(torch, model, needs_forward: bool) -> None:
    if not isinstance(model, torch.nn.Module):
        raise InvalidModelError(
            f"Expected a pytorch model (torch.nn.Module). Received {type(model).__module__}.{type(model).__name__}"
        )
    if needs_forward and isinstance(model, torch.jit.ScriptModule):
        raise InvalidModelError(
            "a TorchScript module runs no hooks in its forward passes: watch it with log='gradients' and "
            "without log_graph"
        )


def _whole_number(name: str, value: object, least: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    number = operator.index(value)
    if number < least:
        raise ValueError(f"{name} must be at least {least}, not {number}")
    return number
