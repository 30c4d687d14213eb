#pragma once

#include <memory>
#include <string>

#include "media/object.h"

namespace runstone::media {

/// What is a file or its content and nothing more: HTML, meshes, molecules, figures, graphs.
class FileObject final : public Object {
 public:
  struct Form {
    Kind kind;
    const char* type;    ///< the `_type`
    const char* folder;  ///< below media/
  };
  static constexpr Form kHtml{Kind::kHtml, "html-file", "html"};
  static constexpr Form kObject3D{Kind::kObject3D, "object3D-file", "object3D"};
  static constexpr Form kMolecule{Kind::kMolecule, "molecule-file", "molecule"};
  static constexpr Form kPlotly{Kind::kPlotly, "plotly-file", "plotly"};
  static constexpr Form kGraph{Kind::kGraph, "graph-file", "graph"};

  FileObject(Form form, std::string extension, std::string caption)
      : form_(form), extension_(std::move(extension)), caption_(std::move(caption)) {}
  static std::shared_ptr<FileObject> of_bytes(Form form, std::string extension, std::string bytes,
                                              std::string caption);
  /// The file must be there; it is read when the object is logged.
  static std::shared_ptr<FileObject> of_file(Form form, std::string extension, std::string path,
                                             std::string caption);

  Kind kind() const override { return form_.kind; }
  std::string_view type() const override { return form_.type; }
  const std::string& caption() const { return caption_; }
  Result<std::string> artifact_json(Package& package) override;
  bool same_content(const Object& other) const override;

 protected:
  Result<Value> encode(Sink& sink, const Place& place) override;

 private:
  Form form_;
  std::string extension_, caption_, bytes_, path_;
};

}  // namespace runstone::media
