"""Which store a URL names, and what is shown of it."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from mememoji.errors import InputError
from mememoji.storage.factory import open_store
from mememoji.storage.memory_store import MemoryStore
from mememoji.storage.mongo_store import MongoStore
from mememoji.storage.sql_store import SqlStore


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("memory://", MemoryStore),
        ("sqlite:///{folder}/photos.db", SqlStore),
        ("postgresql://me@127.0.0.1/photos", SqlStore),
        ("postgres://me@127.0.0.1/photos", SqlStore),
        ("postgresql+psycopg://me@127.0.0.1/photos", SqlStore),
        ("mongodb://127.0.0.1/photos", MongoStore),
        ("mongodb://127.0.0.1:1,127.0.0.1:2/photos?replicaSet=x", MongoStore),
    ],
)
def test_the_scheme_decides(url: str, kind: type, tmp_path: Path) -> None:
    with closing(open_store(url.format(folder=tmp_path))) as store:
        assert isinstance(store, kind)


@pytest.mark.parametrize(
    "url", ["", "none", "photos.db", "mysql://me:hunter2@127.0.0.1/photos", "postgresql+asyncpg://x/y"]
)
def test_an_unknown_scheme_is_an_error_that_lists_what_there_is(url: str) -> None:
    with pytest.raises(InputError, match=r"sqlite:///FILE, postgresql://.*, mongodb://HOST/DATABASE") as caught:
        open_store(url)
    assert "hunter2" not in str(caught.value)


def test_a_missing_file_is_not_made_where_that_is_not_wanted(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no store at .*images\.db; name the one"):
        open_store(f"sqlite:///{tmp_path}/photos.db", create=False)
    with closing(open_store(f"sqlite:///{tmp_path}/photos.db")) as store:
        store.ping()
    with closing(open_store(f"sqlite:///{tmp_path}/photos.db", create=False)) as store:
        store.ping()


@pytest.mark.parametrize(
    ("missing", "url", "extra"),
    [
        ("sqlalchemy", "sqlite:///photos.db", "serve"),
        ("sqlalchemy", "postgresql://127.0.0.1/x", "postgres"),
        ("psycopg", "postgresql://127.0.0.1/x", "postgres"),
        ("pymongo", "mongodb://127.0.0.1/x", "mongo"),
    ],
)
def test_a_missing_extra_ends_with_the_install_line(missing: str, url: str, extra: str) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from mememoji.errors import MissingExtraError\nfrom mememoji.storage.factory import open_store\n"
        f"try: open_store({url!r})\nexcept MissingExtraError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith(f'pip install "mememoji[{extra}]"')


def test_drivers_are_loaded_only_when_chosen() -> None:
    program = (
        "import sys\nfrom mememoji.storage.factory import open_store\nopen_store('memory://').ping()\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()).isdisjoint({"sqlalchemy", "pymongo", "bson", "psycopg", "fastapi"})
