#pragma once

#include <functional>
#include <memory>

#include "media/object.h"
#include "media/package.h"
#include "runstone/artifact.h"

namespace runstone::artifact {

/// A draft that media put their files into.
class DraftPackage final : public media::Package {
 public:
  struct Rules {
    bool overwrite = false;
    bool refuses_long_tables = false;
    std::function<void(const std::string&)> warn;
  };
  DraftPackage(std::shared_ptr<Draft> draft, Rules rules)
      : draft_(std::move(draft)), rules_(std::move(rules)) {}

  Result<media::PackedFile> add_bytes(const std::string& path, std::string_view bytes) override;
  Result<media::PackedFile> add_written(
      const std::string& path,
      const std::function<Result<void>(const Write& write)>& fill) override;
  Result<media::PackedFile> add_file(const std::string& path,
                                     const std::string& local_path) override;
  Result<media::PackedFile> add_reference(const std::string& path, const std::string& uri) override;
  Result<media::PackedFile> add_object(const std::shared_ptr<media::Object>& object,
                                       const std::string& name) override;
  bool has_entry(const std::string& path) const override;
  bool refuses_long_tables() const override { return rules_.refuses_long_tables; }
  void warn(const std::string& text) override {
    if (rules_.warn) rules_.warn(text);
  }

 private:
  std::shared_ptr<Draft> draft_;
  Rules rules_;
};

}  // namespace runstone::artifact
