# The image brings its own Node 26, so the platform package with Node (an optional dependency)
# is left out. The tag is the version that the lockfile names.
FROM node:26.10.0-slim AS page

WORKDIR /app

# Not `npm ci`: it refuses a lockfile that lacks other platforms' packages (see nadi.mjs). With
# optional packages, since the bundler's native half is one.
COPY package.json package-lock.json .npmrc ./
RUN npm install --no-save --ignore-scripts --omit=dev --no-audit --no-fund

# What the page is made of: build-web-page.ts lists it.
COPY tsconfig.json ./
COPY devices ./devices
COPY dashboard ./dashboard
RUN NODE_ENV=production node dashboard/server/build-web-page.ts

FROM node:26.10.0-slim

WORKDIR /app

COPY package.json package-lock.json .npmrc ./
RUN npm install --no-save --ignore-scripts --omit=dev --omit=optional --no-audit --no-fund \
  && npm cache clean --force

COPY nadi.ts nadi.mjs ./
COPY devices ./devices
COPY broker ./broker
COPY ingest ./ingest
COPY dashboard ./dashboard
COPY simulators ./simulators
COPY --from=page /app/dashboard/web/dist ./dashboard/web/dist

# The service may write its data folder and nothing else.
RUN mkdir /data && chown node:node /data
USER node
ENV NODE_ENV=production NADI_DATA_DIR=/data
VOLUME /data

# 1883 MQTT, 8883 MQTT over TLS, 8080 HTTP. Listeners stay on the container's loopback until
# NADI_MQTT_HOST and NADI_HTTP_HOST say otherwise: docker-compose.yml shows how.
EXPOSE 1883 8883 8080

HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.NADI_HTTP_PORT || 8080}/livez`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

CMD ["node", "nadi.ts", "serve"]
