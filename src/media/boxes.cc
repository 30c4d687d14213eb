#include "base/try.h"
#include "media/image.h"

namespace runstone::media {
namespace {

Failure wrong(const std::string& where, const std::string& what) {
  return fail(ErrorCode::kInvalidType, "boxes" + where + " " + what);
}

bool has_numbers(const Value& position, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const Value* number = position.get(name);
    if (number == nullptr || !number->is_number()) return false;
  }
  return true;
}

bool is_position(const Value& position) {
  if (has_numbers(position, {"minX", "maxX", "minY", "maxY"})) return true;
  const Value* middle = position.get("middle");
  const List* pair = middle == nullptr ? nullptr : middle->if_list();
  return pair != nullptr && pair->size() == 2 && (*pair)[0].is_number() && (*pair)[1].is_number() &&
         has_numbers(position, {"width", "height"});
}

Result<void> check_box(const std::string& where, const Value& box) {
  if (!box.is_dict()) return wrong(where, "must be a dict");
  const Value* position = box.get("position");
  if (position == nullptr || !is_position(*position)) {
    return wrong(where,
                 "needs a position: minX, maxX, minY and maxY, or middle [x, y], width and height");
  }
  const Value* class_id = box.get("class_id");
  if (class_id == nullptr || !class_id->is_int()) return wrong(where, "needs an int class_id");
  const Value* caption = box.get("box_caption");
  if (caption != nullptr && !caption->is_string())
    return wrong(where + ".box_caption", "must be text");
  if (const Value* domain = box.get("domain"); domain != nullptr && !domain->is_string()) {
    return wrong(where + ".domain", "must be \"pixel\" or left out");
  }
  const Value* scores = box.get("scores");
  if (scores == nullptr) return {};
  if (!scores->is_dict()) return wrong(where + ".scores", "must be a dict of numbers");
  for (const auto& [name, score] : *scores->if_dict()) {
    if (!score.is_number()) return wrong(where + ".scores." + name, "must be a number");
  }
  return {};
}

}  // namespace

Result<void> check_boxes(const Dict& boxes) {
  for (const auto& [name, layer] : boxes) {
    const std::string where = "." + name;
    const Value* data = layer.get("box_data");
    if (data == nullptr || !data->is_list()) return wrong(where, "needs a list box_data");
    for (std::size_t i = 0; i < data->if_list()->size(); ++i) {
      RUNSTONE_TRY(
          check_box(where + ".box_data[" + std::to_string(i) + "]", (*data->if_list())[i]));
    }
    const Value* labels = layer.get("class_labels");
    if (labels != nullptr && !labels->is_dict())
      return wrong(where + ".class_labels", "must be a dict of names");
  }
  return {};
}

}  // namespace runstone::media
