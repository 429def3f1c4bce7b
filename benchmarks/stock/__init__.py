"""django-oauth-toolkit as it comes: a fresh Django project with nothing but its documented first steps."""
