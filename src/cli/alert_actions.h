#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/client/http_client.h"
#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone::cli {

struct NewAlertTarget {
  std::string name, url, entity, secret, username, sender;
  std::vector<std::string> recipients;
  std::string min_severity = "INFO";
  bool allow_private = false;
};

/// Asks the server that runs on a data folder, as its local user. Each action prints what it did.
class AlertActions {
 public:
  /// Errors: kNotFound where no server has ever used the folder.
  static Result<AlertActions> open(const std::filesystem::path& data_folder);

  /// A secret that the server made is the last line, alone.
  Result<void> add_webhook(const NewAlertTarget& target);
  Result<void> add_mail(const NewAlertTarget& target);
  Result<void> list();
  Result<void> remove(const std::string& id);
  Result<void> set_enabled(const std::string& id, bool enabled);
  Result<void> rotate_secret(const std::string& id);
  Result<void> test(const std::string& id);
  Result<void> list_deliveries(const std::string& state, int count);
  Result<void> retry(const std::string& id);

 private:
  AlertActions(std::string base_url, std::string api_key);
  Result<Value> ask(std::string_view document, Dict variables);
  Result<void> add(Dict input);

  std::string base_url_, api_key_;
  std::unique_ptr<net::HttpTransport> http_;
};

}  // namespace runstone::cli
