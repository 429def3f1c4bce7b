"""What text a person enters may hold: PostgreSQL stores no null character, and a form is not the only way in."""

from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator

no_nulls = ProhibitNullCharactersValidator()
NOTES = [no_nulls, MaxLengthValidator(4000)]
LINE = [no_nulls]
