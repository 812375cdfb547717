#include <string>

#include "domain/key_format.h"
#include "tests/fuzz/targets.h"

namespace keywarden {
namespace {

bool lies_in(std::string_view view, const std::string& text) {
    return view.empty() ||
           (view.data() >= text.data() && view.data() + view.size() <= text.data() + text.size());
}

const KeyFormats& formats() {
    static const KeyFormats kFormats =
        *KeyFormats::open({"keywarden", "orqen", "orbitkit", "orgn", "opaque"},
                          Secret("a pepper that is only for this fuzz target"));
    return kFormats;
}

}  // namespace

// What fits a format is made of the string's own parts, and is never shown whole.
void fuzz_key(std::string_view input) {
    const std::string presented(input);
    const std::optional<ParsedKey> parsed = formats().parse(presented);
    formats().digest(presented, parsed);
    if (!parsed) return;
    must(parsed->format < formats().all().size());
    must(presented.size() <= kPresentedMax);
    must(lies_in(parsed->environment, presented) && lies_in(parsed->id, presented) &&
         lies_in(parsed->secret, presented));
    must(!parsed->secret.empty());
    must(!formats().display(presented, *parsed).contains(parsed->secret));
    must(formats().parse(presented)->format == parsed->format);
}

}  // namespace keywarden
