"""Settings with which gunicorn's workers say on the output when they are about to serve."""


def post_worker_init(worker):
    print("Worker is ready", flush=True)
