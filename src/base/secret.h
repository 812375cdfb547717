// A string that cannot be printed, copied by accident, or left in freed memory.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace keywarden {

class Secret {
public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}
    Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { other.wipe(); }
    Secret& operator=(Secret&& other) noexcept {
        if (this != &other) {
            wipe();
            value_ = std::move(other.value_);
            other.wipe();
        }
        return *this;
    }
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret() { wipe(); }

    /// The value itself. Whoever calls this answers for where it goes: look for it in reviews.
    std::string_view reveal() const { return value_; }
    bool empty() const { return value_.empty(); }
    Secret clone() const { return Secret(std::string(value_)); }

private:
    void wipe();

    std::string value_;
};

}  // namespace keywarden
