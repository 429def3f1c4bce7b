from django.apps import AppConfig


class OAuthProviderConfig(AppConfig):
    """Configures this package; ``oauth2_provider``, with a 2, is django-oauth-toolkit."""

    name = "oauth_provider"
    verbose_name = "OAuth provider for native apps"
    default_auto_field = "django.db.models.BigAutoField"
