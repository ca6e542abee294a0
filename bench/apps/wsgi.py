"""The two handlers of blocking.ts for gunicorn, whose gevent worker has patched time before it imports this."""

from time import sleep

HEADERS = [("Content-Type", "text/plain"), ("Content-Length", "13")]


def hello(environ, start_response):
    start_response("200 OK", HEADERS)
    return [b"Hello, world\n"]


def sleepy(environ, start_response):
    sleep(0.05)
    start_response("200 OK", HEADERS)
    return [b"Hello, world\n"]
