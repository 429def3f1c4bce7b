from .audit import AuditEvent, AuditHead
from .check_run import CheckRun, Finding, RunState
from .configuration import ConfigurationRelease
from .enrollment import Enrollment, EnrollmentPass, PassState, SignIn
from .link import ApplicationLink
from .rehearsal import Rehearsal
from .site import Product, Provider, Site, VerdictChoices
from .wave import Wave

__all__ = [
    "ApplicationLink", "AuditEvent", "AuditHead", "CheckRun", "ConfigurationRelease", "Enrollment", "EnrollmentPass",
    "Finding", "PassState", "Product", "Provider", "Rehearsal", "RunState", "SignIn", "Site", "VerdictChoices", "Wave",
]  # fmt: skip
