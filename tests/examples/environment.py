"""A clean virtual environment beside the one of the tests: it has the server as that has it, and what is installed into
it. It takes a second or two and no network."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path


class Environment:
    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=False)
        self.python = folder / "bin" / "python"
        [packages] = folder.glob("lib/python*/site-packages")
        # Not as PYTHONPATH: the server may be installed as an editable package, which is a .pth file itself.
        (packages / "outer.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")

    def install(self, wheel: Path) -> None:
        self._pip("install", "--no-index", "--no-deps", str(wheel))

    def uninstall(self, name: str) -> None:
        self._pip("uninstall", "--yes", name)

    def run(self, *arguments: str, status: int = 0, cwd: Path | None = None, **environ: str) -> str:
        """What `python ARGUMENTS` writes to both outputs."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("IMMICH_FLASK_", "PYTEST_"))}
        done = subprocess.run([str(self.python), *arguments], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env={**clean, **environ}, cwd=cwd, check=False)
        assert done.returncode == status, done.stdout
        return done.stdout

    def _pip(self, *arguments: str) -> None:
        subprocess.run([sys.executable, "-m", "pip", "--python", str(self.python), "--disable-pip-version-check",
                        "--quiet", *arguments], check=True, capture_output=True)


def build_wheel(project: Path, target: Path) -> Path:
    """The wheel of a project that hatchling builds."""
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)], cwd=project,
                   check=True, capture_output=True)
    [wheel] = target.glob("*.whl")
    return wheel
