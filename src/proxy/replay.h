// Answers that are kept for their Idempotency-Key: a repeated call gets the same one, and is
// charged once.
//
// In memory only, since what a model wrote is never kept on a disk. Of what was answered before a
// restart it is known that it was, and by which call: rows have a digest of the key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/crypto.h"
#include "base/result.h"
#include "base/units.h"
#include "domain/call_record.h"

namespace keywarden {

struct ReplayLimits {
    size_t bytes_max = size_t{64} << 20U;  // of all answers that are kept
    size_t answer_bytes_max = size_t{1} << 20U;
    size_t count_max = kRepeatsMax;  // of keys that are remembered, with an answer or without
    Nanos kept = kRepeatsKept;
};

struct KeptAnswer {
    int status = 0;
    std::string content_type{};
    std::string body{};
};

class Replays;

/// The right to make the one call of an Idempotency-Key. Its end without `finish` frees the key:
/// what it was for did not happen. Threads: one at a time.
class ReplayTicket {
public:
    ReplayTicket() = default;
    ReplayTicket(ReplayTicket&& other) noexcept;
    ReplayTicket& operator=(ReplayTicket&& other) noexcept;
    ReplayTicket(const ReplayTicket&) = delete;
    ReplayTicket& operator=(const ReplayTicket&) = delete;
    ~ReplayTicket();

    bool is_open() const { return replays_ != nullptr; }
    /// For the call's row; all zero: there is no Idempotency-Key.
    const RepeatKey& key() const { return key_; }
    /// The head of the answer is known.
    void start(int status, std::string_view content_type);
    /// More of its body.
    void append(std::string_view bytes);
    /// All of it has come. One that failed is not kept: its key is free.
    void finish();

private:
    friend class Replays;
    ReplayTicket(Replays* replays, const RepeatKey& key) : replays_(replays), key_(key) {}

    Replays* replays_ = nullptr;
    RepeatKey key_{};
    KeptAnswer answer_{};
    bool is_too_long_ = false;
};

/// Threads: any. It must outlive its tickets.
class Replays {
public:
    explicit Replays(ReplayLimits limits = {});
    ~Replays();
    Replays(const Replays&) = delete;
    Replays& operator=(const Replays&) = delete;

    /// What a call with this key gets: a ticket, or the answer of the call that had one.
    struct Begun {
        ReplayTicket ticket{};
        std::shared_ptr<const KeptAnswer> answer{};  // null: it is the first
    };
    /// `scope`: whose key it is, as an id. `request`: a digest of what is asked. `call`: which call
    /// that is.
    /// Errors: IdempotencyMismatch (another request had the key), IdempotencyInProgress,
    /// IdempotencyAnswerGone (it was answered, and its answer is not kept any more): they name the
    /// call that had the key.
    Result<Begun> begin(std::string_view scope,
                        std::string_view key,
                        const Digest& request,
                        const CallId& call,
                        MonoTime now);

    /// A call of before the start had the key, and was answered or died. The oldest come first.
    void remember(const RepeatKey& key, const CallId& call, MonoTime ended_at);

    size_t bytes() const;

private:
    friend class ReplayTicket;
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace keywarden
