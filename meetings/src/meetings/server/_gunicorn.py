"""How gunicorn serves the backend: read by gunicorn, whose names these are."""

import gc

workers = 2
worker_class = "gthread"
threads = 8
loglevel = "warning"
graceful_timeout = 10
# Two instances would steal the socket under the home folder from each other.
control_socket_disable = True


def post_worker_init(worker: object) -> None:
    """Leave what a worker has loaded out of later garbage collections.

    A full collection stops every request of a process while it looks at each object,
    and nearly all of them are modules, which stay for ever.
    """
    del worker
    gc.collect()
    gc.freeze()
