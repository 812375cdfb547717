// The lists of a document: what each entry is called, where it stands, and which thing it is.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/json_body.h"
#include "base/result.h"
#include "domain/estate.h"

namespace keywarden {

/// One entry of a list.
struct Entry {
    const Json* json = nullptr;
    std::string path{};  // "teams[0].keys[2]"
    std::string id{};    // empty: it says none
    std::string name{};  // or whatever it goes by
};

/// The entries of the list `field` under `path`, each an object with an `id` of its own, if any,
/// and with `naming`, a text. `path` empty: the document itself.
/// Errors: InvalidRequest.
Result<std::vector<Entry>> entries_of(const Json& list,
                                      std::string_view path,
                                      std::string_view field,
                                      std::string_view naming = "name");

/// A failure whose param is below `path`.
std::unexpected<Error> at(std::string_view path, std::unexpected<Error> failure);
template <class T>
Result<T> at(std::string_view path, Result<T> result) {
    if (result) return result;
    return at(path, std::unexpected(std::move(result).error()));
}

/// Errors: InvalidRequest for a name that none of `known` is, with the nearest of them.
std::unexpected<Error> no_such_name(std::string_view field,
                                    std::string_view what,
                                    std::string_view name,
                                    std::span<const std::string_view> known);

/// Errors: InvalidRequest where an id that a new thing is given cannot be one.
Result<void> check_new_id(std::string_view prefix, const Entry& entry, size_t length_max);

/// For each entry the one of `things` that it is, or null: by its id, or else by its name, if no
/// other entry has said by its id that it is that one.
/// Errors: InvalidRequest where a name means two things, or two entries one thing.
template <class T, class IdOf, class NameOf>
Result<std::vector<const T*>> match(const std::vector<Entry>& entries,
                                    const std::vector<const T*>& things,
                                    IdOf id_of,
                                    NameOf name_of) {
    std::map<std::string_view, const T*> by_id;
    for (const T* thing : things) by_id.emplace(id_of(*thing), thing);
    std::set<std::string_view> said;
    for (const Entry& entry : entries) {
        if (entry.id.empty() || said.insert(entry.id).second) continue;
        return at(entry.path, fail_field("id", "is there twice"));
    }
    std::multimap<std::string_view, const T*> by_name;
    for (const T* thing : things) {
        if (!said.contains(id_of(*thing))) by_name.emplace(name_of(*thing), thing);
    }
    std::set<std::string_view> names;
    std::vector<const T*> out;
    for (const Entry& entry : entries) {
        const T* found = nullptr;
        if (!entry.id.empty()) {
            if (const auto known = by_id.find(entry.id); known != by_id.end()) {
                found = known->second;
            }
        } else {
            const auto [first, end] = by_name.equal_range(entry.name);
            std::string ids;
            for (auto each = first; each != end; ++each) {
                ids += (ids.empty() ? "" : ", ") + std::string(id_of(*each->second));
                found = each->second;
            }
            if (std::distance(first, end) > 1) {
                return at(entry.path,
                          fail_field("name", "means several: say by 'id' which of " + ids));
            }
            if (!names.insert(entry.name).second) {
                return at(entry.path,
                          fail_field("name", "is there twice: say by 'id' which is which"));
            }
        }
        out.push_back(found);
    }
    return out;
}

}  // namespace keywarden
