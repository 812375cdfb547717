"""tools/embed_price_book.py: what it makes, and what it says of a file that is wrong."""
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import embed_price_book as tool  # noqa: E402

HEAD = "date: 2026-11-20\nvendors:\n  acme:\n    label: Acme\n    hosts: [api.acme.test]\n" \
       "    source: https://acme.test\n    models:\n"


def read(models: str) -> dict:
    return tool.read_book(HEAD + "".join(f"      {line}\n" for line in models.splitlines()))


class TheTable(unittest.TestCase):
    def test_amounts_are_exact_nano_dollars(self):
        price = read("m: {input: 0.075, output: 22.50, cached_input: 0.000000001}")["entries"][0]["price"]
        self.assertEqual(price, {"input": 75_000_000, "output": 22_500_000_000, "cached_input": 1})

    def test_other_names_are_entries_of_their_own(self):
        entries = read("m: {input: 1, output: 2, also: [m-latest, a]}")["entries"]
        self.assertEqual([entry["model"] for entry in entries], ["a", "m", "m-latest"])

    def test_what_ships_can_be_read(self):
        book = tool.read_book((ROOT / "src/domain/price_book.yaml").read_text(encoding="utf-8"))
        self.assertGreater(len(book["entries"]), 100)

    def test_a_quote_in_a_note_stays_a_quote(self):
        made = tool.render(read("m: {input: 1, output: 2, note: 'say \"\\x\"'}"))
        self.assertIn('.note = "say \\"\\\\x\\""', made)


class WrongFiles(unittest.TestCase):
    def refused(self, models: str, *said: str):
        with self.assertRaises(tool.BookError) as caught:
            tool.render(read(models))
        for part in said:
            self.assertIn(part, str(caught.exception))

    def test_a_wrong_field_is_named_with_the_nearest(self):
        self.refused("m: {input: 1, output: 2, cahced_input: 1}",
                     "acme/m", "'cahced_input'", "did you mean 'cached_input'?")

    def test_amounts(self):
        for wrong in ("-1", "1e-6", "abc", "1.0000000001", "'$3'", "[1]", "10000000", "''", "1_0"):
            with self.subTest(wrong):
                self.refused("m: {input: %s, output: 2}" % wrong, "acme/m: input", "expected dollars")
        self.refused("m: {input: 1000001, output: 2}", "too much")

    def test_counts(self):
        for wrong in ("-1", "1.5", "1000000001", "many"):
            with self.subTest(wrong):
                self.refused("m: {input: 1, output: 2, context: %s}" % wrong, "acme/m: context")

    def test_what_is_missing(self):
        self.refused("m: {input: 1}", "acme/m", "'output' is missing")
        self.refused("m: 5", "acme/m", "expected fields")

    def test_half_a_tier(self):
        for half in ("long_context_above: 10", "long_input: 3", "long_input: 3, long_output: 4",
                     "long_context_above: 0, long_input: 3, long_output: 4"):
            with self.subTest(half):
                self.refused("m: {input: 1, output: 2, %s}" % half, "acme/m", "a long tier needs")

    def test_twice(self):
        self.refused("m: {input: 1, output: 2}\nm: {input: 1, output: 2}", "'m' is there twice")
        self.refused("m: {input: 1, output: 2, input: 3}", "'input' is there twice")
        self.refused("m: {input: 1, output: 2}\nn: {input: 1, output: 2, also: [m]}",
                     "acme/m is there twice")

    def test_text_that_is_not_plain(self):
        self.refused("m: {input: 1, output: 2, note: 'caf\u00e9'}", "only ASCII")
        self.refused("m: {input: 1, output: 2, also: m2}", "expected a list")

    def test_the_date_and_the_vendor(self):
        for text, said in ((HEAD.replace("2026-11-20", "today"), "date"),
                           (HEAD.replace("label: Acme", "lable: Acme"), "'lable'"),
                           (HEAD.replace("date: 2026-11-20\n", ""), "'date' is missing")):
            with self.subTest(said), self.assertRaises(tool.BookError) as caught:
                tool.read_book(text + "      m: {input: 1, output: 2}\n")
            self.assertIn(said, str(caught.exception))


if __name__ == "__main__":
    unittest.main()
