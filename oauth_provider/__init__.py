"""OAuth 2.0 provider for native apps, based on django-oauth-toolkit. Imports neither ``portal`` nor ``rollout``."""
