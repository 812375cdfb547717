// A gateway's lasting parts, opened and held to fit each other; made on the first start.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/configuration.h"
#include "app/data_dir.h"
#include "base/clock.h"
#include "base/envelope.h"
#include "base/result.h"
#include "base/secret.h"
#include "domain/key_format.h"
#include "domain/webhook.h"
#include "store/key_directory.h"
#include "store/session_directory.h"
#include "store/store.h"

namespace keywarden {

struct Instance {
    DataDir dir;
    std::unique_ptr<Store> store;
    std::vector<Secret> master_keys;  // the newest first; two while one is changed
    KeyFormats formats;
    WebhookSigner webhooks;
    SealingKey totp_key;
    std::unique_ptr<KeyDirectory> directory;  // views store and formats
    std::unique_ptr<SessionDirectory> sessions;
    std::string operator_id;
    std::string team_id;  // of the team "default"
};

/// Opens what is there and makes what is missing: the folder, the master key, the pepper, the
/// database, an operator, and the team "default". Whatever moment it is interrupted at, the next
/// start goes on from there.
/// Errors: StartupFailed; StoreUnavailable. A master key or a pepper that is lost, or that is not
/// the one the database was made with, is an error and never made anew: it would cost every key.
Result<std::unique_ptr<Instance>> open_instance(const Configuration& configuration,
                                                const Clock& clock);

/// The first start's API key, to be shown now, or nothing when one was shown before. Until
/// note_first_key_shown, each call takes the one before out of service: a start that was
/// interrupted before anybody saw the key leaves none behind.
/// Errors: those of KeyDirectory::create and rotate.
Result<std::optional<MintedKey>> make_first_key(Instance& instance);
Result<void> note_first_key_shown(Instance& instance);

/// What is printed with it: the key, and a `curl` line that works as it is.
std::string first_key_words(const Secret& key, const std::string& base_url);

/// The next master key, beside the one that holds: made, or read where it was made before.
/// Errors: StartupFailed.
Result<Secret> make_next_master_key(const Instance& instance);
/// From here on it is the master key. Whatever moment it is interrupted at, the next start finds
/// either both or the new one. Requires: nothing is wrapped by the one before.
/// Errors: StartupFailed, StoreUnavailable.
Result<void> keep_next_master_key(Instance& instance);

/// A value that proves which secret a database was made with, and gives nothing of it away.
std::string check_value(const Secret& secret, std::string_view name);
/// The setting of the store that holds it.
std::string check_setting_of(std::string_view name);

/// When a key is worth a notice, as the settings say.
KeyNotice notice_of(const Settings& settings);

}  // namespace keywarden
