"""The structure is the one the architecture names: data flow one way, and nothing reaches back."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path


def _lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    tool = Path(sys.executable).with_name("lint-imports")
    assert tool.exists(), "import-linter is not installed; run make setup-test"
    return subprocess.run([str(tool), "--no-cache"], cwd=root, capture_output=True, text=True, check=False)


def test_imports_go_one_way(project_root: Path) -> None:
    result = _lint_imports(project_root)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_import_check_can_fail(project_root: Path, tmp_path: Path) -> None:
    """A copy in which the rules reach forward into the study must be refused, or the check above proves nothing."""
    shutil.copytree(project_root / "gisrisk", tmp_path / "gisrisk", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(project_root / "pyproject.toml", tmp_path)
    (tmp_path / "gisrisk" / "rules" / "astray.py").write_text("import gisrisk.study\n")
    result = _lint_imports(tmp_path)
    assert result.returncode == 1
    assert "gisrisk.rules" in result.stdout


def test_every_module_opens_with_its_idea(project_root: Path) -> None:
    without = [
        str(path.relative_to(project_root))
        for path in sorted((project_root / "gisrisk").rglob("*.py"))
        if "versions" not in path.parts and ast.get_docstring(ast.parse(path.read_text("utf-8"))) is None
    ]
    assert without == []
