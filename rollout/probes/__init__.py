"""Facts about a site, never a judgement. Start reading at ``site.observe``; the network is behind ``fetch.fetch``."""
