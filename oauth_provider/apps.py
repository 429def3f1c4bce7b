from django.apps import AppConfig


class OAuthProviderConfig(AppConfig):
    """Our provider room. One digit from ``oauth2_provider``, which is django-oauth-toolkit itself."""

    name = "oauth_provider"
    verbose_name = "OAuth provider for native apps"
    default_auto_field = "django.db.models.BigAutoField"
