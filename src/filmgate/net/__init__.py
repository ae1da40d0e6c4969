"""Outbound HTTP: :class:`Guard` fetches client-supplied URLs, :class:`UpstreamClient` calls a configured upstream.

Both connect only to addresses that they checked, follow no redirect unchecked, and use no cookies and no proxies.
"""
