# The meetings backend with its console, as one container.
FROM python:3.13-slim

# The log beside the data: /app itself belongs to root.
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 FAILWELL_LOGS_DIR=/app/instance/logs
WORKDIR /app

COPY requirements/run.txt requirements/run.txt
RUN pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/run.txt

COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation . ./meetings \
    && useradd --system --create-home meetings \
    && install -d -o meetings -g meetings -m 0700 instance

USER meetings
VOLUME ["/app/instance"]
EXPOSE 5000
CMD ["python", "-m", "meetings", "serve", "--host", "0.0.0.0", "--no-demo"]
