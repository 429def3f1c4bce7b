"""Where the addresses of style sheets, scripts and pictures come from."""

from __future__ import annotations

import functools

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's; a page names some fifteen files, and the manifest never changes while a process runs."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.url = functools.lru_cache(maxsize=512)(super().url)
