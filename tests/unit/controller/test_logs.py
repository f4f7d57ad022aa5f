"""The log: lines that people grep, in two forms, on the right stream."""

from __future__ import annotations

import io
import json
import logging

from secrets_gitops.controller.logs import Forwarded, Log


def test_text_is_key_and_value_and_what_needs_quotes_has_them():
    out = io.StringIO()
    Log(info_stream=out).info("New key written", namespace="ks", name="a b", text="x\ny")
    assert out.getvalue().count("\n") == 1
    assert 'msg="New key written" namespace=ks name="a b" text="x\\ny"' in out.getvalue()


def test_json_is_one_object_a_line():
    out = io.StringIO()
    Log(form="json", info_stream=out).info("Updating", key="ns/a")
    line = json.loads(out.getvalue())
    assert (line["level"], line["msg"], line["key"]) == ("INFO", "Updating", "ns/a")


def test_errors_go_their_own_way_and_can_be_all_there_is():
    out, err = io.StringIO(), io.StringIO()
    log = Log(errors_only=True, info_stream=out, error_stream=err)
    log.info("a")
    log.error("b")
    assert out.getvalue() == "" and "msg=b" in err.getvalue()


def test_a_reader_that_went_away_stops_nothing():
    out = io.StringIO()
    out.close()
    Log(info_stream=out).info("a")


def test_warnings_from_below_come_without_the_text_of_exceptions():
    err = io.StringIO()
    logger = logging.getLogger("test-forwarded")
    logger.propagate = False
    logger.addHandler(Forwarded(Log(error_stream=err)))
    try:
        raise ValueError("s3cret")
    except ValueError:
        logger.exception("cannot handle %s", "it")
    assert "cannot handle it" in err.getvalue() and "ValueError" in err.getvalue()
    assert "s3cret" not in err.getvalue()
