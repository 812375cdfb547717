#include "proxy/replay.h"

#include <cstring>
#include <list>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace keywarden {
namespace {

struct DigestHash {
    size_t operator()(const Digest& digest) const {
        size_t hash = 0;
        std::memcpy(&hash, digest.data(), sizeof hash);
        return hash;
    }
};

Digest digest_of(std::string_view scope, std::string_view key) {
    std::string text(scope);
    text += '\0';
    text += key;
    return sha256(text);
}

}  // namespace

class Replays::Impl {
public:
    explicit Impl(const ReplayLimits& limits) : limits_(limits) {}

    using Begun = Replays::Begun;

    Result<Begun> begin(Replays* replays, const Digest& key, const Digest& request, MonoTime now) {
        const std::lock_guard lock(mutex_);
        drop_old(now);
        if (const auto known = entries_.find(key); known != entries_.end()) {
            return again(known->second, request);
        }
        if (entries_.size() >= limits_.count_max && !drop_oldest()) {
            return fail(Error{.code = ErrorCode::Overloaded,
                              .message = "Too many calls with an Idempotency-Key are running.",
                              .retry_after = std::chrono::seconds(1)});
        }
        entries_.emplace(key, Entry{.request = request, .begun_at = now});
        return Begun{.ticket = ReplayTicket(replays, key)};
    }

    void free(const Digest& key) {
        const std::lock_guard lock(mutex_);
        entries_.erase(key);
    }

    /// `answer` null: it is too long to be kept.
    void finish(const Digest& key, std::shared_ptr<const KeptAnswer> answer) {
        const std::lock_guard lock(mutex_);
        const auto known = entries_.find(key);
        if (known == entries_.end()) return;
        Entry& entry = known->second;
        entry.is_done = true;
        ended_.push_back({key, entry.begun_at});
        if (answer == nullptr) return;
        bytes_ += answer->body.size();
        entry.answer = std::move(answer);
        kept_.push_back(key);
        while (bytes_ > limits_.bytes_max) drop_answer();
    }

    size_t answer_bytes_max() const { return limits_.answer_bytes_max; }

    size_t bytes() const {
        const std::lock_guard lock(mutex_);
        return bytes_;
    }

private:
    struct Entry {
        Digest request{};
        MonoTime begun_at{};
        bool is_done = false;
        std::shared_ptr<const KeptAnswer> answer{};  // null: not there yet, or not any more
    };
    struct Ended {
        Digest key{};
        MonoTime begun_at{};
    };

    static Result<Begun> again(const Entry& entry, const Digest& request) {
        if (entry.request != request) {
            return fail(ErrorCode::IdempotencyMismatch,
                        "Another request was sent with this Idempotency-Key.");
        }
        if (!entry.is_done) {
            return fail(Error{.code = ErrorCode::IdempotencyInProgress,
                              .message = "The first request with this Idempotency-Key still runs.",
                              .retry_after = std::chrono::seconds(1)});
        }
        if (entry.answer == nullptr) {
            return fail(ErrorCode::IdempotencyAnswerGone,
                        "The request with this Idempotency-Key was answered, and the answer is not "
                        "kept any more.");
        }
        return Begun{.answer = entry.answer};
    }

    void drop_old(MonoTime now) {
        while (!ended_.empty() && now - ended_.front().begun_at >= limits_.kept) drop_oldest();
    }

    /// Of those that have ended. False: there is none.
    bool drop_oldest() {
        if (ended_.empty()) return false;
        const auto known = entries_.find(ended_.front().key);
        ended_.pop_front();
        if (known == entries_.end()) return true;
        if (known->second.answer != nullptr) {
            bytes_ -= known->second.answer->body.size();
            kept_.remove(known->first);
        }
        entries_.erase(known);
        return true;
    }

    void drop_answer() {
        const auto known = entries_.find(kept_.front());
        kept_.pop_front();
        if (known == entries_.end() || known->second.answer == nullptr) return;
        bytes_ -= known->second.answer->body.size();
        known->second.answer = nullptr;
    }

    const ReplayLimits limits_;
    mutable std::mutex mutex_;
    std::unordered_map<Digest, Entry, DigestHash> entries_;
    std::list<Ended> ended_;  // oldest first
    std::list<Digest> kept_;  // those with an answer, oldest first
    size_t bytes_ = 0;
};

Replays::Replays(ReplayLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
Replays::~Replays() = default;

Result<Replays::Begun> Replays::begin(std::string_view scope,
                                      std::string_view key,
                                      const Digest& request,
                                      MonoTime now) {
    return impl_->begin(this, digest_of(scope, key), request, now);
}

size_t Replays::bytes() const { return impl_->bytes(); }

ReplayTicket::ReplayTicket(ReplayTicket&& other) noexcept
    : replays_(std::exchange(other.replays_, nullptr)),
      key_(other.key_),
      answer_(std::move(other.answer_)),
      is_too_long_(other.is_too_long_) {}

ReplayTicket& ReplayTicket::operator=(ReplayTicket&& other) noexcept {
    std::swap(replays_, other.replays_);  // what was here is freed with `other`
    std::swap(key_, other.key_);
    std::swap(answer_, other.answer_);
    std::swap(is_too_long_, other.is_too_long_);
    return *this;
}

ReplayTicket::~ReplayTicket() {
    if (replays_ != nullptr) replays_->impl_->free(key_);
}

void ReplayTicket::start(int status, std::string_view content_type) {
    if (replays_ == nullptr) return;
    answer_.status = status;
    answer_.content_type = content_type;
}

void ReplayTicket::append(std::string_view bytes) {
    if (replays_ == nullptr || is_too_long_) return;
    std::string& body = answer_.body;
    is_too_long_ = body.size() + bytes.size() > replays_->impl_->answer_bytes_max();
    if (is_too_long_) {
        body = std::string();
    } else {
        body += bytes;
    }
}

void ReplayTicket::finish() {
    if (replays_ == nullptr || answer_.status >= 400) return;
    std::shared_ptr<const KeptAnswer> answer;
    if (!is_too_long_) answer = std::make_shared<const KeptAnswer>(std::move(answer_));
    std::exchange(replays_, nullptr)->impl_->finish(key_, std::move(answer));
}

}  // namespace keywarden
