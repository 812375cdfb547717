#include "store/session_directory.h"

#include <algorithm>
#include <utility>

namespace keywarden {
namespace {

/// A use is written down when the one before is this old: a restart sets no session back further.
constexpr Nanos kUseStep = std::chrono::minutes(1);

}  // namespace

Result<std::unique_ptr<SessionDirectory>> SessionDirectory::load(Store& store, const Clock& clock) {
    std::unique_ptr<SessionDirectory> out(new SessionDirectory(store, clock));
    TRY(const auto sessions, store.sign_ins().list_sessions());
    std::map<std::string, User> users;
    for (const WebSession& session : sessions) {
        if (!users.contains(session.user_id)) {
            TRY(users[session.user_id], store.accounts().get_user(session.user_id));
        }
        const User& user = users.at(session.user_id);
        if (user.is_disabled) {
            out->ended_.push_back(session.id);
        } else {
            out->put(session, user.is_operator);
        }
    }
    return out;
}

std::optional<PresentedSession> SessionDirectory::find(std::string_view token, TimePoint now) {
    if (token.size() != kWebTokenLength) return std::nullopt;
    const Digest digest = web_token_digest(token);
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(digest);
    if (found == entries_.end() || !is_live(found->second.session, now)) return std::nullopt;
    Entry& entry = found->second;
    entry.session.used_at = std::max(entry.session.used_at, now);
    PresentedSession out{.session = entry.session,
                         .user_id = interned(entry.session.user_id),
                         .is_operator = entry.is_operator};
    out.session.csrf_token = csrf_token_of(token);
    return out;
}

void SessionDirectory::put(const WebSession& session, bool is_operator) {
    const std::lock_guard lock(mutex_);
    Entry entry{.session = session, .is_operator = is_operator, .stored_use = session.used_at};
    entry.session.csrf_token.clear();
    entries_[session.digest] = std::move(entry);
    const auto is_theirs = [&](const auto& each) {
        return each.second.session.user_id == session.user_id;
    };
    if (static_cast<size_t>(std::ranges::count_if(entries_, is_theirs)) <= kSessionsOfUserMax) {
        return;
    }
    auto first = entries_.end();
    for (auto each = entries_.begin(); each != entries_.end(); ++each) {
        if (!is_theirs(*each)) continue;
        const bool is_earlier = first == entries_.end() ||
                                each->second.session.created_at < first->second.session.created_at;
        if (is_earlier) first = each;
    }
    ended_.push_back(first->second.session.id);
    entries_.erase(first);
}

std::vector<WebSession> SessionDirectory::of(std::string_view user_id, TimePoint now) const {
    std::vector<WebSession> out;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [digest, entry] : entries_) {
            const WebSession& session = entry.session;
            if (session.user_id == user_id && is_live(session, now)) out.push_back(session);
        }
    }
    std::ranges::sort(out, std::ranges::greater(), &WebSession::created_at);
    return out;
}

Result<void> SessionDirectory::end(std::string_view user_id,
                                   std::string_view id,
                                   const AuditEntry& audit) {
    {
        const std::lock_guard lock(mutex_);
        const auto ended = std::erase_if(entries_, [&](const auto& each) {
            return each.second.session.id == id && each.second.session.user_id == user_id;
        });
        if (ended == 0) return fail(ErrorCode::NotFound, "There is no such session.");
    }
    Result<void> stored = store_.sign_ins().end_session(id, audit);
    if (stored) return stored;
    const std::lock_guard lock(mutex_);
    ended_.emplace_back(id);
    return stored;
}

Result<void> SessionDirectory::end_all_of(std::string_view user_id, std::string_view but_id) {
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(entries_, [&](const auto& each) {
            const WebSession& session = each.second.session;
            if (session.user_id != user_id || session.id == but_id) return false;
            ended_.push_back(session.id);
            return true;
        });
    }
    return forget_ended();
}

Result<size_t> SessionDirectory::end_of_provider(std::string_view user_id,
                                                 std::string_view issuer,
                                                 std::string_view provider_session) {
    size_t count = 0;
    {
        const std::lock_guard lock(mutex_);
        count = std::erase_if(entries_, [&](const auto& each) {
            const WebSession& session = each.second.session;
            if (session.user_id != user_id || session.issuer != issuer) return false;
            if (!provider_session.empty() && session.provider_session != provider_session) {
                return false;
            }
            ended_.push_back(session.id);
            return true;
        });
    }
    TRY_VOID(forget_ended());
    return count;
}

std::set<std::string> SessionDirectory::users_of_provider(std::string_view issuer,
                                                          std::string_view provider_session) const {
    const std::lock_guard lock(mutex_);
    std::set<std::string> out;
    for (const auto& [digest, entry] : entries_) {
        const WebSession& session = entry.session;
        if (session.issuer == issuer && session.provider_session == provider_session) {
            out.insert(session.user_id);
        }
    }
    return out;
}

Result<void> SessionDirectory::write_uses() {
    const TimePoint now = clock_.now();
    std::vector<SessionUse> uses;
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(entries_, [&](const auto& each) {
            if (is_live(each.second.session, now)) return false;
            ended_.push_back(each.second.session.id);
            return true;
        });
        for (auto& [digest, entry] : entries_) {
            if (entry.session.used_at < entry.stored_use + kUseStep) continue;
            entry.stored_use = entry.session.used_at;
            uses.push_back({.id = entry.session.id, .at = entry.session.used_at});
        }
    }
    if (!uses.empty()) TRY_VOID(store_.sign_ins().note_sessions(uses));
    return forget_ended();
}

Result<void> SessionDirectory::forget_ended() {
    std::vector<std::string> ended;
    {
        const std::lock_guard lock(mutex_);
        ended = ended_;
    }
    if (ended.empty()) return {};
    TRY_VOID(store_.sign_ins().forget_sessions(ended));
    const std::lock_guard lock(mutex_);
    std::erase_if(
        ended_, [&](const std::string& id) { return std::ranges::find(ended, id) != ended.end(); });
    return {};
}

std::string_view SessionDirectory::interned(std::string_view user_id) {
    const auto known = user_ids_.find(user_id);
    return known != user_ids_.end() ? *known : *user_ids_.emplace(user_id).first;
}

}  // namespace keywarden
