"""Django admin for operations: read-only pages of all models, and a few actions.

Data is changed on the dashboard, where services record each change in the audit log; the actions here call the same
services. Secrets and digests of secrets are not shown.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from rollout.models import (
    ApplicationLink,
    AuditEvent,
    CheckRun,
    ConfigurationRelease,
    Enrollment,
    EnrollmentPass,
    InventoryImport,
    Notice,
    NotificationPreference,
    PassState,
    PhoneResult,
    ProbeHost,
    Rehearsal,
    SignIn,
    Site,
    SiteCertificate,
    Sweep,
    Wave,
    Webhook,
    WebhookDelivery,
)
from rollout.services import links, passes
from rollout.services.checks import check_runs, reevaluation

from .matrix import MatrixEditionAdmin, actor_of, may_operate

__all__ = ["MatrixEditionAdmin", "ReadOnlyAdmin"]  # MatrixEditionAdmin registers itself when imported

ROWS_AT_ONCE = 1000


class ReadOnlyAdmin(admin.ModelAdmin):
    """Lists and shows rows. Adding, changing and deleting are not allowed."""

    show_full_result_count = False
    list_per_page = 50

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *rest: Any) -> HttpResponse | None:
        """Run an action on at most ``ROWS_AT_ONCE`` rows: it works through them one by one, in this request."""
        if request.POST.get("select_across") == "1" and queryset.count() > ROWS_AT_ONCE:
            text = _("Nothing was changed. Select at most %(rows)d rows, or use the pages of Gatepass for more.")
            self.message_user(request, text % {"rows": ROWS_AT_ONCE}, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        return super().response_action(request, queryset, *rest)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return ``fields`` if set, otherwise all fields without ``exclude``, also those that are not editable."""
        if self.fields:
            return self.fields
        hidden = {"id", *(self.exclude or ())}
        names = [field.name for field in (*self.opts.concrete_fields, *self.opts.many_to_many)]
        return [*(name for name in names if name not in hidden), *self.readonly_fields]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return all fields, because Django leaves out fields that are not editable unless they are read-only."""
        return self.get_fields(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may run the actions: only administrators, not all staff."""
        return may_operate(request)


@admin.register(Site)
class SiteAdmin(ReadOnlyAdmin):
    list_display = ["title", "base_url", "mdm_status", "non_mdm_status", "server_version", "checked_at"]
    list_filter = (
        "mdm_verdict", "non_mdm_verdict", "product", "provider", ("archived_at", admin.EmptyFieldListFilter),
    )  # fmt: skip
    search_fields = ["title", "base_url"]
    date_hierarchy = "created_at"
    actions = ["check_now", "reevaluate"]

    @admin.display(description=_("MDM setup"), ordering="mdm_verdict")
    def mdm_status(self, site: Site) -> str:
        return str(site.get_mdm_verdict_display())

    @admin.display(description=_("non-MDM setup"), ordering="non_mdm_verdict")
    def non_mdm_status(self, site: Site) -> str:
        return str(site.get_non_mdm_verdict_display())

    @admin.action(description=_("Check now"), permissions=["operate"])
    def check_now(self, request: HttpRequest, queryset: QuerySet[Site]) -> None:
        active = queryset.filter(archived_at=None)
        for site in active:
            check_runs.request_check(site=site, actor=actor_of(request), trigger=CheckRun.Trigger.BUTTON)
        self._report(request, len(active), ngettext("%d check was queued.", "%d checks were queued.", len(active)))

    @admin.action(description=_("Re-evaluate the last check"), permissions=["operate"])
    def reevaluate(self, request: HttpRequest, queryset: QuerySet[Site]) -> None:
        result = reevaluation.reevaluate_sites(actor=actor_of(request), sites=queryset)
        count = result.evaluated
        self._report(request, count, ngettext("%d site was re-evaluated.", "%d sites were re-evaluated.", count))

    def _report(self, request: HttpRequest, count: int, text: str) -> None:
        self.message_user(request, text % count, messages.SUCCESS if count else messages.WARNING)


@admin.register(ApplicationLink)
class ApplicationLinkAdmin(ReadOnlyAdmin):
    list_display = ["site", "origin", "client_id", "created_at", "rotated_at", "revoked_at"]
    list_filter = ["origin", ("revoked_at", admin.EmptyFieldListFilter), "site__provider"]
    list_select_related = ["site"]
    search_fields = ["site__title", "site__base_url", "client_id"]
    actions = ["revoke"]

    @admin.action(description=_("Revoke and sign out all phones"), permissions=["operate"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApplicationLink]) -> None:
        ended = sum(links.revoke_link(actor=actor_of(request), link=link) for link in queryset.select_related("site"))
        self.message_user(request, ngettext("%d phone was signed out.", "%d phones were signed out.", ended) % ended)


@admin.register(CheckRun)
class CheckRunAdmin(ReadOnlyAdmin):
    list_display = ["site", "state", "trigger", "mdm_status", "non_mdm_status", "requested_at", "finished_at"]
    list_filter = ["state", "trigger", "mdm_verdict", "non_mdm_verdict"]
    list_select_related = ["site"]
    search_fields = ["site__title", "site__base_url"]
    date_hierarchy = "requested_at"
    exclude = ["evaluated_findings"]
    readonly_fields = ["findings"]

    @admin.display(description=_("MDM setup"), ordering="mdm_verdict")
    def mdm_status(self, run: CheckRun) -> str:
        return str(run.get_mdm_verdict_display())

    @admin.display(description=_("non-MDM setup"), ordering="non_mdm_verdict")
    def non_mdm_status(self, run: CheckRun) -> str:
        return str(run.get_non_mdm_verdict_display())

    @admin.display(description=_("findings"))
    def findings(self, run: CheckRun) -> str:
        rows = ((f.setup, f.outcome, f.rule, _(f.message) % f.values) for f in run.findings)
        return format_html_join("", "<p>{} · {} · {}: {}</p>", rows)


@admin.register(SiteCertificate)
class SiteCertificateAdmin(ReadOnlyAdmin):
    list_display = ["site", "subject", "issuer", "expires_at", "stored_by", "stored_at"]
    list_select_related = ["site", "stored_by"]
    search_fields = ["site__title", "subject", "issuer"]
    exclude = ["sealed"]


@admin.register(PhoneResult)
class PhoneResultAdmin(ReadOnlyAdmin):
    list_display = ["site", "tried_on", "tried_by", "setup", "outcome", "app_version", "withdrawn_at"]
    list_filter = ["setup", "outcome", "client_certificate", ("withdrawn_at", admin.EmptyFieldListFilter)]
    list_select_related = ["site"]
    search_fields = ["site__title", "tried_by"]
    date_hierarchy = "tried_on"


@admin.register(Sweep)
class SweepAdmin(ReadOnlyAdmin):
    list_display = ["started_at", "state", "total", "done", "failing", "broken", "changed", "finished_at"]
    list_filter = ["state", "trigger"]
    date_hierarchy = "started_at"


@admin.register(ProbeHost)
class ProbeHostAdmin(ReadOnlyAdmin):
    list_display = ["host", "leased_until", "lease", "free_at"]
    list_filter = [("leased_until", admin.EmptyFieldListFilter)]
    search_fields = ["host"]


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ["at", "kind", "site", "subject", "held_until"]
    list_filter = ["kind", ("held_until", admin.EmptyFieldListFilter)]
    list_select_related = ["site"]
    search_fields = ["site__title", "subject"]
    date_hierarchy = "at"


@admin.register(NotificationPreference)
class NotificationPreferenceAdmin(ReadOnlyAdmin):
    list_display = ["person", "every", "chosen_at", "digest_at", "next_digest_at", "failed_because"]
    list_filter = ["every", ("failed_because", admin.EmptyFieldListFilter)]
    list_select_related = ["person"]
    search_fields = ["person__email"]


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin):
    list_display = ["name", "is_active", "paused_because", "failures", "not_before", "created_at"]
    list_filter = ["is_active"]
    search_fields = ["name"]
    exclude = ["secret", "old_secret", "url", "sites"]


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = ["webhook", "event", "state", "tries", "created_at", "next_attempt_at", "finished_at"]
    list_filter = ["state", "webhook"]
    list_select_related = ["webhook"]
    date_hierarchy = "created_at"


@admin.register(ConfigurationRelease)
class ConfigurationReleaseAdmin(ReadOnlyAdmin):
    list_display = ["number", "published_at", "published_by", "note", "short_digest"]
    search_fields = ["note", "digest"]
    list_select_related = ["published_by"]
    date_hierarchy = "published_at"

    @admin.display(description=_("SHA-256"))
    def short_digest(self, release: ConfigurationRelease) -> str:
        return format_html("<code>{}</code>", release.digest[:12])


@admin.register(Wave)
class WaveAdmin(ReadOnlyAdmin):
    list_display = ["title", "created_at", "finished_at"]
    search_fields = ["title"]
    list_filter = [("finished_at", admin.EmptyFieldListFilter)]


class PassStateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return PassState.choices

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.in_state(self.value(), timezone.now()) if self.value() in PassState.values else queryset


@admin.register(EnrollmentPass)
class EnrollmentPassAdmin(ReadOnlyAdmin):
    list_display = ["label", "state_now", "person", "uses", "max_uses", "expires_at", "created_at"]
    list_filter = [PassStateFilter, "wave"]
    list_select_related = ["person"]
    search_fields = ["label", "person__email", "sites__title"]
    exclude = ["token_digest"]
    actions = ["revoke"]

    @admin.display(description=_("state"))
    def state_now(self, enrollment_pass: EnrollmentPass) -> str:
        return str(enrollment_pass.state(timezone.now()).label)

    @admin.action(description=_("Revoke"), permissions=["operate"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[EnrollmentPass]) -> None:
        count = sum(passes.revoke_pass(actor=actor_of(request), enrollment_pass=row) for row in queryset)
        self.message_user(request, ngettext("%d pass was revoked.", "%d passes were revoked.", count) % count)


@admin.register(Enrollment)
class EnrollmentAdmin(ReadOnlyAdmin):
    list_display = ["enrollment_pass", "enrolled_at", "user_agent"]
    list_select_related = ["enrollment_pass"]
    search_fields = ["enrollment_pass__label"]
    date_hierarchy = "enrolled_at"


@admin.register(SignIn)
class SignInAdmin(ReadOnlyAdmin):
    list_display = ["person", "site", "signed_in_at", "is_rehearsal", "user_agent"]
    list_filter = ["is_rehearsal"]
    list_select_related = ["person", "site"]
    search_fields = ["person__email", "site__title"]
    date_hierarchy = "signed_in_at"


@admin.register(InventoryImport)
class InventoryImportAdmin(ReadOnlyAdmin):
    list_display = ["product", "file_name", "state", "found", "requested_by", "requested_at", "finished_at"]
    list_filter = ["state", "product"]
    list_select_related = ["requested_by"]
    search_fields = ["file_name"]


@admin.register(Rehearsal)
class RehearsalAdmin(ReadOnlyAdmin):
    list_display = ["site", "state", "passed", "stopped_at", "requested_by", "requested_at", "finished_at"]
    list_filter = ["state", "passed"]
    list_select_related = ["site", "requested_by"]
    search_fields = ["site__title"]


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ["number", "at", "actor_name", "action", "target_name"]
    list_filter = ["action"]
    list_select_related = ["personal_data"]
    search_fields = [
        "actor_label", "target_label", "personal_data__actor_label", "personal_data__target_label", "action",
    ]  # fmt: skip
    date_hierarchy = "at"
