#include <memory>

#include "base/clock.h"
#include "base/json.h"
#include "model/config_rules.h"
#include "uplink/api.h"
#include "uplink/uplink.h"

namespace runstone::uplink {

Result<RunIdentity> contact(const Target& target, const RunRequest& request,
                            std::int64_t timeout_us) {
  const auto transport = net::make_http_client({.proxy = target.proxy,
                                                .verify_tls = target.verify_tls,
                                                .ca_file = target.ca_file,
                                                .connect_timeout_us = timeout_us});
  ApiClient api(*transport, system_clock(), target);
  protocol::UpsertBucket upsert{.name = request.run_id,
                                .project = request.project,
                                .entity = request.entity,
                                .group = request.group,
                                .display_name = request.display_name,
                                .notes = request.notes,
                                .commit = request.git_commit,
                                .host = request.host,
                                .program = request.program,
                                .repo = request.git_remote,
                                .job_type = request.job_type,
                                .sweep = request.sweep_id,
                                .tags = request.tags};
  if (const Dict* config = request.config.if_dict()) {
    upsert.config_json = json::to_text(wrap_config(*config));
  }
  auto identity = api.upsert(upsert, timeout_us);
  if (identity) return std::move(*identity);
  const Trouble& trouble = identity.trouble();
  ErrorCode code = ErrorCode::kUnavailable;
  if (trouble.kind == TroubleKind::kRefused) code = ErrorCode::kInvalidArgument;
  if (trouble.kind == TroubleKind::kUnauthorized) {
    code = trouble.status == 403 ? ErrorCode::kPermissionDenied : ErrorCode::kUnauthenticated;
  }
  return fail(code, trouble.message);
}

}  // namespace runstone::uplink
