"""Celery tasks of the domain. They call services and contain no rules of their own."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from rollout.services.checks import check_worker, old_runs, reevaluation, sweeps
from rollout.services.notifications import deliveries, digests, notices

from .services import audit_anchors, audit_erasure, inventory_imports, old_phone_records, plugins, rehearsals


@shared_task
def run_check_worker() -> None:
    """Probe and evaluate waiting sites, many at once, for about a minute."""
    check_worker.run_check_worker()


@shared_task
def run_rehearsal(rehearsal_id: int) -> None:
    rehearsals.run_rehearsal(rehearsal_id=rehearsal_id)


@shared_task
def run_inventory_import(import_id: int) -> None:
    inventory_imports.run_import(import_id=import_id)


@shared_task
def start_due_sweep() -> None:
    sweeps.start_due_sweep()


@shared_task
def pick_up_waiting_work() -> None:
    """Wake workers again for rows that are still waiting, after a lost message or a dead worker."""
    sweeps.finish_ended()
    check_worker.wake_check_workers()
    for rehearsal_id in rehearsals.waiting_rehearsals():
        run_rehearsal.delay(rehearsal_id)
    for import_id in inventory_imports.waiting_imports():
        run_inventory_import.delay(import_id)
    for webhook_id in deliveries.waiting_webhooks():
        deliver_webhook.delay(webhook_id)


@shared_task
def tell_notices() -> None:
    """Release notices whose cool-down has ended, and create webhook deliveries for all new ones."""
    notices.release_held()
    deliveries.make_deliveries()


@shared_task
def deliver_webhook(webhook_id: int) -> None:
    """Send due deliveries of one webhook, one after the other, for about a minute."""
    deliveries.deliver(webhook_id=webhook_id)


@shared_task
def send_due_digests() -> None:
    digests.send_due_digests()


@shared_task
def remove_old_notices() -> None:
    now = timezone.now()
    notices.prune(now=now)
    deliveries.prune(now=now)


@shared_task
def look_up_plugin_versions() -> None:
    """Read plugin versions that are due, with the stored tokens of administrators."""
    plugins.read_due_versions()


@shared_task
def reevaluate_sites(after: int = 0) -> None:
    """Re-evaluate observations of other matrices than the one in force; beat restarts lost work."""
    reevaluation.reevaluate_outdated(after=after)


@shared_task
def remove_old_runs() -> None:
    old_runs.remove_old_runs()


@shared_task
def write_audit_checkpoint() -> None:
    """Write the newest event of the audit log outside the database, if that is due."""
    audit_anchors.write_due_checkpoint()


@shared_task
def erase_old_audit_data() -> None:
    """Erase names and addresses of people from events of the audit log that are older than the settings keep them."""
    audit_erasure.erase_old_data()


@shared_task
def remove_old_phone_records() -> None:
    """Delete passes and sign-ins of phones that are older than the settings keep them."""
    old_phone_records.remove_old_phone_records()
