"""How the values of a PyTorch tensor are distributed: read once, in C++ or on the tensor's device."""

from __future__ import annotations

import sys

from . import _core

BINS = 64
_EXACT_IN_FLOAT32 = 1 << 24  # torch.histc counts in the type of the values


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
    """The same by PyTorch's own functions: of a tensor on a GPU only the counts are copied to the host."""
    torch = sys.modules["torch"]
    flat = _flat(tensor)
    if flat.dtype not in (torch.float32, torch.float64):
        flat = flat.float()
    is_finite = torch.isfinite(flat)
    count = int(is_finite.sum())
    left_out = flat.numel() - count
    if count == 0:
        return None, left_out
    if left_out:
        flat = flat[is_finite]
    low, high = torch.stack((flat.min(), flat.max())).tolist()
    if zeros:
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        counts = torch.tensor([count + zeros], dtype=torch.float64)
        edges = torch.tensor([low, high], dtype=torch.float64)
    else:
        parts = flat.split(_EXACT_IN_FLOAT32)
        counts = sum(torch.histc(part, BINS, low, high).double() for part in parts).cpu()
        edges = torch.linspace(low, high, BINS + 1, dtype=flat.dtype).double()
        if zeros:
            counts[min(int((edges <= 0).sum()), BINS) - 1] += zeros
    return _core.Media.histogram_of_counts(counts, edges), left_out


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
