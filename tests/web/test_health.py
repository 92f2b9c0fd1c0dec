def test_it_runs(client):
    assert client.get("/healthz").json() == {"status": "ok"}
