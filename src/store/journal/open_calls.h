// Which calls are open, while a journal is read from its start to its end.
#pragma once

#include <cstdint>
#include <vector>

#include "store/journal/frame.h"

namespace keywarden {

/// A table by id. It stays as small as the number of calls that were ever open at once.
class OpenCalls {
public:
    struct Call {
        CallId id{};
        SegmentId segment{};
        size_t offset = 0;  // of its last Open
        Progress progress{};
        bool used = false;
    };

    OpenCalls() : calls_(kSizeMin) {}

    /// A call that is carried into another segment is noted again; it has come as far as the
    /// further of both says.
    void note(const CallId& id, const SegmentId& segment, size_t offset, const Progress& progress);
    /// Does nothing where it is not open.
    void forget(const CallId& id);
    std::vector<Call> all() const;

private:
    static constexpr size_t kSizeMin = 1024;  // a power of two

    size_t home(const CallId& id) const;
    /// Where it is, or where it would be put.
    size_t find(const CallId& id) const;
    void grow();

    std::vector<Call> calls_;
    size_t count_ = 0;
};

}  // namespace keywarden
