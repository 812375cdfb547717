// GET /status: how the gateway is, for everybody.
#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <vector>

#include "admin/health.h"
#include "admin/html_page.h"
#include "admin/incidents.h"

namespace keywarden {
namespace {

constexpr std::string_view kCaching = "no-cache";  // who looks wants to know how it is now

struct Part {
    std::string_view name;
    std::string_view words;
    ServiceState state;
};

/// What the page says of a state, as a heading.
std::string_view in_words(ServiceState state) {
    switch (state) {
        case ServiceState::Operational:
            return "Everything works";
        case ServiceState::Maintenance:
            return "Maintenance";
        case ServiceState::Degraded:
            return "Not everything works";
        case ServiceState::Down:
        case ServiceState::kCount:
            break;
    }
    return "Out of service";
}

std::string_view mark_of(ServiceState state) {
    switch (state) {
        case ServiceState::Operational:
            return "Works";
        case ServiceState::Maintenance:
            return "Maintained";
        case ServiceState::Degraded:
            return "Works in part";
        case ServiceState::Down:
        case ServiceState::kCount:
            break;
    }
    return "Does not work";
}

std::string capitalized(std::string_view word) {
    std::string out(word);
    if (!out.empty()) out[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[0])));
    return out;
}

/// To the minute, which is enough for people.
std::string time_html(TimePoint at) {
    const std::string exact = format_iso8601(at);
    return fmt::format("<time datetime=\"{}\">{} {} UTC</time>",
                       exact,
                       exact.substr(0, exact.find('T')),
                       exact.substr(exact.find('T') + 1, 5));
}

/// Open ones stand by themselves, those that are over beneath a heading.
std::string incident_html(const Incident& incident) {
    std::string out =
        fmt::format("<section>\n<{0}>{1}</{0}>\n<p class=\"facts\">{2} · since {3}</p>\n<ul>\n",
                    incident.resolved_at ? "h3" : "h2",
                    html_escaped(incident.name),
                    mark_of(incident.impact),
                    time_html(incident.created_at));
    for (size_t i = incident.updates.size(); i-- > 0;) {
        const IncidentUpdate& update = incident.updates[i];
        out += fmt::format("<li><strong>{}</strong> {}<br>{}</li>\n",
                           capitalized(name(update.state)),
                           time_html(update.at),
                           html_escaped(update.text));
    }
    return out + "</ul>\n</section>\n";
}

std::string incidents_html(const std::vector<Incident>& incidents, bool is_open) {
    std::string out;
    for (const Incident& incident : incidents) {
        if (incident.resolved_at.has_value() != is_open) out += incident_html(incident);
    }
    return out;
}

std::string page_html(ServiceState all,
                      const std::vector<Part>& parts,
                      const std::vector<Incident>& incidents,
                      TimePoint now) {
    std::string out = fmt::format(
        "<h1>{}</h1>\n<p class=\"facts\">As of {}</p>\n", in_words(all), time_html(now));
    out += incidents_html(incidents, true);
    out += "<h2>Parts</h2>\n<ul>\n";
    for (const Part& part : parts) {
        out += fmt::format("<li>{}: <strong>{}</strong></li>\n", part.words, mark_of(part.state));
    }
    out += "</ul>\n<h2>Resolved in the last 14 days</h2>\n";
    const std::string past = incidents_html(incidents, false);
    return out + (past.empty() ? "<p>Nothing.</p>\n" : past);
}

}  // namespace

Result<HttpResponse> read_status(AdminContext& context, const ApiCall& call) {
    const TimePoint now = context.clock.now();
    const bool store_answers = ask_store(context).has_value();
    std::vector<Incident> incidents = load_incidents(context).value_or(std::vector<Incident>());
    std::erase_if(incidents, [&](const Incident& one) { return !is_shown(one, now); });
    const std::vector<Part> parts = {
        {.name = "gateway",
         .words = "The gateway",
         .state = context.draining() ? ServiceState::Degraded : ServiceState::Operational},
        {.name = "store",
         .words = "Its database",
         .state = store_answers ? ServiceState::Operational : ServiceState::Down}};
    ServiceState all = worst_of(incidents);
    for (const Part& part : parts) all = std::max(all, part.state);

    HttpResponse response;
    if (call.request.header("Accept").contains("text/html")) {
        const std::string main = page_html(all, parts, incidents, now);
        response = html_response(
            {.title = "Status", .name = "Pages", .links = "", .main = main, .caching = kCaching});
    } else {
        Json components = Json::array();
        for (const Part& part : parts) {
            components.push_back({{"name", part.name}, {"status", name(part.state)}});
        }
        Json told = Json::array();
        for (const Incident& incident : incidents) {
            told.push_back(incident_record(incident));
            told.back().erase("version");
        }
        response = json_response(200,
                                 {{"object", "status"},
                                  {"status", name(all)},
                                  {"components", std::move(components)},
                                  {"incidents", std::move(told)},
                                  {"time", format_iso8601(now)}});
        set_header(response, "Cache-Control", kCaching);
    }
    response.headers.push_back({"Vary", "Accept"});
    return response;
}

}  // namespace keywarden
