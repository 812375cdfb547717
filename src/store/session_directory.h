// The sessions of people in memory: no request asks a database whether one is live.
//
// A session is stored first, then put in here. One that ends is taken out here first, so that it is
// dead whatever becomes of the store.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/web_session.h"
#include "store/store.h"

namespace keywarden {

/// A session whose value was presented.
struct PresentedSession {
    WebSession session{};
    std::string_view user_id{};  // lives as long as the directory
    bool is_operator = false;
};

/// Threads: any, for every function.
class SessionDirectory {
public:
    /// Reads all sessions; those of people who may not sign in any more are left out.
    /// `store` and `clock` must outlive it.
    static Result<std::unique_ptr<SessionDirectory>> load(Store& store, const Clock& clock);
    SessionDirectory(const SessionDirectory&) = delete;
    SessionDirectory& operator=(const SessionDirectory&) = delete;

    /// Whose session that is, and notes that it was used. Nothing for one that is not live.
    std::optional<PresentedSession> find(std::string_view token, TimePoint now);

    /// From now on it is live. It is in the store already. Ends the user's first ones beyond
    /// kSessionsOfUserMax.
    void put(const WebSession& session, bool is_operator);

    /// Live ones of a person, the newest first.
    std::vector<WebSession> of(std::string_view user_id, TimePoint now) const;

    // Those that end here are dead when it returns, whatever it returns; StoreUnavailable says that
    // after a crash within the next second they might live again: write_uses tries again.
    /// Ends one of a person's. Errors: NotFound, StoreUnavailable.
    Result<void> end(std::string_view user_id, std::string_view id, const AuditEntry& audit);
    /// Ends all of a person's, but one. Errors: StoreUnavailable.
    Result<void> end_all_of(std::string_view user_id, std::string_view but_id = {});

    /// Ends those of a person that began at the issuer, and under that name there; empty: all.
    /// Returns how many. Errors: StoreUnavailable.
    Result<size_t> end_of_provider(std::string_view user_id,
                                   std::string_view issuer,
                                   std::string_view provider_session);
    /// Whose they are: of sessions that began at the issuer, under that name there.
    std::set<std::string> users_of_provider(std::string_view issuer,
                                            std::string_view provider_session) const;

    /// Writes when sessions were used, and forgets those that have ended by themselves. Called
    /// about once a second by a thread that may block. Errors: StoreUnavailable.
    Result<void> write_uses();

private:
    struct Entry {
        WebSession session{};
        bool is_operator = false;
        TimePoint stored_use{};
    };

    SessionDirectory(Store& store, const Clock& clock) : store_(store), clock_(clock) {}
    std::string_view interned(std::string_view user_id);
    Result<void> forget_ended();

    Store& store_;
    const Clock& clock_;
    mutable std::mutex mutex_;
    std::map<Digest, Entry> entries_;
    std::set<std::string, std::less<>> user_ids_;  // for ever: there are as many as people
    std::vector<std::string> ended_;               // still in the store
};

}  // namespace keywarden
