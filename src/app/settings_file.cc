#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <toml++/toml.h>

#include "app/configuration.h"
#include "base/nearest_name.h"
#include "providers/provider.h"

namespace keywarden {
namespace {

/// A value of the file as text, and as people are told about it.
struct Scalar {
    std::string text;
    std::string described;
};

std::optional<Scalar> scalar_of(const toml::node& node) {
    if (const auto* text = node.as_string()) {
        return Scalar{text->get(), fmt::format("the text '{}'", text->get())};
    }
    if (const auto* number = node.as_integer()) {
        return Scalar{std::to_string(number->get()), fmt::format("{}", number->get())};
    }
    if (const auto* flag = node.as_boolean()) {
        return Scalar{flag->get() ? "true" : "false", flag->get() ? "true" : "false"};
    }
    return std::nullopt;
}

std::string describe(const toml::node& node) {
    if (const auto scalar = scalar_of(node)) return scalar->described;
    if (node.is_table()) return "a table";
    if (node.is_array()) return "an array";
    return "a number with a fraction, or a date";
}

/// Whether the TOML type is the one that the kind is written as.
bool type_fits(SettingKind kind, const toml::node& node) {
    switch (kind) {
        case SettingKind::Flag:
            return node.is_boolean();
        case SettingKind::Count:
            return node.is_integer();
        case SettingKind::Bytes:
        case SettingKind::Dollars:
            return node.is_integer() || node.is_string();
        case SettingKind::Choices:
            return node.is_array();
        default:
            return node.is_string();
    }
}

class Reader {
public:
    Reader(std::string file, Configuration& out) : file_(std::move(file)), out_(out) {}

    Result<void> read(const toml::table& root) {
        for (const auto& [key, node] : root) {
            const std::string_view name = key.str();
            if (name == "provider") {
                TRY_VOID(providers(node));
            } else if (name == "route") {
                TRY_VOID(routes(node));
            } else if (name == "sign_in") {
                TRY_VOID(sign_in(node));
            } else if (name == "aliases") {
                TRY_VOID(aliases(node));
            } else {
                TRY_VOID(setting(std::string(name), node));
            }
        }
        return {};
    }

private:
    std::unexpected<Error> wrong(const toml::node& at, std::string_view name, std::string what) {
        return fail(Error{.code = ErrorCode::InvalidConfig,
                          .message = fmt::format("{}: {}: {}", place(at), name, what),
                          .param = std::string(name)});
    }
    std::unexpected<Error> expected(const toml::node& at,
                                    std::string_view name,
                                    std::string_view what) {
        return wrong(at, name, fmt::format("expected {}, got {}", what, describe(at)));
    }
    std::unexpected<Error> unknown(const toml::node& at,
                                   std::string_view name,
                                   std::span<const std::string_view> known) {
        const std::string_view nearest = nearest_name(name, known);
        return wrong(at,
                     name,
                     nearest.empty()
                         ? "there is no such setting"
                         : fmt::format("there is no such setting; did you mean '{}'?", nearest));
    }
    std::string place(const toml::node& node) const {
        return fmt::format("{}:{}", file_, node.source().begin.line);
    }

    /// `name` is the path so far: a setting, or a section with settings in it.
    Result<void> setting(const std::string& name, const toml::node& node) {
        const SettingRow* row = find_setting(name);
        if (row == nullptr) {
            std::vector<std::string_view> known = {"provider", "route", "aliases"};
            bool is_section = false;
            for (const SettingRow& each : all_settings()) {
                known.push_back(each.name);
                is_section = is_section || each.name.starts_with(name + ".");
            }
            if (!is_section) return unknown(node, name, known);
            if (!node.is_table()) return expected(node, name, "a section with settings in it");
            for (const auto& [key, inner] : *node.as_table()) {
                TRY_VOID(setting(name + "." + std::string(key.str()), inner));
            }
            return {};
        }
        if (!type_fits(row->kind, node)) return expected(node, name, expectation(*row));
        std::string text;
        if (const auto* list = node.as_array()) {
            TRY(const auto texts, strings(*list, name));
            text = fmt::format("{}", fmt::join(texts, ","));
        } else if (const auto scalar = scalar_of(node)) {
            text = scalar->text;
        }
        if (auto set = set_from_text(out_.settings, *row, text); !set) {
            return wrong(node, name, std::move(set.error().message));
        }
        out_.origins.at(static_cast<size_t>(row - all_settings().data())) = place(node);
        return {};
    }

    Result<std::vector<std::string>> strings(const toml::array& list, std::string_view name) {
        std::vector<std::string> out;
        for (const toml::node& node : list) {
            if (!node.is_string()) return expected(node, name, "a list of texts");
            out.push_back(node.as_string()->get());
        }
        return out;
    }

    Result<std::string> text(const toml::table& table,
                             const std::string& name,
                             std::string_view key,
                             bool is_required) {
        const toml::node* node = table.get(key);
        const std::string path = fmt::format("{}.{}", name, key);
        if (node == nullptr && is_required) {
            return wrong(table, path, "it is required, and missing");
        }
        if (node == nullptr) return std::string();
        if (!node->is_string() || node->as_string()->get().empty()) {
            return expected(*node, path, "text that is not empty");
        }
        return node->as_string()->get();
    }

    Result<void> no_other_fields(const toml::table& table,
                                 const std::string& name,
                                 std::span<const std::string_view> known) {
        for (const auto& [key, node] : table) {
            if (std::ranges::find(known, key.str()) == known.end()) {
                const std::string_view nearest = nearest_name(key.str(), known);
                return wrong(node,
                             fmt::format("{}.{}", name, key.str()),
                             fmt::format("there is no such field; {}",
                                         nearest.empty()
                                             ? fmt::format("there are {}", fmt::join(known, ", "))
                                             : fmt::format("did you mean '{}'?", nearest)));
            }
        }
        return {};
    }

    Result<void> providers(const toml::node& node) {
        const toml::array* list = node.as_array();
        if (list == nullptr) return expected(node, "provider", "[[provider]], with two brackets");
        for (const toml::node& each : *list) {
            if (!each.is_table()) return expected(each, "provider", "a table");
            TRY_VOID(provider(*each.as_table()));
        }
        return {};
    }

    Result<void> provider(const toml::table& table) {
        std::vector<std::string_view> fields;
        for (const ProviderField& field : provider_fields()) fields.push_back(field.name);
        TRY_VOID(no_other_fields(table, "provider", fields));
        ProviderSettings out;
        TRY(out.name, text(table, "provider", "name", true));
        TRY(out.kind, text(table, "provider", "kind", false));
        TRY(out.base_url, text(table, "provider", "base_url", false));
        TRY(out.api_version, text(table, "provider", "api_version", false));
        TRY(out.api_key_env, text(table, "provider", "api_key_env", false));
        TRY(out.api_key_file, text(table, "provider", "api_key_file", false));
        TRY(out.region, text(table, "provider", "region", false));
        TRY(const std::string dialect, text(table, "provider", "dialect", false));
        if (!dialect.empty()) {
            out.dialect = dialect_named(dialect);
            if (!out.dialect) {
                return expected(
                    *table.get("dialect"), "provider.dialect", "openai, anthropic, or bedrock");
            }
        }
        TRY(const std::string privacy, text(table, "provider", "privacy_class", false));
        if (!privacy.empty()) {
            const auto known = privacy_class_of(privacy);
            if (!known) {
                return expected(
                    *table.get("privacy_class"), "provider.privacy_class", "standard, zdr, or tee");
            }
            out.privacy = *known;
        }
        TRY(out.networks, networks(table.get("networks"), "provider.networks"));
        TRY_VOID(timeouts(table, out.timeouts));
        if (const toml::node* list = table.get("models")) {
            if (!list->is_array()) return expected(*list, "provider.models", "a list of models");
            for (const toml::node& node : *list->as_array()) {
                TRY(ModelSettings each, model(node));
                out.models.push_back(std::move(each));
            }
        }
        out.place = place(table);
        out_.providers.push_back(std::move(out));
        return {};
    }

    /// Each within the bounds of the setting of that name.
    Result<void> timeouts(const toml::table& table, ProviderTimeouts& out) {
        const auto read = [&](const char* key, std::optional<Nanos>& timeout) -> Result<void> {
            const toml::node* const node = table.get(key);
            if (node == nullptr) return {};
            const SettingRow& row = *find_setting(std::string("upstream.") + key);
            const std::string name = std::string("provider.") + key;
            if (!node->is_string()) return expected(*node, name, expectation(row));
            Settings settings{};
            if (auto set = set_from_text(settings, row, node->as_string()->get()); !set) {
                return wrong(*node, name, std::move(set.error().message));
            }
            timeout = settings.*(std::get<Nanos Settings::*>(row.member));
            return {};
        };
        TRY_VOID(read("connect_timeout", out.connect));
        TRY_VOID(read("first_byte_timeout", out.first_byte));
        TRY_VOID(read("idle_timeout", out.idle));
        return read("total_timeout", out.total);
    }

    Result<std::vector<IpRange>> networks(const toml::node* node, std::string_view name) {
        std::vector<IpRange> out;
        if (node == nullptr) return out;
        if (!node->is_array()) return expected(*node, name, "a list of networks");
        TRY(const auto texts, strings(*node->as_array(), name));
        for (const std::string& text : texts) {
            auto network = IpRange::parse(text);
            if (!network) return wrong(*node, name, std::move(network).error().message);
            out.push_back(*network);
        }
        return out;
    }

    Result<ModelSettings> model(const toml::node& node) {
        constexpr std::string_view kName = "provider.models";
        constexpr std::string_view kFields[] = {"id", "upstream"};
        if (const auto* id = node.as_string(); id != nullptr && !id->get().empty()) {
            return ModelSettings{id->get(), id->get()};
        }
        const toml::table* table = node.as_table();
        if (table == nullptr) {
            return expected(node, kName, "a model's id, or a table with id and upstream");
        }
        TRY_VOID(no_other_fields(*table, std::string(kName), kFields));
        TRY(std::string id, text(*table, std::string(kName), "id", true));
        TRY(std::string upstream, text(*table, std::string(kName), "upstream", false));
        if (upstream.empty()) upstream = id;
        return ModelSettings{std::move(id), std::move(upstream)};
    }

    Result<void> routes(const toml::node& node) {
        const toml::array* list = node.as_array();
        if (list == nullptr) return expected(node, "route", "[[route]], with two brackets");
        for (const toml::node& each : *list) {
            if (!each.is_table()) return expected(each, "route", "a table");
            TRY_VOID(route(*each.as_table()));
        }
        return {};
    }

    Result<void> route(const toml::table& table) {
        std::vector<std::string_view> fields;
        for (const ProviderField& field : route_fields()) fields.push_back(field.name);
        TRY_VOID(no_other_fields(table, "route", fields));
        ModelRoute out;
        TRY(out.id, text(table, "route", "name", true));
        const toml::node* const targets = table.get("targets");
        if (targets == nullptr) return wrong(table, "route.targets", "it is required, and missing");
        if (!targets->is_array()) return expected(*targets, "route.targets", "a list of models");
        for (const toml::node& node : *targets->as_array()) {
            TRY(ModelRoute::Target each, route_target(node));
            out.targets.push_back(std::move(each));
        }
        TRY(const std::string strategy, text(table, "route", "strategy", false));
        if (!strategy.empty()) {
            const auto known = route_strategy_named(strategy);
            if (!known) {
                return expected(*table.get("strategy"), "route.strategy", "fallback, or weighted");
            }
            out.strategy = *known;
        }
        if (const toml::node* const resend = table.get("resend")) {
            if (!resend->is_boolean()) return expected(*resend, "route.resend", "true or false");
            out.resends = resend->as_boolean()->get();
        }
        out_.routes.push_back({std::move(out), place(table)});
        return {};
    }

    Result<ModelRoute::Target> route_target(const toml::node& node) {
        constexpr std::string_view kName = "route.targets";
        constexpr std::string_view kFields[] = {"model", "weight"};
        if (const auto* id = node.as_string(); id != nullptr && !id->get().empty()) {
            return ModelRoute::Target{.model = id->get()};
        }
        const toml::table* table = node.as_table();
        if (table == nullptr) {
            return expected(node, kName, "a model's id, or a table with model and weight");
        }
        TRY_VOID(no_other_fields(*table, std::string(kName), kFields));
        ModelRoute::Target out;
        TRY(out.model, text(*table, std::string(kName), "model", true));
        if (const toml::node* const weight = table->get("weight")) {
            if (!weight->is_integer()) {
                return expected(*weight, "route.targets.weight", "a whole number");
            }
            out.weight = weight->as_integer()->get();
        }
        return out;
    }

    Result<void> sign_in(const toml::node& node) {
        if (!node.is_table()) return expected(node, "sign_in", "a section with settings in it");
        for (const auto& [key, inner] : *node.as_table()) {
            if (key.str() != "provider") {
                TRY_VOID(setting("sign_in." + std::string(key.str()), inner));
                continue;
            }
            const toml::array* list = inner.as_array();
            if (list == nullptr) {
                return expected(
                    inner, "sign_in.provider", "[[sign_in.provider]], with two brackets");
            }
            for (const toml::node& each : *list) {
                if (!each.is_table()) return expected(each, "sign_in.provider", "a table");
                TRY_VOID(sign_in_provider(*each.as_table()));
            }
        }
        return {};
    }

    Result<void> sign_in_provider(const toml::table& table) {
        const std::string name = "sign_in.provider";
        std::vector<std::string_view> fields;
        for (const ProviderField& field : sign_in_provider_fields()) fields.push_back(field.name);
        TRY_VOID(no_other_fields(table, name, fields));
        SignInProviderSettings out{.place = place(table)};
        IdentityProviderTerms& terms = out.terms;
        TRY(terms.name, text(table, name, "name", true));
        TRY(terms.label, text(table, name, "label", false));
        TRY(terms.issuer, text(table, name, "issuer", true));
        TRY(terms.client_id, text(table, name, "client_id", true));
        TRY(out.client_secret_env, text(table, name, "client_secret_env", false));
        TRY(out.client_secret_file, text(table, name, "client_secret_file", false));
        TRY(terms.team_id, text(table, name, "team", false));
        TRY(const std::string claim, text(table, name, "groups_claim", false));
        if (!claim.empty()) terms.groups_claim = claim;
        TRY_VOID(list_of(table, "scopes", terms.scopes));
        TRY_VOID(list_of(table, "domains", terms.domains));
        TRY(terms.provisions, flag(table, name, "provision"));
        TRY(const auto role, role_in(table, name));
        terms.role = role.value_or(terms.role);
        TRY(terms.age_max, age_max(table));
        TRY(terms.networks, networks(table.get("networks"), "sign_in.provider.networks"));
        TRY_VOID(algorithms(table, terms.algorithms));
        if (const toml::node* list = table.get("groups")) {
            if (!list->is_array()) return expected(*list, name + ".groups", "a list of groups");
            for (const toml::node& node : *list->as_array()) {
                TRY(GroupRole each, group_role(node));
                terms.groups.push_back(std::move(each));
            }
        }
        out_.sign_in_providers.push_back(std::move(out));
        return {};
    }

    Result<void> list_of(const toml::table& table,
                         std::string_view key,
                         std::vector<std::string>& out) {
        const toml::node* node = table.get(key);
        if (node == nullptr) return {};
        const std::string name = fmt::format("sign_in.provider.{}", key);
        if (!node->is_array()) return expected(*node, name, "a list of texts");
        TRY(out, strings(*node->as_array(), name));
        return {};
    }

    Result<bool> flag(const toml::table& table, const std::string& name, std::string_view key) {
        const toml::node* const node = table.get(key);
        if (node == nullptr) return false;
        if (node->is_boolean()) return node->as_boolean()->get();
        return expected(*node, fmt::format("{}.{}", name, key), "true or false");
    }

    Result<std::optional<Role>> role_in(const toml::table& table, const std::string& name) {
        TRY(const std::string said, text(table, name, "role", false));
        if (said.empty()) return std::optional<Role>();
        const auto known = role_of(said);
        if (known) return known;
        return expected(*table.get("role"), name + ".role", "owner, admin, member, or viewer");
    }

    Result<std::optional<Nanos>> age_max(const toml::table& table) {
        constexpr SettingRow kRow{.name = "max_age",
                                  .kind = SettingKind::Duration,
                                  .member = &Settings::idle_timeout,
                                  .fallback = "",
                                  .min = 60'000,
                                  .max = int64_t{24} * 3'600'000};
        const toml::node* const node = table.get("max_age");
        if (node == nullptr) return std::optional<Nanos>();
        constexpr std::string_view kName = "sign_in.provider.max_age";
        if (!node->is_string()) return expected(*node, kName, expectation(kRow));
        Settings settings{};
        if (auto set = set_from_text(settings, kRow, node->as_string()->get()); !set) {
            return wrong(*node, kName, std::move(set.error().message));
        }
        return std::optional(settings.idle_timeout);
    }

    Result<void> algorithms(const toml::table& table, std::vector<JwsAlgorithm>& out) {
        std::vector<std::string> names;
        TRY_VOID(list_of(table, "algorithms", names));
        if (table.get("algorithms") != nullptr) out.clear();
        for (const std::string& each : names) {
            const auto known = jws_algorithm_of(each);
            if (!known) {
                return expected(*table.get("algorithms"),
                                "sign_in.provider.algorithms",
                                "some of RS256, PS256, ES256, EdDSA");
            }
            out.push_back(*known);
        }
        return {};
    }

    /// A team with a role, or operators: never both, so that nobody becomes one by a slip.
    Result<GroupRole> group_role(const toml::node& node) {
        constexpr std::string_view kFields[] = {"group", "team", "role", "operator"};
        const std::string name = "sign_in.provider.groups";
        const toml::table* table = node.as_table();
        if (table == nullptr) return expected(node, name, "a table with group, team, and role");
        TRY_VOID(no_other_fields(*table, name, kFields));
        GroupRole out;
        TRY(out.group, text(*table, name, "group", true));
        TRY(out.team_id, text(*table, name, "team", false));
        TRY(out.role, role_in(*table, name));
        TRY(const bool is_operator, flag(*table, name, "operator"));
        const bool is_of_team = !out.team_id.empty() && out.role;
        const bool is_neither = out.team_id.empty() && !out.role;
        if (is_operator ? !is_neither : !is_of_team) {
            return wrong(node, name, "expected a team with a role, or operator = true alone");
        }
        return out;
    }

    Result<void> aliases(const toml::node& node) {
        const toml::table* table = node.as_table();
        if (table == nullptr) return expected(node, "aliases", "a section: [aliases]");
        for (const auto& [key, inner] : *table) {
            TRY(std::string model, text(*table, "aliases", key.str(), true));
            out_.aliases.push_back({std::string(key.str()), std::move(model), place(inner)});
        }
        return {};
    }

    std::string file_;
    Configuration& out_;
};

}  // namespace

Result<void> read_configuration_file(const std::string& file, Configuration& configuration) {
    try {
        const toml::table root = toml::parse_file(file);
        return Reader(file, configuration).read(root);
    } catch (const toml::parse_error& error) {
        const auto line = error.source().begin.line;
        // A file that cannot be opened has no line.
        return fail(ErrorCode::InvalidConfig,
                    line == 0 ? fmt::format("{}: {}", file, error.description())
                              : fmt::format("{}:{}: {}", file, line, error.description()));
    }
}

}  // namespace keywarden
