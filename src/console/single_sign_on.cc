#include "console/single_sign_on.h"

#include <algorithm>

namespace keywarden {

void SsoAttempts::put(std::string_view state, SsoAttempt attempt) {
    const std::lock_guard lock(mutex_);
    const MonoTime now = attempt.begun_at;
    while (!order_.empty() && (order_.size() >= kMax || order_.front().first + kKept <= now)) {
        attempts_.erase(order_.front().second);
        order_.pop_front();
    }
    const Digest digest = sha256(state);
    order_.emplace_back(now, digest);
    attempts_[digest] = std::move(attempt);
}

std::optional<SsoAttempt> SsoAttempts::take(std::string_view state, MonoTime now) {
    const std::lock_guard lock(mutex_);
    const auto found = attempts_.find(sha256(state));
    if (found == attempts_.end()) return std::nullopt;
    SsoAttempt attempt = std::move(found->second);
    attempts_.erase(found);
    if (attempt.begun_at + kKept <= now) return std::nullopt;
    return attempt;
}

bool SeenNames::add(std::string_view seen, MonoTime now, Nanos kept) {
    const std::lock_guard lock(mutex_);
    if (until_.size() >= kMax) {
        std::erase_if(until_, [&](const auto& each) { return each.second <= now; });
    }
    const Digest digest = sha256(seen);
    const auto found = until_.find(digest);
    if (found != until_.end() && found->second > now) return false;
    if (until_.size() >= kMax) return false;
    until_[digest] = now + kept;
    return true;
}

void SessionTokens::put(const std::string& session_id, Secret token) {
    if (token.reveal().size() > kBytesMax) return;
    const std::lock_guard lock(mutex_);
    while (order_.size() >= kMax) {
        tokens_.erase(order_.front());
        order_.pop_front();
    }
    order_.push_back(session_id);
    tokens_[session_id] = std::move(token);
}

Secret SessionTokens::take(const std::string& session_id) {
    const std::lock_guard lock(mutex_);
    const auto found = tokens_.find(session_id);
    if (found == tokens_.end()) return {};
    Secret token = std::move(found->second);
    tokens_.erase(found);
    return token;
}

IdentityProvider* SingleSignOn::find(std::string_view name) const {
    const auto found = std::ranges::find_if(
        providers, [&](const auto& each) { return each->terms().name == name; });
    return found == providers.end() ? nullptr : found->get();
}

IdentityProvider* SingleSignOn::of_issuer(std::string_view issuer) const {
    const auto found = std::ranges::find_if(
        providers, [&](const auto& each) { return each->terms().issuer == issuer; });
    return found == providers.end() ? nullptr : found->get();
}

}  // namespace keywarden
