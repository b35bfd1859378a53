# thonban as an image: wheel built in one stage, run in another as a user of its own.
FROM node:22-bookworm-slim AS browser
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
COPY server/web/desk/assets/package.json server/web/desk/assets/
COPY sync/phone/package.json sync/phone/
RUN npm ci --include=dev
COPY server/web/desk/assets server/web/desk/assets
COPY sync/phone sync/phone
RUN npm run build

FROM python:3.11-slim-bookworm AS wheel
WORKDIR /src
RUN pip install --no-cache-dir build babel
COPY . .
COPY --from=browser /src/server/web/desk/static server/web/desk/static
COPY --from=browser /src/server/web/phone/static server/web/phone/static
RUN find server/translations -name '*.po' -exec sh -c 'pybabel compile -i "$1" -o "${1%.po}.mo"' sh {} \; \
 && python -m build --wheel --outdir /wheels

FROM python:3.11-slim-bookworm
COPY --from=wheel /wheels /wheels
RUN pip install --no-cache-dir "$(ls /wheels/*.whl)[country,analysis]" \
 && useradd --system --home-dir /var/lib/thonban --create-home thonban
USER thonban
WORKDIR /var/lib/thonban
ENV THONBAN_HOME=/var/lib/thonban THONBAN_HOST=0.0.0.0 PORT=8080
VOLUME /var/lib/thonban
EXPOSE 8080
HEALTHCHECK --start-period=60s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz')"]
CMD ["thonban", "serve"]
