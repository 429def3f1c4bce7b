"""Signals that the project can receive."""

from __future__ import annotations

from django.dispatch import Signal

# A code or a replaced refresh token was used again: one of two copies is probably stolen, so its sign-in was ended.
# Arguments: ``kind`` ("code" or "refresh_token"), ``user`` and ``client``. Sent in the transaction that ends it.
token_reused = Signal()
# Phones wait to be signed out (tokens.sign_outs). Sent in the transaction that queues them.
sign_out_queued = Signal()

# A request was refused because of a rate limit: sent once per limit and window, for all processes together.
# Arguments: ``limit`` (``limits.limiter.Limit``). Sent outside of transactions.
limit_reached = Signal()
