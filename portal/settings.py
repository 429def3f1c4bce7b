"""All settings, read from the environment only; docs/settings.md documents each one.

Fail closed: there is no default key and DEBUG is off. Contradictory settings are errors at start
(portal.checks), each with an id and a hint.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from oauth_provider.conf import APPLICATION_MODEL, oauth2_provider_settings

from .environment import Environment
from .logs import LEVELS, logging_config

BASE_DIR = Path(__file__).resolve().parent.parent

env = Environment(os.environ)

# --- Who we are ------------------------------------------------------------------------------------------------
SECRET_KEY = env.text("SECRET_KEY")
if len(SECRET_KEY) < 32:
    env.refuse("SECRET_KEY", "(or SECRET_KEY_FILE) is missing or shorter than 32 characters", "<50 random characters>")
DEBUG = env.flag("DEBUG")
PUBLIC_URL = env.url("PUBLIC_URL", example="https://gatepass.example.com", required=True)
# Encrypt stored tokens and webhook secrets: the first key encrypts, all of them decrypt. Without one, none is stored.
CREDENTIAL_KEYS = env.text("CREDENTIAL_KEYS").replace(",", " ").split()
_public = urlsplit(PUBLIC_URL)
HTTPS = _public.scheme == "https"
# The names of this machine, as in a Host header. A trial responds to all of them; its pages lead to that of PUBLIC_URL.
LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
_host = f"[{_public.hostname}]" if ":" in (_public.hostname or "") else _public.hostname or ""
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", default=LOOPBACK_HOSTS if _host in LOOPBACK_HOSTS else [_host])
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
ORGANISATION = env.text("ORGANISATION", default="Your organisation")
STATE_DIR = Path(env.text("STATE_DIR", default=str(BASE_DIR / "var"))).resolve()

# --- Probes ----------------------------------------------------------------------------------------------------
# Loopback lets a trial and the tests probe simulated sites on this machine over plain http. Off in production.
PROBE_ALLOW_LOOPBACK = env.flag("PROBE_ALLOW_LOOPBACK")
PROBE_ALLOWED_NETWORKS = env.items("PROBE_ALLOWED_NETWORKS")
# Services of this installation besides those in DATABASE_URL, the broker and PUBLIC_URL, as host:port: never probed.
PROBE_OWN_SERVICES = env.items("PROBE_OWN_SERVICES")
# Allows probes of sites behind the address of PUBLIC_URL: one load balancer in front of everything.
PROBE_PORTAL_SHARES_ADDRESS = env.flag("PROBE_PORTAL_SHARES_ADDRESS")
# Used only for sites with this option, never read from proxy variables of the environment. May contain a password.
PROBE_PROXY = env.text("PROBE_PROXY")
# A trial runs simulated sites on this machine (rollout.simulator), on ports from this one on.
DEMO = env.flag("DEMO")
DEMO_PORT_BASE = env.integer("DEMO_PORT_BASE", default=8101)
CHECK_EVERY_HOURS = env.integer("CHECK_EVERY_HOURS", default=24)
# A site whose verdict keeps changing causes one notice in this time, then one more with a count.
NOTICE_COOL_DOWN_HOURS = env.integer("NOTICE_COOL_DOWN_HOURS", default=6)
SWEEP_EVERY_MINUTES = env.integer("SWEEP_EVERY_MINUTES", default=60)  # how often due sites are collected
CHECK_RUNS_KEPT_DAYS = env.integer("CHECK_RUNS_KEPT_DAYS", default=400)
# Passes after their end, with their uses, and sign-ins of phones; 0 keeps them.
PASSES_KEPT_DAYS = env.integer("PASSES_KEPT_DAYS", default=0)
SIGN_INS_KEPT_DAYS = env.integer("SIGN_INS_KEPT_DAYS", default=0)
# How many sites are probed at once: over all workers, and by one task of one worker.
PROBE_SITES_AT_ONCE = env.integer("PROBE_SITES_AT_ONCE", default=200)
PROBE_SITES_PER_TASK = env.integer("PROBE_SITES_PER_TASK", default=100)
# Seconds without requests to a host between two of its sites. It never gets two requests at once.
PROBE_HOST_PAUSE = env.number("PROBE_HOST_PAUSE", default=0.2)
# Versions that a site hosted by Gatepass reports in its manifest.
PROVIDED_CONFLUENCE_VERSION = "9.2.1"
PROVIDED_OAUTH_PLUGIN_VERSION = "4.1.1"
PROVIDED_MOBILE_PLUGIN_VERSION = "19.1.47"
IOS_APP_STORE_URL = env.text(
    "IOS_APP_STORE_URL", default="https://apps.apple.com/app/confluence-data-center/id1288365159"
)
# Runs hand-written SQL statements (rollout.ports, oauth_provider.ports).
STATEMENT_RUNNER = "portal.database.runner.run"
# The domain reaches the provider and the sign-in only through these two modules (rollout.ports).
ROLLOUT_CLIENT_REGISTRY = "oauth_provider.clients"
ROLLOUT_BROWSER_SIGN_IN = "portal.accounts.sign_in_links"

# --- Applications ----------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "portal.apps.PortalConfig",
    "rollout.apps.RolloutConfig",
    "oauth_provider.apps.OAuthProviderConfig",
    "oauth2_provider",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_htmx",
    "django_filters",
    "django_prometheus",
    "django_structlog",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "portal.accounts.proxies.ProxyMiddleware",
    "portal.pages.middleware.HostMiddleware",
    "portal.pages.redirect_length.RedirectLengthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "portal.pages.middleware.CleanRequestMiddleware",
    "portal.pages.middleware.PrivatePagesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "portal.pages.body_limits.BodyLimitMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.accounts.session_limits.SessionLimitsMiddleware",
    "portal.pages.middleware.RehearsalSessionMiddleware",
    "portal.pages.middleware.SignInRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.pages.middleware.RequestLogMiddleware",
    "portal.pages.middleware.ReaderTimeZoneMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
    "portal.accounts.sign_in_policy.SignInPolicyMiddleware",
    "portal.accounts.single_sign_on.SingleSignOnMiddleware",
    "portal.pages.rate_limits.RateLimitMiddleware",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "portal.pages.context_processors.shell",
            ],
        },
    }
]

# --- Database, cache, broker -----------------------------------------------------------------------------------
DATABASES = {"default": env.database("DATABASE_URL", default=f"sqlite:///{STATE_DIR / 'gatepass.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Several processes share one file: without these options they fail with "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, "ENGINE": "portal.database"}
    # Parameters are sent separately, so that a repeated statement is planned once per connection.
    DATABASES["default"].setdefault("OPTIONS", {}).update(server_side_binding=True, prepare_threshold=5)
    # Seconds: threads must not wait for a host that is down.
    DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 5)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.server("REDIS_URL", "", schemes=("redis", "rediss", "unix"), example="redis://redis:6379/0")
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "portal.pages.fallback_cache.FallbackCache", "LOCATION": REDIS_URL}}
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": str(STATE_DIR / "cache"),
        }
    }

CELERY_BROKER_URL = env.server(
    "CELERY_BROKER_URL",
    REDIS_URL or "filesystem://localhost",
    schemes=("redis", "rediss", "unix", "redis+socket", "sentinel", "amqp", "amqps", "filesystem"),
    example="redis://redis:6379/1",
)
if CELERY_BROKER_URL.startswith("filesystem:"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(STATE_DIR / "broker"),
        "data_folder_out": str(STATE_DIR / "broker"),
        "control_folder": str(STATE_DIR / "broker-control"),
    }
CELERY_TASK_DEFAULT_QUEUE = env.text("CELERY_QUEUE", default="gatepass")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = (
    180  # a worker starts sites for a minute, then waits for the slowest (services.checks.check_worker)
)
CELERY_TASK_SOFT_TIME_LIMIT = 150
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE_FILENAME = str(STATE_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULER = "portal.serving.beat_scheduler.Scheduler"
CELERY_BEAT_SCHEDULE = {
    "start-due-sweep": {"task": "rollout.tasks.start_due_sweep", "schedule": 60.0},
    "pick-up-waiting-work": {"task": "rollout.tasks.pick_up_waiting_work", "schedule": 30.0},
    "look-up-plugin-versions": {"task": "rollout.tasks.look_up_plugin_versions", "schedule": 300.0},
    "reevaluate-sites": {
        "task": "rollout.tasks.reevaluate_sites",
        "schedule": 300.0,
    },  # after a change of the matrix
    "tell-notices": {"task": "rollout.tasks.tell_notices", "schedule": 60.0},
    "send-due-digests": {"task": "rollout.tasks.send_due_digests", "schedule": 60.0},
    "remove-old-notices": {"task": "rollout.tasks.remove_old_notices", "schedule": 3600.0},
    "sign-out-waiting-phones": {"task": "portal.tasks.sign_out_waiting_phones", "schedule": 30.0},
    "forget-lapsed-phones": {"task": "portal.tasks.forget_lapsed_phones", "schedule": crontab(hour="3", minute="7")},
    "remove-dead-tokens": {"task": "portal.tasks.remove_dead_tokens", "schedule": crontab(hour="3", minute="17")},
    "record-expired-tokens": {"task": "portal.tasks.record_expired_tokens", "schedule": 300.0},
    "send-account-notices": {"task": "portal.tasks.send_account_notices", "schedule": 60.0},
    "remove-old-sessions": {"task": "portal.tasks.remove_old_sessions", "schedule": crontab(hour="3", minute="27")},
    "forget-old-rate-counts": {"task": "portal.tasks.forget_old_rate_counts", "schedule": 3600.0},
    "write-audit-checkpoint": {"task": "rollout.tasks.write_audit_checkpoint", "schedule": 60.0},
    "erase-old-audit-data": {"task": "rollout.tasks.erase_old_audit_data", "schedule": crontab(hour="2", minute="47")},
    "remove-old-phone-records": {
        "task": "rollout.tasks.remove_old_phone_records",
        "schedule": crontab(hour="2", minute="57"),
    },
    "remove-old-runs": {"task": "rollout.tasks.remove_old_runs", "schedule": crontab(hour="2", minute="37")},
}
CELERY_TIMEZONE = "UTC"

# --- People and sign-in ----------------------------------------------------------------------------------------
AUTH_USER_MODEL = "portal.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "overview"
ACCOUNT_ADAPTER = "portal.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # an unknown address gets no mail; sign-up is closed
ACCOUNT_EMAIL_VERIFICATION = "none"  # administrators add people and confirm the address
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "portal.accounts.reset_tokens.ResetTokenGenerator"  # noqa: S105 - a class
# RATE_LIMITS below counts sign-ins. django-allauth's own limits would lock an account for its person too. The link
# to a new password cannot be guessed.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None, "reset_password_from_key": None}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ADAPTER = "portal.accounts.adapters.MFAAdapter"
USERSESSIONS_ADAPTER = "portal.accounts.adapters.UserSessionsAdapter"
MFA_TOTP_ISSUER = "Gatepass"
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"  # a fingerprint, a face or a PIN: a key alone does not identify the person
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS  # browsers allow it on localhost only
MFA_RATE_LIMITS = {"webauthn_login": None}  # RATE_LIMITS below counts it, in every process
# Roles that require a second factor, and roles that require a passkey; names of portal.models.Role.
SECOND_FACTOR_ROLES = env.items("SECOND_FACTOR_ROLES")
PASSKEY_ROLES = env.items("PASSKEY_ROLES")
# The reverse proxy verifies client certificates and passes them in headers (portal.accounts.client_certificates).
CLIENT_CERTIFICATES = env.flag("CLIENT_CERTIFICATES")
# Single sign-on for staff with an OpenID provider (portal.accounts.single_sign_on).
OIDC_SERVER_URL = env.url("OIDC_SERVER_URL", example="https://id.example.com")
OIDC_CLIENT_ID = env.text("OIDC_CLIENT_ID")
OIDC_CLIENT_SECRET = env.text("OIDC_CLIENT_SECRET")
OIDC_NAME = env.text("OIDC_NAME", default="single sign-on")
OIDC_GROUPS_CLAIM = env.text("OIDC_GROUPS_CLAIM", default="groups")
# role=group;group,role=group
OIDC_ROLE_GROUPS = env.pairs("OIDC_ROLE_GROUPS", example="administrator=gatepass-admins,auditor=audit")
OIDC_DEFAULT_ROLE = env.text("OIDC_DEFAULT_ROLE")
SOCIALACCOUNT_ADAPTER = "portal.accounts.single_sign_on.SocialAccountAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
if OIDC_SERVER_URL:
    SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "oidc",
                    "name": OIDC_NAME,
                    "client_id": OIDC_CLIENT_ID,
                    "secret": OIDC_CLIENT_SECRET,
                    "settings": {"server_url": OIDC_SERVER_URL},
                }
            ],
        }
    }
SESSION_IDLE_MINUTES = env.integer("SESSION_IDLE_MINUTES", default=60)
SESSION_MAX_HOURS = env.integer("SESSION_MAX_HOURS", default=12)
STEP_UP_MINUTES = env.integer(
    "STEP_UP_MINUTES", default=15
)  # afterwards exports and credentials require reauthentication
API_TOKEN_MAX_DAYS = env.integer("API_TOKEN_MAX_DAYS", default=365)  # the longest lifetime of a token of the API
SESSION_COOKIE_AGE = SESSION_MAX_HOURS * 3600
SESSION_COOKIE_NAME = "gatepass_session"
CSRF_COOKIE_NAME = "gatepass_csrf"
CSRF_COOKIE_HTTPONLY = False  # htmx sends the token as a header; it is not a credential

# --- Provider --------------------------------------------------------------------------------------------------
OAUTH2_PROVIDER_APPLICATION_MODEL = APPLICATION_MODEL
OAUTH2_PROVIDER = oauth2_provider_settings(issuer=PUBLIC_URL, admin="portal.provider_admin")

# A phone on an unstable network repeats requests: within these seconds the same refresh token gets the same response.
REFRESH_RETRY_SECONDS = env.integer("REFRESH_RETRY_SECONDS", default=10)
# However often an app refreshes, its user signs in again after this time.
SIGN_IN_MAX_DAYS = env.integer("SIGN_IN_MAX_DAYS", default=365)
# Earlier names of settings that are still set: read for one release (gatepass.W008).
RATE_LIMITS_RENAMED = {
    name: f"RATE_LIMIT_{limit}_PRINCIPAL"
    for limit in ("TOKEN", "INTROSPECTION", "AUTHORIZE", "SIGN_IN", "LOOK_UP")
    if env.text(name := f"RATE_LIMIT_{limit}_WHO")
}
# Rate limits, as COUNT/SECONDS or off; docs/settings.md describes what each one counts.
RATE_LIMITS = {
    "token_address": env.text("RATE_LIMIT_TOKEN_ADDRESS", default="12000/60"),
    "token_principal": env.text("RATE_LIMIT_TOKEN_PRINCIPAL", default="60000/60"),
    "token_failures": env.text("RATE_LIMIT_TOKEN_FAILURES", default="100/60"),
    "introspection_address": env.text("RATE_LIMIT_INTROSPECTION_ADDRESS", default="off"),
    "introspection_principal": env.text("RATE_LIMIT_INTROSPECTION_PRINCIPAL", default="600000/60"),
    "introspection_failures": env.text("RATE_LIMIT_INTROSPECTION_FAILURES", default="100/60"),
    "authorize_address": env.text("RATE_LIMIT_AUTHORIZE_ADDRESS", default="3000/60"),
    "authorize_principal": env.text("RATE_LIMIT_AUTHORIZE_PRINCIPAL", default="60/60"),
    "authorize_failures": env.text("RATE_LIMIT_AUTHORIZE_FAILURES", default="300/60"),
    "sign_in_address": env.text("RATE_LIMIT_SIGN_IN_ADDRESS", default="600/60"),
    "sign_in_principal": env.text("RATE_LIMIT_SIGN_IN_PRINCIPAL", default="5/300"),
    "sign_in_failures": env.text("RATE_LIMIT_SIGN_IN_FAILURES", default="100/60"),
    "sign_in_known_browser": env.text("RATE_LIMIT_SIGN_IN_KNOWN_BROWSER", default="10/300"),
    "api_failures": env.text("RATE_LIMIT_API_FAILURES", default="100/60"),
    "look_up_principal": env.text("RATE_LIMIT_LOOK_UP_PRINCIPAL", default="30/60"),
}
for _old, _new in RATE_LIMITS_RENAMED.items():
    _limit = _new.removeprefix("RATE_LIMIT_").lower()
    RATE_LIMITS[_limit] = env.text(_new, default=env.text(_old))
SECRET_KEY_FALLBACKS = env.items("SECRET_KEY_FALLBACKS")
# Sign the audit log: the first key signs, all of them verify. Without one, SECRET_KEY and its fallbacks do.
AUDIT_KEYS = env.items("AUDIT_KEYS")
# How often a signed checkpoint of the audit log goes to the log stream and, if set, to the end of a file.
AUDIT_CHECKPOINT_EVENTS = env.integer("AUDIT_CHECKPOINT_EVENTS", default=1000)
AUDIT_CHECKPOINT_MINUTES = env.integer("AUDIT_CHECKPOINT_MINUTES", default=60)
AUDIT_CHECKPOINT_FILE = env.text("AUDIT_CHECKPOINT_FILE")
# After this many days, names and addresses in the audit log are erased; 0 keeps them.
AUDIT_PERSONAL_DATA_DAYS = env.integer("AUDIT_PERSONAL_DATA_DAYS", default=0)

# --- Security headers ------------------------------------------------------------------------------------------
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_SSL_HOST = _public.netloc
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # requested by a local probe over plain http
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
# Browsers then refuse plain http for the whole domain, for good: only if its owner has decided so.
SECURE_HSTS_PRELOAD = HTTPS and env.flag("HSTS_PRELOAD")
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
BEHIND_PROXY = env.flag("BEHIND_PROXY")
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Addresses and networks of the reverse proxies in front: only their X-Forwarded-For headers are trusted.
TRUSTED_PROXIES = env.items("TRUSTED_PROXIES")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: []
    for name in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "microphone",
        "payment",
        "usb",
    )
}

# --- Language, time, files -------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
TIME_ZONE = env.time_zone("TIME_ZONE", default="UTC")
USE_TZ = True
USE_I18N = True
STATIC_URL = "/static/"
STATIC_ROOT = STATE_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "portal.pages.static_files.Storage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 12_000  # a selection of ten thousand sites is one form
EMAIL_CONFIG = env.email("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 20  # seconds; a mail server that hangs must not block a worker
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", default=f"gatepass@{_public.hostname}")

LOGGING = logging_config(level=env.choice("LOG_LEVEL", "INFO", LEVELS), as_json=env.flag("LOG_JSON"))
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # HSTS preload is the decision of the owner of the domain

env.require_valid()
