"""Storage of static files."""

from __future__ import annotations

import functools

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):
    """WhiteNoise storage with cached URLs: a page links about fifteen files, and the manifest is fixed per process."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.url = functools.lru_cache(maxsize=512)(super().url)
