"""What each public function and method takes: names, order, defaults, as the reference has them."""

from __future__ import annotations

import inspect
import operator

import pytest
import runstone

ANY = object()  # a default that is not told

# owner: what it serves. `**more`: further arguments, each with a default, are ours or later clients'.
SIGNATURES = {
    "": """
        init(entity=None, project=None, dir=None, id=None, name=None, notes=None, tags=None, config=None,
             config_exclude_keys=None, config_include_keys=None, allow_val_change=None, group=None,
             job_type=None, mode=None, force=None, reinit=None, resume=None, resume_from=None,
             fork_from=None, save_code=None, tensorboard=None, sync_tensorboard=None, monitor_gym=None,
             settings=None, anonymous=ANY)
        finish(exit_code=None, quiet=None)
        join(exit_code=None, quiet=None)
        plot_table(vega_spec_name, data_table, fields, string_fields=None, split_table=False)
        box3d(*, center, size, orientation, color, label=None, score=None)
    """,
    "Run": """
        log(data, step=None, commit=None)
        alert(title, text, level=None, wait_duration=None)
        define_metric(name, step_metric=None, step_sync=None, hidden=None, summary=None, goal=None,
                      overwrite=None)
        display(height=420, hidden=False)
        finish(exit_code=None, quiet=None)
        save(glob_str, base_path=None, policy="live", glob=True)
        status()
        mark_preempting()
        watch(models, criterion=None, log="gradients", log_freq=1000, idx=None, log_graph=False)
        unwatch(models=None)
        write_logs(text)
        pin_config_keys(keys)
        to_html(height=420, hidden=False)
        log_artifact(artifact_or_path, name=None, type=None, aliases=None, tags=None)
        upsert_artifact(artifact_or_path, name=None, type=None, aliases=None, distributed_id=None)
        finish_artifact(artifact_or_path, name=None, type=None, aliases=None, distributed_id=None)
        use_artifact(artifact_or_name, type=None, aliases=None, use_as=None)
        link_artifact(artifact, target_path, aliases=None)
        log_model(path, name=None, aliases=None)
        use_model(name)
        link_model(path, registered_model_name, name=None, aliases=None)
        log_code(root=".", name=None, include_fn=ANY, exclude_fn=ANY)
        restore(name, run_path=None, replace=False, root=None)
    """,
    "Artifact": """
        Artifact(name, type, description=None, metadata=None, incremental=False, use_as=None,
                 storage_region=None, digest_algorithm="MD5")
        add_file(local_path, name=None, is_tmp=False, skip_cache=False, policy="mutable", overwrite=False)
        add_dir(local_path, name=None, skip_cache=False, policy="mutable", merge=False)
        add_reference(uri, name=None, checksum=True, max_objects=None)
        new_file(name, mode="x", encoding=None, policy="mutable")
        add(obj, name, overwrite=False)
        get(name)
        get_entry(name)
        get_path(name)
        remove(item)
        download(root=None, allow_missing_references=False, skip_cache=None, path_prefix=None, multipart=None)
        checkout(root=None)
        verify(root=None)
        file(root=None)
        files(names=None, per_page=50, start=None)
        used_by()
        logged_by()
        wait(timeout=None)
        save(project=None, settings=None)
        finalize()
        is_draft()
        new_draft()
        link(target_path, aliases=None)
        unlink()
        delete(delete_aliases=False)
    """,
    "config": """
        keys()
        items()
        as_dict()
        get(key, default=None)
        update(d, allow_val_change=None)
        setdefaults(d)
        update_locked(d, user=None)
        persist()
    """,
    "summary": """
        keys()
        items()
        values()
        get(key, default=None)
        update(d)
    """,
    "Image": """
        Image(data_or_path, mode=None, caption=None, grouping=None, classes=None, boxes=None, masks=None,
              file_type=None)
    """,
    "Video": "Video(data_or_path, caption=None, fps=None, format=None)",
    "Audio": "Audio(data_or_path, sample_rate=None, caption=None)",
    "Histogram": "Histogram(sequence=None, np_histogram=None, num_bins=64)",
    "Object3D": """
        Object3D(data_or_path, caption=None, **kwargs)
        from_point_cloud(points, boxes, vectors=None, point_cloud_type="lidar/beta")
    """,
    "Html": "Html(data, inject=True, data_is_not_path=False)",
    "Molecule": "Molecule(data_or_path, caption=None, **kwargs)",
    "Plotly": "Plotly(val)",
    "Table": """
        Table(columns=None, data=None, rows=None, dataframe=None, dtype=None, optional=True,
              allow_mixed_types=False, log_mode="IMMUTABLE")
    """,
    "Classes": "Classes(class_set)",
    "JoinedTable": "JoinedTable(table1, table2, join_key)",
    "plot": """
        line(table, x, y, stroke=None, title="", split_table=False)
        scatter(table, x, y, title="", split_table=False)
        bar(table, label, value, title="", split_table=False)
        histogram(table, value, title="", split_table=False)
        line_series(xs, ys, keys=None, title="", xname="x", split_table=False)
        pr_curve(y_true=None, y_probas=None, labels=None, classes_to_plot=None, interp_size=21,
                 title="Precision-Recall Curve", split_table=False)
        roc_curve(y_true, y_probas=None, labels=None, classes_to_plot=None, title="ROC Curve",
                  split_table=False)
        confusion_matrix(probs=None, y_true=None, preds=None, class_names=None,
                         title="Confusion Matrix Curve", split_table=False)
    """,
    "Graph": "Graph(format='keras')",
    "Api": """
        Api(overrides=None, timeout=None, api_key=None)
        run(path=ANY)
        runs(path=ANY, filters=None, order="+created_at", per_page=50, **more)
        artifact(name, type=None)
        artifacts(type_name, name, **more)
        artifact_exists(name, type=None)
        projects(entity=None, per_page=200)
        sweep(path=ANY)
    """,
    "api.Run": """
        history(samples=500, keys=None, x_axis="_step", pandas=True, stream="default")
        scan_history(keys=None, page_size=1000, min_step=0, max_step=None, **more)
        files(names=None, pattern=None, per_page=50)
        file(name)
        upload_file(path, root=".")
        logged_artifacts(**more)
        used_artifacts(**more)
        update()
        delete(delete_artifacts=False)
        wait_until_finished(**more)
        stop()
        load(force=False)
    """,
    "api.File": """
        download(root=".", replace=False, exist_ok=False)
        delete()
    """,
}

# The members of the global run that the module has, too.
MIRRORS = (
    "log",
    "alert",
    "define_metric",
    "save",
    "mark_preempting",
    "watch",
    "unwatch",
    "log_artifact",
    "use_artifact",
    "log_model",
    "use_model",
    "link_model",
    "restore",
)


def rows() -> list[tuple[str, str, str]]:
    """(owner, name, parameters)."""
    out = []
    for owner, text in SIGNATURES.items():
        for call in " ".join(text.split()).replace(") ", ")\n").splitlines():
            name, _, parameters = call.strip().partition("(")
            out.append((owner, name, parameters.removesuffix(")")))
    return out + [
        ("", name, parameters) for owner, name, parameters in out if owner == "Run" and name in MIRRORS
    ]


def expected(parameters: str) -> list[tuple]:
    scope: dict = {"ANY": ANY}
    exec(f"def call({parameters}): ...", scope)
    return described(inspect.signature(scope["call"]))


def described(signature: inspect.Signature) -> list[tuple]:
    return [(p.name, p.kind, p.default) for p in signature.parameters.values()]


def holder_of(owner: str, name: str, offline):
    """What has the function or class of that name."""
    if owner in ("config", "summary"):
        return getattr(offline(), owner)
    if owner == name:
        return runstone
    return operator.attrgetter(owner)(runstone) if owner else runstone


@pytest.mark.parametrize("owner, name, parameters", rows())
def test_the_signature_is_that_of_the_reference(owner, name, parameters, offline):
    found = described(inspect.signature(getattr(holder_of(owner, name, offline), name)))
    if found and found[0][0] == "self":
        del found[0]
    wanted = expected(parameters)
    if wanted and wanted[-1][0] == "more":
        del wanted[-1]
        assert all(default is not inspect.Parameter.empty for _, _, default in found[len(wanted) :])
        del found[len(wanted) :]
    for index, (_, _, default) in enumerate(wanted):
        if default is ANY and index < len(found) and found[index][2] is not inspect.Parameter.empty:
            found[index] = (*found[index][:2], ANY)
    assert found == wanted


def test_log_takes_its_arguments_as_any_function_of_python_does(offline):
    run = offline()
    run.log({"a": 1}, None, True)
    run.log(data={"a": 2}, step=4)
    run.log({"a": 3}, commit=True)
    assert run.step == 5 and run.summary["a"] == 3
    wrong = [
        ((), {}, "missing the argument 'data'"),
        (({}, None, None, None), {}, "from 1 to 3 arguments but 4"),
        (({},), {"data": {}}, "multiple values for argument 'data'"),
        (({},), {"sync": True}, "unexpected keyword argument 'sync'"),
    ]
    for arguments, options, words in wrong:
        with pytest.raises(TypeError, match=words):
            run.log(*arguments, **options)
    with pytest.raises(TypeError, match="needs an argument|doesn't apply|requires a"):
        runstone.Run.log()
    with pytest.raises(TypeError, match="never initialised"):
        runstone.Run.__new__(runstone.Run).log({})

    class Undecided:
        def __bool__(self) -> bool:
            raise RuntimeError("neither true nor false")

    with pytest.raises(RuntimeError, match="neither"):
        run.log({}, commit=Undecided())
    assert run.step == 5


def test_help_of_log_says_what_it_takes_and_raises():
    import pydoc

    for member in (runstone.Run.log, runstone.log):
        text = pydoc.render_doc(member, renderer=pydoc.plaintext)
        assert "data, step=None, commit=None)" in text
        for section in ("Args:", "Returns:", "Raises:", "Follows:"):
            assert section in text
