"""Collects the facts about a site without evaluating them. The entry point is ``site.observe``."""
