#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "auth/auth.h"
#include "auth/url_signer.h"
#include "base/clock.h"
#include "base/thread_pool.h"
#include "ingest/ingest.h"
#include "net/server/server.h"
#include "objects/object_store.h"
#include "query/query.h"
#include "store/store.h"

namespace runstone::artifacts {
class Artifacts;
}
namespace runstone::sweeps {
class Sweeps;
}
namespace runstone::alerts {
class Alerts;
}

namespace runstone::api {

/// What the handlers work with; made and owned by the server folder. Everything here outlives the
/// HTTP server, may be used from any thread, and blocks: handlers use it on the pool.
struct Services {
  store::Store& store;
  objects::ObjectStore& objects;
  ingest::Ingest& ingest;
  query::Query& query;
  auth::Auth& auth;
  artifacts::Artifacts& artifacts;
  sweeps::Sweeps& sweeps;
  alerts::Alerts& alerts;
  const auth::UrlSigner& signer;
  const Clock& clock;
  Executor& pool;
  std::string version;  ///< of the program
  std::int64_t started_at_us = 0;
  std::function<http::ServerCounters()> http_counters;  ///< for /api/metrics; may be empty
  std::string public_base_url;  ///< in front of file addresses; empty: as the request's Host says
};

}  // namespace runstone::api
