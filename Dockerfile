# The application, without compilers, pip's cache or root.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
WORKDIR /app
COPY requirements.lock .
RUN /venv/bin/python -m pip install --only-binary :all: --require-hashes -r requirements.lock
COPY manage.py .
COPY config config
COPY tenants tenants
COPY budgets budgets
COPY examples examples
RUN /venv/bin/python -m compileall -q . && /venv/bin/python manage.py collectstatic --no-input

FROM python:3.13-slim
RUN useradd --system --no-create-home --home-dir /app --shell /usr/sbin/nologin sluice
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER sluice
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "config.wsgi", "--bind=0.0.0.0:8000", "--threads=4", \
     "--worker-tmp-dir=/dev/shm", "--no-control-socket", "--access-logfile=-"]
