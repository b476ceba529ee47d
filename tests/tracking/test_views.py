"""Forged and cut tokens: one page, whatever they pretended to be."""

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("method", ["get", "post", "head", "options"])
@pytest.mark.parametrize("path", ["/c/abc/1", "/c/", "/o/abc", "/o/", f"/c/{'A' * 32}/1", f"/o/{'A' * 32}"])
def test_every_address_that_is_none_of_ours_gets_the_same_answer(client, method, path):
    answer = getattr(client, method)(path)

    assert answer.status_code == 404
    assert answer.content == (b"" if method == "head" else client.get("/c/nothing").content)
