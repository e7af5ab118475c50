"""The WSGI entry point for operators who run web and workers apart: `gunicorn --threads 8 wsgi:app`."""

from immich_flask.app import create_app
from immich_flask.core.plugins import Plugins
from immich_flask.core.schema import require_migrated
from immich_flask.infra.config import load_config
from immich_flask.infra.log import setup_logging
from immich_flask.serve import check_storage

config = load_config()
setup_logging(config)
plugins = Plugins(config)
app = create_app(config, plugins=plugins)
require_migrated(plugins)
check_storage(config)
