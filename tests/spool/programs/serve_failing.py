"""Serve failing requests without a server; say what the clients got and what was lost."""

import json
import sys

from flask import Flask

from failwell import Failwell

app = Flask("app", instance_path=sys.argv[1])
app.config["FAILWELL_SPOOL_DURABILITY"] = sys.argv[2]
Failwell(app)
app.logger.disabled = True


@app.get("/fail")
def fail() -> str:
    """Fail."""
    raise ValueError


answers = []
client = app.test_client()
for _ in range(10):
    answer = client.get("/fail")
    answers.append([answer.status_code, answer.get_json()["error"]["id"]])
recorder = app.extensions["failwell"].recorder
recorder._sink.close()
sys.stdout.write(json.dumps({"answers": answers, "dropped": recorder.dropped}))
