"""URLs of the pages that describe causes, in addition to ``compatibility.references``."""

from __future__ import annotations

MDM_PAGE = "https://confluence.atlassian.com/doc/mobile-device-management-mdm-993923036.html"
LOGIN_SEQUENCE = (
    "https://confluence.atlassian.com/jirakb/"
    "login-sequence-diagram-for-confluence-and-jira-server-mobile-apps-1071809114.html"
)
INTUNE_PAGE = "https://learn.microsoft.com/en-us/mem/intune/apps/app-configuration-policies-use-ios"
WIA_PAGE = (
    "https://learn.microsoft.com/en-us/windows-server/identity/ad-fs/operations/"
    "configure-intranet-forms-based-authentication-for-devices-that-do-not-support-wia"
)
TRUST_PAGE = "https://support.apple.com/en-us/102390"
ATS_PAGE = "https://developer.apple.com/documentation/security/preventing-insecure-network-connections"
ALPN_RFC = "https://www.rfc-editor.org/rfc/rfc7301#section-3.2"
RFC_6585 = "https://www.rfc-editor.org/rfc/rfc6585#section-"
RFC_6750 = "https://www.rfc-editor.org/rfc/rfc6750#section-"
