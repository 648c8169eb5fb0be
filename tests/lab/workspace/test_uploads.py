"""Files that come in pieces."""

import pytest

from lab.workspace.errors import WorkspaceError
from lab.workspace.uploads import IDLE_SECONDS, LARGEST_BLOCK, MOST, Uploads


class File:
    def __init__(self):
        self.content, self.closed = b"", False

    def write(self, content):
        self.content += content

    def close(self):
        self.closed = True


def test_pieces_make_a_file_and_a_closed_one_takes_no_more():
    uploads, file = Uploads(), File()
    handle = uploads.begin(lambda: file)
    uploads.add(handle, b"ab")
    uploads.add(handle, b"c")
    assert not file.closed
    uploads.close(handle)
    assert (file.content, file.closed) == (b"abc", True)
    for attempt in (lambda: uploads.add(handle, b"d"), lambda: uploads.close(handle)):
        with pytest.raises(WorkspaceError, match=f"No file is open with the handle {handle}"):
            attempt()


def test_a_piece_that_is_too_long_is_refused():
    uploads, file = Uploads(), File()
    handle = uploads.begin(lambda: file)
    with pytest.raises(WorkspaceError, match="at most 1048576 bytes"):
        uploads.add(handle, b"x" * (LARGEST_BLOCK + 1))
    assert file.content == b""


def test_what_is_left_open_is_closed_when_another_begins():
    now = [0.0]
    uploads, files = Uploads(lambda: now[0]), [File(), File(), File()]
    old, used = (uploads.begin(lambda file=file: file) for file in files[:2])
    now[0] = IDLE_SECONDS
    uploads.add(used, b"x")
    now[0] += 1
    uploads.begin(lambda: files[2])
    assert [file.closed for file in files] == [True, False, False]
    with pytest.raises(WorkspaceError, match="No file is open"):
        uploads.add(old, b"x")


def test_nobody_can_open_files_without_end():
    uploads = Uploads()
    for _ in range(MOST):
        uploads.begin(File)
    with pytest.raises(WorkspaceError, match="close some first"):
        uploads.begin(File)
