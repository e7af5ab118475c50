"""Pictures and facts from files: thumbnails, previews, thumbhashes, and what EXIF, XMP and film containers tell."""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("media", "1.0", API_VERSION)
