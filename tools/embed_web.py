#!/usr/bin/env python3
"""Puts the console into the binary: what Vite made of web/, plain and compressed, as a table.

usage: embed_web.py WEB_DIST OUT_CC

No folder, or an empty one, is a table without rows: the binary then says that it has no console.
WEB_DIST holds index.html and assets/, whose files are named after their content. Refuses a file of
another kind, or elsewhere.
"""
import gzip
import hashlib
import pathlib
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
}
INDEX = "index.html"
SMALLER = 0.9  # what compression must come to, to be worth its bytes


def files_of(dist: pathlib.Path) -> list:
    """(name, type, content) of each file, index.html first."""
    found = []
    for path in sorted(dist.rglob("*")) if dist.is_dir() else []:
        if path.is_dir():
            continue
        name = path.relative_to(dist).as_posix()
        if name != INDEX and (path.parent.name != "assets" or name.count("/") != 1):
            raise ValueError(f"{name}: only {INDEX} and files in assets/ are served")
        if path.suffix not in TYPES:
            raise ValueError(f"{name}: a file of this kind has no media type in embed_web.py")
        if path.stat().st_size == 0:
            raise ValueError(f"{name}: is empty")
        found.append((name, TYPES[path.suffix], path.read_bytes()))
    if found and not any(name == INDEX for name, _, _ in found):
        raise ValueError(f"{dist}: has no {INDEX}")
    return sorted(found, key=lambda file: file[0] != INDEX)


def array(name: str, content: bytes, folder: pathlib.Path) -> str:
    """The bytes as an array of that name. Its digest stands there for ccache, which does not look
    into what is embedded."""
    digest = hashlib.sha256(content).hexdigest()
    file = folder / digest
    file.write_bytes(content)
    return (f"constexpr unsigned char {name}[] = {{  // {digest}\n"
            f"#embed \"{file}\"\n}};\n")


def main(dist: str, out: str) -> int:
    folder = pathlib.Path(out).parent / "web"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    try:
        files = files_of(pathlib.Path(dist))
    except ValueError as error:
        print(f"embed_web.py: {error}", file=sys.stderr)
        return 1
    arrays, rows = [], []
    for number, (name, kind, content) in enumerate(files):
        packed = gzip.compress(content, 9, mtime=0)
        has_packed = name != INDEX and len(packed) < len(content) * SMALLER
        arrays.append(array(f"kBody{number}", content, folder))
        if has_packed:
            arrays.append(array(f"kGzip{number}", packed, folder))
        rows.append(f'    {{"{name}", "{kind}", bytes_of(kBody{number}), '
                    + (f"bytes_of(kGzip{number})" if has_packed else '""') + "},\n")
    text = "// Made by tools/embed_web.py from web/dist.\n#include \"console/embedded.h\"\n\n"
    text += '#pragma clang diagnostic ignored "-Wc23-extensions"\n\nnamespace keywarden {\n'
    if files:
        text += ("namespace {\n\n" + "".join(arrays) + "\ntemplate <size_t N>\n"
                 "std::string_view bytes_of(const unsigned char (&bytes)[N]) {\n"
                 "    return {reinterpret_cast<const char*>(bytes), N};\n}\n\n"
                 "const WebFile kFiles[] = {\n" + "".join(rows) + "};\n\n}  // namespace\n\n"
                 "std::span<const WebFile> web_files() { return kFiles; }\n")
    else:
        text += "\nstd::span<const WebFile> web_files() { return {}; }\n"
    pathlib.Path(out).write_text(text + "\n}  // namespace keywarden\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
