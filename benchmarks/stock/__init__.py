"""Stock django-oauth-toolkit: a new Django project with only the toolkit's documented first steps."""
