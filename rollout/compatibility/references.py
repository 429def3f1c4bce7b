"""Atlassian's pages and RFCs that rules and causes name as their source."""

from __future__ import annotations

CONFLUENCE_PAGE = "https://confluence.atlassian.com/doc/configure-oauth-2-0-for-confluence-ios-1442846594.html"
JIRA_PAGE = "https://confluence.atlassian.com/jirasoftwareserver0914/configure-oauth-2-0-for-jira-ios-1453424724.html"
APP_PAGE = "https://apps.apple.com/app/id1288365159"
# Knowledge base, User-Agent of the app's web view and AD FS; sequence diagrams of the sign-in (2021).
USER_AGENT_PAGE = "https://confluence.atlassian.com/pages/viewpage.action?pageId=1077786232"
SEQUENCE_PAGE = "https://confluence.atlassian.com/pages/viewpage.action?pageId=1071809114"
PROXY_PAGE = "https://confluence.atlassian.com/doc/running-confluence-behind-nginx-with-ssl-858772080.html"
PROVIDER_API = "https://developer.atlassian.com/server/confluence/confluence-oauth2-provider-api/"
BASE_URL_PAGE = "https://confluence.atlassian.com/doc/configuring-the-server-base-url-148592.html"
RFC_6585 = "https://www.rfc-editor.org/rfc/rfc6585#section-"
RFC_6749 = "https://www.rfc-editor.org/rfc/rfc6749#section-"
RFC_8259 = "https://www.rfc-editor.org/rfc/rfc8259#section-"
RFC_8414 = "https://www.rfc-editor.org/rfc/rfc8414#section-"
RFC_9110 = "https://www.rfc-editor.org/rfc/rfc9110#section-"
