// Webhooks in SQLite: what changes and reads them, and the events they hear of.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/sqlite/database.h"
#include "store/usage_store.h"

namespace keywarden {

// What UsageStore promises of each, within a transaction of the caller.
Result<void> insert_webhook_row(Database& database, const Webhook& hook);
Result<void> update_webhook_row(Database& database, const Webhook& hook);
Result<void> delete_webhook_row(Database& database, std::string_view team_id, std::string_view id);
Result<Webhook> get_webhook_row(Database& database, std::string_view team_id, std::string_view id);
Result<std::vector<Webhook>> list_webhook_rows(Database& database, std::string_view team_id);
Result<std::vector<Webhook>> all_webhook_rows(Database& database);
Result<bool> put_delivery_row(Database& database,
                              const Webhook& read,
                              const WebhookDelivery& delivery);
Result<std::vector<NumberedEvent>> event_rows_after(Database& database,
                                                    std::string_view team_id,
                                                    int64_t n,
                                                    size_t limit);

}  // namespace keywarden
