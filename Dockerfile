# zt-bot as an image: what npm run build makes, and Node. No shell is needed at run time, and nothing writes outside of /data.
#   docker build -t zt-bot .
#   docker run --env-file .env -v "$PWD/policy.yml:/config/policy.yml:ro" -v zt-data:/data --read-only zt-bot
# Debian, not Alpine: what draws pictures is built for glibc.
ARG NODE=24-bookworm-slim

FROM node:${NODE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
# No script of any package runs; the image's Node builds.
RUN npm ci --ignore-scripts
COPY rolldown.config.ts ./
COPY src src
COPY scripts scripts
RUN npm run build

FROM node:${NODE}
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=3000 \
    DATABASE_URL=file:/data/db/zt.db \
    ZT_POLICY_FILE=/config/policy.yml
WORKDIR /app
COPY --from=build /src/dist dist
COPY LICENSE ./
RUN mkdir /data && chown 1000:1000 /data && chmod 700 /data
# The user "node" of the image, as a number: Kubernetes can see that it is not root.
USER 1000:1000
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--disable-sigusr1", "--max-semi-space-size=8", "--heap-growing-percent=60", "dist/main.js"]
