#include "console/single_sign_on.h"

#include <algorithm>

namespace keywarden {

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
