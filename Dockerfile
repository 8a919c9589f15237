# The controller's image: the interface is built, then embedded in the one
# binary; the supervisor is built statically beside it, because it runs inside
# whatever image a run uses. The final stage holds those two and certificates.
#
# Cache mounts keep the registries and cargo's target between builds. There is
# no `# syntax=` line: it would fetch a frontend image from a registry.

FROM node:22-slim AS interface
ARG EXTRA_CA_PEM=""
WORKDIR /build/frontend
COPY frontend/package.json frontend/.npmrc* ./
RUN --mount=type=cache,id=pytask-npm,target=/root/.npm \
    set -eu; \
    ca=/etc/ssl/certs/ca-certificates.crt; \
    if [ -n "$EXTRA_CA_PEM" ]; then mkdir -p /etc/ssl/certs; printf '%s\n' "$EXTRA_CA_PEM" >>"$ca"; fi; \
    if [ -s "$ca" ]; then export NODE_EXTRA_CA_CERTS="$ca"; fi; \
    npm install --ignore-scripts --no-audit --no-fund --loglevel=error
COPY frontend/ ./
RUN npm run build

FROM rust:1-slim-trixie AS sources
ARG EXTRA_CA_PEM=""
RUN if [ -n "$EXTRA_CA_PEM" ]; then printf '%s\n' "$EXTRA_CA_PEM" >>/etc/ssl/certs/ca-certificates.crt; fi
ENV CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0 CARGO_NET_RETRY=5
WORKDIR /build
COPY Cargo.toml Cargo.lock build.rs ./
COPY migrations/ migrations/
COPY runner-image/ runner-image/
COPY src/ src/

# `touch`: a cached target may be newer than files of another checkout, which
# cargo would then take for built already.
FROM sources AS supervisor
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,id=pytask-target-supervisor,target=/build/target \
    set -eu; \
    host=$(rustc -vV | sed -n 's/^host: //p'); \
    find runner-image src -type f -exec touch {} +; \
    RUSTFLAGS="-C target-feature=+crt-static" \
      cargo build --quiet --release --locked --target "$host" -p pytask-supervisor --bin supervisor; \
    install -D -m 0755 "target/$host/release/supervisor" /out/supervisor

FROM sources AS controller
COPY --from=interface /build/frontend/dist frontend/dist
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,id=pytask-target-controller,target=/build/target \
    set -eu; \
    find build.rs migrations runner-image src frontend -type f -exec touch {} +; \
    cargo build --release --locked -p pytask-manager --bin pytask-manager; \
    install -D -m 0755 target/release/pytask-manager /out/pytask-manager

FROM debian:trixie-slim
LABEL org.opencontainers.image.title="PyTask-Manager" \
      org.opencontainers.image.description="Keeps, schedules and runs Python scripts, every run in its own hardened container" \
      org.opencontainers.image.licenses="MIT"
COPY --from=sources /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=supervisor /out/supervisor /usr/local/lib/pytask/supervisor
COPY --from=controller /out/pytask-manager /usr/local/bin/pytask-manager
ENV PYTASK_LISTEN=0.0.0.0:8420 \
    PYTASK_DATA_DIR=/data \
    PYTASK_SUPERVISOR=/usr/local/lib/pytask/supervisor \
    PYTASK_RUNNER_IMAGE=pytask-runner:3.13
EXPOSE 8420
# Root, because it holds the engine's socket and owns /data; docker-compose.yml
# takes everything else away from it.
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=3 \
    CMD ["pytask-manager", "healthcheck"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["pytask-manager"]
CMD ["serve"]
