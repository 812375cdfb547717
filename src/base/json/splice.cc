#include "base/json/splice.h"

#include <algorithm>
#include <cassert>

namespace keywarden {

void Splice::replace(ByteRange range, std::string_view with) {
    assert(count_ < kEditsMax);
    assert(range.begin <= range.end && range.end <= text_.size());
    const auto comes_after = [&](const Edit& edit) {  // an insertion goes before what it touches
        return edit.begin > range.begin || (edit.begin == range.begin && edit.end > range.end);
    };
    size_t i = count_++;
    for (; i > 0 && comes_after(edits_[i - 1]); --i) edits_[i] = edits_[i - 1];
    edits_[i] = {range.begin, range.end, with};
    assert(i == 0 || edits_[i - 1].end <= range.begin);
    assert(i + 1 == count_ || range.end <= edits_[i + 1].begin);
    size_ = size_ - range.size() + with.size();
}

void Splice::insert(size_t at, std::string_view piece) {
    const auto here = static_cast<uint32_t>(at);
    replace({here, here}, piece);
}

void Splice::remove(std::span<const JsonMember> members) {
    for (size_t first = 0; first < members.size();) {
        // Neighbours go together: each comma belongs to one edit only.
        size_t last = first;
        while (last + 1 < members.size() &&
               members[last + 1].previous_end == members[last].value.end) {
            ++last;
        }
        const JsonMember& front = members[first];
        const JsonMember& back = members[last];
        if (back.next_begin != 0) {
            replace({front.key.begin, back.next_begin}, {});
        } else if (front.previous_end != 0) {
            replace({front.previous_end, back.value.end}, {});
        } else {
            replace({front.key.begin, back.value.end}, {});
        }
        first = last + 1;
    }
}

std::span<const std::string_view> Splice::pieces(
    std::span<std::string_view, kPiecesMax> storage) const {
    size_t count = 0;
    const auto put = [&](std::string_view piece) {
        if (!piece.empty()) storage[count++] = piece;
    };
    size_t at = 0;
    for (const Edit& edit : std::span(edits_).first(count_)) {
        put(text_.substr(at, edit.begin - at));
        put(edit.with);
        at = edit.end;
    }
    put(text_.substr(at));
    return storage.first(count);
}

}  // namespace keywarden
