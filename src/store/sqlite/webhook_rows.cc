#include "store/sqlite/webhook_rows.h"

#include <algorithm>
#include <string>
#include <utility>

#include "store/account_rules.h"
#include "store/sqlite/read.h"
#include "store/sqlite/usage_rows.h"
#include "store/sqlite/words.h"

namespace keywarden {
namespace {

#define KEYWARDEN_WEBHOOK_COLUMNS_                                                          \
    "SELECT h.id, w.word, h.url, h.events, h.generation, h.rotated_at, h.created_at, "      \
    "h.version, h.cursor, h.failures, h.next_at, h.delivered, h.given_up, h.delivered_at, " \
    "h.last_error, h.is_paused FROM webhooks h JOIN words w ON w.n = h.team "

#define KEYWARDEN_EVENT_NUMBERED_                                                   \
    "SELECT e.id, w.word, e.kind, e.target, e.at, e.body, e.n FROM usage_events e " \
    "JOIN words w ON w.n = e.team "

/// Kinds have no spaces.
std::string joined(const std::vector<std::string>& events) {
    std::string text;
    for (const std::string& event : events) text += (text.empty() ? "" : " ") + event;
    return text;
}

std::vector<std::string> parted(std::string_view text) {
    std::vector<std::string> events;
    while (!text.empty()) {
        events.emplace_back(text.substr(0, text.find(' ')));
        text.remove_prefix(std::min(text.size(), events.back().size() + 1));
    }
    return events;
}

Result<Webhook> read_webhook(const Query& row) {
    return Webhook{.id = std::string(row.text(0)),
                   .team_id = std::string(row.text(1)),
                   .url = std::string(row.text(2)),
                   .events = parted(row.text(3)),
                   .is_paused = row.integer(15) != 0,
                   .generation = row.integer(4),
                   .rotated_at = row.maybe_moment(5),
                   .created_at = row.moment(6),
                   .version = row.integer(7),
                   .delivery = {.cursor = row.integer(8),
                                .failures = row.integer(9),
                                .next_at = row.moment(10),
                                .delivered = row.integer(11),
                                .given_up = row.integer(12),
                                .delivered_at = row.maybe_moment(13),
                                .last_error = std::string(row.text(14))}};
}

}  // namespace

Result<void> insert_webhook_row(Database& database, const Webhook& hook) {
    if (!hook.team_id.empty()) {
        TRY(const bool there,
            has_row(Query(database, "SELECT 1 FROM teams WHERE id = ?1", hook.team_id)));
        if (!there) return no_such("team");
    }
    TRY(const int64_t team, add_word(database, hook.team_id));
    TRY(const int64_t count,
        count_of(Query(database, "SELECT count(*) FROM webhooks WHERE team = ?1", team)));
    if (count >= kWebhooksMax) return too_many("webhooks", kWebhooksMax);
    TRY(const bool id_taken,
        has_row(Query(database, "SELECT 1 FROM webhooks WHERE id = ?1", hook.id)));
    if (id_taken) return taken("webhook", "id");
    return Query(database,
                 "INSERT INTO webhooks(id, team, url, events, generation, rotated_at, created_at, "
                 "is_paused, version, cursor) "
                 "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1, ifnull(max(n), 0) FROM usage_events",
                 hook.id,
                 team,
                 hook.url,
                 joined(hook.events),
                 hook.generation,
                 hook.rotated_at,
                 hook.created_at,
                 int64_t{hook.is_paused})
        .run();
}

Result<void> update_webhook_row(Database& database, const Webhook& hook) {
    TRY(const int64_t team, find_word(database, hook.team_id));
    TRY_VOID(Query(database,
                   "UPDATE webhooks SET url = ?4, events = ?5, generation = ?6, rotated_at = ?7, "
                   "is_paused = ?8, failures = 0, next_at = 0, version = ?3 "
                   "WHERE id = ?1 AND team = ?2 AND version = ?3 - 1",
                   hook.id,
                   team,
                   hook.version,
                   hook.url,
                   joined(hook.events),
                   hook.generation,
                   hook.rotated_at,
                   int64_t{hook.is_paused})
                 .run());
    if (database.changes() > 0) return {};
    TRY(const bool there,
        has_row(
            Query(database, "SELECT 1 FROM webhooks WHERE id = ?1 AND team = ?2", hook.id, team)));
    if (there) return changed_meanwhile("webhook");
    return no_such("webhook");
}

Result<void> delete_webhook_row(Database& database, std::string_view team_id, std::string_view id) {
    TRY(const int64_t team, find_word(database, team_id));
    TRY_VOID(Query(database, "DELETE FROM webhooks WHERE id = ?1 AND team = ?2", id, team).run());
    if (database.changes() > 0) return {};
    return no_such("webhook");
}

Result<Webhook> get_webhook_row(Database& database, std::string_view team_id, std::string_view id) {
    TRY(const int64_t team, find_word(database, team_id));
    return read_one(
        Query(database, KEYWARDEN_WEBHOOK_COLUMNS_ "WHERE h.id = ?1 AND h.team = ?2", id, team),
        read_webhook,
        "webhook");
}

Result<std::vector<Webhook>> list_webhook_rows(Database& database, std::string_view team_id) {
    TRY(const int64_t team, find_word(database, team_id));
    return read_all(
        Query(database, KEYWARDEN_WEBHOOK_COLUMNS_ "WHERE h.team = ?1 ORDER BY h.n", team),
        read_webhook);
}

Result<std::vector<Webhook>> all_webhook_rows(Database& database) {
    return read_all(Query(database, KEYWARDEN_WEBHOOK_COLUMNS_ "ORDER BY h.n"), read_webhook);
}

Result<bool> put_delivery_row(Database& database,
                              const Webhook& read,
                              const WebhookDelivery& delivery) {
    TRY_VOID(Query(database,
                   "UPDATE webhooks SET cursor = max(cursor, ?2), failures = ?3, next_at = ?4, "
                   "delivered = ?5, given_up = ?6, delivered_at = ?7, last_error = ?8 "
                   "WHERE id = ?1 AND version = ?9",
                   read.id,
                   delivery.cursor,
                   delivery.failures,
                   delivery.next_at,
                   delivery.delivered,
                   delivery.given_up,
                   delivery.delivered_at,
                   delivery.last_error,
                   read.version)
                 .run());
    return database.changes() > 0;
}

Result<std::vector<NumberedEvent>> event_rows_after(Database& database,
                                                    std::string_view team_id,
                                                    int64_t n,
                                                    size_t limit) {
    TRY(const int64_t team, find_word(database, team_id));
    const auto read = [](const Query& row) -> Result<NumberedEvent> {
        TRY(UsageEvent event, read_event(row));
        return NumberedEvent{.n = row.integer(6), .event = std::move(event)};
    };
    if (team_id.empty()) {
        return read_all<NumberedEvent>(
            Query(database,
                  KEYWARDEN_EVENT_NUMBERED_ "WHERE e.n > ?1 ORDER BY e.n LIMIT ?2",
                  n,
                  static_cast<int64_t>(limit)),
            read);
    }
    return read_all<NumberedEvent>(
        Query(database,
              KEYWARDEN_EVENT_NUMBERED_ "WHERE e.team = ?1 AND e.n > ?2 ORDER BY e.n LIMIT ?3",
              team,
              n,
              static_cast<int64_t>(limit)),
        read);
}

}  // namespace keywarden
