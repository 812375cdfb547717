#!/usr/bin/env python3
"""Puts the price book into the binary: src/domain/price_book.yaml as a table of constants.

usage: embed_price_book.py PRICE_BOOK_YAML OUT_CC

Needs only Debian's python3-yaml. Refuses what it does not know, naming the place: a wrong field, an
amount that is no decimal number, a model that is there twice.
"""
import datetime
import decimal
import difflib
import pathlib
import re
import sys

import yaml

PRICE_MAX = 10**15  # nano-dollars; domain/price.h
TOKENS_MAX = 10**9
AMOUNTS = ("input", "output", "cached_input", "cache_write", "cache_write_1h", "reasoning",
           "audio_input", "audio_output", "per_request", "per_image", "long_input", "long_output",
           "long_cached_input", "long_cache_write", "long_cache_write_1h")
COUNTS = {"long_context_above": "long_context_above", "context": "context_tokens_max",
          "max_output": "output_tokens_max"}
MODEL_FIELDS = (*AMOUNTS, *COUNTS, "also", "note")
VENDOR_FIELDS = ("label", "names", "hosts", "source", "note", "models")
# In the order of struct Price: designated initializers want it.
PRICE_MEMBERS = ("input", "output", "cached_input", "cache_write", "cache_write_1h", "reasoning",
                 "audio_input", "audio_output", "per_request", "per_image", "long_context_above",
                 "long_input", "long_output", "long_cached_input", "long_cache_write",
                 "long_cache_write_1h", "context_tokens_max", "output_tokens_max")


class BookError(Exception):
    """What is wrong with the file, and where."""


class StrictLoader(yaml.BaseLoader):
    """Every scalar as the text that was written, so that amounts are exact; no key twice."""


def strict_mapping(loader, node, deep=False):
    seen = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=deep)
        if key in seen:
            raise BookError(f"line {key_node.start_mark.line + 1}: '{key}' is there twice")
        seen.add(key)
    return yaml.BaseLoader.construct_mapping(loader, node, deep=True)


StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, strict_mapping)


def check_fields(place, mapping, known, required):
    if not isinstance(mapping, dict):
        raise BookError(f"{place}: expected fields, found {mapping!r}")
    for field in mapping:
        if field not in known:
            near = difflib.get_close_matches(field, known, 1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise BookError(f"{place}: there is no field '{field}'{hint}")
    for field in required:
        if field not in mapping:
            raise BookError(f"{place}: '{field}' is missing")


def amount(place, text) -> int:
    """Dollars as nano-dollars, exactly."""
    if not isinstance(text, str) or not re.fullmatch(r"\d{1,7}(\.\d{1,9})?", text):
        raise BookError(f"{place}: expected dollars such as 0.075, found {text!r}")
    nanos = int(decimal.Decimal(text) * 10**9)
    if nanos > PRICE_MAX:
        raise BookError(f"{place}: {text} is too much")
    return nanos


def count(place, text) -> int:
    if not isinstance(text, str) or not re.fullmatch(r"\d{1,10}", text) or int(text) > TOKENS_MAX:
        raise BookError(f"{place}: expected a number of tokens, at most {TOKENS_MAX}, found {text!r}")
    return int(text)


def texts(place, value) -> list:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise BookError(f"{place}: expected a list of names, found {value!r}")
    return value


def price_of(place, model) -> dict:
    check_fields(place, model, MODEL_FIELDS, ("input", "output"))
    price = {name: amount(f"{place}: {name}", model[name]) for name in AMOUNTS if name in model}
    for name, member in COUNTS.items():
        if name in model:
            price[member] = count(f"{place}: {name}", model[name])
    tier = {"long_input", "long_output"}
    has_tier = any(name.startswith("long_") for name in model)
    if has_tier and not (tier <= model.keys() and price.get("long_context_above", 0) > 0):
        raise BookError(f"{place}: a long tier needs long_context_above, long_input, long_output")
    return price


def read_book(text: str) -> dict:
    """The book as plain lists, checked: date, vendors, entries (sorted by vendor and model)."""
    book = yaml.load(text, StrictLoader)
    check_fields("the book", book, ("date", "vendors"), ("date", "vendors"))
    try:
        datetime.date.fromisoformat(book["date"])
    except (TypeError, ValueError) as error:
        raise BookError(f"date: expected a day such as 2026-11-20, found {book['date']!r}") from error
    vendors, entries = [], {}
    for name, vendor in book["vendors"].items():
        check_fields(name, vendor, VENDOR_FIELDS, ("label", "hosts", "source", "models"))
        vendors.append({"name": name, "label": vendor["label"], "source": vendor["source"],
                        "note": vendor.get("note", ""),
                        "names": texts(f"{name}: names", vendor.get("names", [])),
                        "hosts": texts(f"{name}: hosts", vendor["hosts"])})
        for model, fields in vendor["models"].items():
            place = f"{name}/{model}"
            price = price_of(place, fields)
            for known in (model, *texts(f"{place}: also", fields.get("also", []))):
                if (name, known) in entries:
                    raise BookError(f"{name}/{known} is there twice")
                entries[name, known] = {"vendor": name, "model": known, "price": price,
                                        "note": fields.get("note", "")}
    return {"date": book["date"], "vendors": vendors,
            "entries": [entries[key] for key in sorted(entries)]}


def quoted(text: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise BookError(f"only ASCII, please: {text!r}")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def joined(names) -> str:
    for name in names:
        if " " in name:
            raise BookError(f"a name with a space: {name!r}")
    return quoted(" ".join(names))


def render(book: dict) -> str:
    out = ["// Made by tools/embed_price_book.py; do not edit.", '#include "domain/price_book.h"', "",
           "#include <array>", "", "namespace keywarden {", "namespace {", "",
           "constexpr std::array kVendors = {"]
    for vendor in book["vendors"]:
        out.append("    PriceVendor{.name = %s, .label = %s, .names = %s, .hosts = %s, .source = %s, "
                   ".note = %s}," % (quoted(vendor["name"]), quoted(vendor["label"]),
                                     joined(vendor["names"]), joined(vendor["hosts"]),
                                     quoted(vendor["source"]), quoted(vendor["note"])))
    out += ["};", "", "constexpr std::array kEntries = {"]
    for entry in book["entries"]:
        price = ", ".join(f".{name} = {entry['price'][name]}" for name in PRICE_MEMBERS
                          if name in entry["price"])
        out.append("    PriceBookEntry{.vendor = %s, .model = %s, .price = {%s}, .note = %s}," % (
            quoted(entry["vendor"]), quoted(entry["model"]), price, quoted(entry["note"])))
    out += ["};", "", "}  // namespace", "",
            "const PriceBook& built_in_price_book() {",
            f"    static constexpr PriceBook kBook{{.date = {quoted(book['date'])},",
            "                                     .vendors = kVendors,",
            "                                     .entries = kEntries};",
            "    return kBook;", "}", "", "}  // namespace keywarden", ""]
    return "\n".join(out)


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    source, out_path = sys.argv[1:]
    try:
        text = render(read_book(pathlib.Path(source).read_text(encoding="utf-8")))
    except (BookError, yaml.YAMLError) as error:
        print(f"{source}: {error}", file=sys.stderr)
        return 1
    pathlib.Path(out_path).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
