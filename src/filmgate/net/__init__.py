"""The ways out: :class:`Guard` fetches what strangers name, :class:`Client` speaks to an upstream of the operator's.

Both connect to addresses that were checked and to no other, follow no redirect unlooked at, and take neither cookies
nor proxies from anywhere.
"""
