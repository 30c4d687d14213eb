#include "artifact/download.h"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "artifact/body_file.h"
#include "artifact/cache.h"
#include "artifact/checked_mark.h"
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
/// Google's marker of a folder, which has no content. The stock client's older versions have some.
bool is_folder_marker(const protocol::ManifestEntry& entry) {
  return entry.ref.rfind("gs://", 0) == 0 && entry.ref.back() == '/';
}
bool is_of_disk(const Error& error) {
  return error.code == ErrorCode::kResourceExhausted || error.code == ErrorCode::kIo ||
         error.code == ErrorCode::kPermissionDenied;
}

/// One call of download(): its connections and what it has told already.
class Download {
 public:
  explicit Download(const DownloadRequest& request)
      : request_(request),
        others_(*request.server),
        connections_(std::min(kConnections, request.entries.size())) {}

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
    if (is_folder_marker(entry)) return {};
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

  /// Waits until content that is there is known to be right. Errors: kCorrupt, of reading.
  using Check = std::function<Result<void>()>;
  using Fetch = std::function<Result<Check>(const std::string& path)>;

  Result<void> bring_file(const protocol::ManifestEntry& entry, const std::string& target,
                          net::HttpTransport& connection) {
    return through_cache(entry, target,
                         [&](const std::string& path) { return fetch(entry, path, connection); });
  }

  Result<void> bring_reference(const protocol::ManifestEntry& entry, const std::string& target,
                               net::HttpTransport& connection) {
    if (entry.ref.rfind("file://", 0) == 0) return copy_local_reference(entry, target);
    return through_cache(entry, target, [&](const std::string& path) -> Result<Check> {
      RUNSTONE_TRY(fetch_reference(*request_.server, others_, entry, path, connection));
      return Check([] { return Result<void>(); });
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
    const auto check = fetch_to(*temporary);
    if (!check) {
      if (!is_of_disk(check.error())) return fail(check.error());
      return past_cache(check.error(), target, fetch_to);
    }
    // The target is written while the content's digest may still be under way.
    const std::string new_target = name_beside(target);
    auto copied = fs::real_file_system().make_directories(fs::Path(target).parent_path());
    if (copied) copied = copy_file(*temporary, new_target);
    if (auto right = (*check)(); !right) {
      drop(new_target);
      drop(*temporary);
      return right;
    }
    if (entry.ref.empty()) mark_checked(*temporary, entry.digest);
    if (auto kept = cache_.keep(*temporary, cached); !kept) {
      drop(*temporary);
      tell_of_cache(kept.error());
    }
    if (copied) copied = fs::real_file_system().rename(new_target, target);
    if (!copied) drop(new_target);
    return copied;
  }

  /// False if the cache has not got it, or not as it should be.
  static Result<bool> bring_cached(const std::string& cached, const protocol::ManifestEntry& entry,
                                   const std::string& target) {
    const auto stamp = stamp_of(cached);
    const auto wanted = static_cast<std::uint64_t>(entry.size_bytes);
    const bool knows_size = entry.size_bytes > 0 || entry.ref.empty();
    if (!stamp || (knows_size && stamp->size_bytes != wanted)) return false;
    if (is_marked_checked(cached, entry.digest)) {
      RUNSTONE_TRY(copy_whole(cached, target));
      return true;
    }
    fs::FileSystem& disk = fs::real_file_system();
    const std::string beside = name_beside(target);
    RUNSTONE_TRY(disk.make_directories(fs::Path(target).parent_path()));
    const auto copied = digest_file(cached, kind_of(entry), beside);
    const bool has_digest = copied && copied->digest == entry.digest;
    if (copied && (has_digest || !is_digest_of_content(entry))) {
      if (has_digest) mark_checked(cached, *stamp, entry.digest);
      RUNSTONE_TRY(disk.rename(beside, target));
      return true;
    }
    drop(beside);
    if (!copied && copied.error().code != ErrorCode::kNotFound) return fail(copied.error());
    return false;
  }

  void tell_of_cache(const Error& why) {
    if (told_of_cache_.exchange(true)) return;
    warn("the artifact cache cannot be written (" + why.message +
         "); files are downloaded without it. RUNSTONE_CACHE_DIR names another folder");
  }

  Result<void> past_cache(const Error& why, const std::string& target, const Fetch& fetch_to) {
    tell_of_cache(why);
    return beside(target, fetch_to);
  }

  static Result<void> beside(const std::string& target, const Fetch& fetch_to) {
    const std::string temporary = name_beside(target);
    RUNSTONE_TRY(const Check check, fetch_to(temporary));
    auto done = check();
    if (done) done = fs::real_file_system().rename(temporary, target);
    if (!done) drop(temporary);
    return done;
  }

  static void drop(const std::string& path) {
    discard(fs::real_file_system().remove(path), "why it is of no use counts");
  }

  /// The bytes of an entry that is no reference, from the server, into the new file `path`.
  Result<Check> fetch(const protocol::ManifestEntry& entry, const std::string& path,
                      net::HttpTransport& connection) {
    net::ClientRequest request;
    request.url = file_url(*request_.server, request_.facts, entry);
    request.api_key = request_.server->target().api_key;
    RUNSTONE_TRY(Received got, receive_file(connection, request, path, kind_of(entry)));
    const auto received = std::make_shared<Received>(std::move(got));  // owned by the check
    return Check([received, wanted = entry.digest]() -> Result<void> {
      RUNSTONE_TRY(const std::string digest, received->digest());
      if (digest == wanted) return {};
      return fail(ErrorCode::kCorrupt, "the server's content has another digest than the manifest");
    });
  }

  const DownloadRequest& request_;
  const Cache cache_;
  OtherVersions others_;
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
