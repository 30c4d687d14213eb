#pragma once

#include "runstone/run.h"

namespace runstone::python {

/// Takes over a run that the program did not finish, at the end of the interpreter, and finishes it
/// with the status that the process exits with. The interpreter does not tell its atexit functions
/// that status (`raise SystemExit(3)` leaves no trace), but libc tells it to on_exit() handlers.
void finish_at_exit(Run run);

/// Whether a run was handed over so: what happens from then on is not Python's to know, and a
/// thread that asked for the interpreter's lock could find that it is gone.
bool interpreter_is_over();

}  // namespace runstone::python
