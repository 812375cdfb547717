// Values in the journal's bytes: little-endian, one after another.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace keywarden {

static_assert(std::endian::native == std::endian::little, "the journal is written as it lies");

/// Requires: there is room.
class ByteWriter {
public:
    explicit ByteWriter(std::byte* to) : to_(to) {}

    template <class Value>
    void put(const Value& value) {
        static_assert(std::is_trivially_copyable_v<Value>);
        std::memcpy(to_, &value, sizeof value);
        to_ += sizeof value;
    }
    void put(std::string_view text) {
        put(static_cast<uint16_t>(text.size()));
        if (!text.empty()) std::memcpy(to_, text.data(), text.size());
        to_ += text.size();
    }

private:
    std::byte* to_;
};

/// Reads no further than there is: after that everything is zero, and `failed`.
class ByteReader {
public:
    explicit ByteReader(std::span<const std::byte> from) : from_(from) {}

    template <class Value>
    Value take() {
        Value value{};
        if (from_.size() < sizeof value) {
            failed_ = true;
            return value;
        }
        std::memcpy(&value, from_.data(), sizeof value);
        from_ = from_.subspan(sizeof value);
        return value;
    }
    std::string_view take_text() {
        const auto length = take<uint16_t>();
        if (from_.size() < length) {
            failed_ = true;
            return {};
        }
        const std::string_view text(reinterpret_cast<const char*>(from_.data()), length);
        from_ = from_.subspan(length);
        return text;
    }
    bool failed() const { return failed_; }
    bool at_end() const { return !failed_ && from_.empty(); }

private:
    std::span<const std::byte> from_;
    bool failed_ = false;
};

}  // namespace keywarden
