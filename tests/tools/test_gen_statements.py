"""What the SQL generator accepts and refuses."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
from gen_statements import Refused, c_string, migrations_of, statements_of  # noqa: E402


def one(sql):
    return statements_of([("a.sql", "-- name: x\n" + sql)])["x"]


class Statements(unittest.TestCase):
    def test_text_is_kept_without_comments_and_semicolon(self):
        self.assertEqual(one("SELECT $1 -- why\n, '--;$9', $2;\n"),
                         "SELECT $1\n, '--;$9', $2")

    def test_a_parameter_may_come_again(self):
        self.assertEqual(one("SELECT $1, $2, $1"), "SELECT $1, $2, $1")

    def test_refused(self):
        for sql in ("SELECT $2, $1", "SELECT $1, $3", "SELECT 1; SELECT 2", "", "-- only"):
            with self.subTest(sql), self.assertRaises(Refused):
                one(sql)

    def test_a_name_is_used_once_over_all_files(self):
        with self.assertRaises(Refused):
            statements_of([("a.sql", "-- name: x\nSELECT 1"), ("b.sql", "-- name: x\nSELECT 2")])

    def test_names_are_identifiers(self):
        for name in ("", "X", "a b", "count"):
            with self.subTest(name), self.assertRaises(Refused):
                statements_of([("a.sql", f"-- name: {name}\nSELECT 1")])

    def test_sql_needs_a_name(self):
        with self.assertRaises(Refused):
            statements_of([("a.sql", "SELECT 1")])


class Migrations(unittest.TestCase):
    def test_in_order_without_gaps(self):
        self.assertEqual([m[:2] for m in migrations_of([("0002_b.sql", ""), ("0001_a.sql", "")])],
                         [(1, "a"), (2, "b")])
        for files in (["0002_b.sql"], ["0001_a.sql", "0001_b.sql"], ["1_a.sql"]):
            with self.subTest(files), self.assertRaises(Refused):
                migrations_of([(f, "") for f in files])


class Strings(unittest.TestCase):
    def test_quotes_and_backslashes(self):
        self.assertEqual(c_string('a"\\\nb', ""), '"a\\"\\\\\\n"\n"b"')


if __name__ == "__main__":
    unittest.main()
