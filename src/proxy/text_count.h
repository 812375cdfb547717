// Counts what a model wrote, where its provider does not say how many tokens that was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace keywarden {

/// Fed with events of a stream (or with a body) as they pass, it counts the text in the members
/// that carry what a model writes, in every dialect: content, text, delta, arguments, reasoning.
/// Nothing is parsed: a key counts by its name wherever it stands, so this is a count for when
/// there is no better one. A text that is cut by the end of a feed counts as far as it came.
class TextCount {
public:
    void feed(std::string_view bytes);

    /// A token for each four bytes, and at least one for each piece of text: streams mostly carry
    /// a token an event.
    int64_t tokens() const;

private:
    size_t bytes_ = 0;
    size_t pieces_ = 0;
};

}  // namespace keywarden
