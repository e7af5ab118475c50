"""Names of keys, and the factory."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_flask.contracts.errors import ConfigError
from immich_flask.infra.config import load_config
from immich_flask.infra.storage import open_storage
from immich_flask.infra.storage.base import MAX_SAFE_SEGMENT, check_key, safe_segment
from immich_flask.infra.storage.local import LocalStorage


@pytest.mark.parametrize("name, segment", [
    ("IMG_0001.HEIC", "IMG_0001.HEIC"),
    ("Grüße aus 東京.jpg", "Grüße aus 東京.jpg"),
    ("Gru\u0308ße.jpg", "Grüße.jpg"),
    ("../../etc/passwd", "__.._etc_passwd"),
    ("a\\b:c.jpg", "a_b_c.jpg"),
    (".hidden.jpg", "_hidden.jpg"),
    ("..", "_"),
    ("", "_"),
    ("name. ", "name"),
    ("a\r\nb\0.jpg", "a__b_.jpg"),
    ("a\u202egpj.exe", "a_gpj.exe"),
    ("x" * 300 + ".tiff", "x" * 135 + ".tiff"),
    ("日" * 100 + ".jpg", "日" * 45 + ".jpg"),
    ("x." + "y" * 300, "x." + "y" * 138),
])
def test_safe_segment(name: str, segment: str) -> None:
    assert safe_segment(name) == segment


@given(st.text(st.characters(), max_size=400))
def test_every_name_makes_a_legal_segment(name: str) -> None:
    segment = safe_segment(name)
    assert check_key(f"originals/u/a/{segment}").endswith("/" + segment)
    assert check_key(segment + "x")
    assert len(segment.encode()) <= MAX_SAFE_SEGMENT
    assert safe_segment(segment) == segment


@given(st.text(st.characters(), max_size=300), st.sampled_from([".jpg", ".HEIC", ".tar", ".x3f", ".jpeg2000"]))
def test_the_extension_is_kept(stem: str, extension: str) -> None:
    assert os.path.splitext(safe_segment("x" + stem + extension))[1] == extension


@given(st.text(st.sampled_from("ab./\\\0ü\n"), max_size=12))
def test_a_legal_key_stays_below_its_root(key: str) -> None:
    try:
        check_key(key)
    except ValueError:
        return
    path = os.path.normpath(f"/root/{key}")
    assert path == f"/root/{key}"
    assert "\\" not in key and "\0" not in key


def test_open_storage(tmp_path: os.PathLike) -> None:
    storage = open_storage(load_config(overrides={"data_dir": str(tmp_path)}, environ={}))
    assert isinstance(storage, LocalStorage)
    assert storage.root == tmp_path / "photos"
    assert not storage.root.exists()


def s3_settings(**changes: str) -> dict:
    values = {"endpoint": "https://s3.example.org", "bucket": "photos", "access_key": "a", "secret_key": "s", **changes}
    return {"storage.backend": "s3", **{f"storage.s3.{key}": value for key, value in values.items()}}


def test_open_storage_s3() -> None:
    storage = open_storage(load_config(overrides=s3_settings(prefix="family"), environ={}))
    assert (storage.bucket, storage.endpoint) == ("photos", "s3.example.org")
    for changes in ({"endpoint": "https://host/path"}, {"prefix": "a//b"}, {"region": "no region"}):
        with pytest.raises(ConfigError, match=r"^\[storage\.s3\] cannot be used: \S[^\n]+$"):
            open_storage(load_config(overrides=s3_settings(**changes), environ={}))


def test_a_folder_does_not_load_the_s3_client(tmp_path: os.PathLike) -> None:
    script = """if True:
        import sys
        from immich_flask.infra.config import load_config
        from immich_flask.infra.storage import open_storage
        open_storage(load_config(overrides={"data_dir": sys.argv[1]}, environ={})).check()
        sys.exit(bool({"minio", "urllib3"} & set(sys.modules)))
    """
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False).returncode == 0
