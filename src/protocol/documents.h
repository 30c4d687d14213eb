#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone::protocol {

/// The GraphQL documents that the training side sends. Their texts are the ones the field's servers
/// know; a server of this API may answer them without a GraphQL engine.
extern const std::string_view kViewerDocument;
extern const std::string_view kUpsertBucketDocument;
extern const std::string_view kCreateRunFilesDocument;
extern const std::string_view kNotifyAlertDocument;

/// The JSON body of POST /graphql.
std::string graphql_body(std::string_view operation_name, std::string_view document,
                         const Value& variables);

/// A GraphQL answer: its data, or its errors' messages, joined.
struct GraphqlAnswer {
  Value data;
  std::string errors;      ///< empty if none
  std::string error_code;  ///< `extensions.code` of the first error, if any
};
/// Errors   kInvalidArgument if the text is not a JSON object with data or errors (HTML of a
/// proxy).
Result<GraphqlAnswer> parse_graphql_answer(std::string_view body);

/// Variables of UpsertBucket; empty text and absent options are sent as null (unchanged).
struct UpsertBucket {
  std::string id, name, project, entity, group, display_name, notes, commit, host, program, repo,
      job_type, state, sweep;
  std::optional<std::vector<std::string>> tags;
  std::optional<std::string> config_json;  ///< {"lr":{"value":0.1}, ...}
  std::optional<std::string> summary_json;
};
Value to_variables(const UpsertBucket& upsert);

/// What UpsertBucket answers.
struct Bucket {
  std::string id, name, display_name, entity, project, sweep;
  bool inserted = false;
};
/// Errors   kInvalidArgument if a field that every later URL needs is missing.
Result<Bucket> parse_bucket(const Value& data);

struct UploadUrl {
  std::string name, url;
};
struct CreatedRunFiles {
  std::vector<std::string> headers;  ///< "Key:Value", for every PUT
  std::vector<UploadUrl> files;
};
Value create_run_files_variables(std::string_view entity, std::string_view project,
                                 std::string_view run, const std::vector<std::string>& names);
Result<CreatedRunFiles> parse_created_run_files(const Value& data);

}  // namespace runstone::protocol
