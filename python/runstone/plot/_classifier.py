"""Charts of a classifier's answers. The counting is the core's; here labels of any kind become numbers."""

from __future__ import annotations

from .. import _arguments, _core
from ..errors import Error
from ..media._base import need
from ._charts import CustomChart, title_text


def pr_curve(
    y_true=None,
    y_probas=None,
    labels: list[str] | None = None,
    classes_to_plot=None,
    interp_size: int = 21,
    title: str = "Precision-Recall Curve",
    split_table: bool = False,
) -> CustomChart:
    """Precision over recall, for each class against the others.

    Args:
        y_true: the class of each sample, [n]; numbers or text.
        y_probas: its scores, [n, k], a column for each class of y_true in their order.
        labels: names for classes that are numbers: ``labels[class]``.
        classes_to_plot: some of the classes; all by default.
        interp_size: the number of recalls, from 1 to 0, at which precision is given.
        title: above the chart.
        split_table: puts the table into the section "Custom Chart Tables".

    Returns:
        A CustomChart of the columns class, precision, recall (3 decimals).

    Raises:
        Error: y_true or y_probas is missing. ValueError: their sizes do not fit.

    Follows: the function of that name of the stock client, and sklearn.metrics.precision_recall_curve.
    """
    codes, scores, names, plotted = _samples(y_true, y_probas, labels, classes_to_plot)
    size, title = _arguments.integer("interp_size", interp_size, 1, 2**20), title_text(title)
    core = _core.plot_pr_curve(codes, scores, scores.shape[1], names, plotted, size, title, bool(split_table))
    return CustomChart(core)


def roc_curve(
    y_true,
    y_probas=None,
    labels: list[str] | None = None,
    classes_to_plot=None,
    title: str = "ROC Curve",
    split_table: bool = False,
) -> CustomChart:
    """True over false positives, for each class against the others.

    Args:
        y_true, y_probas, labels, classes_to_plot, title, split_table: as for pr_curve().

    Returns:
        A CustomChart of the columns class, fpr, tpr (3 decimals).

    Raises:
        Error, ValueError: as pr_curve().

    Follows: the function of that name of the stock client, and sklearn.metrics.roc_curve.
    """
    codes, scores, names, plotted = _samples(y_true, y_probas, labels, classes_to_plot)
    title = title_text(title)
    core = _core.plot_roc_curve(codes, scores, scores.shape[1], names, plotted, title, bool(split_table))
    return CustomChart(core)


def confusion_matrix(
    probs=None,
    y_true=None,
    preds=None,
    class_names: list[str] | None = None,
    title: str = "Confusion Matrix Curve",
    split_table: bool = False,
) -> CustomChart:
    """How often each class was taken for each.

    Args:
        probs: probabilities, [n, k]: the class of a sample is its likeliest; or
        preds: the class of each sample, [n].
        y_true: its true class, [n].
        class_names: of the classes 0, 1, ...; without them any values may be classes, called
            ``Class_1``, ``Class_2``, ... in their order.
        title, split_table: as for pr_curve().

    Returns:
        A CustomChart of the columns Actual, Predicted, nPredictions.

    Raises:
        ValueError: both of probs and preds or none, lengths that differ, more classes than names.
        Error: y_true is missing.
    """
    if probs is not None and preds is not None:
        raise ValueError("Only one of `probs` or `preds` should be provided, not both.")
    if probs is None and preds is None:
        raise ValueError("One of `probs` and `preds` is needed.")
    if y_true is None:
        raise Error("y_true is None: the true class of each sample is needed")
    numpy = need("numpy", "confusion_matrix()")
    names = []
    if class_names is not None:
        names = [title_text(name) for name in _arguments.sequence("class_names", class_names, "str")]
    truth = numpy.asarray(y_true)
    if preds is None:
        scores = numpy.ascontiguousarray(probs, dtype=numpy.float64)
        if scores.ndim != 2:
            raise ValueError(f"probs must be [samples, classes], not of {scores.ndim} axes")
        preds = scores.argmax(axis=1)
    guesses = numpy.asarray(preds)
    if len(guesses) != len(truth):
        raise ValueError("The number of predictions and true labels must be equal.")
    if class_names is None:
        values, codes = numpy.unique(numpy.concatenate([truth, guesses]), return_inverse=True)
        truth, guesses = codes[: len(truth)], codes[len(truth) :]
    elif not (_are_whole(truth) and _are_whole(guesses)):
        raise ValueError("with class_names, classes are numbers from 0")
    core = _core.plot_confusion_of_preds(
        _integers(numpy, truth), _integers(numpy, guesses), names, title_text(title), bool(split_table)
    )
    return CustomChart(core)


def _are_whole(array) -> bool:
    return array.dtype.kind in "biu" or (array.dtype.kind == "f" and bool((array % 1 == 0).all()))


def _integers(numpy, array):
    return numpy.ascontiguousarray(array.reshape(-1), dtype=numpy.int64)


def _samples(y_true, y_probas, labels, classes_to_plot):
    """(class numbers [n], scores [n, k], names of the k classes, numbers of those to plot)."""
    for name, value in (("y_true", y_true), ("y_probas", y_probas)):
        if value is None:
            raise Error(f"{name} is None: the true class and the scores of each sample are needed")
    numpy = need("numpy", "a curve of a classifier")
    truth, scores = numpy.asarray(y_true), numpy.asarray(y_probas)
    if truth.ndim != 1 or scores.ndim != 2 or len(truth) != len(scores):
        raise ValueError(
            f"y_true must be [samples] and y_probas [samples, classes], not {list(truth.shape)} and {list(scores.shape)}"
        )
    classes, codes = numpy.unique(truth, return_inverse=True)
    if len(classes) > scores.shape[1]:
        raise ValueError(f"y_true has {len(classes)} classes, y_probas scores of {scores.shape[1]}")
    scores = numpy.ascontiguousarray(scores[:, : len(classes)], dtype=numpy.float64)
    if not numpy.isfinite(scores).all():
        raise ValueError("y_probas must be finite numbers")
    values = classes.tolist()
    names = values
    if labels is not None:
        labels = _arguments.sequence("labels", labels, "str")
    if labels is not None and classes.dtype.kind in "iu":
        if min(values) < 0 or max(values) >= len(labels):
            raise ValueError(f"y_true holds the class {max(values)}, labels names only {len(labels)}")
        names = [str(labels[value]) for value in values]
    plotted = range(len(classes))
    if classes_to_plot is not None:
        plotted = numpy.where(numpy.isin(classes, numpy.asarray(classes_to_plot)))[0].tolist()
        if not plotted:
            raise ValueError("none of classes_to_plot is a class of y_true")
    return _integers(numpy, codes), scores, list(names), list(plotted)
