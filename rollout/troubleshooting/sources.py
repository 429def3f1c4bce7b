"""The pages that causes come from."""

from __future__ import annotations

CONFLUENCE_PAGE = "https://confluence.atlassian.com/doc/configure-oauth-2-0-for-confluence-ios-1442846594.html"
PROVIDER_API = "https://developer.atlassian.com/server/confluence/confluence-oauth2-provider-api/"
BASE_URL_PAGE = "https://confluence.atlassian.com/doc/configuring-the-server-base-url-148592.html"
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
RFC_6749 = "https://www.rfc-editor.org/rfc/rfc6749#section-"
