"""Draws openapi.yaml as a page: the inside of <main>, without scripts and without other hosts."""
import html
import json
import re

METHODS = ("get", "post", "put", "patch", "delete")


def inline(text: str) -> str:
    """Markdown inside a paragraph: `code`, **strong**, [text](address)."""
    text = html.escape(text, quote=False)
    codes = []

    def keep(match):
        codes.append(f"<code>{match[1]}</code>")
        return f"\0{len(codes) - 1}\0"

    text = re.sub(r"`([^`]+)`", keep, text)
    text = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"\[([^\]]+)\]\(([^)\s]+)\)",
                  lambda m: f'<a href="{html.escape(m[2])}">{m[1]}</a>', text)
    return re.sub("\0([0-9]+)\0", lambda m: codes[int(m[1])], text)


def markdown(text: str) -> str:
    """Paragraphs only: all that our descriptions use."""
    blocks = [block.strip() for block in re.split(r"\n\s*\n", text or "") if block.strip()]
    return "\n".join(f"<p>{inline(' '.join(block.split()))}</p>" for block in blocks)


def look_up(spec, node):
    """What a reference points at, or the node itself. Words beside a reference win over its own."""
    if "$ref" not in node:
        return node
    found = spec
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return {**found, **{key: value for key, value in node.items() if key != "$ref"}}


def type_of(schema) -> str:
    """A schema in a few words, with a link where it has a name."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f'<a href="#schema-{name}">{name}</a>'
    for word, between in (("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")):
        if word in schema:
            return between.join(type_of(part) for part in schema[word])
    if "const" in schema:
        return f"<code>{html.escape(json.dumps(schema['const']))}</code>"
    if "enum" in schema:
        return " or ".join(f"<code>{html.escape(json.dumps(v))}</code>" for v in schema["enum"])
    kinds = schema.get("type", "any")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    words = []
    for kind in kinds:
        items = f" of {type_of(schema['items'])}" if kind == "array" and "items" in schema else ""
        words.append(("list" if kind == "array" else kind) + items)
    return " or ".join(words) + bounds_of(schema)


def bounds_of(schema) -> str:
    low = schema.get("minimum", schema.get("minLength", schema.get("minItems")))
    high = schema.get("maximum", schema.get("maxLength", schema.get("maxItems")))
    unit = " characters" if "maxLength" in schema else " entries" if "maxItems" in schema else ""
    if low is not None and high is not None:
        return f", {low} to {high}{unit}"
    if high is not None:
        return f", at most {high}{unit}"
    return f", at least {low}{unit}" if low is not None else ""


def table(head, rows) -> str:
    if not rows:
        return ""
    cells = "".join(f'<th scope="col">{title}</th>' for title in head)
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n"
                    for row in rows)
    label = ", ".join(head)
    return (f'<div class="wide" role="group" aria-label="{label}" tabindex="0"><table>\n<thead><tr>{cells}</tr></thead>\n'
            f"<tbody>\n{lines}</tbody></table></div>")


def properties(spec, schema):
    """Rows of an object's fields, those of its parts included."""
    for part in schema.get("allOf", []):
        if "$ref" not in part:
            yield from properties(spec, part)
    required = schema.get("required", [])
    for name, field in schema.get("properties", {}).items():
        must = " <small>required</small>" if name in required else ""
        text = look_up(spec, field).get("description", "") if "$ref" not in field else \
            field.get("description", "")
        yield f"<code>{html.escape(name)}</code>{must}", type_of(field), inline(text.strip())


def example_of(media):
    if "example" in media:
        return [(None, media["example"])]
    return [(one.get("summary", name), one["value"])
            for name, one in media.get("examples", {}).items()]


def body_of(spec, operation) -> str:
    if "requestBody" not in operation:
        return ""
    out = ["<h4>Body</h4>"]
    for kind, media in look_up(spec, operation["requestBody"])["content"].items():
        out.append(f"<p><code>{kind}</code>: {type_of(media['schema'])}</p>")
        for title, value in example_of(media):
            text = html.escape(json.dumps(value, indent=2, ensure_ascii=False), quote=False)
            caption = f"<figcaption>{html.escape(title)}</figcaption>" if title else ""
            out.append(f'<figure>{caption}<pre tabindex="0"><code>{text}</code></pre></figure>')
    return "\n".join(out)


def answers_of(spec, operation) -> str:
    rows = []
    for status, answer in operation["responses"].items():
        answer = look_up(spec, answer)
        kinds = [f"<code>{kind}</code> {type_of(media['schema'])}"
                 for kind, media in answer.get("content", {}).items()]
        rows.append((f"<code>{status}</code>", inline(" ".join(answer["description"].split())),
                     "<br>".join(kinds)))
    return "<h4>Answers</h4>\n" + table(("Status", "When", "Body"), rows)


def parameters_of(spec, item, operation) -> str:
    listed = [look_up(spec, one) for one in item.get("parameters", []) +
              operation.get("parameters", [])]
    rows = [(f"<code>{one['name']}</code>" + (" <small>required</small>" if one.get("required")
                                              else ""),
             one["in"], type_of(one["schema"]), inline(" ".join(one.get("description", "").split())))
            for one in listed]
    return "<h4>Parameters</h4>\n" + table(("Name", "In", "Type", "Meaning"), rows) if rows else ""


def operations(spec):
    """(paths, method, item, operation): two names of one path item are one entry."""
    grouped = {}
    for path, item in spec["paths"].items():
        grouped.setdefault(item.get("$ref", path), []).append(path)
    for paths in grouped.values():
        item = look_up(spec, spec["paths"][paths[0]])
        for method in METHODS:
            if method in item:
                yield sorted(paths, key=len), method, item, item[method]


def article(spec, entry) -> str:
    paths, method, item, operation = entry
    also = "".join(f"<p>Also <code>{html.escape(path)}</code>.</p>" for path in paths[1:])
    needs = "<p>Needs no key.</p>" if operation.get("security") == [] else \
        f"<p>Needs <code>{operation['x-permission']}</code>.</p>"
    name = operation["operationId"]
    parts = [f'<article id="{name}" aria-labelledby="{name}-title">',
             f'<h3 id="{name}-title">{html.escape(operation["summary"])}</h3>',
             f'<p class="route"><span class="{method}">{method.upper()}</span> '
             f"<code>{html.escape(paths[0])}</code></p>", also, needs,
             markdown(operation.get("description", "")), parameters_of(spec, item, operation),
             body_of(spec, operation), answers_of(spec, operation), "</article>"]
    return "\n".join(part for part in parts if part)


def schema_section(spec, name, schema) -> str:
    rows = list(properties(spec, schema))
    kind = "" if schema.get("type") == "object" and rows else f"<p>{type_of(schema)}</p>"
    return (f'<section id="schema-{name}"><h3>{name}</h3>\n{kind}'
            f"{markdown(schema.get('description', ''))}"
            f"{table(('Field', 'Type', 'Meaning'), rows)}</section>")


def header_section(spec) -> str:
    rows = [(f"<code>{name}</code>", inline(" ".join(header["description"].split())),
             f"<code>{html.escape(header['example'])}</code>" if "example" in header else "")
            for name, header in spec["components"]["headers"].items()]
    listed = table(("Name", "Meaning", "Example"), rows)
    return f"<section>\n<h2>Headers of answers</h2>\n{listed}</section>"


def render(spec) -> str:
    entries = list(operations(spec))
    known = {tag["name"] for tag in spec["tags"]}
    for _, _, _, operation in entries:
        if operation["tags"][0] not in known:
            raise ValueError(f"{operation['operationId']}: no such tag {operation['tags']}")
    out = [f"<h1>{html.escape(spec['info']['title'])} API</h1>",
           markdown(spec["info"]["description"]), '<nav aria-label="Contents">']
    for tag in spec["tags"]:
        out.append(f"<h2>{tag['name']}</h2>\n<ul>")
        out += [f'<li><a href="#{entry[3]["operationId"]}">{html.escape(entry[3]["summary"])}</a> '
                f"<small><code>{entry[1].upper()} {html.escape(entry[0][0])}</code></small></li>"
                for entry in entries if entry[3]["tags"][0] == tag["name"]]
        out.append("</ul>")
    out.append("</nav>")
    for tag in spec["tags"]:
        out.append(f"<section>\n<h2>{tag['name']}</h2>\n{markdown(tag.get('description', ''))}")
        out += [article(spec, entry) for entry in entries if entry[3]["tags"][0] == tag["name"]]
        out.append("</section>")
    out.append(header_section(spec))
    out.append("<section>\n<h2>Schemas</h2>")
    out += [schema_section(spec, name, schema)
            for name, schema in spec["components"]["schemas"].items()]
    out.append("</section>\n")
    return "\n".join(out)
