# One image for all services; compose.yaml sets the command. The second stage leaves build tools behind.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/venv
WORKDIR /app
COPY requirements/run.txt requirements/
RUN /opt/venv/bin/pip install --quiet --require-hashes --requirement requirements/run.txt
COPY manage.py ./
COPY portal ./portal
COPY rollout ./rollout
COPY oauth_provider ./oauth_provider
COPY templates ./templates
COPY static ./static
# The settings require a key and a URL. collectstatic uses neither, and neither is stored in the image.
RUN STATE_DIR=/state SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(48))')" \
    PUBLIC_URL=https://gatepass.invalid /opt/venv/bin/python manage.py collectstatic --no-input --verbosity 0

FROM ${PYTHON_IMAGE}
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 STATE_DIR=/state LOG_JSON=1
RUN useradd --system --uid 10001 --user-group --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin gatepass \
 && install --directory --owner gatepass --group gatepass --mode 0750 /state
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
# Static files are part of the image; the process writes the rest of /state, such as beat's schedule.
COPY --from=build --chown=gatepass:gatepass /state/static /state/static
WORKDIR /app
USER gatepass
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--port", "8000"]
