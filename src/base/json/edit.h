// Any number of edits of a document, spliced in between its own bytes: for what is edited too
// often, or too deeply, for a Splice.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/scan.h"

namespace keywarden {

/// The elements of an array, each without the space around it.
/// Requires: `array` is an array of a document that find_json_members has checked.
std::vector<std::string_view> json_elements(std::string_view array);

/// Goes through the elements of an array, one by one, without asking for memory. Requires: as
/// above.
class JsonElements {
public:
    explicit JsonElements(std::string_view array);
    /// The next one; empty: there is none.
    std::string_view next();

private:
    std::string_view inside_;
    size_t at_;
};

struct JsonPair {
    std::string_view key{};    // as it is written, without its quotes
    std::string_view value{};  // without the space around it; empty: there is none
};

/// The same of the members of an object.
class JsonPairs {
public:
    explicit JsonPairs(std::string_view object);
    JsonPair next();

private:
    std::string_view inside_;
    size_t at_;
};

/// What is edited are views of `text`, which must outlive this.
class JsonEdits {
public:
    explicit JsonEdits(std::string_view text) : text_(text) {}

    bool empty() const { return edits_.empty(); }

    /// Requires, here and below: no two edits overlap.
    void replace(std::string_view part, std::string with);
    /// Before that byte of the text.
    void insert(const char* at, std::string piece);
    /// Takes members out with the commas that go with them.
    /// Requires: members of `object`, in the order in which they stand there.
    void remove(std::string_view object, std::span<const JsonMember> members);
    /// Takes elements out of an array, in the same way. Requires: all elements, in their order.
    void remove(std::span<const std::string_view> elements,
                const std::function<bool(size_t)>& is_removed);

    /// The edited document.
    std::string apply() const;

private:
    struct Edit {
        size_t begin;
        size_t end;
        std::string with;
    };

    size_t place_of(const char* at) const { return static_cast<size_t>(at - text_.data()); }
    void cut(size_t begin, size_t end) { edits_.push_back({begin, end, {}}); }

    std::string_view text_;
    std::vector<Edit> edits_;
};

}  // namespace keywarden
