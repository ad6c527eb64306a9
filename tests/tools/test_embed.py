"""What the embedder makes of files, and what it refuses."""
import base64
import gzip
import hashlib
import pathlib
import re
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
from embed import (Refused, assembler_of, file_of, inline_hashes, pairs_of,  # noqa: E402
                   pairs_under, table_of)

ROW = re.compile(r'{ "(\S+)", "([^"]+)", "\\"([0-9a-f]{32})\\"", assets_bytes \+ (\d+), (\d+), '
                 r'(?:NULL, 0|assets_bytes \+ (\d+), (\d+)), '
                 r'(?:NULL, 0|assets_bytes \+ (\d+), (\d+)), (true|false), "[^"]*", "[^"]*" }')


def table_rows_of(files):
    """[(name, etag, bytes, gzip bytes or None, brotli bytes or None, immutable)] as the table
    says."""
    text, blob = table_of(files)
    def at(start, count):
        return blob[int(start):int(start) + int(count)] if start else None
    return [(name, etag, at(*plain), at(*gzipped), at(*brotli), immutable)
            for name, _, etag, *cells, immutable in ROW.findall(text)
            for plain, gzipped, brotli in [(cells[0:2], cells[2:4], cells[4:6])]]


def rows_of(files):
    """The same without brotli forms."""
    rows = table_rows_of({name: (*file, None) for name, file in files.items()})
    return [(name, etag, content, gzipped, immutable)
            for name, etag, content, gzipped, _, immutable in rows]


class Embed(unittest.TestCase):
    def test_bytes_and_gzip_are_the_file(self):
        contents = {"/a.js": bytes(range(256)) * 8, "/b.js": b"xyz" * 100}
        rows = rows_of({name: (".js", content) for name, content in contents.items()})
        self.assertEqual(len(rows), 2)
        for name, _, content, packed, _ in rows:
            self.assertEqual(content, contents[name])
            self.assertEqual(gzip.decompress(packed), contents[name])

    def test_the_same_input_makes_the_same_output(self):
        files = {"/b.css": (".css", b"x" * 99, None), "/a.js": (".js", b"y" * 99, b"packed")}
        self.assertEqual(table_of(files), table_of(dict(reversed(files.items()))))

    def test_new_bytes_are_a_new_assembler_file(self):
        self.assertNotEqual(assembler_of("a.bin", b"1"), assembler_of("a.bin", b"2"))

    def test_gzip_is_left_out_where_it_is_no_smaller(self):
        for content in (b"", b"short"):
            [(_, _, stored, packed, _)] = rows_of({"/a.txt": (".txt", content)})
            self.assertEqual((stored, packed), (content, None))

    def test_a_brotli_form_is_taken_along_where_it_is_smaller(self):
        for packed, kept in ((b"packed", b"packed"), (b"p" * 99, None), (None, None)):
            [row] = table_rows_of({"/a.js": (".js", b"y" * 99, packed)})
            self.assertEqual((row[2], row[4]), (b"y" * 99, kept))
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder) / "x.js"
            script.write_bytes(b"1" * 99)
            self.assertEqual(file_of(script), (".js", b"1" * 99, None))
            (pathlib.Path(folder) / "x.js.br").write_bytes(b"packed")
            self.assertEqual(file_of(script), (".js", b"1" * 99, b"packed"))
            self.assertEqual(list(pairs_under(folder)), ["/x.js"])

    def test_the_etag_changes_with_the_bytes_only(self):
        def etag(name, content):
            return rows_of({name: (".js", content)})[0][1]
        self.assertEqual(etag("/a.js", b"1"), etag("/b.js", b"1"))
        self.assertNotEqual(etag("/a.js", b"1"), etag("/a.js", b"2"))

    def test_only_names_with_a_hash_are_kept_for_good(self):
        rows = rows_of({n: (".js", b"") for n in ("/a.js", "/assets/a-1234.js")})
        self.assertEqual([row[4] for row in rows], ["false", "true"])

    def test_rows_are_sorted_by_bytes(self):
        rows = rows_of({n: (".js", b"") for n in ("/b.js", "/a.js", "/a/z.js", "/B.js")})
        self.assertEqual([row[0] for row in rows], ["/B.js", "/a.js", "/a/z.js", "/b.js"])

    def test_a_tree_is_served_under_its_own_paths(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "assets").mkdir()
            (pathlib.Path(folder) / "assets" / "x.js").write_text("1")
            (pathlib.Path(folder) / "index.html").write_text("2")
            self.assertEqual(sorted(pairs_under(folder)), ["/assets/x.js", "/index.html"])
            (pathlib.Path(folder) / "run.exe").write_text("3")
            self.assertRaises(Refused, pairs_under, folder)
        with tempfile.TemporaryDirectory() as empty:
            self.assertRaises(Refused, pairs_under, empty)

    def test_a_page_comes_with_the_hashes_of_its_inline_parts(self):
        page = b"<style>a{}</style><script src=x></script><script>1\n2</script><script>3</script>"
        def hashed(text):
            return " 'sha256-" + base64.b64encode(hashlib.sha256(text).digest()).decode() + "'"
        self.assertEqual(inline_hashes(".html", page),
                         (hashed(b"1\n2") + hashed(b"3"), hashed(b"a{}")))
        self.assertEqual(inline_hashes(".js", page), ("", ""))
        text, _ = table_of({"/a.html": (".html", page, None)})
        self.assertIn(f'false, "{hashed(b"1" + bytes([10]) + b"2")}{hashed(b"3")}", "{hashed(b"a{}")}" }}', text)

    def test_refused(self):
        for args in ([], ["x"], ["a.js=a.js"], ["/a.js="], ["/a.js=a.exe"], ["/a=a"],
                     ['/a".js=a.js'], ["/é.js=a.js"], ["/a.js=a.js", "/a.js=b.js"]):
            with self.subTest(args), self.assertRaises(Refused):
                pairs_of(args)


if __name__ == "__main__":
    unittest.main()
