# A static binary in an empty image, not root.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev COMMIT=
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$VERSION -X main.commit=$COMMIT" -o /meterbridge ./cmd/meterbridge \
 && mkdir -p /empty/tmp && chmod 1777 /empty/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /empty/ /
COPY --from=build /meterbridge /meterbridge
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/meterbridge"]
CMD ["serve", "--config", "/etc/meterbridge/config.yaml"]
