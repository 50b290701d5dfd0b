# syntax=docker/dockerfile:1
# Two targets: `production`, with requirements.txt and what serves people alone, and `dev`, which
# adds the simulator, the demo and everything tests need. Both run as a user without rights.
# docker-compose.yml says how to pin the image below to its content as well.
ARG PYTHON_IMAGE=python:3.13.18-slim-bookworm
FROM ${PYTHON_IMAGE} AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 DJANGO_SETTINGS_MODULE=lrm.settings
RUN useradd --create-home --uid 10001 lrm
WORKDIR /app
COPY requirements.txt ./
RUN pip install --require-hashes -r requirements.txt

FROM base AS dev
COPY requirements-dev.txt ./
RUN pip install --require-hashes -r requirements-dev.txt
COPY --chown=lrm:lrm . .
USER lrm
CMD ["python", "-m", "xero_simulator", "--host", "0.0.0.0", "--port", "9090"]

FROM base AS production
COPY manage.py ./
# Without what only development has: the demo and the services that start by themselves.
COPY --exclude=**/demo --exclude=**/local --exclude=**/seed_demo.py lrm ./lrm
COPY connected_apps ./connected_apps
COPY invoices ./invoices
COPY xero_sync ./xero_sync
COPY reports ./reports
COPY templates ./templates
# The static files depend on no secret and no service: every value here is made up, and none of
# them stays in the image's environment.
RUN SECRET_KEY=only-for-collectstatic PUBLIC_URL=https://build.example.com \
    ALLOWED_HOSTS=build.example.com \
    DATABASE_URL=postgresql://nobody@127.0.0.1:9/unused REDIS_URL=redis://127.0.0.1:9/0 \
    XERO_CLIENT_ID=none XERO_CLIENT_SECRET=none XERO_WEBHOOK_KEYS=none \
    TOKEN_ENCRYPTION_KEYS=bm9uZS1ub25lLW5vbmUtbm9uZS1ub25lLW5vbmUtbm8= \
    python manage.py collectstatic --noinput
USER lrm
EXPOSE 8000
# Whom to believe about https is Django's to say (TRUSTED_PROXIES), not the server's. A connection is
# kept longer than the proxy keeps it, so that none closes as a request sets out; what runs at a stop
# gets less than compose waits; a process is replaced now and then, whatever may have grown in it.
CMD ["gunicorn", "lrm.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "8", "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "--forwarded-allow-ips", "", "--keep-alive", "75", "--graceful-timeout", "20", "--max-requests", "20000", "--max-requests-jitter", "5000"]
