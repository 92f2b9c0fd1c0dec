import gc

import numpy as np
import pytest
from scipy import sparse

from hashtag_recommender.index.snapshots.temporary_vectors import collect_vectors


@pytest.mark.parametrize("is_sparse", [False, True])
@pytest.mark.parametrize("sizes", [(), (0,), (3,), (2, 0, 5)])
def test_what_is_put_aside_comes_back_in_order(is_sparse, sizes, tmp_path):
    drawn = np.random.default_rng(0).normal(size=(sum(sizes), 4)).astype(np.float32)
    parts = np.split(drawn, np.cumsum(sizes)[:-1]) if sizes else []
    with collect_vectors(tmp_path, 4, is_sparse) as temporary:
        for part in parts:
            temporary.add(sparse.csr_matrix(part) if is_sparse else np.asfortranarray(part))
        vectors = temporary.all()
    assert list(tmp_path.iterdir()) == [], "the file has no name"
    gc.collect()
    assert sparse.issparse(vectors) == is_sparse
    again = vectors.toarray() if is_sparse else vectors
    assert (again.dtype, again.tolist()) == (np.float32, drawn.tolist())


def test_what_is_learned_from_cannot_be_changed(tmp_path):
    with collect_vectors(tmp_path, 2, False) as temporary:
        temporary.add(np.eye(2, dtype=np.float32))
        vectors = temporary.all()
    with pytest.raises(ValueError, match="read-only"):
        vectors[0] = 1
