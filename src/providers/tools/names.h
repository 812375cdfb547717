// The names of tools in JSON: as they are offered, chosen, and called.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/scan.h"
#include "base/result.h"
#include "domain/tool_lists.h"

namespace keywarden::tools {

/// A name, and what else it goes by: a server's own tool is its type, with and without what tells
/// its version.
struct Named {
    std::string name{};
    std::vector<std::string> others{};
};

/// The members of an object called so.
template <size_t kCount>
struct Members {
    std::string_view text{};
    std::array<JsonMember, kCount> found{};

    bool has(size_t i) const { return found[i].present && found[i].type != JsonType::Null; }
    bool is(size_t i, JsonType type) const { return found[i].present && found[i].type == type; }
    std::string_view value(size_t i) const { return found[i].text_of(text); }
};

/// Errors: those of find_json_members, in the words of a request.
template <size_t kCount>
Result<Members<kCount>> members_of(std::string_view object,
                                   const std::array<std::string_view, kCount>& names,
                                   OtherCase other_case = OtherCase::IsRefused) {
    Members<kCount> members{.text = object};
    TRY_VOID(find_json_members(object, names, members.found, other_case));
    return members;
}

/// The text of a JSON string. Errors: InvalidRequest for half a surrogate.
Result<std::string> text_of(std::string_view value);

/// Whether that is what mcp servers bring: their tools are judged together, as `mcp`.
bool is_mcp(std::string_view type);

/// A server's own tool of that type.
Named named_by_type(std::string_view type);

/// All names of what an entry of a list of tools describes, or a choice of one; every one of them
/// must be let through. `is_entry` false: a choice such as `{"type": "auto"}` has none.
/// Errors: InvalidRequest for what has no name, or is no object.
Result<std::vector<Named>> names_of(std::string_view tool, bool is_entry, int depth_left);

/// How deep lists of tools may lie in tools.
inline constexpr int kToolsDepthMax = 3;

/// What the lists say of that.
Decision decide(const ToolLists& lists, const Named& named);
/// The first that is not let through.
Decision decide(const ToolLists& lists, std::span<const Named> names);

}  // namespace keywarden::tools
