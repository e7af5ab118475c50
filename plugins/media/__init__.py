"""Pictures and facts from files: thumbnails, previews, thumbhashes, and what EXIF, XMP and film containers tell."""
