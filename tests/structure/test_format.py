"""The code is formatted as .clang-format says."""

import os
import subprocess
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
FOLDERS = ("host", "plugins", "sdk", "tests")
ENDINGS = (".c", ".h", ".cpp", ".hpp")


class Format(unittest.TestCase):
    def test_every_file_is_formatted(self):
        files = [
            os.path.join(directory, name)
            for folder in FOLDERS
            for directory, _, names in os.walk(os.path.join(ROOT, folder))
            for name in names
            if name.endswith(ENDINGS)
        ]
        self.assertGreater(len(files), 100)
        done = subprocess.run(["clang-format-14", "--dry-run", "-Werror", *files],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, "run clang-format-14 -i on these:\n" + done.stderr[:4000])


if __name__ == "__main__":
    unittest.main()
