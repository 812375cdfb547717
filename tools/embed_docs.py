#!/usr/bin/env python3
"""Puts the contract into the binary: openapi.yaml as JSON and as a page, and the pages' style.

usage: embed_docs.py OPENAPI_YAML STYLE_CSS OUT_CC

Needs only Debian's python3-yaml. The output depends on nothing but the two inputs.
"""
import base64
import copy
import hashlib
import json
import pathlib
import sys

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import reference_page  # noqa: E402

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
PIECE_MAX = 8000  # bytes of one string literal: so that the lines stay readable in a diff


class StrictLoader(yaml.SafeLoader):
    """Refuses a mapping that says a key twice; plain YAML keeps the last and says nothing."""


def strict_mapping(loader, node, deep=False):
    seen = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=deep)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"'{key}' is there twice",
                                                    key_node.start_mark)
        seen.add(key)
    return yaml.SafeLoader.construct_mapping(loader, node, deep)


StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, strict_mapping)


def load(path):
    return yaml.load(pathlib.Path(path).read_text(encoding="utf-8"), StrictLoader)


def look_up(spec, ref):
    """What a local reference such as '#/components/schemas/ApiKey' points at."""
    found = spec
    for part in ref.removeprefix("#/").split("/"):
        found = found[part]
    return found


def with_paths_resolved(spec):
    """The same document for tools that do not follow references to path items.

    A path item of two names gets two sets of operations; those of the longer name end in Account.
    """
    out = copy.deepcopy(spec)
    for path, item in out["paths"].items():
        if "$ref" not in item:
            continue
        item = copy.deepcopy(look_up(spec, item["$ref"]))
        out["paths"][path] = item
        for method in METHODS:
            if method in item and path.startswith("/v1/account/"):
                item[method]["operationId"] += "Account"
    del out["components"]["pathItems"]
    return out


def literal(data: bytes) -> str:
    """C++ string literals, one a line. Octal escapes end by themselves; hexadecimal ones do not."""
    lines = []
    for start in range(0, len(data), PIECE_MAX):
        text = "".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\?' else f"\\{byte:03o}"
                       for byte in data[start:start + PIECE_MAX])
        lines.append(f'    "{text}"')
    return "\n".join(lines) or '    ""'


def main() -> int:
    spec_path, style_path, out_path = sys.argv[1:]
    spec = load(spec_path)
    style = pathlib.Path(style_path).read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode()
    values = {
        "kOpenApiJson": json.dumps(with_paths_resolved(spec), ensure_ascii=False,
                                   separators=(",", ":")),
        "kReferenceHtml": reference_page.render(spec),
        "kDocsStyle": style,
        "kDocsStyleHash": "sha256-" + digest,
    }
    parts = ["// Made by tools/embed_docs.py; do not edit.", '#include "admin/embedded.h"', "",
             '#pragma clang diagnostic ignored "-Woverlength-strings"', "",
             "namespace keywarden {"]
    for name, text in values.items():
        parts.append(f"const std::string_view {name} =\n{literal(text.encode('utf-8'))};")
    parts.append("}  // namespace keywarden\n")
    pathlib.Path(out_path).write_text("\n".join(parts), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
