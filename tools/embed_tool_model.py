#!/usr/bin/env python3
"""Writes src/domain/tool_model_tables.cc: what the ranker of tools was taught, from ../shared/tools (or $KEYWARDEN_TOOLS).

Words and weights are the reference ranker's: its lists, its lexicon, its training. How accents fold is Unicode's
(NFKD without combining marks). With --check, says whether the file is as it would be written."""
import json
import os
import pathlib
import sys
import textwrap
import unicodedata

ROOT = pathlib.Path(__file__).resolve().parents[1]
SOURCE = pathlib.Path(os.environ.get("KEYWARDEN_TOOLS", ROOT.parent / "shared/tools"))
TARGET = ROOT / "src/domain/tool_model_tables.cc"
FOLDED_BELOW = 0x2190  # letters with accents, typographic signs, small digits; beyond are symbols

HEAD = """// What the ranker of tools was taught. Made by tools/embed_tool_model.py: change that, not this.
// Words, weights and the lexicon are those of the reference ranker in ../shared/tools: its lists,
// its lexicon.txt (written by hand), and what its train.py learnt (weights.json, bgidf.json). How
// letters fold is Unicode's NFKD without combining marks.
#include "domain/tool_model.h"

namespace keywarden::tool_model {
"""


def constant(name: str, text: str) -> str:
    lines = textwrap.wrap(text, 92, break_long_words=False, break_on_hyphens=False)
    quoted = "\n".join('    "%s "' % line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return f"const std::string_view k{name} =\n{quoted};\n"


def folding() -> str:
    entries = []
    for code in range(0x80, FOLDED_BELOW):
        char = chr(code)
        folded = "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c))
        plain = "".join(c for c in folded if c.isascii() and c.isalnum())
        if folded != char and plain and len(folded) <= 4 and all(c.isascii() for c in folded):
            entries.append(f"{code:x} {plain}")
    return " ".join(entries)


def lexicon(stem) -> str:
    lines = [line.strip() for line in (SOURCE / "lexicon.txt").read_text(encoding="utf-8").splitlines()]
    groups = [[stem(word) for word in line.split()] for line in lines if line and not line.startswith("#")]
    return " ; ".join(" ".join(dict.fromkeys(group)) for group in groups)


def render() -> str:
    sys.path.insert(0, str(SOURCE))
    sys.dont_write_bytecode = True
    import ranker
    import toollib
    weights = json.loads((SOURCE / "weights.json").read_text())
    background = json.loads((SOURCE / "bgidf.json").read_text())
    assert list(weights) == ranker.FEATS
    stems = sorted(word for word in toollib.STOPSTEM if word.isalnum())
    parts = [
        constant("StopWords", " ".join(sorted(word for word in toollib.STOP if word.isalnum()))),
        constant("StopStems", " ".join(stems)),
        constant("Actions", " ; ".join(" ".join(toollib.stem(word) for word in words.split())
                                       for words in ranker.ACTIONS.values())),
        constant("ValueWords", " ; ".join(" ".join(sorted(words)) for _, _, words in ranker.SLOTS)),
        constant("Lexicon", lexicon(toollib.stem)),
        constant("Folding", folding()),
        constant("Background", " ".join(f"{word} {value}" for word, value in sorted(background.items())
                                        if word.isascii())),
        "const std::array<float, kToolFeatures> kWeights = {\n" +
        "".join(f"    {f'{weights[name]}F,':10}// {name}\n" for name in weights) + "};\n",
    ]
    return HEAD + "\n" + "\n".join(parts) + "\n}  // namespace keywarden::tool_model\n"


if __name__ == "__main__":
    text = render()
    if "--check" in sys.argv:
        sys.exit(0 if TARGET.read_text(encoding="utf-8") == text else f"{TARGET} is not what it would be made")
    TARGET.write_text(text, encoding="utf-8")
