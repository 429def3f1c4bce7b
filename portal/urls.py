"""The URLs of the portal, grouped by page."""

from django.contrib import admin
from django.urls import include, path, re_path

from oauth_provider import urls as oauth_provider_urls
from portal.provided_sites.views import metadata

from .api import api
from .provided_sites import urls as provided_sites_urls
from .views import (
    accounts,
    add_site,
    audit,
    browser_sessions,
    check_history,
    check_runs,
    configurations,
    devices,
    enrollment,
    gateways,
    health,
    inventories,
    links,
    notifications,
    overview,
    passes,
    people,
    personal_data,
    phone_results,
    phones,
    plugins,
    rehearsal,
    site_certificates,
    site_page,
    sites,
    style,
    sweeps,
    token_pages,
    troubleshooting,
    waves,
    webhooks,
)

# QR codes contain the token in upper case, which makes them smaller, so the route accepts both cases.
QR_ROUTE = r"(?P<token>[A-Za-z0-9]{1,64})"

urlpatterns = [
    path("", overview.overview, name="overview"),
    # Sites
    path("sites/", sites.sites, name="sites"),
    path("sites/new/", add_site.create, name="site_create"),
    path("sites/new/preview/", add_site.preview, name="site_preview"),
    path("sites/import/", sites.import_csv, name="sites_import"),
    path("sites/export.csv", sites.export_csv, name="sites_export"),
    path("sites/check/", check_runs.check_selected, name="sites_check"),
    path("sites/<int:pk>/", sites.site, name="site"),
    path("sites/<int:pk>/application-link/", site_page.tab, {"name": "application-link"}, name="site_link"),
    path("sites/<int:pk>/configuration/", site_page.tab, {"name": "configuration"}, name="site_configuration"),
    path("sites/<int:pk>/sign-in-tests/", site_page.tab, {"name": "sign-in-tests"}, name="site_tests"),
    path("sites/<int:pk>/activity/", site_page.tab, {"name": "activity"}, name="site_activity"),
    path("sites/<int:pk>/progress/", site_page.progress, name="site_progress"),
    path("sites/<int:pk>/use-base-url/", site_page.use_base_url, name="site_use_base_url"),
    path("sites/<int:pk>/edit/", sites.edit, name="site_edit"),
    path("sites/<int:pk>/plugins/", plugins.enter, name="site_plugins"),
    path("sites/<int:pk>/plugins/paste/", plugins.paste, name="site_plugins_paste"),
    path("sites/<int:pk>/plugins/read/", plugins.read, name="site_plugins_read"),
    path("sites/<int:pk>/plugins/read-again/", plugins.read_again, name="site_plugins_read_again"),
    path("sites/<int:pk>/plugins/forget-token/", plugins.remove_token, name="site_token_forget"),
    path("sites/<int:pk>/archive/", sites.archive, name="site_archive"),
    path("sites/<int:pk>/restore/", sites.restore, name="site_restore"),
    # Application links
    path("sites/<int:pk>/link/", links.wizard, name="link_wizard"),
    path("sites/<int:pk>/link/test/", links.test, name="link_test"),
    path("sites/<int:pk>/link/test/progress/", links.test_progress, name="link_test_progress"),
    path("sites/<int:pk>/oauth-switch/", links.switch, name="oauth_switch"),
    path("links/<int:pk>/rotate/", links.rotate, name="link_rotate"),
    path("links/<int:pk>/revoke/", links.revoke, name="link_revoke"),
    path("sites/<int:pk>/gateway/", gateways.gateway, name="site_gateway"),
    path("sites/<int:pk>/client-certificate/", site_certificates.certificate, name="client_certificate"),
    path("sites/<int:pk>/client-certificate/remove/", site_certificates.remove, name="client_certificate_remove"),
    # Results of real phones
    path("sites/<int:pk>/phone-results/", phone_results.results, name="phone_results"),
    path("sites/<int:pk>/phone-results/new/", phone_results.record, name="phone_result_new"),
    path("phone-results/<int:pk>/withdraw/", phone_results.withdraw, name="phone_result_withdraw"),
    # Check runs
    path("sites/<int:pk>/check/", check_runs.check_now, name="check_now"),
    path("sites/<int:pk>/checks/", site_page.tab, {"name": "checks"}, name="check_runs"),
    path("sites/<int:pk>/check-runs/", site_page.moved_checks, name="check_runs_moved"),
    path("sites/<int:pk>/check-runs/export/", check_history.export_csv, name="check_runs_export"),
    path("sites/<int:pk>/check-runs/compare/", check_history.compare, name="check_runs_compare"),
    path("check-runs/<int:pk>/", check_runs.check_run, name="check_run"),
    path("check-runs/<int:pk>/progress/", check_runs.progress, name="check_run_progress"),
    # Bulk checks
    path("sweeps/", sweeps.sweeps, name="sweeps"),
    path("sweeps/start/", sweeps.start, name="sweep_start"),
    path("sweeps/export.csv", sweeps.export_csv, name="sweeps_export"),
    path("sweeps/<int:pk>/", sweeps.sweep, name="sweep"),
    path("sweeps/<int:pk>/export.csv", sweeps.export_runs, name="sweep_export"),
    path("sweeps/<int:pk>/progress/", sweeps.progress, name="sweep_progress"),
    path("sweeps/<int:pk>/pause/", sweeps.pause, name="sweep_pause"),
    path("sweeps/<int:pk>/resume/", sweeps.resume, name="sweep_resume"),
    # MDM configurations
    path("configurations/", configurations.configurations, name="configurations"),
    path("configurations/build/", configurations.build, name="configuration_build"),
    path("configurations/download/", configurations.download, name="configuration_download"),
    path("configurations/publish/", configurations.publish, name="configuration_publish"),
    path("configurations/lint/", configurations.lint, name="configuration_lint"),
    path("configurations/<int:number>/", configurations.release, name="configuration_release"),
    path("configurations/<int:number>/deployed/", configurations.deployed, name="configuration_deployed"),
    path("configurations/<int:number>/roll-back/", configurations.roll_back, name="configuration_roll_back"),
    # Troubleshooting
    path("troubleshooting/", troubleshooting.troubleshooting, name="troubleshooting"),
    # App versions of the fleet
    path("app-versions/", inventories.inventories, name="inventories"),
    path("app-versions/import/", inventories.import_file, name="inventory_import"),
    path("app-versions/imports/<int:pk>/", inventories.report, name="inventory_report"),
    path("app-versions/imports/<int:pk>/progress/", inventories.report_progress, name="inventory_report_progress"),
    path("app-versions/<slug:product>/", inventories.phones, name="inventory_phones"),
    path("app-versions/<slug:product>/export.csv", inventories.export_csv, name="inventory_export"),
    # Waves, passes and people
    path("waves/", waves.waves, name="waves"),
    path("waves/new/", waves.create, name="wave_create"),
    path("waves/<int:pk>/", waves.wave, name="wave"),
    path("passes/", passes.passes, name="passes"),
    path("passes/new/", passes.create, name="pass_create"),
    path("passes/export.csv", passes.export_csv, name="passes_export"),
    path("passes/<int:pk>/", passes.enrollment_pass, name="pass"),
    path("passes/<int:pk>/revoke/", passes.revoke, name="pass_revoke"),
    path("passes/<int:pk>/renew/", passes.renew, name="pass_renew"),
    path("passes/<int:pk>/qr.<str:kind>", passes.qr, name="pass_qr"),
    path("people/", people.people, name="people"),
    path("people/export.csv", people.export_csv, name="people_export"),
    path("people/new/", people.create, name="person_create"),
    path("people/<int:pk>/", people.person_page, name="person"),
    path("people/<int:pk>/sign-in-link/", people.sign_in_link, name="person_sign_in_link"),
    path("people/<int:pk>/sign-out/", people.sign_out, name="person_sign_out"),
    path("people/<int:pk>/data/", personal_data.export, name="person_data"),
    path("people/<int:pk>/erase/", personal_data.erase, name="person_erase"),
    path("phones/", phones.phones, name="phones"),
    path("phones/export.csv", phones.export_csv, name="phones_export"),
    path("phones/sign-out/", phones.revoke_matching, name="phones_revoke"),
    path("phones/sign-outs/", phones.sign_outs, name="phones_sign_outs"),
    path("phones/<int:pk>/sign-out/", phones.revoke, name="phone_revoke"),
    path("me/data/", personal_data.my_data, name="my_data"),
    path("me/passes/", passes.my_passes, name="my_passes"),
    path("me/devices/", devices.my_devices, name="my_devices"),
    path("me/devices/sign-out/", devices.sign_out_devices, name="devices_sign_out"),
    path("me/devices/<int:pk>/name/", devices.name_device, name="device_name"),
    path("me/devices/<int:pk>/sign-out/", devices.sign_out_device, name="device_sign_out"),
    path("me/sign-out-everywhere/", browser_sessions.everywhere, name="sign_out_everywhere"),
    path("me/lost-phone/", devices.lost_phone, name="lost_phone"),
    # Notifications and webhooks
    path("me/notifications/", notifications.my_notifications, name="my_notifications"),
    path("sites/<int:pk>/follow/", notifications.follow, name="site_follow"),
    path("webhooks/", webhooks.webhooks, name="webhooks"),
    path("webhooks/new/", webhooks.create, name="webhook_create"),
    path("webhooks/<int:pk>/", webhooks.webhook, name="webhook"),
    path("webhooks/<int:pk>/edit/", webhooks.edit, name="webhook_edit"),
    path("webhooks/deliveries/<int:pk>/", webhooks.delivery, name="webhook_delivery"),
    # Tokens of the API
    path("service-tokens/", token_pages.service_tokens, name="service_tokens"),
    path("service-tokens/new/", token_pages.create_service_token, name="service_token_create"),
    path("service-tokens/<int:pk>/revoke/", token_pages.revoke_service_token, name="service_token_revoke"),
    path("me/tokens/", token_pages.my_tokens, name="my_tokens"),
    path("me/tokens/new/", token_pages.create_my_token, name="my_token_create"),
    path("me/tokens/<int:pk>/revoke/", token_pages.revoke_my_token, name="my_token_revoke"),
    # Pages that a phone opens
    re_path(rf"^[eE]/{QR_ROUTE}$", enrollment.landing, name="landing"),
    re_path(rf"^[eE]/{QR_ROUTE}/done$", enrollment.done, name="landing_done"),
    # Sign-in tests
    path("sites/<int:pk>/rehearse/", rehearsal.rehearse, name="rehearse"),
    path("rehearsals/<int:pk>/", rehearsal.rehearsal, name="rehearsal"),
    path("rehearsals/<int:pk>/progress/", rehearsal.progress, name="rehearsal_progress"),
    # Activity
    path("activity/", audit.activity, name="activity"),
    path("activity/export.csv", audit.export_csv, name="activity_export"),
    # The portal itself
    path("welcome/<str:token>/", accounts.welcome, name="welcome"),
    path("theme/", accounts.theme, name="theme"),
    path("style/", style.style, name="style"),
    path("accounts/certificate/", accounts.certificate_sign_in, name="certificate_sign_in"),
    path("accounts/3rdparty/", accounts.no_page, name="no_connections_page"),  # people cannot link accounts themselves
    path("accounts/3rdparty/signup/", accounts.no_page, name="no_signup_page"),
    path("accounts/email/", accounts.no_page, name="no_email_page"),  # only administrators change e-mail addresses
    path("accounts/sessions/", browser_sessions.sessions, name="usersessions_list"),
    path("accounts/sessions/<int:pk>/sign-out/", browser_sessions.sign_out_session, name="usersession_sign_out"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    # Sites hosted by Gatepass, and the provider at the root for Gatepass's own API
    path("at/<slug:slug>/", include(provided_sites_urls)),
    # RFC 8414 section 3.1: the issuer's path follows the well-known part
    path(".well-known/oauth-authorization-server/at/<slug:slug>", metadata, name="provided_metadata"),
    path("", include(oauth_provider_urls)),
]

handler400 = "portal.pages.errors.bad_request"
handler403 = "portal.pages.errors.permission_denied"
handler404 = "portal.pages.errors.page_not_found"
handler429 = "portal.pages.rate_limits.allauth_limit_reached"
handler500 = "portal.pages.errors.server_error"
