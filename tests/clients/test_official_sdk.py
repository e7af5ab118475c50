"""The official SDK (`@immich/sdk`): every function of it whose operation is served here, called by Node."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from tests.serving import Served
from tests.plugins.media.test_video import film

RUN = Path(__file__).parent / "sdk" / "run.mjs"


def test_every_function_of_the_sdk(npm_packages: Path, served: Served, tmp_path: Path,
                                   capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(film(Image.new("RGB", (64, 48), "red")))
    environ = {**os.environ, "PATH": f"{npm_packages}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([npm_packages / "node", RUN, served.url, served.key, npm_packages.parent, path], env=environ,
                          capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    answers: dict[str, str] = json.loads(done.stdout)
    wrong = {name: answer for name, answer in answers.items() if answer != "ok"}
    served_here = {operation["operationId"] for item in served.get("/openapi.json")["paths"].values()
                   for operation in item.values() if isinstance(operation, dict) and "operationId" in operation}
    with capsys.disabled():
        print(f"\n@immich/sdk: {len(answers) - len(wrong)} of {len(served_here)} operations answered well")
    assert not wrong, json.dumps(wrong, indent=1)
    # The app is led to its own address there, which Node cannot open.
    assert served_here - set(answers) == {"redirectOAuthToMobile"} & served_here
