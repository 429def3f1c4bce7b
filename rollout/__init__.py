"""The domain: sites, links, verdicts, configurations, passes and proof. It knows no request, URL or template."""
