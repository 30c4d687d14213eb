"""Not run: mypy reads it, and finds exactly what is marked."""

import runstone

run = runstone.init(project=3)  # wrong: arg-type
run = runstone.init(nope=1)  # wrong: call-arg
run.log([1, 2])  # wrong: arg-type
run.log({1: 2})  # wrong: dict-item
run.log({"a": 1}, step="3")  # wrong: arg-type
run.log({"a": 1}, sync=True)  # wrong: call-arg
runstone.log(3)  # wrong: arg-type
run.step = 4  # wrong: misc
run.id = "x"  # wrong: misc
print(run.nope)  # wrong: attr-defined
runstone.nope()  # wrong: attr-defined
run.define_metric(3)  # wrong: arg-type
run.finish("0")  # wrong: arg-type
run.watch(object(), log=3)  # wrong: arg-type
runstone.watch(object(), log_freq="a")  # wrong: arg-type
run.alert("title")  # wrong: call-arg
run.save("f", policy=1)  # wrong: arg-type
number: int = run.id  # wrong: assignment
missing: str = run.url  # wrong: assignment
runstone.run.finish()  # wrong: union-attr
runstone.Histogram([1], num_bins="a")  # wrong: arg-type
runstone.Table(columns="a")  # wrong: arg-type
runstone.plot.line("table", "a", "b")  # wrong: arg-type
runstone.Artifact("data")  # wrong: call-arg
runstone.Artifact("data", "dataset").add_file(3)  # wrong: arg-type
run.use_model(3)  # wrong: arg-type
runstone.Api(timeout="long")  # wrong: arg-type
