// Globs over names (model ids, tools): `*` is any text, `?` any one byte, all else is itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace keywarden {

inline constexpr size_t kGlobBytesMax = 128;

/// A checked pattern in its normal form: a run of `*` and `?` is its `?`s, then at most one `*`.
/// Two patterns that differ only in such runs are equal.
class Glob {
public:
    /// Errors: InvalidRequest when `text` is empty, longer than kGlobBytesMax, or has a space, a
    /// control character, or a byte beyond ASCII.
    static Result<Glob> parse(std::string_view text);
    /// A pattern over names that others give and that may have any characters: those of tools.
    /// Errors: InvalidRequest when `text` is empty, longer than kGlobBytesMax, or has a control
    /// character.
    static Result<Glob> parse_any(std::string_view text);

    /// True when all of `name` fits. At most name.size() * kGlobBytesMax steps, and no allocation.
    bool matches(std::string_view name) const;

    /// The normal form.
    const std::string& text() const { return text_; }

    /// A pattern without `*` and `?` is one name.
    bool is_literal() const { return kind_ == Kind::Literal; }
    bool is_everything() const { return kind_ == Kind::Everything; }

    friend bool operator==(const Glob& a, const Glob& b) { return a.text_ == b.text_; }

private:
    /// What most patterns are is matched without walking them.
    enum class Kind : uint8_t { Literal, Everything, Prefix, Suffix, General };

    explicit Glob(std::string normal);

    std::string text_;
    Kind kind_ = Kind::General;
};

/// True when every name that fits `narrow` fits `wide`: exactly, not only where it is easy to see.
/// At most kGlobBytesMax² steps.
bool covers(const Glob& wide, const Glob& narrow);

/// True when some name fits both.
bool overlap(const Glob& a, const Glob& b);

}  // namespace keywarden
