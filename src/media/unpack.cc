#include "media/unpack.h"

#include <optional>

#include "base/json.h"
#include "base/try.h"

namespace runstone::media {
namespace {

std::string text_in(const Value& stored, const char* field) {
  const Value* text = stored.get(field);
  return std::string(text == nullptr ? "" : text->string_or(""));
}

Failure wrong(const Value& stored, const std::string& what) {
  return fail(ErrorCode::kCorrupt,
              "a stored object of the type '" + text_in(stored, "_type") + "' " + what);
}

Result<std::string> file_of(StoredPackage& package, const Value& stored) {
  const std::string path = text_in(stored, "path");
  if (path.empty()) return wrong(stored, "names no file");
  return package.file(path);
}

// --- one reader for each `_type`

using Reader = Result<Media> (*)(StoredPackage& package, const Value& stored);

template <typename M>
Result<Media> as_media(Result<M> made) {
  if (!made) return fail(std::move(made).error());
  return Media(made->object());
}

template <typename M>
Result<Media> read_captioned(StoredPackage& package, const Value& stored) {
  RUNSTONE_TRY(const std::string path, file_of(package, stored));
  return as_media(M::from_file(path, text_in(stored, "caption")));
}

Result<Media> read_html(StoredPackage& package, const Value& stored) {
  RUNSTONE_TRY(const std::string path, file_of(package, stored));
  return as_media(Html::from_file(path, false));  // what was injected is in it
}

Result<Media> read_classes(StoredPackage&, const Value& stored) {
  const Value* set = stored.get("class_set");
  if (set == nullptr || !set->is_list()) return wrong(stored, "has no list class_set");
  return as_media(Classes::create(*set->if_list()));
}

Result<Media> read_histogram(StoredPackage&, const Value& stored) {
  std::vector<double> numbers[2];
  const char* fields[] = {"values", "bins"};
  for (int i = 0; i < 2; ++i) {
    const Value* list = stored.get(fields[i]);
    if (list == nullptr || !list->is_list()) return wrong(stored, "has no values and bins");
    for (const Value& number : *list->if_list()) numbers[i].push_back(number.number_or(0));
  }
  return as_media(Histogram::from_counts(numbers[0], numbers[1]));
}

// {"0": "road"} of the entry that an image names.
Result<Dict> class_names(StoredPackage& package, const Value& place) {
  RUNSTONE_TRY(const std::string text, package.text(text_in(place, "path")));
  const auto json = json::parse(text);
  const Value* set = json ? json->get("class_set") : nullptr;
  if (set == nullptr || !set->is_list()) return wrong(place, "has no list class_set");
  Dict names;
  for (const Value& one : *set->if_list()) {
    const Value* id = one.get("id");
    const Value* name = one.get("name");
    if (id == nullptr || name == nullptr) return wrong(place, "has a class without id or name");
    names.set(id->is_string() ? *id->if_string() : json::to_text(*id), *name);
  }
  return names;
}

Result<Media> read_image(StoredPackage& package, const Value& stored) {
  ImageOptions options;
  options.caption = text_in(stored, "caption");
  const Value* grouping = stored.get("grouping");
  if (grouping != nullptr && grouping->is_int()) options.grouping = *grouping->if_int();
  if (const Value* classes = stored.get("classes"); classes != nullptr && classes->is_dict()) {
    RUNSTONE_TRY(options.classes, class_names(package, *classes));
  }
  if (const Value* boxes = stored.get("boxes"); boxes != nullptr && boxes->is_dict()) {
    for (const auto& [layer, list] : *boxes->if_dict()) {
      options.boxes.set(layer, Value{{"box_data", list}});
    }
  }
  if (const Value* masks = stored.get("masks"); masks != nullptr && masks->is_dict()) {
    for (const auto& [layer, place] : *masks->if_dict()) {
      ImageMask mask;
      RUNSTONE_TRY(mask.path, file_of(package, place));
      options.masks.emplace_back(layer, std::move(mask));
    }
  }
  RUNSTONE_TRY(const std::string path, file_of(package, stored));
  return as_media(Image::from_file(path, options));
}

Result<Media> read_table(StoredPackage& package, const Value& stored) {
  return as_media(unpack_table(package, stored));
}

Result<Media> read_joined_table(StoredPackage& package, const Value& stored) {
  std::vector<JoinedTable::Part> parts;
  for (const char* field : {"table1", "table2"}) {
    const std::string path = text_in(stored, field);
    if (path.empty()) return wrong(stored, "names no two tables");
    RUNSTONE_TRY(const Media part, package.object(path));
    if (part) {
      RUNSTONE_TRY(const Table table, Table::of(part));
      parts.emplace_back(table);
    } else {
      parts.emplace_back(path);  // a part of tables that are in folders
    }
  }
  std::vector<std::string> keys;
  const Value* key = stored.get("join_key");
  if (key != nullptr && key->is_string()) keys.push_back(*key->if_string());
  if (key != nullptr && key->is_list()) {
    for (const Value& one : *key->if_list()) keys.emplace_back(one.string_or(""));
  }
  return as_media(JoinedTable::create(parts[0], parts[1], keys));
}

struct KnownType {
  std::string_view type;
  Reader read;
};
constexpr KnownType kKnownTypes[] = {{"table", &read_table},
                                     {"image-file", &read_image},
                                     {"audio-file", &read_captioned<Audio>},
                                     {"video-file", &read_captioned<Video>},
                                     {"object3D-file", &read_captioned<Object3D>},
                                     {"molecule-file", &read_captioned<Molecule>},
                                     {"html-file", &read_html},
                                     {"classes", &read_classes},
                                     {"joined-table", &read_joined_table},
                                     {"histogram", &read_histogram}};

Reader reader_of(const Value& stored) {
  const std::string type = text_in(stored, "_type");
  for (const KnownType& known : kKnownTypes) {
    if (known.type == type) return known.read;
  }
  return nullptr;
}

void collect_paths(const Value& stored, std::vector<std::string>& paths) {
  if (const List* list = stored.if_list()) {
    for (const Value& one : *list) collect_paths(one, paths);
  }
  const Dict* dict = stored.if_dict();
  if (dict == nullptr) return;
  for (const auto& [key, value] : *dict) {
    if (key == "path" && value.is_string()) paths.push_back(*value.if_string());
    collect_paths(value, paths);
  }
}

}  // namespace

Result<void> bring_files_of(StoredPackage& package, const Value& stored) {
  std::vector<std::string> paths;
  collect_paths(stored, paths);
  return package.bring(paths);
}

Result<Media> unpack(StoredPackage& package, const Value& stored) {
  const Reader read = reader_of(stored);
  if (read == nullptr) return wrong(stored, "is none that can be read");
  RUNSTONE_TRY(bring_files_of(package, stored));
  return read(package, stored);
}

Result<Node> unpack_cell(StoredPackage& package, const Value& stored) {
  if (const List* list = stored.if_list()) {
    Node::NodeList items;
    items.reserve(list->size());
    for (const Value& item : *list) {
      RUNSTONE_TRY(Node node, unpack_cell(package, item));
      items.push_back(std::move(node));
    }
    return Node{std::move(items)};
  }
  const Dict* dict = stored.if_dict();
  if (dict == nullptr) return Node::of(stored);
  if (const Reader read = reader_of(stored)) {
    RUNSTONE_TRY(const Media media, read(package, stored));
    return Node{media.object()};
  }
  Node::NodeDict items;
  for (const auto& [key, item] : *dict) {
    RUNSTONE_TRY(Node node, unpack_cell(package, item));
    items.emplace_back(key, std::move(node));
  }
  return Node{std::move(items)};
}

}  // namespace runstone::media
