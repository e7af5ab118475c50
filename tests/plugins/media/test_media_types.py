"""The extension tables: what `GET /server/media-types` answers, and the questions asked of them."""

from __future__ import annotations

import pytest

from immich_flask.contracts import media_types
from immich_flask.contracts.enums import AssetType

IMAGE = (
    ".3fr .ari .arw .avif .bmp .cap .cin .cr2 .cr3 .crw .dcr .dng .erf .fff .gif .heic .heif .hif .iiq .insp .jp2 .jpe"
    " .jpeg .jpg .jxl .k25 .kdc .mpo .mrw .nef .nrw .orf .ori .pef .png .psd .raf .raw .rw2 .rwl .sr2 .srf .srw .svg"
    " .tif .tiff .webp .x3f"
)
VIDEO = ".3gp .3gpp .avi .flv .insv .m2t .m2ts .m4v .mkv .mov .mp4 .mpe .mpeg .mpg .mts .mxf .ts .vob .webm .wmv"


def test_the_tables_hold_what_clients_are_told():
    assert list(media_types.IMAGE) == IMAGE.split()
    assert list(media_types.VIDEO) == VIDEO.split()
    assert list(media_types.SIDECAR) == [".xmp"]


def test_media_types_are_lower_case_and_of_their_table():
    for table, prefixes in ((media_types.IMAGE, ("image/",)), (media_types.VIDEO, ("video/", "application/mxf"))):
        for extension, types in table.items():
            assert extension == extension.lower() and types
            assert all(each == each.lower() and each.startswith(prefixes) for each in types)


@pytest.mark.parametrize("subset", ["HEIF", "POSSIBLY_ANIMATED", "TRANSPARENT_CAPABLE", "PROFILE", "RAW", "WEB_IMAGE"])
def test_subsets_are_images(subset):
    assert set(getattr(media_types, subset)) <= set(media_types.IMAGE)


@pytest.mark.parametrize(
    ("name", "kind", "mime"),
    [
        ("IMG_0001.JPG", AssetType.IMAGE, "image/jpeg"),
        ("a.b/c.jpe", AssetType.IMAGE, "image/jpeg"),
        ("x.mpo", AssetType.IMAGE, "image/jpeg"),
        ("x.svg", AssetType.IMAGE, "image/svg"),
        ("x.nef", AssetType.IMAGE, "image/nef"),
        ("x.mxf", AssetType.VIDEO, "application/mxf"),
        ("x.MOV", AssetType.VIDEO, "video/quicktime"),
        ("x.xmp", None, "application/xml"),
        ("x.jpg.txt", None, "application/octet-stream"),
        ("jpg", None, "application/octet-stream"),
        (".jpg", AssetType.IMAGE, "image/jpeg"),
        ("", None, "application/octet-stream"),
        (".", None, "application/octet-stream"),
        ("ends with a dot.", None, "application/octet-stream"),
    ],
)
def test_a_name_decides(name, kind, mime):
    assert media_types.asset_type(name) == kind
    assert media_types.mime_type(name) == mime
    assert media_types.is_image(name) == (kind == AssetType.IMAGE)
    assert media_types.is_video(name) == (kind == AssetType.VIDEO)


def test_questions_about_a_name():
    assert media_types.is_sidecar("IMG_1.jpg.XMP") and not media_types.is_sidecar("xmp.jpg")
    assert media_types.is_raw("a.DNG") and media_types.is_raw("a.psd") and not media_types.is_raw("a.tif")
    assert media_types.is_heif("a.avif") and not media_types.is_heif("a.jxl")
    assert media_types.is_web_image("a.webp") and not media_types.is_web_image("a.heic")
    assert media_types.is_profile_image("a.png") and not media_types.is_profile_image("a.gif")
    assert media_types.can_be_animated("a.gif") and not media_types.can_be_animated("a.cr3")
    assert media_types.can_be_transparent("a.tif") and not media_types.can_be_transparent("a.jpg")


def test_a_media_type_has_one_extension():
    assert media_types.extension_of("image/jpeg") == ".jpg"
    assert media_types.extension_of("video/mp4") in media_types.VIDEO
    assert media_types.extension_of("image/x-sony-arw") == ".arw"
    assert media_types.extension_of("text/plain") is None
