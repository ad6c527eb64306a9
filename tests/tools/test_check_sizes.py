"""What the check of sizes finds, so that a green check means something."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
from check_sizes import faults_of, functions_of  # noqa: E402


def function(name, lines):
    return f"static int {name}(int a,\n    int b)\n{{\n" + "    a++;\n" * (lines - 4) + "}\n"


class Sizes(unittest.TestCase):
    def faults(self, text, name="a.c"):
        return list(faults_of(pathlib.Path(name), text))

    def test_a_function_of_sixty_lines_passes_and_one_more_does_not(self):
        self.assertEqual(self.faults(function("f", 60)), [])
        self.assertEqual(self.faults("int x;\n\n" + function("*f", 61)), ["a.c:3: f has 61 lines"])

    def test_a_file_of_six_hundred_lines_passes_and_one_more_does_not(self):
        self.assertEqual(self.faults("x\n" * 600, "a.py"), [])
        self.assertEqual(self.faults("x\n" * 601, "a.py"), ["a.py: 601 lines"])

    def test_every_function_is_seen_and_nothing_else(self):
        text = ("int declared(void);\n\nstruct s {\n    int a;\n};\n\nenum { A = 1 };\n\n" +
                "static const int table[] = {\n    1,\n};\n\n" + function("f", 5) + "\n" +
                function("g", 7) + "\nint main(void)\n{\n}\n")
        found = [(name, length) for _, name, length in functions_of(text.splitlines())]
        self.assertEqual(found, [("f", 5), ("g", 7), ("main", 3)])


if __name__ == "__main__":
    unittest.main()
