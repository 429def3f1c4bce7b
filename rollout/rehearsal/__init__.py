"""The virtual phone: walks a site as the iOS app would. Start reading at ``phone.rehearse``."""
