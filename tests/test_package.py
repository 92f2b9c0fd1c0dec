"""What ships, and what importing it costs."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
NOT_SHIPPED = {"tests", "benchmarks", "demo", "without-gpu", "build", "dist"}
HEAVY = ("torch", "faiss", "sqlalchemy", "scipy", "sklearn", "transformers", "open_clip", "PIL", "alembic", "pyarrow")


def test_every_room_is_a_listed_package():
    folders = {
        ".".join(["hashtag_recommender", *path.parent.relative_to(ROOT).parts])
        for path in ROOT.rglob("*.py")
        if not any(part.startswith(".") or part in NOT_SHIPPED for part in path.relative_to(ROOT).parts)
    }
    assert set(SETUPTOOLS["packages"]) == folders
    for package in SETUPTOOLS["packages"]:
        assert (ROOT.joinpath(*package.split(".")[1:]) / "__init__.py").is_file(), package


def test_files_that_code_reads_are_shipped():
    """Templates, styles and lists lie in packages, and a pattern of package-data names each."""
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        if path.suffix not in {".toml", ".css", ".js", ".jinja"} or parts[0] in NOT_SHIPPED or len(parts) == 1:
            continue
        if not parts[0].startswith("."):
            patterns = SETUPTOOLS["package-data"][".".join(["hashtag_recommender", *parts[:-1]])]
            assert any(path.match(pattern) for pattern in patterns), path


def test_only_one_import_package_reaches_site_packages(tmp_path):
    """Away from the root, `import index` must fail and the package must not."""
    script = "import hashtag_recommender, importlib.util as u; print([n for n in ('core', 'index') if u.find_spec(n)])"
    ran = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_help_loads_nothing_heavy():
    script = f"""
import sys
sys.argv = ["hashtag", "index", "build", "--help"]
from hashtag_recommender.cli import main
try:
    main()
except SystemExit:
    pass
sys.stderr.write(",".join(name for name in {HEAVY!r} if name in sys.modules))
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "Usage" in ran.stdout
    assert ran.stderr == ""


def test_a_refresh_of_what_has_not_changed_loads_no_model_library(demo_home, tmp_path):
    home = shutil.copytree(demo_home, tmp_path / "home")
    script = f"""
import sys
sys.argv = ["hashtag", "index", "refresh", "--home", {str(home)!r}]
from hashtag_recommender.cli import main
try:
    main()
except SystemExit:
    pass
sys.stderr.write(",".join(name for name in ("torch", "transformers", "open_clip") if name in sys.modules))
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "nothing changed; still serving" in ran.stdout
    assert ran.stderr == ""


def test_no_source_file_unpickles():
    for path in ROOT.rglob("*.py"):
        relative = path.relative_to(ROOT)
        if relative.parts[0] in NOT_SHIPPED or relative.parts[0].startswith("."):
            continue
        source = path.read_text(encoding="utf-8")
        assert "import pickle" not in source, relative
        assert "allow_pickle=True" not in source, relative
        assert "weights_only=False" not in source, relative
        assert "trust_remote_code=True" not in source, relative
