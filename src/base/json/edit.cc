#include "base/json/edit.h"

#include <algorithm>
#include <cassert>
#include <tuple>
#include <utility>

namespace keywarden {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

/// Where the string that begins at `at` ends, behind its quote.
size_t end_of_string(std::string_view text, size_t at) {
    ++at;
    while (true) {
        at = text.find_first_of("\"\\", at);
        if (at == std::string_view::npos) return text.size();
        if (text[at] == '"') return at + 1;
        at += 2;  // what is escaped
    }
}

/// Where the value that begins at `at` ends.
size_t end_of_value(std::string_view text, size_t at) {
    size_t depth = 0;
    while (at < text.size()) {
        const char c = text[at];
        if (c == '"') {
            at = end_of_string(text, at);
        } else if (c == '{' || c == '[') {
            ++depth;
            ++at;
        } else if (c == '}' || c == ']') {
            if (depth == 0) return at;
            --depth;
            ++at;
        } else if (depth == 0) {  // a number or a word
            return std::min(text.find_first_of(",]} \t\r\n", at), text.size());
        } else {
            at = std::min(text.find_first_of("\"{}[]", at), text.size());
        }
        if (depth == 0) return at;
    }
    return at;
}

/// Where what follows a comma, or a colon, begins; npos: nothing does.
size_t after_comma(std::string_view text, size_t end) {
    const size_t comma = text.find_first_not_of(kSpace, end);
    if (comma == std::string_view::npos) return comma;
    return text.find_first_not_of(kSpace, comma + 1);
}

}  // namespace

std::vector<std::string_view> json_elements(std::string_view array) {
    std::vector<std::string_view> elements;
    JsonElements all(array);
    for (std::string_view next = all.next(); !next.empty(); next = all.next()) {
        elements.push_back(next);
    }
    return elements;
}

JsonElements::JsonElements(std::string_view array)
    : inside_(array.substr(1, array.size() - 2)), at_(inside_.find_first_not_of(kSpace)) {}

std::string_view JsonElements::next() {
    if (at_ >= inside_.size()) return {};
    const size_t end = end_of_value(inside_, at_);
    const std::string_view element = inside_.substr(at_, end - at_);
    at_ = after_comma(inside_, end);
    return element;
}

JsonPairs::JsonPairs(std::string_view object)
    : inside_(object.substr(1, object.size() - 2)), at_(inside_.find_first_not_of(kSpace)) {}

JsonPair JsonPairs::next() {
    if (at_ >= inside_.size()) return {};
    const size_t key_end = end_of_string(inside_, at_);
    const std::string_view key = inside_.substr(at_ + 1, key_end - at_ - 2);
    const size_t begin = after_comma(inside_, key_end);  // its colon
    const size_t end = end_of_value(inside_, begin);
    at_ = after_comma(inside_, end);
    return {key, inside_.substr(begin, end - begin)};
}

void JsonEdits::replace(std::string_view part, std::string with) {
    const size_t begin = place_of(part.data());
    edits_.push_back({begin, begin + part.size(), std::move(with)});
}

void JsonEdits::insert(const char* at, std::string piece) {
    edits_.push_back({place_of(at), place_of(at), std::move(piece)});
}

void JsonEdits::remove(std::string_view object, std::span<const JsonMember> members) {
    const size_t base = place_of(object.data());
    bool all_before_are_gone = !members.empty() && members.front().previous_end == 0;
    uint32_t gone_end = 0;  // of the run of removed members that the object begins with
    for (const JsonMember& member : members) {
        all_before_are_gone = all_before_are_gone && member.previous_end == gone_end;
        if (!all_before_are_gone) {
            cut(base + member.previous_end, base + member.value.end);
            continue;
        }
        gone_end = member.value.end;
        const uint32_t end = member.next_begin != 0 ? member.next_begin : member.value.end;
        cut(base + member.key.begin, base + end);
    }
}

void JsonEdits::remove(std::span<const std::string_view> elements,
                       const std::function<bool(size_t)>& is_removed) {
    const auto end_of = [&](size_t i) { return place_of(elements[i].data()) + elements[i].size(); };
    bool all_before_are_gone = true;
    for (size_t i = 0; i < elements.size(); ++i) {
        if (!is_removed(i)) {
            all_before_are_gone = false;
            continue;
        }
        const size_t begin = place_of(elements[i].data());
        const bool is_last = i + 1 == elements.size();
        if (!all_before_are_gone) {
            cut(end_of(i - 1), end_of(i));
        } else {
            cut(begin, is_last ? end_of(i) : place_of(elements[i + 1].data()));
        }
    }
}

std::string JsonEdits::apply() const {
    std::vector<const Edit*> order;
    order.reserve(edits_.size());
    for (const Edit& edit : edits_) order.push_back(&edit);
    std::ranges::sort(order, [](const Edit* a, const Edit* b) {  // they lie in the order they came
        return std::tuple(a->begin, a->end, a) < std::tuple(b->begin, b->end, b);
    });
    std::string out;
    out.reserve(text_.size());
    size_t at = 0;
    for (const Edit* edit : order) {
        assert(edit->begin >= at && edit->end <= text_.size());
        out += text_.substr(at, edit->begin - at);
        out += edit->with;
        at = edit->end;
    }
    out += text_.substr(at);
    return out;
}

}  // namespace keywarden
