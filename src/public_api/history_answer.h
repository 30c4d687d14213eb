#pragma once

#include <string_view>
#include <vector>

#include "runstone/result.h"
#include "runstone/value.h"

#include "public_api/run_record.h"

namespace runstone::public_api {

/// Rows of an answer that has them as JSON texts in project.run[field]. Reads the text once,
/// without a copy of the lines. Errors: kNotFound (no such run), kInvalidArgument (the server's
/// refusal), kUnavailable (no answer of this API).
Result<std::vector<Dict>> rows_of_texts(const std::string& answer, std::string_view field,
                                        const RunRecord& run);
/// Rows of an answer to sampledHistory of one spec.
Result<std::vector<Dict>> rows_of_objects(const std::string& answer, const RunRecord& run);

/// Whether a row has a text that may stand for a number: in sampledHistory NaN and the infinities
/// come as texts, since plain JSON has no others.
bool may_hide_numbers(const std::vector<Dict>& rows);
/// Makes numbers of those texts, in keys of which no text was ever logged (by the run's
/// historyKeys).
void restore_numbers(std::vector<Dict>& rows, const Value& history_keys);

}  // namespace runstone::public_api
