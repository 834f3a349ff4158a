"""What pages claim: files that they name exist, commands and options too; figures are those of their source."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import typer

from center.__main__ import app as center
from edge_agent.__main__ import app as edge
from engines.cli.main import app as engines
from provisioning.cli.main import app as provision
from ray_cluster.__main__ import app as cluster
from tests.docs.pages import ROOT

PAGES: Final = sorted(
    page.relative_to(ROOT).as_posix()
    for page in (*ROOT.glob("docs/**/*.md"), *ROOT.glob("*.md"), *ROOT.glob("[a-z]*/README.md"))
)
TREE: Final = "tests|edge_agent|center|ray_cluster|provisioning|deploy|engines|bench|chaos|bin|docs"
COMMANDS: Final = {
    f"wayside-{name}": typer.main.get_command(app)
    for name, app in {
        "edge": edge, "center": center, "cluster": cluster, "provision": provision, "engines": engines
    }.items()
}  # fmt: skip
READMES: Final = [page for page in PAGES if not page.startswith("docs/")]


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_names_of_the_tree_is_there(page: str) -> None:
    named = set(re.findall(rf"`((?:{TREE})/[^`\s]*)`", read(page)))
    named |= {
        name for line in re.findall(r"pytest ([^`\n]*)", read(page)) for name in re.findall(r"tests/[\w/.-]*\w", line)
    }
    missing = {name for name in named if not any(ROOT.glob(name.rstrip("/"))) and not (ROOT / f"{name}.py").exists()}
    assert {name for name in missing if not re.search(r"[…<{]", name)} == set()


def typed(page: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of ours that a page shows, and the words after it."""
    joined = read(page).replace("\\\n", " ")
    shown = re.findall(r"`([^`\n]+)`", joined)
    shown += [line for block in re.findall(r"```[a-z]*\n(.*?)```", joined, re.DOTALL) for line in block.splitlines()]
    for line in shown:
        for part in re.split(r"[|;>]|&&", line.split(" #")[0]):
            if (found := re.match(r"\s*(?:\S+ )*?(?:\S*/)?(wayside-[a-z]+) (.*)", part)) and found[1] in COMMANDS:
                yield found[1], found[2].split()


@pytest.mark.parametrize("page", PAGES)
def test_every_command_and_option_that_a_page_shows_exists(page: str) -> None:
    for program, words in typed(page):
        command, rest = COMMANDS[program], list(words)
        while rest and re.fullmatch(r"[a-z][a-z-]+", rest[0]) and (commands := getattr(command, "commands", {})):
            assert rest[0] in commands, (program, words)
            command = commands[rest.pop(0)]
        options = {name for each in command.params for name in (*each.opts, *each.secondary_opts)} | {"--help"}
        assert {word.split("=")[0] for word in rest if re.match(r"--[a-z]", word)} - options == set(), (program, words)


@pytest.mark.parametrize("page", READMES)
def test_links_of_what_is_not_on_the_site_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", read(page)):
        assert (ROOT / Path(page).parent / target).exists(), target


def test_the_privacy_statement_says_the_same_in_both_languages_and_its_figures_are_those_of_the_evaluation() -> None:
    english, chinese, measured = map(read, ("docs/privacy.md", "docs/privacy.zh.md", "docs/evaluation.md"))
    paths = [sorted(re.findall(rf"`((?:{TREE})/[^`\s]*)`", page)) for page in (english, chinese)]
    assert paths[0] == paths[1]
    assert len(paths[0]) > 40
    figures = re.findall(r"(\d+) of (\d+)", english)
    assert len(figures) > 12
    assert [f"{some} of {all_}" for some, all_ in figures if not re.search(rf"\b{some} of {all_}\b", measured)] == []
    assert figures == re.findall(r"(\d+) / (\d+)", chinese)
