"""How the values of a PyTorch tensor are distributed: read once, in C++ or on the tensor's device."""

from __future__ import annotations

import sys

from . import _core

BINS = 64
_PART = 1 << 24  # of a tensor on a device: float32, in which PyTorch counts, has each whole number up to it


def histogram_of(tensor):
    """(the core's histogram, or None without a finite value; how many values were NaN or infinite).

    The tensor may be sparse, strided in any way, of any type of numbers, on any device.
    """
    torch = sys.modules["torch"]
    if tensor.is_cuda and torch.cuda.is_current_stream_capturing():
        raise RuntimeError("a CUDA graph is being captured, in which no value can be read")
    tensor, zeros = _plain(torch, tensor.detach())
    if tensor.device.type == "cpu":
        return _core.tensor_histogram(_flat(tensor), BINS, zeros)
    try:
        return on_device(tensor, zeros)
    except RuntimeError:  # this device has no such function, or not one that is deterministic
        return _core.tensor_histogram(_flat(tensor.cpu()), BINS, zeros)


def on_device(tensor, zeros: int = 0):
    """The same by PyTorch's own functions: of a tensor on a GPU only the counts are copied to the host, and
    little memory is taken there: it is looked at in parts."""
    torch = sys.modules["torch"]
    parts = _flat(tensor).split(_PART)
    if tensor.numel() == 0:
        return None, 0
    facts = torch.stack([_facts(torch, _as_float(torch, part)) for part in parts]).cpu().double()
    count = int(facts[:, 0].sum())
    left_out = tensor.numel() - count
    if count == 0:
        return None, left_out
    low, high = facts[:, 1].min().item(), facts[:, 2].max().item()
    if zeros:
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        counts = torch.tensor([count + zeros], dtype=torch.float64)
        edges = torch.tensor([low, high], dtype=torch.float64)
    else:
        floats = (_as_float(torch, part) for part in parts)
        of_parts = [torch.histc(x[torch.isfinite(x)] if left_out else x, BINS, low, high) for x in floats]
        counts = torch.stack(of_parts).cpu().double().sum(0)
        edges = torch.linspace(
            low, high, BINS + 1, dtype=_as_float(torch, tensor.new_empty(0)).dtype
        ).double()
        if zeros:
            counts[min(int((edges <= 0).sum()), BINS) - 1] += zeros
    return _core.Media.histogram_of_counts(counts, edges), left_out


def _facts(torch, part):
    """[number of finite values, the lowest, the highest] of values that are not none, on their device."""
    finite = torch.isfinite(part)
    infinity = float("inf")
    low = part.masked_fill(~finite, infinity).min()
    high = part.masked_fill(~finite, -infinity).max()
    return torch.stack((finite.sum().to(part.dtype), low, high))


def _as_float(torch, tensor):
    return tensor if tensor.dtype == torch.float64 else tensor.float()


def _plain(torch, tensor):
    """(a dense tensor of floats, how many zeros it does not spell out)."""
    zeros = 0
    if tensor.layout == torch.sparse_coo:
        every = tensor.numel()
        tensor = tensor.coalesce().values()
        zeros = every - tensor.numel()
    elif tensor.layout != torch.strided:
        tensor = tensor.to_dense()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor.resolve_conj())
    if not tensor.is_floating_point():
        tensor = tensor.double()
    elif tensor.dtype not in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        tensor = tensor.float()
    return tensor.resolve_neg(), zeros


def _flat(tensor):
    """All values on one axis, in any order: a transposed tensor need not be copied for that."""
    if not tensor.is_contiguous():
        tensor = tensor.permute(sorted(range(tensor.dim()), key=tensor.stride, reverse=True))
    return tensor.contiguous().view(-1)
