"""The sign-in test: signs in to a site as the iOS app would. The entry point is ``phone.rehearse``."""
