# ruff: noqa: E501  (an icon is one line)
"""SVG content of all icons: paths on a 24-unit square, stroked in the color of the surrounding text."""

from __future__ import annotations

ICONS: dict[str, str] = {
    # Status
    "check": '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
    "ok": '<circle cx="12" cy="12" r="9"/><path d="m8 12.3 2.8 2.8L16.2 9.5"/>',
    "warn": '<path d="M10.5 4.2 2.7 17.7A1.8 1.8 0 0 0 4.3 20.4h15.4a1.8 1.8 0 0 0 1.6-2.7L13.5 4.2'
    'a1.73 1.73 0 0 0-3 0Z"/><path d="M12 9.5v4M12 16.9v.01"/>',
    "bad": '<path d="M8.3 3h7.4L21 8.3v7.4L15.7 21H8.3L3 15.7V8.3Z"/><path d="m9.2 9.2 5.6 5.6M14.8 9.2l-5.6 5.6"/>',
    "idle": '<circle cx="12" cy="12" r="9"/><path d="M9.5 9.3a2.6 2.6 0 0 1 5 .9c0 1.7-2.5 2.2-2.5 3.6M12 16.8v.01"/>',
    "info": '<circle cx="12" cy="12" r="9"/><path d="M12 11v5.5M12 7.7v.01"/>',
    "busy": '<path d="M20.5 12A8.5 8.5 0 1 1 14.5 3.9"/>',
    "clock": '<circle cx="12" cy="12" r="9"/><path d="M12 7v5.3l3.3 2"/>',
    # Pages and objects
    "overview": '<rect x="3.5" y="3.5" width="7" height="9" rx="1.5"/><rect x="13.5" y="3.5" width="7" height="5" rx="1.5"/>'
    '<rect x="13.5" y="11.5" width="7" height="9" rx="1.5"/><rect x="3.5" y="15.5" width="7" height="5" rx="1.5"/>',
    "site": '<rect x="3.5" y="4" width="17" height="7" rx="2"/><rect x="3.5" y="13" width="17" height="7" rx="2"/>'
    '<path d="M7.5 7.5v.01M7.5 16.5v.01M11 7.5h5.5M11 16.5h5.5"/>',
    "configuration": '<path d="M9 4.5c-2.4 0-2.6 1.1-2.6 2.6v2.3c0 1.5-.7 2.6-2.4 2.6 1.7 0 2.4 1.1 2.4 2.6v2.3'
    "c0 1.5.2 2.6 2.6 2.6M15 4.5c2.4 0 2.6 1.1 2.6 2.6v2.3c0 1.5.7 2.6 2.4 2.6-1.7 0-2.4 1.1-2.4 2.6v2.3"
    'c0 1.5-.2 2.6-2.6 2.6"/>',
    "wave": '<path d="M3 8.5c1.5-1.7 3-1.7 4.5 0s3 1.7 4.5 0 3-1.7 4.5 0 3 1.7 4.5 0M3 15.5c1.5-1.7 3-1.7 4.5 0'
    's3 1.7 4.5 0 3-1.7 4.5 0 3 1.7 4.5 0"/>',
    "pass": '<path d="M3.5 9V7.5a2 2 0 0 1 2-2h13a2 2 0 0 1 2 2V9a3 3 0 0 0 0 6v1.5a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2V15'
    'a3 3 0 0 0 0-6Z"/><path d="M14 9v1M14 14v1M14 11.5v1"/>',
    "people": '<circle cx="9" cy="8.5" r="3.5"/><path d="M2.5 19.5c.4-3.3 3-5.5 6.5-5.5s6.1 2.2 6.5 5.5"/>'
    '<path d="M15.5 5.2a3.5 3.5 0 0 1 0 6.6M18 14.7c2 .8 3.2 2.5 3.5 4.8"/>',
    "person": '<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c.5-4 3.5-6.5 7.5-6.5s7 2.5 7.5 6.5"/>',
    "activity": '<path d="M3 12h4l2.8-7 4.4 14L17 12h4"/>',
    "phone": '<rect x="6.5" y="2.5" width="11" height="19" rx="2.7"/><path d="M10.5 5.3h3"/>',
    "devices": '<rect x="2.5" y="4.5" width="14" height="10" rx="1.7"/><path d="M5.5 18.5h6"/>'
    '<rect x="14.5" y="9.5" width="7" height="11" rx="1.7"/>',
    "rehearsal": '<rect x="6.5" y="2.5" width="11" height="19" rx="2.7"/><path d="m10.8 9.3 4 2.7-4 2.7Z"/>',
    "link": '<path d="M10 14a4.2 4.2 0 0 0 6 0l3.3-3.3a4.24 4.24 0 0 0-6-6L12 6M14 10a4.2 4.2 0 0 0-6 0l-3.3 3.3'
    'a4.24 4.24 0 0 0 6 6L12 18"/>',
    "key": '<circle cx="8" cy="15.5" r="4.5"/><path d="m11.3 12.2 8.2-8.2M16 7.5l3 3"/>',
    "shield": '<path d="M12 3 4.5 5.8v5.7c0 4.5 3 8 7.5 9.5 4.5-1.5 7.5-5 7.5-9.5V5.8Z"/>',
    "lock": '<rect x="5" y="10.5" width="14" height="10" rx="2"/><path d="M8 10.5V7.5a4 4 0 0 1 8 0v3"/>',
    "globe": '<circle cx="12" cy="12" r="9"/><path d="M3 12h18M12 3c2.6 2.7 3.7 5.7 3.7 9s-1.1 6.3-3.7 9'
    'c-2.6-2.7-3.7-5.7-3.7-9S9.4 5.7 12 3Z"/>',
    "qr": '<rect x="3.5" y="3.5" width="6.5" height="6.5" rx="1"/><rect x="14" y="3.5" width="6.5" height="6.5" rx="1"/>'
    '<rect x="3.5" y="14" width="6.5" height="6.5" rx="1"/><path d="M14 14h2.5v2.5M20.5 14v.01M14 20.5h.01M17.5 18v2.5h3"/>',
    "flag": '<path d="M5.5 21V4M5.5 4.5c4-2 7 2 13 0v9.5c-6 2-9-2-13 0"/>',
    # Actions
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "close": '<path d="m6 6 12 12M18 6 6 18"/>',
    "copy": '<rect x="8.5" y="8.5" width="12" height="12" rx="2"/><path d="M15.5 5.5v-.2a1.8 1.8 0 0 0-1.8-1.8H5.3'
    'a1.8 1.8 0 0 0-1.8 1.8v8.4a1.8 1.8 0 0 0 1.8 1.8h.2"/>',
    "search": '<circle cx="10.7" cy="10.7" r="6.7"/><path d="m15.7 15.7 4.8 4.8"/>',
    "filter": '<path d="M3.5 6h17M7 12h10M10.5 18h3"/>',
    "refresh": '<path d="M20 11A8.1 8.1 0 0 0 5 7.5L3.5 9M3.5 4.5V9H8M4 13a8.1 8.1 0 0 0 15 3.5l1.5-1.5'
    'M20.5 19.5V15H16"/>',
    "edit": '<path d="M4 20h4L19.5 8.5a2.1 2.1 0 0 0 0-3l-1-1a2.1 2.1 0 0 0-3 0L4 16ZM13.5 6.5l4 4"/>',
    "archive": '<rect x="3" y="4" width="18" height="5" rx="1.5"/><path d="M5 9v9a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V9M10 13h4"/>',
    "restore": '<path d="M4 9h11a5 5 0 0 1 0 10H8M4 9l4.5-4.5M4 9l4.5 4.5"/>',
    "revoke": '<circle cx="12" cy="12" r="9"/><path d="m5.7 5.7 12.6 12.6"/>',
    "download": '<path d="M12 4v11.5M7.5 11l4.5 4.5 4.5-4.5M4.5 20h15"/>',
    "upload": '<path d="M12 15.5V4M7.5 8.5 12 4l4.5 4.5M4.5 20h15"/>',
    "pause": '<path d="M8.5 5v14M15.5 5v14"/>',
    "play": '<path d="M7.5 5v14l11-7Z"/>',
    "print": '<path d="M7 8.5V3.5h10v5M7 16.5H5a2 2 0 0 1-2-2v-4a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v4a2 2 0 0 1-2 2h-2"/>'
    '<rect x="7" y="13.5" width="10" height="7" rx="1"/>',
    "external": '<path d="M14 4h6v6M20 4l-8.5 8.5M18 14v4a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2h4"/>',
    "eye": '<path d="M2.5 12C4.5 8 8 5.5 12 5.5S19.5 8 21.5 12c-2 4-5.5 6.5-9.5 6.5S4.5 16 2.5 12Z"/>'
    '<circle cx="12" cy="12" r="3"/>',
    "mail": '<rect x="3" y="5" width="18" height="14" rx="2"/><path d="m3.5 7 8.5 6.5L20.5 7"/>',
    "sign-out": '<path d="M14 4h3a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-3M10 8l-4 4 4 4M6 12h9"/>',
    "menu": '<path d="M4 7h16M4 12h16M4 17h16"/>',
    "more": '<path d="M5.5 12v.01M12 12v.01M18.5 12v.01"/>',
    "settings": '<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="17" r="2"/>',
    # Directions
    "arrow-right": '<path d="M5 12h14M13 6l6 6-6 6"/>',
    "arrow-left": '<path d="M19 12H5M11 6l-6 6 6 6"/>',
    "up": '<path d="m6 15 6-6 6 6"/>',
    "down": '<path d="m6 9 6 6 6-6"/>',
    "right": '<path d="m9 6 6 6-6 6"/>',
    "left": '<path d="m15 6-6 6 6 6"/>',
    "up-down": '<path d="m8 10 4-4 4 4M8 14l4 4 4-4"/>',
    # Themes
    "light": '<circle cx="12" cy="12" r="4"/><path d="M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4'
    'M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4"/>',
    "dark": '<path d="M20 14.3A8.5 8.5 0 0 1 9.7 4a8.5 8.5 0 1 0 10.3 10.3Z"/>',
    "auto": '<rect x="3" y="4" width="18" height="12.5" rx="2"/><path d="M9 20.5h6M12 16.5v4"/>',
}
