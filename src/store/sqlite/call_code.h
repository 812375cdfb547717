// A call as it is stored: bytes in which its texts are numbers of words.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "domain/call_accounts.h"
#include "domain/call_record.h"

namespace keywarden {

/// A call's texts as numbers of words.
struct CallNumbers {
    int64_t team = 0, key = 0, app = 0, user = 0, provider = 0, model = 0, route = 0, error = 0;
    int64_t model_named = 0;  // "provider/model"
    std::vector<int64_t> makers{}, tags{};

    CallNames<int64_t> names() const {
        return {.app = app, .key = key, .model = model_named, .makers = makers, .tags = tags};
    }
};

struct StoredCall {
    CallNumbers numbers{};
    CallRecord record{};  // without its texts
    int64_t session = 0;
    bool named_session = false;  // by the client
    TimePoint day{};             // when the day of its team began
};

/// Adds a call to a block of them. Its team is the block's. Requires: the record is as_kept.
void write_call(const StoredCall& call, std::vector<uint8_t>& block);

/// Reads the calls of a block, one after another.
class CallReader {
public:
    explicit CallReader(std::span<const uint8_t> block);
    /// Reads the next one, all but its team. False when there is none.
    /// Errors: StoreUnavailable when these are no bytes that we wrote.
    Result<bool> next(StoredCall& call);

private:
    std::span<const uint8_t> left_;
    bool damaged_ = false;
};

}  // namespace keywarden
