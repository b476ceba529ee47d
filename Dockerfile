# Postduif in one image; docker-compose.yml says which process each container runs.
FROM node:24-slim AS assets
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY assets assets
COPY templates templates
RUN npm run build

FROM python:3.13-slim AS packages
RUN pip install --no-cache-dir uv==0.13.9
COPY requirements/base.lock /tmp/base.lock
RUN uv venv /venv && uv pip sync --python /venv/bin/python --require-hashes /tmp/base.lock
RUN uv pip install --python /venv/bin/python --target /tmp/babel babel

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 DJANGO_SETTINGS_MODULE=config.settings POSTDUIF_VAR=/data
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core fonts-liberation poppler-utils \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home /data --create-home postduif
WORKDIR /app
COPY --from=packages /venv /venv
COPY . .
COPY --from=assets /app/assets/dist assets/dist
RUN --mount=from=packages,source=/tmp/babel,target=/tmp/babel \
    for po in locale/*/LC_MESSAGES/django.po; do \
      PYTHONPATH=/tmp/babel python -m babel.messages.frontend -q compile -i "$po" -o "${po%.po}.mo"; \
    done \
    && SECRET_KEY=build DATABASE_URL=postgresql:// REDIS_URL=redis:// python manage.py collectstatic --noinput -v 0
USER postduif
VOLUME /data
EXPOSE 8000 2525
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "config.wsgi:application"]
