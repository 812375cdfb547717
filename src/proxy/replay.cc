#include "proxy/replay.h"

#include <algorithm>
#include <cstring>
#include <list>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "domain/call_id.h"

namespace keywarden {
namespace {

struct KeyHash {
    size_t operator()(const RepeatKey& key) const {
        size_t hash = 0;
        std::memcpy(&hash, key.data(), sizeof hash);
        return hash;
    }
};

RepeatKey key_of(std::string_view scope, std::string_view key) {
    std::string text(scope);
    text += '\0';
    text += key;
    const Digest digest = sha256(text);
    RepeatKey out;
    std::copy_n(digest.begin(), out.size(), out.begin());
    return out;
}

}  // namespace

class Replays::Impl {
public:
    explicit Impl(const ReplayLimits& limits) : limits_(limits) {}

    using Begun = Replays::Begun;

    Result<Begun> begin(Replays* replays,
                        const RepeatKey& key,
                        const Digest& request,
                        const CallId& call,
                        MonoTime now) {
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
        entries_.emplace(key, Entry{.request = request, .call = call, .begun_at = now});
        return Begun{.ticket = ReplayTicket(replays, key)};
    }

    void remember(const RepeatKey& key, const CallId& call, MonoTime ended_at) {
        const std::lock_guard lock(mutex_);
        if (entries_.size() >= limits_.count_max && !drop_oldest()) return;
        const Entry entry{.call = call, .begun_at = ended_at, .is_done = true};
        if (entries_.emplace(key, entry).second) ended_.push_back({key, ended_at});
    }

    void free(const RepeatKey& key) {
        const std::lock_guard lock(mutex_);
        entries_.erase(key);
    }

    /// `answer` null: it is too long to be kept.
    void finish(const RepeatKey& key, std::shared_ptr<const KeptAnswer> answer) {
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
        std::optional<Digest> request{};  // not known: it was before the start
        CallId call{};
        MonoTime begun_at{};
        bool is_done = false;
        std::shared_ptr<const KeptAnswer> answer{};  // null: not there yet, or not any more
    };
    struct Ended {
        RepeatKey key{};
        MonoTime begun_at{};
    };

    static Result<Begun> again(const Entry& entry, const Digest& request) {
        Error error{.facts = {{"first_request_id", std::string(text_of(entry.call).view())}}};
        if (entry.request && *entry.request != request) {
            error.code = ErrorCode::IdempotencyMismatch;
            error.message = "Another request was sent with this Idempotency-Key.";
        } else if (!entry.is_done) {
            error.code = ErrorCode::IdempotencyInProgress;
            error.message = "The first request with this Idempotency-Key still runs.";
            error.retry_after = std::chrono::seconds(1);
        } else if (entry.answer == nullptr) {
            error.code = ErrorCode::IdempotencyAnswerGone;
            error.message =
                "The request with this Idempotency-Key was made, and what it was "
                "answered is not kept any more.";
        } else {
            return Begun{.answer = entry.answer};
        }
        return fail(std::move(error));
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
    std::unordered_map<RepeatKey, Entry, KeyHash> entries_;
    std::list<Ended> ended_;     // oldest first
    std::list<RepeatKey> kept_;  // those with an answer, oldest first
    size_t bytes_ = 0;
};

Replays::Replays(ReplayLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
Replays::~Replays() = default;

Result<Replays::Begun> Replays::begin(std::string_view scope,
                                      std::string_view key,
                                      const Digest& request,
                                      const CallId& call,
                                      MonoTime now) {
    return impl_->begin(this, key_of(scope, key), request, call, now);
}

void Replays::remember(const RepeatKey& key, const CallId& call, MonoTime ended_at) {
    impl_->remember(key, call, ended_at);
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
