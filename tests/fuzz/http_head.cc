#include "net/http_head.h"

#include <algorithm>
#include <memory>
#include <string>

#include "tests/fuzz/targets.h"

namespace keywarden {
namespace {

bool lies_in(std::string_view view, const std::string& bytes) {
    return view.empty() || (view.data() >= bytes.data() &&
                            view.data() + view.size() <= bytes.data() + bytes.size());
}

/// What a head says, as one text: equal heads say the same.
std::string summary(const MessageHead& head, MessageHead::Progress progress) {
    std::string out = std::to_string(static_cast<int>(progress)) + ' ' +
                      std::to_string(static_cast<int>(head.fault()));
    if (progress != MessageHead::Progress::Done) return out;
    out += ' ' + std::to_string(head.size()) + (head.chunked() ? " chunked" : "") +
           (head.keep_alive() ? " keep" : "") + ' ' +
           (head.content_length() ? std::to_string(*head.content_length()) : "-");
    for (size_t i = 0; i < head.field_count(); ++i) {
        out += '\n' + std::string(head.field(i).name) + ':' + std::string(head.field(i).value);
    }
    return out;
}

/// Parses what is there of `bytes` after each `step` more of them.
template <class Head>
std::string parse(const std::string& bytes, size_t step) {
    const auto head = std::make_unique<Head>();
    auto progress = MessageHead::Progress::More;
    for (size_t have = 0; progress == MessageHead::Progress::More && have < bytes.size();) {
        have = std::min(bytes.size(), have + step);
        progress = head->parse(bytes.data(), have);
    }
    if (progress == MessageHead::Progress::Done) {
        must(head->size() <= bytes.size() && head->size() <= kHeadBytesMax);
        must(!(head->chunked() && head->content_length()));
        must(head->field_count() <= kHeadFieldsMax);
        for (size_t i = 0; i < head->field_count(); ++i) {
            must(lies_in(head->field(i).name, bytes) && lies_in(head->field(i).value, bytes));
            must(head->field(i).value.find_first_of(std::string_view("\r\n\0", 3)) ==
                 std::string_view::npos);
        }
    }
    return summary(*head, progress);
}

template <class Head>
void check(const std::string& bytes) {
    const std::string whole = parse<Head>(bytes, bytes.size() + 1);
    must(parse<Head>(bytes, bytes.size() / 2 + 1) == whole);
    if (bytes.size() <= kByteByByteMax) must(parse<Head>(bytes, 1) == whole);
}

}  // namespace

// The same bytes give the same head however they come; its framing is never of two minds.
void fuzz_http_head(std::string_view input) {
    const std::string bytes(input);
    check<RequestHead>(bytes);
    check<ResponseHead>(bytes);
}

}  // namespace keywarden
