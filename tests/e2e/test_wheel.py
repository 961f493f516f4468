"""The console comes with the package, however it is built; only an sdist's making needs npm."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_an_sdist_and_the_wheel_made_of_it_carry_the_console(tmp_path: Path) -> None:
    source = _checkout(tmp_path / "source")
    sdist = _built(source, "sdist", tmp_path)
    (tmp_path / "unpacked").mkdir()
    subprocess.run(["tar", "--extract", f"--file={sdist}", "--directory", tmp_path / "unpacked"], check=True)
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    # Nothing can be built from this any more.
    shutil.rmtree(unpacked / "web")

    wheel = _built(unpacked, "wheel", tmp_path)

    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        page = archive.read("portway/console/index.html").decode()
    addresses = re.findall(r'(?:src|href)="/([^"]+)"', page)
    assert addresses
    assert {f"portway/console/{address}" for address in addresses} <= names
    assert not [name for name in names if "node_modules" in name]


def _checkout(directory: Path) -> Path:
    """The files that git knows or would add: no node_modules, no built console."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        # Tests, documents and what they bring do not go into it.
        if (ROOT / name).is_file() and not name.startswith(("tests/", "docs/", "demo/")):
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, directory / name)
    return directory


def _built(source: Path, target: str, out: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)],
        cwd=source,
        check=True,
        capture_output=True,
        timeout=300,
    )
    (made,) = out.glob("*.tar.gz" if target == "sdist" else "*.whl")
    return made
