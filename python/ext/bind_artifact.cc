#include "bind_artifact.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "artifact/read_object.h"
#include "bind.h"
#include "errors.h"
#include "to_python.h"
#include "to_value.h"

namespace runstone::python {
namespace nb = nanobind;
using namespace nb::literals;

Result<void> look_for_signals() {
  const nb::gil_scoped_acquire python;
  if (PyErr_CheckSignals() == 0) return {};
  return fail(ErrorCode::kInternal, "interrupted");
}

namespace {

constexpr double kWaitSliceSecs = 0.1;

/// Waits without the GIL; what a signal handler raised goes before what the call gave.
template <typename Call>
auto waited(Call call) {
  auto result = [&] {
    const nb::gil_scoped_release waiting;
    return call();
  }();
  if (PyErr_Occurred()) throw nb::python_error();
  return result;
}

template <typename T>
T changed(Result<T> result) {
  return value_or_throw(std::move(result), ErrorFamily::kArtifactChange);
}
void changed(Result<void> result) {
  value_or_throw(std::move(result), ErrorFamily::kArtifactChange);
}
template <typename T>
T told(Result<T> result) {
  return value_or_throw(std::move(result), ErrorFamily::kArtifact);
}
void told(Result<void> result) { value_or_throw(std::move(result), ErrorFamily::kArtifact); }

nb::dict entry_of(const ArtifactEntry& entry) {
  nb::dict fields;
  fields["path"] = nb::str(entry.path.c_str(), entry.path.size());
  fields["digest"] = nb::str(entry.digest.c_str(), entry.digest.size());
  fields["ref"] = entry.ref.empty() ? nb::none() : nb::object(nb::str(entry.ref.c_str()));
  // As in the manifest: of what is far away an unknown size is none.
  const bool is_far = !entry.ref.empty() && entry.ref.rfind("file://", 0) != 0;
  fields["size"] =
      is_far && entry.size_bytes == 0 ? nb::none() : nb::object(nb::int_(entry.size_bytes));
  fields["local_path"] =
      entry.local_path.empty() ? nb::none() : nb::object(nb::str(entry.local_path.c_str()));
  fields["birth_artifact_id"] = entry.birth_artifact_id.empty()
                                    ? nb::none()
                                    : nb::object(nb::str(entry.birth_artifact_id.c_str()));
  fields["skip_cache"] = nb::bool_(entry.skip_cache);
  fields["extra"] = to_python(entry.extra);
  return fields;
}

nb::list entries_of(const std::vector<ArtifactEntry>& entries) {
  nb::list list;
  for (const ArtifactEntry& entry : entries) list.append(entry_of(entry));
  return list;
}

nb::object text_or_none(const std::string& text) {
  return text.empty() ? nb::none() : nb::object(nb::str(text.c_str(), text.size()));
}

nb::dict facts_of(const ArtifactFacts& facts) {
  nb::dict out;
  out["entity"] = facts.entity;
  out["project"] = facts.project;
  out["collection"] = facts.collection;
  out["version"] = facts.version;
  out["source_entity"] = facts.source_entity;
  out["source_project"] = facts.source_project;
  out["source_collection"] = facts.source_collection;
  out["source_version"] = facts.source_version;
  out["aliases"] = nb::cast(facts.aliases);
  out["tags"] = nb::cast(facts.tags);
  out["commit_hash"] = facts.commit_hash;
  out["file_count"] = nb::int_(facts.file_count);
  out["created_at"] = facts.created_at;
  out["updated_at"] = facts.updated_at;
  out["linked_at"] = text_or_none(facts.linked_at);
  out["history_step"] = facts.history_step ? nb::object(nb::int_(*facts.history_step)) : nb::none();
  return out;
}

ArtifactHandle* made(Artifact artifact) { return new ArtifactHandle{std::move(artifact)}; }

DownloadArtifactOptions download_options(const std::string& root, bool allow_missing_references,
                                         bool skip_cache, const std::string& path_prefix) {
  DownloadArtifactOptions options;
  options.root = root;
  options.allow_missing_references = allow_missing_references;
  options.skip_cache = skip_cache;
  options.path_prefix = path_prefix;
  options.watch = &look_for_signals;
  return options;
}

void wait(ArtifactHandle& self, std::optional<double> timeout_secs) {
  auto result = waited([&]() -> Result<void> {
    for (double left_secs = timeout_secs.value_or(0);; left_secs -= kWaitSliceSecs) {
      const bool is_last = timeout_secs && left_secs <= kWaitSliceSecs;
      auto done = self.artifact.wait(is_last ? std::max(left_secs, 1e-3) : kWaitSliceSecs);
      if (done || done.error().code != ErrorCode::kDeadlineExceeded || is_last) return done;
      if (auto seen = look_for_signals(); !seen) return seen;
    }
  });
  value_or_throw(std::move(result), ErrorFamily::kArtifactWait);
}

void bind_draft(nb::class_<ArtifactHandle>& artifact) {
  artifact
      .def(
          "add_file",
          [](ArtifactHandle& self, const std::string& path, const std::string& name, bool is_tmp,
             bool skip_cache, const std::string& policy, bool overwrite) {
            AddFileOptions options;
            options.name = name;
            options.is_tmp = is_tmp;
            options.skip_cache = skip_cache;
            options.policy = policy;
            options.overwrite = overwrite;
            return entry_of(changed(waited([&] { return self.artifact.add_file(path, options); })));
          })
      .def("add_dir",
           [](ArtifactHandle& self, const std::string& path, const std::string& name,
              bool skip_cache, const std::string& policy, bool merge) {
             AddDirOptions options;
             options.name = name;
             options.skip_cache = skip_cache;
             options.policy = policy;
             options.merge = merge;
             changed(waited([&] { return self.artifact.add_dir(path, options); }));
           })
      .def("add_bytes",
           [](ArtifactHandle& self, const std::string& path, nb::bytes bytes, bool overwrite) {
             return entry_of(
                 changed(self.artifact.add_bytes(path, {bytes.c_str(), bytes.size()}, overwrite)));
           })
      .def("add_reference",
           [](ArtifactHandle& self, const std::string& uri, const std::string& name, bool checksum,
              std::uint64_t max_objects) {
             auto added = waited(
                 [&] { return self.artifact.add_reference(uri, name, checksum, max_objects); });
             return entries_of(value_or_throw(std::move(added), ErrorFamily::kArtifactReference));
           })
      .def("add_reference_to",
           [](ArtifactHandle& self, ArtifactHandle& source, const std::string& path,
              const std::string& name) {
             auto added =
                 waited([&] { return self.artifact.add_reference(source.artifact, path, name); });
             return entry_of(value_or_throw(std::move(added), ErrorFamily::kArtifactReference));
           })
      .def("add_object",
           [](ArtifactHandle& self, const Media& object, const std::string& name, bool overwrite,
              bool refuse_long_tables, const nb::object& warn) {
             AddObjectOptions options;
             options.overwrite = overwrite;
             options.refuse_long_tables = refuse_long_tables;
             options.warn = [&](const std::string& text) {
               const nb::gil_scoped_acquire python;
               warn(nb::str(text.c_str(), text.size()));
             };
             return entry_of(
                 changed(waited([&] { return self.artifact.add(object, name, options); })));
           })
      .def("add_entry",
           [](ArtifactHandle& self, const std::string& path, const std::string& digest,
              const std::string& ref, std::uint64_t size_bytes) {
             ArtifactEntry entry;
             entry.path = path;
             entry.digest = digest;
             entry.ref = ref;
             entry.size_bytes = size_bytes;
             changed(self.artifact.add_entry(entry));
             return entry_of(entry);
           })
      .def("remove", [](ArtifactHandle& self,
                        const std::string& path) { changed(self.artifact.remove(path)); })
      .def("finalize", [](ArtifactHandle& self) { self.artifact.finalize(); })
      .def("set_description", [](ArtifactHandle& self,
                                 const std::string& text) { self.artifact.set_description(text); })
      .def("set_metadata",
           [](ArtifactHandle& self, nb::handle metadata) {
             changed(self.artifact.set_metadata(to_dict(metadata, kMetadataConversion)));
           })
      .def("set_ttl_secs",
           [](ArtifactHandle& self, std::int64_t seconds) {
             changed(self.artifact.set_ttl_secs(seconds));
           })
      .def(
          "set_distributed_id",
          [](ArtifactHandle& self, const std::string& id) { self.artifact.set_distributed_id(id); })
      .def("entries",
           [](ArtifactHandle& self) {
             return entries_of(told(waited([&] { return self.artifact.entries(); })));
           })
      .def("manifest_json",
           [](ArtifactHandle& self) {
             return told(waited([&] { return self.artifact.manifest_json(); }));
           })
      .def("ttl_secs", [](ArtifactHandle& self) { return told(self.artifact.ttl_secs()); })
      .def("metadata", [](ArtifactHandle& self) { return to_python(self.artifact.metadata()); });
}

void bind_facts(nb::class_<ArtifactHandle>& artifact) {
  artifact.def_prop_ro("name", [](ArtifactHandle& self) { return self.artifact.name(); })
      .def_prop_ro("type", [](ArtifactHandle& self) { return self.artifact.type(); })
      .def_prop_ro("description",
                   [](ArtifactHandle& self) { return text_or_none(self.artifact.description()); })
      .def_prop_ro("incremental", [](ArtifactHandle& self) { return self.artifact.incremental(); })
      .def_prop_ro("digest", [](ArtifactHandle& self) { return self.artifact.digest(); })
      .def_prop_ro("digest_algorithm",
                   [](ArtifactHandle& self) { return self.artifact.digest_algorithm(); })
      .def_prop_ro(
          "distributed_id",
          [](ArtifactHandle& self) { return text_or_none(self.artifact.distributed_id()); })
      .def_prop_ro("size", [](ArtifactHandle& self) { return self.artifact.size_bytes(); })
      .def_prop_ro("state", [](ArtifactHandle& self) { return self.artifact.state(); })
      .def_prop_ro("id", [](ArtifactHandle& self) { return text_or_none(self.artifact.id()); })
      .def_prop_ro("client_id", [](ArtifactHandle& self) { return self.artifact.client_id(); })
      .def_prop_ro("is_final", [](ArtifactHandle& self) { return self.artifact.is_final(); })
      .def_prop_ro("is_draft", [](ArtifactHandle& self) { return self.artifact.is_draft(); })
      .def_prop_ro("is_sent", [](ArtifactHandle& self) { return self.artifact.is_sent(); })
      .def_prop_ro("is_link", [](ArtifactHandle& self) { return self.artifact.is_link(); })
      .def("facts", [](ArtifactHandle& self) { return facts_of(told(self.artifact.facts())); })
      .def("config_value",
           [](ArtifactHandle& self) { return to_python(told(self.artifact.config_value())); })
      .def("url", [](ArtifactHandle& self) { return told(self.artifact.url()); });
}

void bind_logged(nb::class_<ArtifactHandle>& artifact) {
  artifact.def("wait", &wait, "timeout_secs"_a.none())
      .def("set_aliases",
           [](ArtifactHandle& self, const std::vector<std::string>& aliases) {
             told(self.artifact.set_aliases(aliases));
           })
      .def("set_tags",
           [](ArtifactHandle& self, const std::vector<std::string>& tags) {
             told(self.artifact.set_tags(tags));
           })
      .def("save", [](ArtifactHandle& self) { told(waited([&] { return self.artifact.save(); })); })
      .def("linked_artifacts",
           [](ArtifactHandle& self) {
             nb::list list;
             for (Artifact& link : told(waited([&] { return self.artifact.linked_artifacts(); }))) {
               list.append(nb::cast(made(std::move(link)), nb::rv_policy::take_ownership));
             }
             return list;
           })
      .def(
          "source_artifact",
          [](ArtifactHandle& self) {
            return made(told(waited([&] { return self.artifact.source_artifact(); })));
          },
          nb::rv_policy::take_ownership)
      .def(
          "link",
          [](ArtifactHandle& self, const std::string& target,
             const std::vector<std::string>& aliases) {
            return made(told(waited([&] { return self.artifact.link(target, aliases); })));
          },
          nb::rv_policy::take_ownership)
      .def("unlink",
           [](ArtifactHandle& self) { told(waited([&] { return self.artifact.unlink(); })); })
      .def("remove_from_server",
           [](ArtifactHandle& self, bool delete_aliases) {
             told(waited([&] { return self.artifact.remove_from_server(delete_aliases); }));
           })
      .def(
          "new_draft",
          [](ArtifactHandle& self) {
            return made(told(waited([&] { return self.artifact.new_draft(); })));
          },
          nb::rv_policy::take_ownership)
      .def("used_by",
           [](ArtifactHandle& self) {
             return told(waited([&] { return self.artifact.used_by(); }));
           })
      .def("logged_by",
           [](ArtifactHandle& self) {
             return told(waited([&] { return self.artifact.logged_by(); }));
           })
      .def("download",
           [](ArtifactHandle& self, const std::string& root, bool allow_missing_references,
              bool skip_cache, const std::string& path_prefix) {
             const auto options =
                 download_options(root, allow_missing_references, skip_cache, path_prefix);
             return told(waited([&] { return self.artifact.download(options); }));
           })
      .def("checkout",
           [](ArtifactHandle& self, const std::string& root) {
             return told(waited([&] { return self.artifact.checkout(root); }));
           })
      .def("verify",
           [](ArtifactHandle& self, const std::string& root) {
             told(waited([&] { return self.artifact.verify(root); }));
           })
      .def("file",
           [](ArtifactHandle& self, const std::string& root) {
             return told(waited([&] { return self.artifact.file(root); }));
           })
      .def("get_entry",
           [](ArtifactHandle& self, const std::string& path) {
             auto entry = waited([&] { return self.artifact.get_entry(path); });
             return entry_of(value_or_throw(std::move(entry), ErrorFamily::kArtifactEntry));
           })
      .def("download_entry",
           [](ArtifactHandle& self, const std::string& path, const std::string& root,
              bool skip_cache) {
             const auto options = download_options(root, false, skip_cache, "");
             return told(waited([&]() -> Result<std::string> {
               auto entry = self.artifact.get_entry(path);
               if (!entry) return fail(std::move(entry).error());
               return self.artifact.download_entry(*entry, options);
             }));
           })
      .def("ref_target",
           [](ArtifactHandle& self, const std::string& path) {
             return told(waited([&]() -> Result<std::string> {
               auto entry = self.artifact.get_entry(path);
               if (!entry) return fail(std::move(entry).error());
               return self.artifact.ref_target(*entry);
             }));
           })
      // Where the object of this name is: None, or the other artifact that has it (else None), and
      // the path of its entry.
      .def("find_object",
           [](ArtifactHandle& self, const std::string& name) -> nb::object {
             auto place =
                 told(waited([&] { return runstone::artifact::find_object(self.artifact, name); }));
             if (!place) return nb::none();
             nb::object other = nb::none();
             if (place->version.id() != self.artifact.id()) {
               other = nb::cast(made(std::move(place->version)), nb::rv_policy::take_ownership);
             }
             return nb::make_tuple(other, place->path);
           })
      .def("object_file",
           [](ArtifactHandle& self, const std::string& path) {
             auto file =
                 waited([&] { return runstone::artifact::object_file(self.artifact, path); });
             return value_or_throw(std::move(file), ErrorFamily::kArtifactEntry);
           })
      .def("bring_object_files",
           [](ArtifactHandle& self, const std::vector<std::string>& paths) {
             told(waited(
                 [&] { return runstone::artifact::bring_object_files(self.artifact, paths); }));
           })
      .def("ref_url", [](ArtifactHandle& self, const std::string& path) {
        return told(waited([&]() -> Result<std::string> {
          auto entry = self.artifact.get_entry(path);
          if (!entry) return fail(std::move(entry).error());
          return self.artifact.ref_url(*entry);
        }));
      });
}

}  // namespace

void bind_artifact(nb::module_& module) {
  nb::class_<ArtifactHandle> artifact(module, "Artifact", nb::is_weak_referenceable());
  artifact.def("__init__",
               [](ArtifactHandle* self, const std::string& name, const std::string& type,
                  const std::string& description, nb::handle metadata, bool incremental,
                  const std::string& storage_region, const std::string& digest_algorithm) {
                 ArtifactOptions options;
                 options.description = description;
                 options.metadata = to_dict(metadata, kMetadataConversion);
                 options.incremental = incremental;
                 options.storage_region = storage_region;
                 options.digest_algorithm = digest_algorithm;
                 new (self) ArtifactHandle{value_or_throw(Artifact::create(name, type, options))};
               });
  bind_draft(artifact);
  bind_facts(artifact);
  bind_logged(artifact);
}

}  // namespace runstone::python
