"""The reflector against scripted answers: every rule of list and watch that a real server shows rarely."""

from __future__ import annotations

import threading
from contextlib import contextmanager

from kube_faults import HOLD, RESET, ScriptedServer, bookmark, event, item, page, status

from secrets_gitops.clients.kube import resources
from secrets_gitops.clients.kube.connection import Connection
from secrets_gitops.clients.kube.request import Api
from secrets_gitops.clients.kube.watch import Reflector


class Handler:
    def __init__(self):
        self.events = []
        self.changed = threading.Condition()
        self.fail_once = None

    def _note(self, *what):
        with self.changed:
            if self.fail_once == what:
                self.fail_once = None
                raise RuntimeError("canary")
            self.events.append(what)
            self.changed.notify_all()

    def on_changed(self, obj):
        self._note("changed", obj["metadata"]["name"], obj["metadata"]["resourceVersion"])

    def on_deleted(self, key, known):
        self._note("deleted", key.name, known.uid)

    def on_synced(self):
        self._note("synced")

    def wait(self, *what, times=1):
        with self.changed:
            assert self.changed.wait_for(lambda: self.events.count(what) >= times, 10), self.events


class NoWait:
    """Counts the failures instead of waiting after them."""

    def __init__(self):
        self.waits = []

    def failed(self, retry_after=None):
        self.waits.append(retry_after)
        return 0.0 if len(self.waits) < 20 else 60.0


@contextmanager
def reflecting(server, handler, **options):
    api = Api(Connection(server.url))
    reflector = Reflector(api, resources.CONFIG_MAPS, handler, **options)
    reflector._backoff = NoWait()
    thread = threading.Thread(target=reflector.run)
    thread.start()
    try:
        yield reflector
    finally:
        reflector.stop()
        thread.join(10)
        api.close()
        assert not thread.is_alive()


def test_events_and_bookmarks_move_the_position_from_which_the_next_watch_goes_on():
    watches = [
        [event("ADDED", item("a", "5")), bookmark("9")],
        [event("DELETED", item("a", "12"))],
        [HOLD],
    ]
    handler = Handler()
    with ScriptedServer(lists=[page(version="3")], watches=watches) as server, reflecting(server, handler):
        handler.wait("deleted", "a", "a-u")
        while len(server.asked("watch")) < 3:
            pass
        queries = server.asked("watch")
    assert [query["resourceVersion"] for query in queries] == ["3", "9", "12"]
    assert all(query["allowWatchBookmarks"] == "true" for query in queries)
    assert all(240 <= int(query["timeoutSeconds"]) <= 480 for query in queries)
    assert len(server.asked("list")) == 1


def test_an_expired_version_as_an_event_leads_to_a_list_that_tells_only_differences():
    lists = [
        page(item("same", "1"), item("goes", "2"), item("changes", "3"), item("twin", "4", uid="old")),
        page(item("same", "1"), item("changes", "8"), item("twin", "9", uid="new"), item("new", "7"), version="9"),
    ]
    watches = [[event("ERROR", status(410, reason="Expired"))], [HOLD]]
    handler = Handler()
    with ScriptedServer(lists=lists, watches=watches) as server, reflecting(server, handler):
        handler.wait("synced", times=2)
        told = handler.events[handler.events.index(("synced",)) + 1 :]
    assert told == [
        ("changed", "changes", "8"),
        ("deleted", "twin", "twin-old"),
        ("changed", "twin", "9"),
        ("changed", "new", "7"),
        ("deleted", "goes", "goes-u"),
        ("synced",),
    ]


def test_an_expired_version_as_a_status_does_the_same():
    handler = Handler()
    with (
        ScriptedServer(lists=[page(item("a", "1")), page(version="5")], watches=[410, [HOLD]]) as server,
        reflecting(server, handler),
    ):
        handler.wait("synced", times=2)
    assert handler.events == [("changed", "a", "1"), ("synced",), ("deleted", "a", "a-u"), ("synced",)]


def test_a_version_ahead_of_the_server_leads_to_a_list():
    """etcd came back from a backup: without this the watch would fail until the backup has caught up."""
    too_large = status(504, details={"causes": [{"reason": "ResourceVersionTooLarge"}]})
    handler = Handler()
    lists = [page(version="90"), page(version="5")]
    with ScriptedServer(lists=lists, watches=[too_large, [HOLD]]) as server, reflecting(server, handler):
        handler.wait("synced", times=2)


def test_an_expired_page_starts_the_list_again_and_half_a_list_deletes_nothing():
    lists = [
        page(item("a", "1"), item("b", "1")),
        page(item("a", "1"), version="8", more="next"),
        410,
        page(item("a", "1"), version="9", more="next"),
        page(item("b", "1"), version="9"),
    ]
    handler = Handler()
    with ScriptedServer(lists=lists, watches=[410, [HOLD]]) as server, reflecting(server, handler):
        handler.wait("synced", times=2)
        queries = server.asked("list")
    assert [query.get("continue") for query in queries] == [None, None, "next", None, "next"]
    assert {query["limit"] for query in queries} == {"500"}
    assert not [what for what in handler.events if what[0] == "deleted"]
    assert [what for what in handler.events if what[0] == "changed"] == [("changed", "a", "1"), ("changed", "b", "1")]


def test_versions_that_always_expire_do_not_make_it_spin():
    handler = Handler()
    with ScriptedServer(lists=[page()], watches=[410]) as server, reflecting(server, handler) as reflector:
        handler.wait("synced", times=5)
        assert len(reflector._backoff.waits) >= 4


def test_watches_that_end_at_once_count_as_failures_unless_something_came():
    handler = Handler()
    watches = [[event("ADDED", item("a", "5"))], [], [bookmark("7")], [HOLD]]
    with ScriptedServer(lists=[page()], watches=watches) as server, reflecting(server, handler) as reflector:
        while len(server.asked("watch")) < 4:
            pass
        assert reflector._backoff.waits == [None, None]


def test_an_error_event_is_waited_out_and_the_watch_goes_on_where_it_was():
    watches = [
        [event("ADDED", item("a", "5")), event("ERROR", status(500, details={"retryAfterSeconds": 3}))],
        [event("ADDED", item("b", "6")), HOLD],
    ]
    handler = Handler()
    with ScriptedServer(lists=[page()], watches=watches) as server, reflecting(server, handler) as reflector:
        handler.wait("changed", "b", "6")
        assert reflector._backoff.waits == [3.0]
        assert [query["resourceVersion"] for query in server.asked("watch")] == ["1", "5"]


def test_a_line_cut_short_or_broken_is_never_half_an_event():
    whole = item("b", "6")
    watches = [
        [event("ADDED", item("a", "5")), b'{"type":"DELETED","object":{"metadata":{"name":"a"', RESET],
        [b"not json\n"],
        [event("ADDED", whole), HOLD],
    ]
    handler = Handler()
    with ScriptedServer(lists=[page()], watches=watches) as server, reflecting(server, handler):
        handler.wait("changed", "b", "6")
    assert handler.events == [("synced",), ("changed", "a", "5"), ("changed", "b", "6")]


def test_an_event_of_several_megabytes_arrives_whole_and_beside_small_ones():
    watches = [[event("ADDED", item("big", "5", data="x" * 3_000_000)), event("ADDED", item("b", "6")), HOLD]]
    handler = Handler()
    with ScriptedServer(lists=[page()], watches=watches) as server, reflecting(server, handler):
        handler.wait("changed", "b", "6")
    assert ("changed", "big", "5") in handler.events


def test_what_a_handler_raised_on_is_told_again_and_its_message_is_kept_to_itself():
    handler = Handler()
    handler.fail_once = ("changed", "a", "5")
    watches = [[event("ADDED", item("a", "5")), HOLD]]
    with ScriptedServer(lists=[page()], watches=watches) as server, reflecting(server, handler) as reflector:
        handler.wait("changed", "a", "5")
        assert "canary" not in str(reflector.problem)
    handler = Handler()
    handler.fail_once = ("changed", "a", "5")
    with ScriptedServer(lists=[page(item("a", "5"))]) as server, reflecting(server, handler):
        handler.wait("changed", "a", "5")


def test_a_list_that_fails_is_tried_again_and_the_problem_is_known_meanwhile():
    handler = Handler()
    with ScriptedServer(lists=[503, 429, page(item("a", "1"))]) as server, reflecting(server, handler) as reflector:
        handler.wait("synced")
        assert len(reflector._backoff.waits) == 2
        assert reflector.problem is None
        assert reflector.synced


def test_without_the_right_to_watch_it_lists_again_and_says_so_once(caplog):
    handler = Handler()
    lists = [page(item("a", "1")), page(item("a", "1"), item("b", "2")), page(item("b", "2"))]
    server = ScriptedServer(lists=lists, watches=[status(403)] * 2 + [[HOLD]])
    with server, reflecting(server, handler, poll=0.01) as reflector:
        handler.wait("deleted", "a", "a-u")
        assert handler.events.count(("changed", "a", "1")) == handler.events.count(("changed", "b", "2")) == 1
        assert reflector.problem is None
        while len(server.asked("watch")) < 3:
            pass
    assert sum("no right to watch" in one.getMessage() for one in caplog.records) == 1


def test_a_list_without_an_end_can_be_stopped():
    handler = Handler()
    with ScriptedServer(lists=[page(more="again")]) as server, reflecting(server, handler):
        while len(server.requests) < 3:
            pass
    assert handler.events == []
