#pragma once

#include <memory>

#include "store/store.h"

namespace runstone::store::memory {

/// Everything in maps under one mutex: the model that the SQL engines are compared with, and the
/// store of tests that are about something else. Nothing survives it.
std::unique_ptr<Store> make_store();

}  // namespace runstone::store::memory
