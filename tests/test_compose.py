"""docker-compose.yml, .env.example, the Dockerfile and the settings agree with each other."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from gunicorn.config import Config  # type: ignore[import-untyped]

PROJECT = Path(__file__).parents[1]
TEXT = (PROJECT / "docker-compose.yml").read_text()
COMPOSE = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EXAMPLE = (PROJECT / ".env.example").read_text()

VARIABLE = re.compile(r"\$\{(\w+)(:[-?])?([^}]*)\}")
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|_KEY$")


def documented() -> dict[str, str]:
    """The variables of .env.example, with the values it shows."""
    return dict(re.findall(r"^#?([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))


def read_by_settings() -> set[str]:
    """The names config/settings.py asks the environment for."""
    tree = ast.parse((PROJECT / "config" / "settings.py").read_text())
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            asked = ast.unparse(node.func)
            if asked == "env" or asked.startswith("env.") or asked == "_database":
                names.add(str(node.args[0].value))
    return names


def given_to(service: str) -> dict[str, str]:
    """The environment of a service."""
    return {name: str(value) for name, value in SERVICES[service].get("environment", {}).items()}


class TestEnvironment:
    def test_every_variable_of_the_settings_is_documented(self):
        names = read_by_settings()

        assert {"SECRET_KEY", "DATABASE_URL", "DB_POOL_MAX"} <= names
        assert names - documented().keys() == set()

    def test_every_variable_of_the_compose_file_is_documented(self):
        names = {match[0] for match in VARIABLE.findall(TEXT)}

        assert names - documented().keys() == set()

    def test_nothing_is_documented_that_nobody_reads(self):
        read = read_by_settings() | {match[0] for match in VARIABLE.findall(TEXT)}

        assert documented().keys() - read == set()

    def test_the_application_is_given_what_its_settings_read(self):
        image = {"WEB_CONCURRENCY"}  # read by gunicorn

        for service in ("app", "migrate"):
            assert given_to(service).keys() - image <= read_by_settings()

    def test_defaults_are_the_documented_ones(self):
        shown = documented()

        for name, kind, default in VARIABLE.findall(TEXT):
            if kind == ":-":
                assert shown[name] == default, name

    def test_the_example_sets_nothing_by_itself(self):
        assert [line for line in EXAMPLE.splitlines() if line and not line.startswith("#")] == []


class TestSecrets:
    def test_every_secret_comes_from_the_environment_or_stops_the_start(self):
        for service in SERVICES:
            for name, value in given_to(service).items():
                if SECRET.search(name):
                    assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), f"{service}: {name}"

    def test_every_address_takes_its_password_from_the_environment(self):
        addresses = [
            value
            for service in SERVICES
            for value in given_to(service).values()
            if value.startswith("postgresql://")
        ]

        assert len(addresses) >= 3
        for address in addresses:
            assert re.match(r"postgresql://(app|owner):\$\{\w+_PASSWORD:\?[^}]+\}@", address)

    def test_the_example_shows_none(self):
        for name, value in documented().items():
            if SECRET.search(name):
                assert value == "", name

    def test_the_web_process_does_not_know_the_owner(self):
        assert "OWNER" not in str(given_to("app"))
        assert "OWNER_DATABASE_URL" in given_to("migrate")


class TestServices:
    def test_they_are_these(self):
        assert SERVICES.keys() == {"postgres", "pgbouncer", "redis", "migrate", "app"}

    @pytest.mark.parametrize("service", SERVICES)
    def test_each_restarts_and_is_watched(self, service):
        once = service == "migrate"

        assert SERVICES[service]["restart"] == ("on-failure:3" if once else "unless-stopped")
        assert ("test" in SERVICES[service]["healthcheck"]) is not once

    @pytest.mark.parametrize("service", SERVICES)
    def test_each_image_is_pinned_or_built_here(self, service):
        image = SERVICES[service]["image"]

        if "build" not in SERVICES[service]:
            assert re.fullmatch(r"[\w/]+:v?\d[\w.-]*", image)

    @pytest.mark.parametrize("service", SERVICES)
    def test_each_waits_until_what_it_needs_is_ready(self, service):
        for needed, how in SERVICES[service].get("depends_on", {}).items():
            ends = needed == "migrate"
            assert how["condition"] == (
                "service_completed_successfully" if ends else "service_healthy"
            )

    @pytest.mark.parametrize("service", SERVICES)
    def test_none_is_open_to_the_network(self, service):
        for port in SERVICES[service].get("ports", []):
            assert port.startswith("127.0.0.1:")

    @pytest.mark.parametrize("service", SERVICES)
    def test_each_is_confined(self, service):
        confined = SERVICES[service]

        assert confined["read_only"] is True
        assert confined["security_opt"] == ["no-new-privileges:true"]
        assert "/tmp" in confined["tmpfs"]  # noqa: S108  # a folder in memory

    def test_postgres_keeps_its_data_and_its_backups(self):
        mounts = dict(mount.split(":")[:2] for mount in SERVICES["postgres"]["volumes"])

        assert SERVICES["postgres"]["image"].startswith("postgres:18")
        assert mounts["data"] == "/var/lib/postgresql"
        assert {"data", "backups"} <= mounts.keys()

    def test_redis_keeps_what_it_counted(self):
        redis = SERVICES["redis"]
        command = redis["command"]
        seconds, changes = command[command.index("--save") + 1 :][:2]

        assert redis["volumes"] == ["cache:/data"]  # where the image's server works
        assert (int(seconds), int(changes)) == (60, 1)

    def test_every_volume_is_declared_and_used(self):
        mounted = [mount.split(":")[0] for s in SERVICES.values() for mount in s.get("volumes", [])]
        named = {source for source in mounted if not source.startswith(".")}

        assert COMPOSE["volumes"].keys() == named

    def test_postgres_makes_the_roles_with_the_projects_own_files(self):
        mounts = dict(mount.split(":")[:2] for mount in SERVICES["postgres"]["volumes"])

        for source in mounts:
            if source.startswith("."):
                assert (PROJECT / source).exists(), source
        assert mounts["./scripts/docker-init.sh"].startswith("/docker-entrypoint-initdb.d/")
        assert "/sluice/sql" in (PROJECT / "scripts" / "docker-init.sh").read_text()

    def test_pgbouncer_pools_transactions_of_app(self):
        pool = given_to("pgbouncer")

        assert pool["POOL_MODE"] == "transaction"
        assert pool["MAX_CLIENT_CONN"] == "100"
        assert {"options", "extra_float_digits"} <= set(
            pool["IGNORE_STARTUP_PARAMETERS"].split(",")
        )
        assert (pool["DB_USER"], pool["DB_HOST"], pool["DB_NAME"]) == ("app", "postgres", "sluice")

    def test_the_application_stages_and_goes_through_pgbouncer(self):
        app = given_to("app")

        assert app["ENVIRONMENT"] == "staging"
        assert app["DATABASE_URL"].endswith("@pgbouncer:5432/sluice")

    def test_the_application_reaches_without_tls_what_is_here_alone(self):
        hosts = given_to("app")["PLAINTEXT_HOSTS"].split(",")

        assert set(hosts) <= SERVICES.keys()

    def test_the_pools_of_all_processes_fit_into_pgbouncer(self):
        shown = documented()
        processes = int(shown["WEB_CONCURRENCY"])

        assert processes * int(shown["DB_POOL_MAX"]) <= int(
            given_to("pgbouncer")["MAX_CLIENT_CONN"]
        )


class TestImage:
    def test_is_built_in_stages_and_does_not_run_as_root(self):
        lines = (PROJECT / "Dockerfile").read_text().splitlines()
        stages = [number for number, line in enumerate(lines) if line.startswith("FROM ")]

        assert len(stages) == 2
        assert any(re.match(r"USER (?!root\b|0\b)", line) for line in lines[stages[-1] :])
        assert any("--require-hashes -r requirements.lock" in line for line in lines)

    def test_gunicorn_opens_no_socket_to_be_controlled_by(self):
        command = (PROJECT / "Dockerfile").read_text().partition("\nCMD ")[2].replace("\\\n", "")
        arguments = ast.literal_eval(command.strip())

        config = Config()
        parsed = config.parser().parse_args(arguments[arguments.index("gunicorn") + 1 :])
        assert parsed.control_socket_disable is True

    def test_copies_only_what_is_let_in(self):
        let_in = re.findall(r"^!(\S+)$", (PROJECT / ".dockerignore").read_text(), re.MULTILINE)
        copied = re.findall(r"^COPY ([^-]\S*) ", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)

        assert set(copied) == set(let_in)
