"""Duplicates: assets with a common duplicate id, shown side by side until somebody decides (`/api/duplicates`).

Who gives them the id is another's business: clients may (`PUT /api/assets`); finding pictures that look alike takes
machine learning, which is not built, so the flag `duplicateDetection` stays false.
"""

from immich_flask.contracts.plugin import API_VERSION, PluginMeta

META = PluginMeta("duplicates", "1.0", API_VERSION)
