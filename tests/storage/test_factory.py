"""The store that a URL names."""

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
        ("sqlite:///{folder}/images.db", SqlStore),
        ("postgresql://me@127.0.0.1/images", SqlStore),
        ("postgres://me@127.0.0.1/images", SqlStore),
        ("postgresql+psycopg://me@127.0.0.1/images", SqlStore),
        ("mongodb://127.0.0.1/images", MongoStore),
        ("mongodb://127.0.0.1:1,127.0.0.1:2/images?replicaSet=x", MongoStore),
    ],
)
def test_open_store_scheme_selects_the_class(url: str, kind: type, tmp_path: Path) -> None:
    with closing(open_store(url.format(folder=tmp_path))) as store:
        assert isinstance(store, kind)


@pytest.mark.parametrize(
    "url", ["", "none", "images.db", "mysql://me:hunter2@127.0.0.1/images", "postgresql+asyncpg://x/y"]
)
def test_open_store_of_unknown_scheme_lists_url_forms(url: str) -> None:
    with pytest.raises(InputError, match=r"sqlite:///FILE, postgresql://.*, mongodb://HOST/DATABASE") as caught:
        open_store(url)
    assert "hunter2" not in str(caught.value)


def test_open_store_without_create_needs_the_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no store at .*images\.db; name the one"):
        open_store(f"sqlite:///{tmp_path}/images.db", create=False)
    with closing(open_store(f"sqlite:///{tmp_path}/images.db")) as store:
        store.ping()
    with closing(open_store(f"sqlite:///{tmp_path}/images.db", create=False)) as store:
        store.ping()


@pytest.mark.parametrize(
    ("missing", "url", "extra"),
    [
        ("sqlalchemy", "sqlite:///images.db", "serve"),
        ("sqlalchemy", "postgresql://127.0.0.1/x", "postgres"),
        ("psycopg", "postgresql://127.0.0.1/x", "postgres"),
        ("pymongo", "mongodb://127.0.0.1/x", "mongo"),
    ],
)
def test_missing_extra_message_ends_with_the_install_command(missing: str, url: str, extra: str) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from mememoji.errors import MissingExtraError\nfrom mememoji.storage.factory import open_store\n"
        f"try: open_store({url!r})\nexcept MissingExtraError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith(f'pip install "mememoji[{extra}]"')


def test_open_store_loads_no_unused_driver() -> None:
    program = (
        "import sys\nfrom mememoji.storage.factory import open_store\nopen_store('memory://').ping()\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()).isdisjoint({"sqlalchemy", "pymongo", "bson", "psycopg", "fastapi"})
