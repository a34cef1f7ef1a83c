# syntax=docker/dockerfile:1
# One image for every service; the command says which. Build: docker build -t firebreak .
#
# PYTHON takes a digest as well: --build-arg PYTHON=python:3.12.12-slim-trixie@sha256:...

ARG PYTHON=python:3.12.12-slim-trixie

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /opt/firebreak
COPY requirements.lock ./
RUN /opt/firebreak/bin/pip install --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY schemas schemas
COPY runtime runtime
COPY contracts contracts
COPY ingest ingest
COPY detectors detectors
COPY responders responders
COPY incidents incidents
COPY forensics forensics
COPY paging paging
COPY neighbours neighbours
COPY underwriting underwriting
COPY assurance assurance
COPY console console
COPY sandbox sandbox
COPY cli cli
# What builds the package is in the lock, checked by hash like the rest. It leaves again, and so does
# pip: nothing that installs or builds software is in the image that runs.
RUN /opt/firebreak/bin/pip install --no-deps --no-index --no-build-isolation . \
    && /opt/firebreak/bin/python -m compileall -q /opt/firebreak/lib \
    && /opt/firebreak/bin/pip uninstall --yes hatchling editables pip

FROM ${PYTHON}
# The base image's own pip as well.
RUN python -m pip uninstall --yes pip \
    && groupadd --gid 10001 firebreak \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/firebreak \
       --shell /usr/sbin/nologin firebreak \
    && install -d -o 10001 -g 10001 -m 0700 \
       /var/lib/firebreak /run/firebreak/signer /run/firebreak/heartbeat
COPY --from=build /opt/firebreak /opt/firebreak
ENV PATH=/opt/firebreak/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    FIREBREAK_HOME=/var/lib/firebreak \
    FIREBREAK_PROTOCOLS=/etc/firebreak/protocols \
    FIREBREAK_HEALTH__HOST=0.0.0.0 \
    FIREBREAK_HEALTH__PORT=8080
LABEL org.opencontainers.image.title="Firebreak" \
      org.opencontainers.image.description="Streaming incident response for DeFi protocols" \
      org.opencontainers.image.licenses="Apache-2.0"
USER 10001:10001
WORKDIR /var/lib/firebreak
EXPOSE 8080
ENTRYPOINT ["firebreak"]
CMD ["--help"]
