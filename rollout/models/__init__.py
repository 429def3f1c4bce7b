from .audit import AuditEvent, AuditHead, AuditPersonalData
from .check_run import CheckRun, Finding, RunState
from .configuration import ConfigurationRelease
from .enrollment import Enrollment, EnrollmentPass, PassState, SignIn
from .inventory import AppInventory, InventoryFilePart, InventoryImport, InventoryPhone
from .link import ApplicationLink
from .matrix import MatrixEdition, MatrixLine
from .notification import (
    AttemptError,
    DeliveryState,
    Notice,
    NoticeKind,
    NotificationPreference,
    SiteFollow,
    Webhook,
    WebhookDelivery,
)
from .phone_result import PhoneResult
from .rehearsal import Rehearsal
from .site import PluginSource, Product, Provider, Site, SiteCredential, VerdictChoices
from .site_certificate import SiteCertificate
from .sweep import ProbeHost, Sweep, SweepState
from .wave import Wave

__all__ = [
    "AppInventory",
    "ApplicationLink",
    "AttemptError",
    "AuditEvent",
    "AuditHead",
    "AuditPersonalData",
    "CheckRun",
    "ConfigurationRelease",
    "DeliveryState",
    "Enrollment",
    "EnrollmentPass",
    "Finding",
    "InventoryFilePart",
    "InventoryImport",
    "InventoryPhone",
    "MatrixEdition",
    "MatrixLine",
    "Notice",
    "NoticeKind",
    "NotificationPreference",
    "PassState",
    "PhoneResult",
    "PluginSource",
    "ProbeHost",
    "Product",
    "Provider",
    "Rehearsal",
    "RunState",
    "SignIn",
    "Site",
    "SiteCertificate",
    "SiteCredential",
    "SiteFollow",
    "Sweep",
    "SweepState",
    "VerdictChoices",
    "Wave",
    "Webhook",
    "WebhookDelivery",
]  # fmt: skip
