"""Reads {"policies": {role: document}, "requests": [request]} and prints what the emulator's own evaluation of policies decides of each request."""

import json
import sys

from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

given = json.load(sys.stdin)
policies = {role: [parse_policy_document(document)] for role, document in given["policies"].items()}


def decide(request):
    context = EvalContext(
        principal_arn="arn:aws:sts::" + given["account"] + ":assumed-role/role/session",
        principal_type="AssumedRole",
        principal_account=given["account"],
        action=request["action"],
        resource_arn=request["resource"],
        region=given["region"],
        source_ip="127.0.0.1",
        secure_transport=True,
        service_context={key.lower(): value for key, value in request.get("context", {}).items()},
    )
    return evaluate(context, policies[request["role"]]).decision


print(json.dumps([decide(request) for request in given["requests"]]))
