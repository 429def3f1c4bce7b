"""The provider: django-oauth-toolkit set up for native apps. It knows neither the web pages nor the domain."""
