# The three images for those who have Docker; without it, `make images` builds the same from the same binaries.
#
#   docker build --target manager    -t registry.example/mwf/manager:0.1.0 .
#   docker build --target frontend   -t registry.example/mwf/frontend:0.1.0 .
#   docker build --target indie-site -t registry.example/mwf/indie-site:0.1.0 .
#
# The flags of go build are those of the Makefile.

ARG GO_VERSION=1.26.8

FROM --platform=$BUILDPLATFORM golang:${GO_VERSION}-bookworm AS build
ARG TARGETOS=linux
ARG TARGETARCH
ARG VERSION=dev
ENV CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false" GOTOOLCHAIN=local GOWORK=off
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN make web
RUN GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -ldflags "-s -w -X main.version=${VERSION}" -o /out/ \
      ./cmd/manager ./cmd/frontend ./cmd/indie-site
RUN mkdir -p /root-fs/etc/ssl/certs /root-fs/home/nonroot /root-fs/tmp && \
    cp /etc/ssl/certs/ca-certificates.crt /root-fs/etc/ssl/certs/ && \
    printf 'root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' > /root-fs/etc/passwd && \
    printf 'root:x:0:\nnonroot:x:65532:\n' > /root-fs/etc/group && \
    chown 65532:65532 /root-fs/home/nonroot && chmod 1777 /root-fs/tmp

FROM scratch AS base
COPY --from=build /root-fs/ /
ENV PATH=/ HOME=/home/nonroot SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
WORKDIR /home/nonroot
USER 65532:65532
LABEL org.opencontainers.image.licenses=Apache-2.0

FROM base AS frontend
COPY --from=build /out/frontend /frontend
ENTRYPOINT ["/frontend"]

FROM base AS indie-site
COPY --from=build /out/indie-site /indie-site
ENTRYPOINT ["/indie-site"]

# The last stage is what docker build makes when no target is named.
FROM base AS manager
COPY --from=build /out/manager /manager
ENTRYPOINT ["/manager"]
