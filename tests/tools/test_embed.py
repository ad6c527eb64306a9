"""What the embedder makes of files, and what it refuses."""
import gzip
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
from embed import Refused, pairs_of, source_text  # noqa: E402


def array(text, name):
    found = re.search(rf"{name}\[\] = {{([^}}]*)}}", text)
    return bytes(map(int, found[1].split(","))) if found else None


class Embed(unittest.TestCase):
    def test_bytes_and_gzip_are_the_file(self):
        content = bytes(range(256)) * 8
        text = source_text({"/a.js": (".js", content)})
        self.assertEqual(array(text, "bytes_0"), content)
        self.assertEqual(gzip.decompress(array(text, "gzip_0")), content)

    def test_the_same_input_makes_the_same_output(self):
        files = {"/b.css": (".css", b"x" * 99), "/a.js": (".js", b"y" * 99)}
        self.assertEqual(source_text(files), source_text(dict(reversed(files.items()))))

    def test_gzip_is_left_out_where_it_is_no_smaller(self):
        for content in (b"", b"short"):
            text = source_text({"/a.txt": (".txt", content)})
            self.assertIn(f"bytes_0, {len(content)}, NULL, 0 }}", text)

    def test_the_etag_changes_with_the_bytes_only(self):
        def etag(name, content):
            return re.search(r'"\\"([0-9a-f]{32})\\""', source_text({name: (".js", content)}))[1]
        self.assertEqual(etag("/a.js", b"1"), etag("/b.js", b"1"))
        self.assertNotEqual(etag("/a.js", b"1"), etag("/a.js", b"2"))

    def test_rows_are_sorted_by_bytes(self):
        text = source_text({n: (".js", b"") for n in ("/b.js", "/a.js", "/a/z.js", "/B.js")})
        self.assertEqual(re.findall(r'{ "(\S+)", "text', text),
                         ["/B.js", "/a.js", "/a/z.js", "/b.js"])

    def test_refused(self):
        for args in ([], ["x"], ["a.js=a.js"], ["/a.js="], ["/a.js=a.exe"], ["/a=a"],
                     ['/a".js=a.js'], ["/é.js=a.js"], ["/a.js=a.js", "/a.js=b.js"]):
            with self.subTest(args), self.assertRaises(Refused):
                pairs_of(args)


if __name__ == "__main__":
    unittest.main()
