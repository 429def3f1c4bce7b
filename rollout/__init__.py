"""The domain: sites, links, verdicts, configurations, passes and proof. It knows no request, URL or template."""

# The version of Gatepass, stated here only; probes and webhooks send it as their User-Agent.
__version__ = "0.1.0"
