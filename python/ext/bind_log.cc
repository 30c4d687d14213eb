// Run.log(): a method descriptor of C, because it is called most. It is faster than a bound
// function of nanobind, and inspect.signature() and help() know what it takes.
#include <array>
#include <string_view>

#include "bind.h"
#include "errors.h"
#include "row_reader.h"
#include "run_handle.h"
#include "to_value.h"

namespace runstone::python {
namespace nb = nanobind;
namespace {

LogOptions log_options(nb::handle step, nb::handle commit) {
  LogOptions options;
  if (!step.is_none()) {
    if (PyBool_Check(step.ptr()) || !PyIndex_Check(step.ptr())) {
      PyErr_Format(PyExc_TypeError, "step must be an int, not %s", Py_TYPE(step.ptr())->tp_name);
      throw nb::python_error();
    }
    const nb::object index = nb::steal(PyNumber_Index(step.ptr()));
    if (!index.is_valid()) throw nb::python_error();
    int overflow = 0;
    options.step = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
    if (overflow != 0) {
      PyErr_SetString(PyExc_ValueError, "step must fit into 64 bits");
      throw nb::python_error();
    }
  }
  if (!commit.is_none()) {
    const int is_true = PyObject_IsTrue(commit.ptr());
    if (is_true < 0) throw nb::python_error();
    options.commit = is_true == 1;
  }
  return options;
}

void log_row(RunHandle& self, nb::handle data, nb::handle step, nb::handle commit) {
  thread_local RowReader reader;
  struct Clear {  // also when an exception leaves: no Python object may stay in a thread's own data
    ~Clear() { reader.clear(); }
  } const clear;
  const auto options = log_options(step, commit);
  const Span<const Field> fields = reader.read(data);
  Run& run = self.get();
  auto logged = [&] {
    if (!reader.has_media()) return run.log(fields, options);
    const Span<const Field> owned = reader.owned();
    const nb::gil_scoped_release encoding;
    return run.log(owned, options);
  }();
  value_or_throw(std::move(logged), ErrorFamily::kLogData);
}

/// data, step and commit of a call, borrowed; nothing where they were not given.
using Arguments = std::array<PyObject*, 3>;
constexpr std::array<std::string_view, 3> kNames = {"data", "step", "commit"};

[[noreturn]] void raise_type_error(const char* format, std::string_view name) {
  PyErr_Format(PyExc_TypeError, format, std::string(name).c_str());
  throw nb::python_error();
}

Arguments arguments_of(PyObject* const* given, Py_ssize_t count, PyObject* names) {
  Arguments arguments{};
  if (count > static_cast<Py_ssize_t>(arguments.size())) {
    PyErr_Format(PyExc_TypeError, "log() takes from 1 to 3 arguments but %zd were given", count);
    throw nb::python_error();
  }
  for (Py_ssize_t i = 0; i < count; ++i) arguments[static_cast<std::size_t>(i)] = given[i];
  const Py_ssize_t named = names == nullptr ? 0 : PyTuple_GET_SIZE(names);
  for (Py_ssize_t i = 0; i < named; ++i) {
    const std::string_view name = utf8_of(PyTuple_GET_ITEM(names, i));
    std::size_t at = 0;
    while (at < kNames.size() && kNames[at] != name) ++at;
    if (at == kNames.size())
      raise_type_error("log() got an unexpected keyword argument '%s'", name);
    if (arguments[at] != nullptr) {
      raise_type_error("log() got multiple values for argument '%s'", name);
    }
    arguments[at] = given[count + i];
  }
  if (arguments[0] == nullptr) raise_type_error("log() missing the argument '%s'", kNames[0]);
  return arguments;
}

/// Of a finished run the data are not the trouble: whatever they are, they have no place.
void prefer_finished(PyObject* self) {
  if (!nb::inst_ready(self)) return;
  const auto& run = nb::inst_ptr<RunHandle>(self)->run;
  if (!run || !run->finished() || run->disabled()) return;
  PyErr_Clear();
  const std::string text =
      "Run (" + std::string(run->id()) + ") is finished. The call to `log` will be ignored.";
  const nb::object type = nb::module_::import_("runstone.errors").attr("UsageError");
  PyErr_SetString(type.ptr(), text.c_str());
}

PyObject* log(PyObject* self, PyObject* const* given, Py_ssize_t count, PyObject* names) {
  try {
    if (!nb::inst_ready(self)) raise_type_error("%s", "this Run was never initialised");
    const auto [data, step, commit] = arguments_of(given, count, names);
    log_row(*nb::inst_ptr<RunHandle>(self), data, step == nullptr ? Py_None : step,
            commit == nullptr ? Py_None : commit);
    Py_RETURN_NONE;
  } catch (nb::python_error& error) {
    error.restore();
    prefer_finished(self);
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return nullptr;
}

constexpr const char* kLogDoc = R"(log($self, data, step=None, commit=None)
--

Adds values to the run's history.

    run.log({"loss": 0.31, "val/acc": 0.9})              # a row, and on to the next step
    run.log({"loss": 0.30}, commit=False)                # waits for the next call's values
    run.log({"val/loss": 0.4}, step=100)                 # collected into row 100
    run.log({"samples": [runstone.Image(x) for x in batch]})

Each call without ``step`` writes one row and goes on to the next step. With ``commit=False`` the
values wait in the open row for the next call; with ``step=k`` they are collected into row ``k``,
which is written when a higher step comes, at ``commit=True``, or at ``finish()``. A ``step`` below
the current one is dropped with a warning. When the call that wrote a row has returned, the row
survives the death of the process. No call waits for the network, and any thread may call.

Args:
    data: dict[str, Any], or any mapping; it is not changed. Values are numbers, text, bools, None, NaN
        and infinities; lists; nested dicts (``{"val": {"acc": 1}}`` is shown as ``val.acc``); numpy,
        torch, tensorflow and jax scalars and arrays (up to 32 elements are stored as a list, more as a
        histogram of 32 bins); dates and enums; media (Image, Video, Audio, Histogram, Table, Object3D,
        Html, Molecule, Plotly, Graph), lists of them, figures and charts. Integers beyond 64 bits
        become floats. A ``/`` in a key groups charts: the section is the text before the last one.
    step: int or None. The row's number, not below ``run.step``; None for the open row.
    commit: bool or None. True writes the row now, False keeps it open; None: True without ``step``,
        else False.

Returns:
    None.

Raises:
    errors.InvalidDataError (a TypeError and a ValueError): data is no mapping, a key is no str, a value
        cannot be stored. TypeError: step is no int.
    UsageError: the run is finished.
    Whatever raises, nothing was stored and no step was used. A full disk does not raise: what could
    not be written is counted, and told at ``finish()``.

Follows: the method ``log`` of the class ``Run`` that the stock client documents.)";

}  // namespace

void bind_log(nb::handle run_type) {
  static PyMethodDef method = {"log",
                               reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(log)),
                               METH_FASTCALL | METH_KEYWORDS, kLogDoc};
  auto* const type = reinterpret_cast<PyTypeObject*>(run_type.ptr());
  const nb::object descriptor = nb::steal(PyDescr_NewMethod(type, &method));
  if (!descriptor.is_valid()) throw nb::python_error();
  nb::setattr(run_type, "log", descriptor);
}

}  // namespace runstone::python
