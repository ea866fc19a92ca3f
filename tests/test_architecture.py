"""Enforces docs/architecture.md: who may import whom, read from the table on that page."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "bauta"
MODULES = sorted(PACKAGE.rglob("*.py"))
HOMES = {
    "onnxruntime": "engine/session.py",
    "onnxruntime.quantization": "train/",
    "av": "video/",
    "torch": "train/",
    "onnx": "train/",
    "typer": "cli/",
    "rich": "cli/",
    "numba": ("render/kernels.py", "synth/rendered/kernels.py"),
}
OPENERS = {"video/files.py", "video/network.py", "video/piped.py", "video/sink.py"}
NETWORK = {"socket", "urllib", "http", "requests", "ssl", "ftplib", "asyncio"}


def layers() -> dict[str, int]:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", (ROOT / "docs/architecture.md").read_text(), re.M)
    return {name: int(level) for level, names in rows for name in re.findall(r"`(\w+)`", names)}


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    nodes = ast.walk(tree)
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            if node.module == "bauta":
                found |= {f"bauta.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_downwards(path):
    if part(path) == "__init__":
        return
    order = layers()
    assert part(path) in order, f"docs/architecture.md does not place {part(path)!r}"
    for name in imports(path):
        if name.startswith("bauta.") and (target := name.split(".")[1]) != part(path):
            assert order[target] < order[part(path)], f"{path.name} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_libraries_have_one_home(path):
    where = path.relative_to(PACKAGE).as_posix()
    for name in imports(path):
        home = HOMES.get(name, HOMES.get(name.split(".")[0]))
        assert home is None or where.startswith(home), f"{where} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_imports_the_network_but_the_page(path):
    found = {name.split(".")[0] for name in imports(path)} & NETWORK
    assert found == ({"http"} if path == PACKAGE / "view" / "page.py" else set())


def test_ffmpeg_is_given_an_address_in_one_place():
    """A new call of `av.open` must say what it may reach; the homes here were looked at."""
    calls = {path: path.read_text().count("av.open(") for path in MODULES}
    assert {p.relative_to(PACKAGE).as_posix() for p, count in calls.items() if count} == OPENERS
    assert sum(calls.values()) == len(OPENERS)


def test_import_bauta_is_light():
    code = (
        "import sys, bauta; "
        "print(sorted({'cv2', 'av', 'typer', 'rich', 'onnxruntime', 'torch'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_every_public_name_resolves():
    import bauta

    for name in bauta.__all__:
        assert getattr(bauta, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'telemetry'"):
        _ = bauta.telemetry
