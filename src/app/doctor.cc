#include "app/doctor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <iterator>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "app/data_dir.h"
#include "app/identity_providers.h"
#include "app/instance.h"
#include "app/probe.h"
#include "app/providers.h"
#include "base/clock.h"
#include "base/json/scan.h"
#include "base/time_zone.h"
#include "cli/send.h"
#include "net/tls.h"
#include "store/journal.h"
#include "store/open.h"

namespace keywarden {
namespace {

using enum Finding::Grade;

constexpr uint64_t kMegabyte = 1'000'000;
constexpr uint64_t kDiskBadBelow = 100 * kMegabyte;
constexpr uint64_t kDiskTightBelow = 1'000 * kMegabyte;
constexpr auto kEarliest = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);
constexpr size_t kJournalTightPercent = 75;
constexpr uint64_t kDescriptorsBeside = 100;  // the database, the log, listeners

struct Patient {
    const Configuration& configuration;
    const Environment& environment;
    std::string dir;
    bool is_running;  // a gateway answers on the socket in the data folder

    std::string file(std::string_view name) const { return fmt::format("{}/{}", dir, name); }
};

using Findings = std::vector<Finding>;

Findings good(std::string found) { return {{.grade = Good, .found = std::move(found)}}; }
Findings warning(std::string found, std::string advice) {
    return {{.grade = Warning, .found = std::move(found), .advice = std::move(advice)}};
}
Findings bad(std::string found, std::string advice) {
    return {{.grade = Bad, .found = std::move(found), .advice = std::move(advice)}};
}

Findings look_at_configuration(const Patient& patient) {
    size_t set = 0;
    for (const std::string& origin : patient.configuration.origins) set += origin != "default";
    return good(fmt::format("{} settings are set, {} are at their default",
                            set,
                            patient.configuration.origins.size() - set));
}

Findings look_at_folder(const Patient& patient) {
    struct stat facts{};
    if (::stat(patient.dir.c_str(), &facts) != 0) {
        if (errno == ENOENT) {
            return warning(fmt::format("{} is not there yet", patient.dir),
                           "The first start makes it: keywarden serve, or keywarden init.");
        }
        return bad(fmt::format("{}: {}", patient.dir, std::strerror(errno)),
                   "Choose a folder that the gateway may use, with --data-dir.");
    }
    if (!S_ISDIR(facts.st_mode)) {
        return bad(fmt::format("{} is not a folder", patient.dir),
                   "Choose another with --data-dir.");
    }
    if (::access(patient.dir.c_str(), W_OK) != 0) {
        return bad(fmt::format("{} cannot be written: {}", patient.dir, std::strerror(errno)),
                   "Give it to the user who runs the gateway, with chown, or mount it writable.");
    }
    const std::string open = why_too_open(patient.dir);
    if (!open.empty()) {
        return bad(fmt::format("{}: {}", patient.dir, open),
                   fmt::format("chmod 700 {}", patient.dir));
    }
    return good(patient.dir);
}

/// A secret file, and whether it is the one that the database was made with.
Findings look_at_secret(const Patient& patient, std::string_view name) {
    const std::string path = patient.file(name);
    const bool has_database = file_exists(patient.file(kDatabaseName));
    if (!file_exists(path)) {
        if (!has_database) return warning("not made yet", "The first start makes it.");
        return bad(fmt::format("{} is missing beside its database", path),
                   "Bring the file back from a backup; without it no key works.");
    }
    const auto secret = read_secret_file(path);
    if (!secret) return bad(secret.error().message, "Nobody but the gateway's user may read it.");
    const auto report = examine_store("sqlite:" + patient.file(kDatabaseName));
    if (!report) return good(fmt::format("{} is whole", path));
    const auto expected = report->settings.find(check_setting_of(name));
    if (expected != report->settings.end() && expected->second != check_value(*secret, name)) {
        return bad(fmt::format("{} is not the one that the database was made with", path),
                   "Bring back the file that belongs to the database.");
    }
    return good(fmt::format("{} fits the database", path));
}

Findings look_at_master_key(const Patient& patient) {
    return look_at_secret(patient, kMasterKeyName);
}

Findings look_at_pepper(const Patient& patient) { return look_at_secret(patient, kPepperName); }

Findings look_at_database(const Patient& patient) {
    const std::string path = patient.file(kDatabaseName);
    if (!file_exists(path)) return warning("not made yet", "The first start makes it.");
    const auto report = examine_store("sqlite:" + path);
    if (!report) {
        return bad(fmt::format("{}: {}", path, report.error().message),
                   "Stop the gateway and bring the file back from a backup, with master.key and "
                   "pepper of the same day.");
    }
    return good(fmt::format("{} is intact, with {} keys", path, report->keys));
}

Findings look_at_keys(const Patient& patient) {
    const std::string path = patient.file(kDatabaseName);
    if (!file_exists(path)) return good("none yet");
    const Settings& settings = patient.configuration.settings;
    const auto count = count_notices("sqlite:" + path, notice_of(settings), system_clock().now());
    if (!count) return good("not looked at");
    Findings out;
    const auto add = [&](int64_t keys, std::string_view what, std::string_view advice) {
        if (keys == 0) return;
        std::ranges::move(warning(fmt::format("{} {}", keys, what), std::string(advice)),
                          std::back_inserter(out));
    };
    add(count->expire_soon,
        fmt::format("expire within {} days", settings.keys_notice_ahead / std::chrono::days(1)),
        "keywarden keys list --expires-soon shows them: give them more time, or new ones.");
    add(count->rotation_overdue,
        "are overdue for a rotation",
        "keywarden keys list --rotation overdue shows them; keywarden keys rotate ID.");
    add(count->unused,
        fmt::format("are unused for {} days", settings.keys_unused_after / std::chrono::days(1)),
        "keywarden keys list --unused shows them: revoke those that nobody needs.");
    if (out.empty()) return good("none expires soon, is unused, or overdue for a rotation");
    return out;
}

Findings look_at_journal(const Patient& patient) {
    const std::string path = patient.file(kJournalName);
    if (!file_exists(path)) return good("none yet");
    const auto store = examine_store("sqlite:" + patient.file(kDatabaseName));
    const auto report =
        examine_journal(path, store ? store->journal : std::vector<JournalPosition>{});
    if (!report) {
        return bad(report.error().message, "Give the folder to the user who runs the gateway.");
    }
    const auto room = static_cast<size_t>(patient.configuration.settings.ledger_journal_bytes_max);
    const std::string found = fmt::format("{} MB of {}; {} rows are not in the database yet",
                                          report->bytes / kMegabyte,
                                          room / kMegabyte,
                                          report->rows_waiting);
    Findings out = report->bytes > room / 100 * kJournalTightPercent
                       ? warning(found,
                                 "See that the database can be written: when the journal is full, "
                                 "calls are refused. ledger.journal_bytes_max is its bound.")
                       : good(found);
    if (!report->damaged_files.empty()) {
        std::ranges::move(
            warning(fmt::format("{} segments were damaged; the first is {}",
                                report->damaged_files.size(),
                                report->damaged_files.front()),
                    "Look for journal.damaged in the log, check the disk; then delete them."),
            std::back_inserter(out));
    }
    return out;
}

Findings look_at_disk(const Patient& patient) {
    struct statvfs facts{};
    const std::string there = file_exists(patient.dir) ? patient.dir : ".";
    if (::statvfs(there.c_str(), &facts) != 0) {
        return bad(std::strerror(errno), "Check the file system of the data folder.");
    }
    const uint64_t free = uint64_t{facts.f_bavail} * facts.f_frsize;
    const std::string found = fmt::format("{} MB are free", free / kMegabyte);
    if ((facts.f_flag & ST_RDONLY) != 0) return bad("mounted read-only", "Mount it writable.");
    if (free < kDiskBadBelow) return bad(found, "Make room before the database cannot be written.");
    if (free < kDiskTightBelow) return warning(found, "Make room soon.");
    return good(found);
}

Findings look_at_port(const Patient& patient) {
    const std::string& listen = patient.configuration.settings.listen;
    const auto address = parse_listen(listen);
    if (!address) return bad(address.error().message, "Correct server.listen.");
    if (check_port_is_free(*address)) {
        return good(fmt::format("{} is free{}", listen, patient.is_running ? "" : " to listen on"));
    }
    if (patient.is_running) return good(fmt::format("{} is in use, by this gateway", listen));
    return bad(fmt::format("{} is in use, and not by this gateway", listen),
               "Stop what listens there, or choose another address with --listen.");
}

Findings look_at_gateway(const Patient& patient) {
    if (!patient.is_running) {
        return warning("no gateway runs on this data folder", "Start it: keywarden serve.");
    }
    const auto answer =
        send_over_http({.unix_socket = patient.file(kOperatorSocketName)}, {.path = "/ready"}, {});
    if (answer && answer->status == 200) return good("answers, and is ready");
    return bad(answer ? fmt::format("answers {} when asked whether it is ready", answer->status)
                      : answer.error().message,
               "Look at its log; then restart it.");
}

/// What the running gateway says of its vault: only it has all that opens credentials.
Findings look_at_vault(const Patient& patient) {
    if (!patient.is_running) return good("not looked at: no gateway runs on this data folder");
    const auto answer = send_over_http(
        {.unix_socket = patient.file(kOperatorSocketName)}, {.path = "/v1/admin/vault"}, {});
    constexpr std::array<std::string_view, 3> kNames = {"sealed", "unusable", "rotating"};
    std::array<JsonMember, kNames.size()> found;
    if (!answer || answer->status != 200 || !find_json_members(answer->body, kNames, found)) {
        return bad("the gateway does not say", "Look at its log; then restart it.");
    }
    const std::string_view sealed = found[0].text_of(answer->body);
    const std::string_view unusable = found[1].text_of(answer->body);
    if (unusable != "0") {
        return bad(fmt::format("{} of the credentials of providers cannot be used", unusable),
                   "keywarden providers list (--shared) says which and why: bring back the master "
                   "key, or set them anew.");
    }
    if (found[2].text_of(answer->body) == "true") {
        return warning("the master key is being changed", "End it: keywarden vault rotate.");
    }
    return good(fmt::format("{} credentials of providers are sealed, and all can be read", sealed));
}

Findings look_at_clock(const Patient& patient) {
    const TimePoint now = system_clock().now();
    const std::string found = fmt::format("it is {}", format_iso8601(now));
    constexpr std::string_view kAdvice =
        "Set the clock (timedatectl): keys expire and limits reset by it.";
    if (now < kEarliest) return bad(found, std::string(kAdvice));
    struct stat facts{};
    if (::stat(patient.file(kDatabaseName).c_str(), &facts) == 0 &&
        std::chrono::sys_seconds(std::chrono::seconds(facts.st_mtime)) >
            now + std::chrono::minutes(5)) {
        return bad(found + ", before the database was written", std::string(kAdvice));
    }
    return good(found);
}

Findings look_at_time_zones(const Patient& /*patient*/) {
    if (TimeZone::find("Pacific/Chatham")) return good("the machine knows them");
    return warning("the machine knows none but UTC",
                   "Install tzdata: budgets of a team in another time zone need it.");
}

/// How many models, in words.
std::string models_of(const Provider& provider) {
    if (provider.models.empty()) return "takes any model under its name";
    return fmt::format(
        "has {} model{}", provider.models.size(), provider.models.size() == 1 ? "" : "s");
}

/// Calls it: a key that is wrong and an address that leads nowhere are not to be seen otherwise.
Findings call_provider(const Provider& provider, const Settings& settings) {
    const auto answered = ask_provider(provider, provider.api_key, settings.upstream_ca_file);
    if (!answered) {
        const Error& error = answered.error();
        return bad(fmt::format("{}: cannot be reached: {}",
                               provider.name,
                               error.detail.empty() ? error.message : error.detail),
                   "Check its base_url, and that this machine may go there.");
    }
    if (*answered == 401 || *answered == 403) {
        return bad(fmt::format("{}: answers {} to {}",
                               provider.name,
                               *answered,
                               provider.api_key.empty() ? "calls without a key" : "its key"),
                   "Give it a key that the provider takes, with api_key_env or api_key_file.");
    }
    if (*answered >= 500) {
        return warning(fmt::format("{}: answers {}", provider.name, *answered),
                       "Look at the provider's status page, or at its log.");
    }
    return good(fmt::format("{}: answers{}; {}",
                            provider.name,
                            provider.api_key.empty() ? ", without a key" : "",
                            models_of(provider)));
}

Findings look_at_provider(const Patient& patient, const ProviderSettings& settings) {
    auto opened = open_configured(settings, patient.environment);
    if (!opened) return bad(opened.error().message, "Set the variable, or correct the file.");
    if (opened->kind == ProviderKind::Sandbox) return good("sandbox: built in");
    Findings out = call_provider(*opened, patient.configuration.settings);
    if (const std::string open = why_others_read_key(settings); !open.empty()) {
        out.push_back(warning(fmt::format("{}: {}", settings.name, open),
                              fmt::format("chmod 600 {}, and see that the gateway's user owns it.",
                                          settings.api_key_file))
                          .front());
    }
    return out;
}

Findings look_at_providers(const Patient& patient) {
    if (patient.configuration.providers.empty()) {
        return warning("only the built-in sandbox",
                       "Add a [[provider]] to the configuration to reach real models.");
    }
    Findings out;
    for (const ProviderSettings& settings : patient.configuration.providers) {
        std::ranges::move(look_at_provider(patient, settings), std::back_inserter(out));
    }
    return out;
}

Findings look_at_identity_provider(const Patient& patient, const SignInProviderSettings& settings) {
    const std::string& name = settings.terms.name;
    const auto provider = open_identity_provider(
        settings, patient.environment, patient.configuration.settings.upstream_ca_file, {});
    if (!provider) {
        return bad(provider.error().message, "Set the variable, or correct the file.");
    }
    const auto metadata = (*provider)->metadata();
    if (metadata) return good(fmt::format("{}: answers", name));
    return bad(fmt::format("{}: {}", name, metadata.error().detail),
               "Check its issuer, and that this machine may go there: until then nobody signs in "
               "with it.");
}

Findings look_at_sign_in(const Patient& patient) {
    if (patient.configuration.sign_in_providers.empty()) return good("with passwords");
    Findings out;
    for (const SignInProviderSettings& settings : patient.configuration.sign_in_providers) {
        std::ranges::move(look_at_identity_provider(patient, settings), std::back_inserter(out));
    }
    return out;
}

Findings look_at_tls(const Patient& patient) {
    const Settings& settings = patient.configuration.settings;
    if (settings.tls_certificate.empty()) {
        const auto address = parse_listen(settings.listen);
        if (address && !address->is_loopback) {
            return warning("keys travel in the clear beyond this machine",
                           "See that something in front of the gateway ends TLS.");
        }
        return good("not used, and not needed on this machine alone");
    }
    const auto tls = ServerTls::load(settings.tls_certificate, settings.tls_key);
    if (!tls) return bad(tls.error().message, "Correct tls.certificate and tls.key.");
    const std::string open = why_too_open(settings.tls_key);
    if (!open.empty()) {
        return warning(fmt::format("{}: {}", settings.tls_key, open),
                       fmt::format("chmod 600 {}", settings.tls_key));
    }
    return good("certificate and key fit each other");
}

Findings look_at_descriptors(const Patient& patient) {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return good("unknown");
    const auto connections = static_cast<uint64_t>(patient.configuration.settings.connections_max);
    const std::string found = fmt::format("{} may be open", files.rlim_max);
    if (files.rlim_max >= connections + kDescriptorsBeside) return good(found);
    return warning(fmt::format("{}, and server.connections_max is {}", found, connections),
                   "Raise the limit (LimitNOFILE of systemd, ulimit -n), or lower the setting.");
}

struct Check {
    std::string_view what;
    Findings (*look)(const Patient& patient);
};

constexpr std::array kChecks = {
    Check{"configuration", look_at_configuration},
    Check{"data folder", look_at_folder},
    Check{"master key", look_at_master_key},
    Check{"pepper", look_at_pepper},
    Check{"database", look_at_database},
    Check{"keys", look_at_keys},
    Check{"journal", look_at_journal},
    Check{"disk", look_at_disk},
    Check{"address", look_at_port},
    Check{"gateway", look_at_gateway},
    Check{"vault", look_at_vault},
    Check{"clock", look_at_clock},
    Check{"time zones", look_at_time_zones},
    Check{"providers", look_at_providers},
    Check{"sign-in", look_at_sign_in},
    Check{"tls", look_at_tls},
    Check{"open files", look_at_descriptors},
};

}  // namespace

std::vector<Finding> examine_set_up(const Configuration& configuration,
                                    const Environment& environment) {
    Patient patient{.configuration = configuration,
                    .environment = environment,
                    .dir = configuration.settings.data_dir,
                    .is_running = false};
    patient.is_running = somebody_listens(patient.file(kOperatorSocketName));
    std::vector<Finding> out;
    for (const Check& check : kChecks) {
        for (Finding& each : check.look(patient)) {
            each.what = check.what;
            out.push_back(std::move(each));
        }
    }
    return out;
}

}  // namespace keywarden
