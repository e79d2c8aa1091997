# `tinydigits serve` for others to call:  podman build -t tinydigits . && podman run --rm -p 8000:8000 tinydigits
# Any base with python3, its venv and pip will do.
ARG BASE=docker.io/library/python:3.13-slim

FROM ${BASE} AS build
COPY . /source
RUN python3 -m venv --without-pip /opt/tinydigits \
    && python3 -m pip --python /opt/tinydigits/bin/python install --no-cache-dir \
        --constraint /source/constraints.txt '/source[serve]'

FROM ${BASE}
COPY --from=build /opt/tinydigits /opt/tinydigits
USER 65534:65534
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["/opt/tinydigits/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["/opt/tinydigits/bin/tinydigits", "serve", "--host", "0.0.0.0"]
