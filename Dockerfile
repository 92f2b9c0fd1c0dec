# hashtag serve, hashtag index build and all other commands. Homes lie in the volume /home/hashtag/.hashtag, exported
# models and downloaded weights in /home/hashtag/.cache.
FROM python:3.11-slim

RUN useradd --create-home hashtag
WORKDIR /src
COPY . .
# The CPU builds of PyTorch and FAISS: without NVIDIA's libraries the image is 4 GB smaller.
RUN pip install --no-cache-dir --index-url https://download.pytorch.org/whl/cpu torch torchvision \
    && pip install --no-cache-dir ./without-gpu ".[eval]" "psycopg[binary]>=3.2" \
    && rm -rf /src/*

USER hashtag
WORKDIR /home/hashtag
RUN mkdir .hashtag .cache
ENV HASHTAG_HOME=/home/hashtag/.hashtag
VOLUME ["/home/hashtag/.hashtag", "/home/hashtag/.cache"]
EXPOSE 8000
ENTRYPOINT ["hashtag"]
# Without a token the server would not listen on other addresses than its own.
CMD ["serve", "--host", "0.0.0.0", "--token-file", "/run/secrets/hashtag_tokens"]
