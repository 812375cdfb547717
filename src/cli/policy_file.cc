// keywarden apply, keywarden export: what a gateway is and is to become, as a file.
#include <fmt/format.h>
#include <istream>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/plan_text.h"
#include "cli/yaml.h"

namespace keywarden {
namespace {

using Ordered = nlohmann::ordered_json;

std::string shown_path(const Arguments& arguments) {
    const std::string path(arguments.get("file"));
    return path == "-" ? "standard input" : path;
}

Result<YamlFile> read_policy_file(Session& session, const Arguments& arguments) {
    const std::string path(arguments.get("file"));
    if (path.empty()) return fail(ErrorCode::InvalidRequest, "which file? Name it with -f FILE");
    std::string text;
    if (path == "-") {
        text.resize(kYamlBytesMax + 1);
        session.terminal.in.read(text.data(), static_cast<std::streamsize>(text.size()));
        text.resize(static_cast<size_t>(session.terminal.in.gcount()));
    } else {
        TRY(text, session.host.read_file(path, kYamlBytesMax));
    }
    auto file = read_yaml(text);
    if (!file) {
        file.error().message = fmt::format("{}:{}", shown_path(arguments), file.error().message);
    }
    return file;
}

/// What the gateway says is wrong, with the line of the file.
Error at_its_line(Error error, const YamlFile& file, const Arguments& arguments) {
    if (error.param.empty()) return error;
    const bool is_name = error.code == ErrorCode::UnknownField;
    const YamlPlace place = file.place_of(error.param, is_name);
    error.message =
        fmt::format("{}:{}:{}: {}", shown_path(arguments), place.line, place.column, error.message);
    return error;
}

Result<Ordered> ask(Session& session,
                    const Arguments& arguments,
                    const YamlFile& file,
                    Ordered order) {
    order["document"] = file.value;
    order["prune"] = arguments.has("prune");
    auto body = session.call(arguments, Method::Post, "/v1/admin/apply", order.dump());
    if (!body) return fail(at_its_line(std::move(body.error()), file, arguments));
    Ordered answer = Ordered::parse(*body, nullptr, false);
    if (answer.is_object() && answer.contains("changes") && answer["changes"].is_array()) {
        return answer;
    }
    return fail(ErrorCode::GatewayUnreachable, "what answered is no gateway of this version");
}

/// Where the secrets of new keys go.
struct SecretsOut {
    std::unique_ptr<PrivateFile> file{};  // null: to standard output
};

/// Made before anything changes: a secret that cannot be kept is not made.
Result<SecretsOut> open_secrets(Session& session, const Arguments& arguments, size_t keys) {
    const std::string path(arguments.get("secrets-out"));
    SecretsOut out;
    if (keys == 0 || path == "-") return out;
    if (!path.empty()) {
        TRY(out.file, session.host.make_private_file(path));
        return out;
    }
    if (session.terminal.out_is_terminal) return out;
    return fail(ErrorCode::InvalidRequest,
                fmt::format("{} keys would be made, and their secrets shown where no person reads "
                            "them: say where they go with --secrets-out FILE",
                            keys));
}

void print_secrets(Session& session, const Ordered& keys) {
    session.terminal.out << "\nThe secrets of the new keys, shown this once: keep them now.\n";
    for (const Ordered& key : keys) {
        session.terminal.out << printable(fmt::format(
            "  {}/{}  {}\n", key.value("team", ""), key.value("name", ""), key.value("key", "")));
    }
}

/// Hands the secrets out, and takes them out of the answer where it is not to show them.
void deliver_secrets(Session& session,
                     const Arguments& arguments,
                     const SecretsOut& to,
                     Ordered& answer) {
    Ordered& keys = answer["created_keys"];
    if (!keys.is_array() || keys.empty()) return;
    if (to.file == nullptr) {
        if (!arguments.has("json")) print_secrets(session, keys);
        return;
    }
    const auto written = to.file->fill(Ordered{{"keys", keys}}.dump(2) + "\n");
    if (!written) {  // shown rather than lost
        session.terminal.err << describe_error(written.error(), false);
        print_secrets(session, keys);
        return;
    }
    for (Ordered& key : keys) key.erase("key");
    session.terminal.err << printable(
        fmt::format("The secrets of the new keys are in {}.\n", arguments.get("secrets-out")));
}

/// Nothing of it stops what was asked for: a model may come.
void print_plan_warnings(Session& session, const Ordered& plan) {
    const auto found = plan.find("warnings");
    if (found == plan.end() || !found->is_array()) return;
    for (const Ordered& each : *found) {
        if (!each.is_string()) continue;
        session.terminal.err << printable("warning: " + each.get<std::string>() + "\n");
    }
}

Result<void> confirm_plan(Session& session, const Arguments& arguments, const PlanCounts& counts) {
    TRY_VOID(confirm(session,
                     arguments,
                     counts.all() == 1 ? std::string("Apply this change?")
                                       : fmt::format("Apply these {} changes?", counts.all())));
    if (counts.ended == 0) return {};
    return confirm(
        session, arguments, fmt::format("{} of them cannot be undone. Really?", counts.ended));
}

}  // namespace

Result<int> run_apply(Session& session, const Arguments& arguments) {
    const bool as_json = arguments.has("json");
    TRY(const YamlFile file, read_policy_file(session, arguments));
    TRY(const Ordered plan, ask(session, arguments, file, {{"dry_run", true}}));
    const PlanCounts counts = counts_of(plan);
    const bool only_looks = arguments.has("dry-run") || counts.all() == 0;
    if (as_json && only_looks) session.terminal.out << plan.dump(2) << "\n";
    if (!as_json && counts.all() == 0) {
        session.terminal.out << printable(
            fmt::format("Nothing to change: the gateway is as {} says.\n", shown_path(arguments)));
    }
    if (!as_json && counts.all() > 0) {
        session.terminal.out << plan_text(plan, session.color()) << std::flush;
    }
    print_plan_warnings(session, plan);
    if (only_looks) return kExitOk;

    TRY(const SecretsOut secrets, open_secrets(session, arguments, counts.keys_made));
    TRY_VOID(confirm_plan(session, arguments, counts));
    TRY(Ordered answer, ask(session, arguments, file, {{"expected", plan.value("digest", "")}}));
    deliver_secrets(session, arguments, secrets, answer);
    if (as_json) {
        session.terminal.out << answer.dump(2) << "\n";
    } else {
        session.terminal.out << fmt::format("\nApplied: {} created, {} changed, {} ended.\n",
                                            counts.made,
                                            counts.altered,
                                            counts.ended);
    }
    return kExitOk;
}

Result<int> run_export(Session& session, const Arguments& arguments) {
    TRY(const std::string body, session.call(arguments, Method::Get, "/v1/admin/export"));
    const Ordered document = Ordered::parse(body, nullptr, false);
    if (!document.is_object()) {
        return fail(ErrorCode::GatewayUnreachable, "what answered is no gateway of this version");
    }
    session.terminal.out << (arguments.has("json") ? document.dump(2) + "\n"
                                                   : write_yaml(document));
    return kExitOk;
}

}  // namespace keywarden
