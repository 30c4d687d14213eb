#include "artifact/download.h"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "artifact/body_file.h"
#include "artifact/cache.h"
#include "artifact/copy.h"
#include "artifact/manifest.h"
#include "artifact/parallel.h"
#include "artifact/reference_stores.h"
#include "artifact/rules.h"
#include "artifact/versions.h"
#include "artifact/warning.h"
#include "base/encoding.h"
#include "base/try.h"

namespace runstone::artifact {
namespace {

constexpr std::size_t kConnections = 8;

bool is_missing(const Error& error) {
  return error.code == ErrorCode::kNotFound || error.code == ErrorCode::kCorrupt;
}
bool is_of_disk(const Error& error) {
  return error.code == ErrorCode::kResourceExhausted || error.code == ErrorCode::kIo ||
         error.code == ErrorCode::kPermissionDenied;
}

/// One call of download(): its connections and what it has told already.
class Download {
 public:
  explicit Download(const DownloadRequest& request)
      : request_(request), connections_(std::min(kConnections, request.entries.size())) {}

  Result<void> run() {
    for (auto& connection : connections_) connection = request_.server->connect();
    auto done = in_parallel(
        request_.entries.size(), connections_.size(),
        [this](std::size_t index, std::size_t worker) {
          return bring(request_.entries[index], *connections_[worker]);
        },
        watched());
    if (missing_references_ > 0) {
      warn(std::to_string(missing_references_.load()) +
           " references of the artifact are gone and were left out");
    }
    return done;
  }

 private:
  // A long transfer must not outlive the call: who ends the wait ends the connections.
  std::function<Result<void>()> watched() {
    if (!request_.watch) return nullptr;
    return [this]() -> Result<void> {
      auto seen = request_.watch();
      if (!seen) {
        for (auto& connection : connections_) connection->cancel();
      }
      return seen;
    };
  }

  Result<void> bring(const protocol::ManifestEntry& entry, net::HttpTransport& connection) {
    RUNSTONE_TRY(const std::string relative, checked_path(entry.path));
    const std::string target = request_.root + "/" + relative;
    if (const auto same = has_content(target, entry); same && *same) return {};
    auto done = entry.ref.empty() ? bring_file(entry, target, connection)
                                  : bring_reference(entry, target, connection);
    if (done) return {};
    if (!entry.ref.empty() && request_.allow_missing_references && is_missing(done.error())) {
      ++missing_references_;
      return {};
    }
    return fail(std::move(done).error().with_context("'" + entry.path + "'"));
  }

  using Fetch = std::function<Result<void>(const std::string& path)>;

  Result<void> bring_file(const protocol::ManifestEntry& entry, const std::string& target,
                          net::HttpTransport& connection) {
    return through_cache(entry, target,
                         [&](const std::string& path) { return fetch(entry, path, connection); });
  }

  Result<void> bring_reference(const protocol::ManifestEntry& entry, const std::string& target,
                               net::HttpTransport& connection) {
    if (entry.ref.rfind("file://", 0) == 0) return copy_local_reference(entry, target);
    return through_cache(entry, target, [&](const std::string& path) {
      return fetch_reference(*request_.server, entry, path, connection);
    });
  }

  /// From the cache, or into it and from there; past it if it has no room.
  Result<void> through_cache(const protocol::ManifestEntry& entry, const std::string& target,
                             const Fetch& fetch_to) {
    if (request_.skip_cache) return beside(target, fetch_to);
    const std::string cached = cache_.path_of(entry);
    RUNSTONE_TRY(const bool is_there, bring_cached(cached, entry, target));
    if (is_there) return {};
    const auto temporary = cache_.temporary();
    if (!temporary) return past_cache(temporary.error(), target, fetch_to);
    if (auto fetched = fetch_to(*temporary); !fetched) {
      if (!is_of_disk(fetched.error())) return fetched;
      return past_cache(fetched.error(), target, fetch_to);
    }
    if (auto kept = cache_.keep(*temporary, cached); !kept) {
      discard(fs::real_file_system().remove(*temporary), "why it could not be kept counts");
      return past_cache(kept.error(), target, fetch_to);
    }
    return copy_whole(cached, target);
  }

  /// False if the cache has not got it, or not as it should be.
  static Result<bool> bring_cached(const std::string& cached, const protocol::ManifestEntry& entry,
                                   const std::string& target) {
    fs::FileSystem& disk = fs::real_file_system();
    const auto info = disk.info(cached);
    const auto wanted = static_cast<std::uint64_t>(entry.size_bytes);
    const bool knows_size = entry.size_bytes > 0 || entry.ref.empty();
    if (!info || (knows_size && info->size_bytes != wanted)) return false;
    const std::string beside = name_beside(target);
    RUNSTONE_TRY(disk.make_directories(fs::Path(target).parent_path()));
    const auto copied = digest_file(cached, kind_of(entry), beside);
    const bool is_right =
        copied && (!is_digest_of_content(entry) || copied->digest == entry.digest);
    if (is_right) {
      RUNSTONE_TRY(disk.rename(beside, target));
      return true;
    }
    discard(disk.remove(beside), "it is not what was wanted");
    if (!copied && copied.error().code != ErrorCode::kNotFound) return fail(copied.error());
    return false;
  }

  Result<void> past_cache(const Error& why, const std::string& target, const Fetch& fetch_to) {
    if (!told_of_cache_.exchange(true)) {
      warn("the artifact cache cannot be written (" + why.message +
           "); files are downloaded without it. RUNSTONE_CACHE_DIR names another folder");
    }
    return beside(target, fetch_to);
  }

  static Result<void> beside(const std::string& target, const Fetch& fetch_to) {
    const std::string temporary = name_beside(target);
    RUNSTONE_TRY(fetch_to(temporary));
    auto renamed = fs::real_file_system().rename(temporary, target);
    if (!renamed) discard(fs::real_file_system().remove(temporary), "it could not be renamed");
    return renamed;
  }

  /// The bytes of an entry that is no reference, from the server, into the new file `path`.
  Result<void> fetch(const protocol::ManifestEntry& entry, const std::string& path,
                     net::HttpTransport& connection) {
    const std::string digest = from_base64(entry.digest).value_or("");
    net::ClientRequest request;
    request.url = file_url(*request_.server, request_.facts, entry);
    request.api_key = request_.server->target().api_key;
    RUNSTONE_TRY(const Received received, receive_file(connection, request, path, kind_of(entry)));
    if (received.digest == digest) return {};
    discard(fs::real_file_system().remove(path), "its content is wrong");
    return fail(ErrorCode::kCorrupt, "the server's content has another digest than the manifest");
  }

  const DownloadRequest& request_;
  const Cache cache_;
  std::vector<std::unique_ptr<net::HttpTransport>> connections_;
  std::atomic<bool> told_of_cache_{false};
  std::atomic<std::size_t> missing_references_{0};
};

}  // namespace

Result<bool> has_content(const std::string& path, const protocol::ManifestEntry& entry) {
  RUNSTONE_TRY(const fs::FileInfo info, fs::real_file_system().info(path));
  if (info.is_directory) return false;
  if (entry.size_bytes > 0 || entry.ref.empty()) {
    if (info.size_bytes != static_cast<std::uint64_t>(entry.size_bytes)) return false;
  }
  if (!is_digest_of_content(entry)) {
    return false;  // by an address and an ETag nothing can be said of a file's bytes
  }
  RUNSTONE_TRY(const FileDigest digest, digest_file(path, kind_of(entry)));
  return digest.digest == entry.digest;
}

Result<void> download(const DownloadRequest& request) {
  if (request.entries.empty()) return fs::real_file_system().make_directories(request.root);
  return Download(request).run();
}

}  // namespace runstone::artifact
