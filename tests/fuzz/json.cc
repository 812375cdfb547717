#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/json/scan.h"
#include "base/json/splice.h"
#include "tests/fuzz/targets.h"

namespace keywarden {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"model", "stream", "max_tokens", "tools"};
using Found = std::array<JsonMember, kNames.size()>;

/// The document without the members found, in the order in which they stand there.
std::string without(const std::string& text, const Found& found) {
    std::vector<JsonMember> members;
    for (const JsonMember& member : found) {
        if (member.present) members.push_back(member);
    }
    std::ranges::sort(members, {}, [](const JsonMember& member) { return member.key.begin; });
    Splice splice(text);
    splice.remove(members);
    std::array<std::string_view, Splice::kPiecesMax> storage;
    std::string out;
    for (const std::string_view piece : splice.pieces(storage)) {
        must(!piece.empty());
        out += piece;
    }
    must(out.size() == splice.size());
    return out;
}

}  // namespace

// Members lie where they are said to lie; a document without them is one still, and has them not.
void fuzz_json(std::string_view input) {
    const std::string text(input);
    Found found;
    if (!find_json_members(text, kNames, found)) return;
    std::string scratch;
    for (const JsonMember& member : found) {
        if (!member.present) continue;
        must(member.key.begin < member.key.end && member.key.end < member.value.begin);
        must(member.value.begin < member.value.end && member.value.end < text.size());
        const std::string_view value = member.text_of(text);
        if (member.type == JsonType::String) json_text(value, scratch);
        if (member.type == JsonType::Number) json_integer(value);
    }
    const std::string rest = without(text, found);
    Found none;
    must(find_json_members(rest, kNames, none).has_value());
    for (const JsonMember& member : none) must(!member.present);
}

}  // namespace keywarden
