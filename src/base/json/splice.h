// Edits of a document, as pieces between its own bytes: nothing is parsed into a tree and printed.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "base/json/scan.h"

namespace keywarden {

/// Replaces, inserts, and removes byte ranges of `text`. Copies neither the text nor the new
/// pieces: both must outlive the splice.
class Splice {
public:
    static constexpr size_t kEditsMax = 12;
    static constexpr size_t kPiecesMax = 2 * kEditsMax + 1;

    explicit Splice(std::string_view text) : text_(text), size_(text.size()) {}

    /// Requires: the range lies in the text and overlaps no other edit; at most kEditsMax edits.
    void replace(ByteRange range, std::string_view with);
    void insert(size_t at, std::string_view piece);

    /// Takes members out with the commas that go with them.
    /// Requires: members of one object of the text, in the order in which they stand there.
    void remove(std::span<const JsonMember> members);

    bool empty() const { return count_ == 0; }

    /// How many more edits there may be.
    size_t room() const { return kEditsMax - count_; }

    /// Bytes of the edited document.
    size_t size() const { return size_; }

    /// The edited document, piece by piece. None is empty.
    std::span<const std::string_view> pieces(std::span<std::string_view, kPiecesMax> storage) const;

private:
    struct Edit {
        size_t begin;
        size_t end;
        std::string_view with;
    };

    std::string_view text_;
    size_t size_;
    size_t count_ = 0;
    std::array<Edit, kEditsMax> edits_;  // by where they begin
};

}  // namespace keywarden
