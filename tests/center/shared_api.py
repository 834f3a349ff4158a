"""The centre's API, made once a process: it holds nothing of a centre, whose services come with each request."""

import functools

from center.api import router

api = functools.cache(router.create)
