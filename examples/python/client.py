#!/usr/bin/env python3
"""Starts a run, follows it to its end, and approves what it asks for on the way.

    client.py ADDRESS OPERATOR_TOKEN_FILE APPROVER_TOKEN_FILE WORKFLOW REQUEST_ID

Made from the protos alone; README.md beside this file says how.
"""
import sys
import time

import grpc

from recourse.v1 import approval_pb2, approval_pb2_grpc, run_pb2, run_pb2_grpc

AWAY_MAX = 300  # seconds for which a server that is gone is waited for
GONE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)


def token(path):
    """What every call carries to say who asks."""
    with open(path) as file:
        return [("authorization", "Bearer " + file.read().strip())]


def until_answered(call):
    """Calls until a server answers; only for what can be repeated without harm."""
    deadline = time.monotonic() + AWAY_MAX
    while True:
        try:
            return call()
        except grpc.RpcError as error:
            if error.code() not in GONE or time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def events_of(runs, run, who):
    """Every event of a run once and in order, and the run as it changes, also across restarts."""
    last = 0
    while True:
        request = run_pb2.WatchRunRequest(run=run, after_sequence=last)
        try:
            for news in runs.WatchRun(request, metadata=who, wait_for_ready=True):
                if news.HasField("event"):
                    last = news.event.sequence
                yield news
            return
        except grpc.RpcError as error:
            if error.code() not in GONE:
                raise
            print("the server is gone; watching again behind event", last, flush=True)
            time.sleep(0.2)


def approve(approvals, approval_id, who):
    """Approves what is asked, as it was read: if it changes meanwhile, the server refuses the vote."""
    approval = approvals.GetApproval(approval_pb2.GetApprovalRequest(approval=approval_id), metadata=who)
    print("asked:", approval.prompt, flush=True)
    approvals.Decide(approval_pb2.DecideRequest(
        approval=approval.id, digest=approval.digest, decision=approval_pb2.DECISION_APPROVE,
        reason="the example says yes", channel="python"), metadata=who)


def main(address, operator_file, approver_file, workflow, request_id):
    operator, approver = token(operator_file), token(approver_file)
    options = [("grpc.enable_http_proxy", 0), ("grpc.max_reconnect_backoff_ms", 1000)]
    with grpc.insecure_channel(address, options) as channel:
        runs = run_pb2_grpc.RunServiceStub(channel)
        approvals = approval_pb2_grpc.ApprovalServiceStub(channel)
        # The request_id makes it safe to start again when the answer did not arrive.
        start = run_pb2.StartRunRequest(workflow=workflow, request_id=request_id)
        run = until_answered(lambda: runs.StartRun(start, metadata=operator))
        print(run.id, flush=True)
        for news in events_of(runs, run.id, operator):
            if news.HasField("event"):
                print(news.event.sequence, news.event.text, flush=True)
            if news.HasField("run"):
                run = news.run
                for approval_id in run.open_approvals:
                    approve(approvals, approval_id, approver)
        print(run_pb2.RunStatus.Name(run.status))
        return 0 if run.status == run_pb2.RUN_STATUS_SUCCEEDED else 1


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    try:
        sys.exit(main(*sys.argv[1:]))
    except grpc.RpcError as failed:
        sys.exit(f"{failed.code().name}: {failed.details()}")
