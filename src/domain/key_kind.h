// The kinds of keys: which part of the API one is for.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace keywarden {

enum class KeyKind : uint8_t { Full, Inference, Management, kCount };

std::string_view name(KeyKind kind);  // "full", "inference", "management"
std::optional<KeyKind> key_kind_of(std::string_view text);

}  // namespace keywarden
