"""watch() and unwatch(): histograms of a PyTorch model's gradients and parameters, and its graph."""

from __future__ import annotations

from .errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from torch.nn import Module


def watch(
    self,
    models: Module | list[Module] | tuple[Module, ...],
    criterion: object = None,
    log: str | None = "gradients",
    log_freq: int = 1000,
    idx: int | None = None,
    log_graph: bool = False,
) -> None:
    """Logs how a PyTorch model's gradients and parameters are distributed, while it trains.

        run.watch(model, log="all", log_freq=100)

    Each histogram has 64 bins from the lowest to the highest value (one bin if all are equal). NaN and
    infinities are left out, counted, and told at finish(). The values wait in the open row, as after
    ``log(commit=False)``: they are in the next row that log() writes. The keys are
    ``gradients/<parameter>`` and ``parameters/<parameter>``, the parameter as ``named_parameters()`` has
    it, with ``graph_<n>`` before it for all models but the first.

    Args:
        models: a ``torch.nn.Module``, or a list or tuple of them, on any device.
        criterion: the loss; accepted as the stock client does, and not looked at.
        log: ``"gradients"``, ``"parameters"``, ``"all"``, or None for neither.
        log_freq: every how many backward passes (of a parameter) or forward passes (of a model) are
            logged; at least 1.
        idx: the number n of the first of these models; by default models are counted from 0 over all
            calls on this run.
        log_graph: stores the model's layers, as its next forward pass runs them, as the summary's
            ``graph_<n>``.

    Returns:
        None.

    Raises:
        ValueError: another ``log``, a model that this run watches already, a log_freq below 1, an idx below
            0. errors.InvalidModelError (a TypeError and a ValueError): a model that is no
            ``torch.nn.Module``, or one of TorchScript where its forward passes would be needed. TypeError:
            log_freq or idx is no int. Error: PyTorch is not installed. UsageError: the run is finished.
            When a call raises, nothing is watched. Errors while training are never raised: they are
            counted, and told at finish().

    Follows: the method ``watch`` of the class ``Run`` that the stock client documents.
    """
    if self.disabled:
        return
    if self._finished:
        raise UsageError(f"Run ({self.id}) is finished. The call to `watch` will be ignored.")
    _watcher(self).watch(models, log, log_freq, idx, bool(log_graph))


def unwatch(self, models: Module | list[Module] | tuple[Module, ...] | None = None) -> None:
    """Ends what watch() began. It also ends when the run finishes.

    Args:
        models: the model, or a list or tuple of them; None: all that this run watches. One that is not
            watched is told with a warning.

    Returns:
        None.

    Follows: the method ``unwatch`` of the class ``Run`` that the stock client documents.
    """
    if not self.disabled:
        _watcher(self).unwatch(models)


def _watcher(run):
    """The run's Watcher, made when it is first asked for."""
    from ._watch_hooks import watcher_of

    return watcher_of(run)
