# One image per service, and one of tools for what is done once: `docker compose build`.
FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /venv
COPY requirements-services.lock .
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements-services.lock
COPY libs/common libs/common
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation ./libs/common

FROM build AS build-registry
COPY services/registry services/registry
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation ./services/registry

FROM build AS build-eligibility
COPY services/eligibility services/eligibility
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation ./services/eligibility

FROM build AS build-notifications
COPY services/notifications services/notifications
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation ./services/notifications

FROM build AS build-tools
COPY services services
COPY libs/demo libs/demo
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation \
    ./services/registry ./services/eligibility ./services/notifications ./libs/demo

FROM python:3.13-slim AS base
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    SECRETS_DIR=/var/lib/desa-sadar/secrets DEMO_HOME=/var/lib/desa-sadar
# The demo's keys are made here at the first start; production has them from outside.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin desa \
    && install -d -o 10001 -g 10001 -m 700 /var/lib/desa-sadar /var/lib/desa-sadar/secrets
USER 10001
WORKDIR /var/lib/desa-sadar

FROM base AS registry
COPY --from=build-registry /venv /venv
CMD ["python", "-m", "registry", "serve"]

FROM base AS eligibility
COPY --from=build-eligibility /venv /venv
CMD ["python", "-m", "eligibility", "serve"]

FROM base AS notifications
COPY --from=build-notifications /venv /venv
CMD ["python", "-m", "notifications", "serve"]

FROM base AS tools
COPY --from=build-tools /venv /venv
CMD ["python", "-m", "common.prepare"]
