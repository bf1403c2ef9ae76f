# Pincite in a container. Build and run:
#   docker build -t pincite .
#   docker run --rm -v pincite:/data -v ~/notes:/notes:ro pincite pincite index /notes
#   docker run --rm -v pincite:/data pincite pincite key add me
#   docker run -p 127.0.0.1:8000:8000 -v pincite:/data -v ~/notes:/notes:ro pincite
# On Linux, plain pip brings a CUDA build of torch of several GB; name PyTorch's package index of
# CPU builds to take the small one: --build-arg TORCH_INDEX=…

FROM python:3.13-slim AS build
ARG TORCH_INDEX=
WORKDIR /src
COPY . .
RUN python -m venv /opt/pincite \
 && /opt/pincite/bin/pip install --no-cache-dir "$(sed -n '/^torch==/p' constraints.txt)" \
        ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} \
 && /opt/pincite/bin/pip install --no-cache-dir --constraint constraints.txt '.[postgres]'

FROM python:3.13-slim
COPY --from=build /opt/pincite /opt/pincite
RUN useradd --system --uid 10001 --create-home pincite && install -d -o pincite /data
ENV PATH=/opt/pincite/bin:$PATH PINCITE_STORE=/data/store PINCITE_HOST=0.0.0.0
USER pincite
# The model is converted once, so that no start has to wait for it.
RUN printf 'Pincite converts its model.' > /tmp/text.txt \
 && pincite index /tmp/text.txt --store /tmp/store && rm -r /tmp/store /tmp/text.txt
VOLUME /data
EXPOSE 8000
HEALTHCHECK --start-period=30s CMD ["python", "-c", \
    "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/readyz', timeout=3)"]
# As the first process of the container it gets the signal that ends it in good order.
CMD ["pincite", "serve"]
