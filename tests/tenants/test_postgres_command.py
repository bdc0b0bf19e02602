"""`manage.py postgres`: each verb, with its words and its exit code."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from tenants.embedded.server import EmbeddedServer, project_server
from tenants.management.commands.postgres import STOPPED


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with a server of its own, which does not run."""
    project = tmp_path_factory.mktemp("project")
    yield project
    project_server(project).erase()


@pytest.fixture
def server(project: Path, settings) -> EmbeddedServer:
    settings.BASE_DIR = project
    settings.EMBEDDED = True
    server = project_server(project)
    server.stop()
    return server


def test_start_and_stop_say_what_they_did(server, capsys):
    for verb in ("start", "start", "stop", "stop"):
        call_command("postgres", verb)

    words = [line.split()[1:3] for line in capsys.readouterr().out.splitlines()]
    assert [words[0][1], words[1][1], words[2], words[3]] == [
        "started:",
        "runs:",
        ["stopped"],
        ["did", "not"],
    ]


def test_status_of_a_stopped_server_exits_with_three(server, capsys):
    with pytest.raises(SystemExit) as exit:
        call_command("postgres", "status", "--json")

    assert exit.value.code == STOPPED
    assert json.loads(capsys.readouterr().out)["running"] is False


def test_status_of_a_running_server(server, capsys):
    server.ensure()

    call_command("postgres", "status", "--json")

    status = json.loads(capsys.readouterr().out)
    assert status["running"] is True
    assert status["pid"] == server.pid


def test_url_is_known_before_the_server_runs(server, capsys):
    call_command("postgres", "url")
    call_command("postgres", "url", "--role", "owner")

    app, owner = capsys.readouterr().out.splitlines()
    assert app == server.url("app")
    assert owner == server.url("owner")
    assert not server.running


def test_psql_starts_the_server_and_becomes_psql(server, monkeypatch):
    became = []
    monkeypatch.setattr(os, "execv", lambda program, words: became.append(words))

    call_command("postgres", "psql", "--role", "owner")

    assert became == [[became[0][0], server.url("owner")]]
    assert Path(became[0][0]).name == "psql"
    assert server.running


def test_another_server_in_force_is_said_and_not_doubled(server, settings, capsys):
    settings.EMBEDDED = False

    call_command("postgres", "start")
    call_command("postgres", "url")

    said = capsys.readouterr()
    assert said.err.count("DATABASE_URL is set") == 2
    assert said.out == server.url() + "\n"
    assert not server.running
