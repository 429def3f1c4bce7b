"""Atlassian's pages and RFCs that rules and causes name as their source."""

from __future__ import annotations

CONFLUENCE_PAGE = "https://confluence.atlassian.com/doc/configure-oauth-2-0-for-confluence-ios-1442846594.html"
JIRA_PAGE = "https://confluence.atlassian.com/jirasoftwareserver0914/configure-oauth-2-0-for-jira-ios-1453424724.html"
PROVIDER_API = "https://developer.atlassian.com/server/confluence/confluence-oauth2-provider-api/"
BASE_URL_PAGE = "https://confluence.atlassian.com/doc/configuring-the-server-base-url-148592.html"
RFC_6749 = "https://www.rfc-editor.org/rfc/rfc6749#section-"
RFC_8259 = "https://www.rfc-editor.org/rfc/rfc8259#section-"
RFC_8414 = "https://www.rfc-editor.org/rfc/rfc8414#section-"
RFC_9110 = "https://www.rfc-editor.org/rfc/rfc9110#section-"
