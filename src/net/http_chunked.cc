#include "net/http_chunked.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace keywarden {
namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_token(char c) {
    constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kOthers.find(c) != std::string_view::npos;
}

bool is_text(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

}  // namespace

ChunkedDecoder::Step ChunkedDecoder::decode_in_place(char* data, size_t size) {
    size_t at = 0;
    size_t out = 0;
    while (at < size && state_ != State::Done && state_ != State::Bad) {
        if (state_ != State::Data) {
            state_ = next(data[at]);
            if (state_ != State::Bad) ++at;
            continue;
        }
        const size_t count = static_cast<size_t>(std::min<uint64_t>(left_, size - at));
        std::memmove(data + out, data + at, count);
        at += count;
        out += count;
        left_ -= count;
        if (left_ == 0) state_ = State::DataCr;
    }
    return {at, out};
}

ChunkedDecoder::State ChunkedDecoder::next(char c) {
    switch (state_) {
        case State::SizeFirst:
        case State::Size:
            return next_of_size(c);
        case State::SizeLf:
            digits_ = 0;
            if (c != '\n') return State::Bad;
            return left_ > 0 ? State::Data : State::TrailerFirst;
        case State::DataCr:
            return c == '\r' ? State::DataLf : State::Bad;
        case State::DataLf:
            return c == '\n' ? State::SizeFirst : State::Bad;
        case State::TrailerFirst:
        case State::TrailerName:
        case State::TrailerValue:
        case State::TrailerLf:
        case State::EndLf:
            return next_of_trailer(c);
        default:
            return next_of_extension(c);
    }
}

ChunkedDecoder::State ChunkedDecoder::next_of_size(char c) {
    const int digit = hex_digit(c);
    if (digit >= 0) {
        if (++digits_ > kSizeDigitsMax) return State::Bad;
        left_ = left_ * 16 + static_cast<uint64_t>(digit);
        return State::Size;
    }
    if (state_ == State::SizeFirst) return State::Bad;
    if (c == '\r') return State::SizeLf;
    return c == ';' ? State::ExtensionNameFirst : State::Bad;
}

ChunkedDecoder::State ChunkedDecoder::next_of_extension(char c) {
    if (++extra_ > kExtraBytesMax) return State::Bad;
    // What may follow a whole name or value.
    const auto end_or = [c](State otherwise) {
        if (c == '\r') return State::SizeLf;
        return c == ';' ? State::ExtensionNameFirst : otherwise;
    };
    switch (state_) {
        case State::ExtensionNameFirst:
            return is_token(c) ? State::ExtensionName : State::Bad;
        case State::ExtensionName:
            if (is_token(c)) return State::ExtensionName;
            return c == '=' ? State::ExtensionValueFirst : end_or(State::Bad);
        case State::ExtensionValueFirst:
            if (c == '"') return State::ExtensionQuoted;
            return is_token(c) ? State::ExtensionValue : State::Bad;
        case State::ExtensionValue:
            return end_or(is_token(c) ? State::ExtensionValue : State::Bad);
        case State::ExtensionQuoted:
            if (c == '"') return State::ExtensionQuoteEnd;
            if (c == '\\') return State::ExtensionEscaped;
            return is_text(c) ? State::ExtensionQuoted : State::Bad;
        case State::ExtensionEscaped:
            return is_text(c) ? State::ExtensionQuoted : State::Bad;
        default:
            return end_or(State::Bad);
    }
}

ChunkedDecoder::State ChunkedDecoder::next_of_trailer(char c) {
    if (++extra_ > kExtraBytesMax) return State::Bad;
    switch (state_) {
        case State::TrailerFirst:
            if (c == '\r') return State::EndLf;
            return is_token(c) ? State::TrailerName : State::Bad;
        case State::TrailerName:
            if (c == ':') return State::TrailerValue;
            return is_token(c) ? State::TrailerName : State::Bad;
        case State::TrailerValue:
            if (c == '\r') return State::TrailerLf;
            return is_text(c) ? State::TrailerValue : State::Bad;
        case State::TrailerLf:
            return c == '\n' ? State::TrailerFirst : State::Bad;
        default:
            return c == '\n' ? State::Done : State::Bad;
    }
}

}  // namespace keywarden
