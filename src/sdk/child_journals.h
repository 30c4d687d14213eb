#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "journal/journal_reader.h"
#include "journal/journal_writer.h"
#include "protocol/record.h"
#include "runstone/result.h"

namespace runstone {

class RunState;

/// A journal of this process's own below `<run directory>/children/`, for rows without steps.
Result<journal::JournalWriter> make_child_journal(const std::string& run_directory);

/// Bytes put before a record that was taken over from a child: a field that readers of journals
/// skip, with the child's file and the record's number in it. It makes taking over exactly-once:
/// who takes over after a crash sees how far it had come.
std::string child_marker(std::string_view file_name, std::uint64_t record_number);
struct ChildMark {
  std::string file_name;
  std::uint64_t record_number = 0;
};
std::optional<ChildMark> find_child_marker(std::string_view record);

/// The children's journals of one run, read while they grow.
class ChildJournals {
 public:
  explicit ChildJournals(std::string run_directory) : directory_(run_directory + "/children") {}

  /// Gives the run what the children have written since; on the keeper's thread, or in finish().
  /// Errors: kIo if one of them cannot be read; the others are taken over all the same.
  Result<void> take_over(RunState& run, bool at_finish);
  /// The run has this record of a child already, and those before it.
  void mark_taken(const ChildMark& mark);

 private:
  struct Source {
    std::optional<journal::JournalReader> reader;
    std::uint64_t record_count = 0;
    std::uint64_t taken_count = 0;            // of them the run has so many already
    std::optional<protocol::Record> waiting;  // read, but the run could not take it yet
  };
  Result<void> take_over_from(const std::string& file_name, RunState& run, bool at_finish);

  std::string directory_;
  std::map<std::string, Source> sources_;
};

/// Copies what dead children of a dead run left into its main journal, each record once, however
/// often it is called or killed. For `sync`; takes the journal's lock meanwhile. Errors: kConflict
/// if the run or a child of it still writes (what the dead children left is copied all the same),
/// kCorrupt for a child's file that is no journal, kIo.
Result<void> merge_children(const std::string& run_directory, const std::string& journal_path);

}  // namespace runstone
