#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fs/file_system.h"
#include "protocol/record.h"
#include "uplink/api.h"
#include "uplink/file_sender.h"

namespace runstone::uplink {

/// Which run files are still to be sent, and the sending of them: addresses in batches from
/// CreateRunFiles, then one PUT each, by a FileSender. A file that the server refuses or that
/// cannot be read is passed over and counted; trouble that may pass is the caller's to wait for.
class FileUploads {
 public:
  FileUploads(fs::FileSystem& disk, fs::Path files_directory);

  /// Of one of several writers: its console is a file of its own name, and unless it is the primary
  /// one the run's standard files are not its to send.
  /// Files whose name matches one of these patterns are never sent.
  void ignore(std::vector<std::string> patterns) { ignored_ = std::move(patterns); }
  void share(const std::string& console_name, bool is_primary);
  /// Notes what the journal says of files; "end" and "live" ones go (again) at the end.
  void add(const std::vector<protocol::FilesRecord::File>& files);
  /// The run has ended: what waited for it is due, and each standard file that is there. A standard
  /// file that is missing on disk is sent from the bytes that `make` gives, if it gives any; they
  /// come first if what is on disk may be older: of a run that crashed, or that was offline and
  /// goes on from a stored one.
  void end_run(bool disk_may_be_old,
               const std::function<std::optional<std::string>(const std::string& name)>& make);

  bool has_work() const { return !due_.empty() || !sending_.empty(); }
  bool is_sending() const { return !sending_.empty(); }
  std::size_t waiting() const { return due_.size() + sending_.size(); }
  std::uint64_t failed() const { return failed_; }
  /// Whether start_one() would do something, given room in the sender.
  bool has_startable() const;
  /// Asks for addresses, or hands one file to the sender: nothing if it went well or cost only that
  /// file.
  std::optional<Trouble> start_one(ApiClient& api, const RunIdentity& run, FileSender& sender,
                                   std::int64_t timeout_us, std::int64_t file_timeout_us);
  /// Takes in what the sender has finished.
  struct Collected {
    std::size_t count = 0;
    std::optional<Trouble> trouble;  ///< the last that may pass; its file is tried again
  };
  Collected collect(FileSender& sender);
  /// Names whose PUT has finished since the last call; for the file stream's `uploaded`.
  std::vector<std::string> take_uploaded() { return std::exchange(uploaded_, {}); }
  bool has_uploaded() const { return !uploaded_.empty(); }
  /// What was passed over, one line each, since the last call.
  std::vector<std::string> take_complaints() { return std::exchange(complaints_, {}); }

 private:
  static constexpr std::size_t kNamesPerRequest = 100;

  void enqueue(Upload upload);
  void enqueue_from_disk(const std::string& name);
  std::deque<Upload>::const_iterator next_startable() const;
  std::optional<Trouble> ask_for_urls(ApiClient& api, const RunIdentity& run,
                                      std::int64_t timeout_us);
  void give_up(const std::string& name, const std::string& why);

  fs::FileSystem& disk_;
  const fs::Path directory_;
  std::deque<Upload> due_;
  std::set<std::string> sending_;
  std::map<std::string, std::string> urls_;  // of the names at the front of due_
  std::vector<std::string> put_headers_;
  std::vector<std::string> at_end_, uploaded_, complaints_;
  std::uint64_t failed_ = 0;
  std::vector<std::string> ignored_;
  std::string console_name_ = "output.log";
  bool is_primary_ = true;
};

}  // namespace runstone::uplink
