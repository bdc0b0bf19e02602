import pytest
from tests.test_docs import *
from tests.test_docs import project
def test_iter(project):
    for block in blocks_of(GUIDE):
        try: project.run(block)
        except Wrong as e: print("=====", e)
    assert 0
