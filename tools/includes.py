"""What a source uses it includes, itself or through a header of ours: a compiler that was given the
precompiled headers (tools/precompiled.h) does not notice what is missing.

`missing` reads names, not C++: the table holds what has one clear home.
"""
import pathlib
import re

USES = {  # header: what belongs to it
    "algorithm": r"std::(ranges::)?(all_of|any_of|binary_search|clamp|copy|copy_n|count_if|equal|fill|find"
                 r"|find_if|for_each|is_sorted|lower_bound|max|max_element|min|min_element|mismatch|none_of"
                 r"|remove_if|replace|reverse|rotate|search|sort|stable_sort|transform|unique"
                 r"|upper_bound)\b",
    "array": r"std::(array|to_array)\b",
    "atomic": r"std::(atomic|memory_order)",
    "charconv": r"std::(from_chars|to_chars)\b",
    "chrono": r"std::chrono\b",
    "condition_variable": r"std::condition_variable",
    "coroutine": r"std::(coroutine_handle|suspend_)",
    "cstdint": r"\bu?int(8|16|32|64)_t\b",
    "cstring": r"std::(memchr|memcmp|memcpy|memmove|memset|strerror|strlen)\b",
    "deque": r"std::deque\b",
    "expected": r"std::(expected|unexpected)\b",
    "filesystem": r"std::filesystem\b",
    "fstream": r"std::[io]?fstream\b",
    "functional": r"std::(equal_to|function|greater|hash|invoke|less|move_only_function|plus|ref)\b",
    "limits": r"std::numeric_limits\b",
    "map": r"std::(multi)?map\b",
    "memory": r"std::(addressof|make_shared|make_unique|shared_ptr|unique_ptr|weak_ptr)\b",
    "mutex": r"std::(call_once|lock_guard|mutex|once_flag|recursive_mutex|scoped_lock|unique_lock)\b",
    "optional": r"std::(nullopt|optional)\b",
    "random": r"std::(mt19937|random_device|uniform_)",
    "set": r"std::(multi)?set\b",
    "span": r"std::(as_bytes|span)\b",
    "sstream": r"std::[io]?stringstream\b",
    "string": r"std::(string|to_string)\b",
    "string_view": r"std::string_view\b",
    "thread": r"std::(jthread|this_thread|thread)\b",
    "unordered_map": r"std::unordered_map\b",
    "utility": r"std::(as_const|cmp_less|exchange|forward|in_place|move|pair|swap|to_underlying)\b",
    "variant": r"std::(get_if|holds_alternative|monostate|variant|visit)\b",
    "vector": r"std::vector\b",
    "fmt/": r"\bfmt::",
    "nlohmann/": r"\bnlohmann::",
    "gtest/": r"\bTEST(_F|_P)?\(",
    "gmock/": r"\b(EXPECT_THAT|MOCK_METHOD)\(",
    "rapidcheck": r"\brc::|\bRC_",
}
GIVEN_BY = {  # header: others that are defined to bring its names along
    "string_view": ("string",),
    "utility": ("algorithm", "memory"),
    "gtest/": ("gmock/",),
}


class Includes:
    """Who includes what, over all sources of the project."""

    def __init__(self, texts: dict[pathlib.Path, str]):
        self.texts = texts
        self.system = {path: set(re.findall(r"^\s*#include <([^>]+)>", text, re.M))
                       for path, text in texts.items()}
        self.ours = {path: [*self.find(path, text)] for path, text in texts.items()}

    def find(self, path: pathlib.Path, text: str):
        """The headers of ours that a file includes."""
        for name in re.findall(r'^\s*#include "([^"]+)"', text, re.M):
            for place in (pathlib.Path("src") / name, pathlib.Path(name), path.parent / name):
                if place in self.texts:
                    yield place
                    break

    def reached(self, path: pathlib.Path) -> set[str]:
        """The system headers that this file or a header of ours beneath it names."""
        seen, todo = {path}, [path]
        while todo:
            for other in self.ours[todo.pop()]:
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
        return set().union(*(self.system[each] for each in seen))

    def missing(self, path: pathlib.Path):
        """Pairs of a line's number and what to include for it."""
        reached = self.reached(path)
        code = re.sub(r'//.*|"(\\.|[^"\\\n])*"', "", self.texts[path])
        for header, names in USES.items():
            if any(have.startswith(header) if header[-1] == "/" or header == "rapidcheck" else
                   have == header for have in reached):
                continue
            if any(have.startswith(other) for other in GIVEN_BY.get(header, ()) for have in reached):
                continue
            found = re.search(names, code)
            if found:
                yield code.count("\n", 0, found.start()) + 1, f"'{found[0]}' needs <{header}>"
