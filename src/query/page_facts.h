#pragma once

#include <map>
#include <span>
#include <string>

#include "runstone/result.h"
#include "runstone/value.h"

#include "objects/object_store.h"
#include "store/store.h"

// What a page of runs is asked for besides the rows, in a number of statements that does not depend
// on the number of runs.
namespace runstone::query {

/// The GraphQL historyKeys object of each run, from the store's catalogue of keys: up to 2 s behind
/// a live run, and without what only its rows tell (monotonic, previousValue).
Result<std::map<store::RunId, Value>> page_history_keys(const store::Store& store,
                                                        std::span<const store::RunId> runs);
/// The newest value of every system metric as a JSON object, of runs that have any.
Result<std::map<store::RunId, std::string>> page_system_metrics(const store::Store& store,
                                                                const objects::ObjectStore& objects,
                                                                std::span<const store::RunId> runs);

}  // namespace runstone::query
