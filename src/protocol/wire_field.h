#pragma once

#include <cstdint>

#include <protozero/pbf_reader.hpp>

namespace runstone::protocol {

// Whether the field at hand has this number and this form. Another form of a known number is
// unknown to us, so it is skipped like one; protozero aborts if it is asked for a form that is not
// there.

inline bool is(const protozero::pbf_reader& message, std::uint32_t field,
               protozero::pbf_wire_type wire) {
  return message.tag() == field && message.wire_type() == wire;
}
inline bool is_bytes(const protozero::pbf_reader& message, std::uint32_t field) {
  return is(message, field, protozero::pbf_wire_type::length_delimited);
}
inline bool is_varint(const protozero::pbf_reader& message, std::uint32_t field) {
  return is(message, field, protozero::pbf_wire_type::varint);
}

}  // namespace runstone::protocol
