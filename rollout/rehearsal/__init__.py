"""The virtual phone of a sign-in test: signs in to a site as the iOS app would. Start with ``phone.rehearse``."""
