#pragma once

#include <memory>
#include <string>

namespace CLI {
class App;
}

namespace runstone::cli {

/// `runstone alert ...`: where a running server sends alerts, and what became of them.
class AlertCommands {
 public:
  /// Adds them to `app`. `data` is the server's folder, after parsing.
  AlertCommands(CLI::App& app, std::string& data);
  ~AlertCommands();
  AlertCommands(const AlertCommands&) = delete;
  AlertCommands& operator=(const AlertCommands&) = delete;

  /// True if one of them was given; then run() gives the exit code: 0 done, 1 could not.
  bool given() const;
  int run();

 private:
  struct Arguments;
  std::unique_ptr<Arguments> arguments_;
};

}  // namespace runstone::cli
