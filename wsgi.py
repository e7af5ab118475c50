"""The WSGI entry point for operators who run web and workers apart: `gunicorn wsgi:app`."""

from immich_flask.app import create_app

app = create_app()
