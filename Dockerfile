# A drop-in for the image of the original: same ports, same files, same command lines.
#   docker build -t fabio .
#   docker run --network host -v /etc/fabio.properties:/etc/fabio/fabio.properties fabio
# Builds for amd64 and arm64. Any image with Node 26 and a shell will do as base: --build-arg NODE_IMAGE=…
ARG NODE_IMAGE=node:26-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json fabio fabio.properties.example ./
COPY tools tools
COPY src src
RUN npm run build -- --out /build/dist

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="Fabio in TypeScript" \
      org.opencontainers.image.description="Zero-configuration HTTP and TCP load balancer that reads its routes from Consul" \
      org.opencontainers.image.licenses="MIT"
# Node brings its own certificates; this bundle is for whoever looks where the original has one.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=build /build/dist /usr/lib/fabio
COPY LICENSE /usr/lib/fabio/LICENSE
COPY fabio.properties.example /etc/fabio/fabio.properties
# The original was /fabio up to 1.5.9 and is /usr/bin/fabio since; command lines of both are in use.
RUN printf '#!/bin/sh\nexec node /usr/lib/fabio/main.mjs "$@"\n' > /usr/bin/fabio \
 && chmod 755 /usr/bin/fabio && ln -s /usr/bin/fabio /fabio
# The last good routes, for a start while Consul is away. Mount a volume here to keep them longer than the container.
RUN mkdir -p /var/lib/fabio && chown 65534:65534 /var/lib/fabio
ENV FABIO_REGISTRY_SNAPSHOT_PATH=/var/lib/fabio/routes.snapshot
WORKDIR /
# nobody, with the number the original uses; --user 0 works as well.
USER 65534:65534
EXPOSE 9998 9999
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=4s --start-period=5s CMD ["/usr/bin/fabio", "-healthcheck", "-cfg", "/etc/fabio/fabio.properties"]
ENTRYPOINT ["/usr/bin/fabio"]
CMD ["-cfg", "/etc/fabio/fabio.properties"]
