#pragma once

#include <functional>
#include <memory>
#include <string>

namespace CLI {
class App;
}

namespace runstone::cli {

/// `runstone user|team|org ...` and `runstone key add|list|revoke`: administers a server from its
/// own machine, while it runs or not.
class AccountCommands {
 public:
  /// Adds them to `app`, and those of keys to `key`. `data` is the folder, after parsing.
  AccountCommands(CLI::App& app, CLI::App& key, std::string& data);
  ~AccountCommands();
  AccountCommands(const AccountCommands&) = delete;
  AccountCommands& operator=(const AccountCommands&) = delete;

  /// True if one of them was given; then run() gives the exit code: 0 done, 1 could not, 2 wrong
  /// use.
  bool given() const;
  int run();

 private:
  struct Arguments;
  std::unique_ptr<Arguments> arguments_;
};

}  // namespace runstone::cli
