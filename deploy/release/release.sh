#!/usr/bin/env bash
# Makes the release of the commit that is checked out in dist/release: an archive for each architecture (ARCHES), with its bill
# of materials (CycloneDX), the checksums and, where RELEASE_KEY names an Ed25519 key (PEM), their signature. The same commit
# makes the same bytes with the same version of Go, on every machine and in every directory.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-dist/release}
gomod=$2 # cyclonedx-gomod

[ -z "$(git status --porcelain --untracked-files=no)" ] || { echo "release: commit your changes first: the version would name another source"; exit 1; }
time=$(git log -1 --format=%ct)
content=(README.md README.zh-CN.md CHANGELOG.md LICENSE SECURITY.md docs deploy examples knative migrations stack.yml stack.pro.yml openapi.yaml asyncapi.yaml)
rm -rf "$out"
mkdir -p "$out"
out=$(cd "$out" && pwd)

for arch in ${ARCHES:-amd64 arm64}; do
  echo "release: linux/$arch"
  made=$(mktemp -d)
  trap 'rm -rf "$made"' EXIT
  CGO_ENABLED=0 GOOS=linux GOARCH=$arch go build -buildvcs=true -trimpath -ldflags='-s -w -buildid=' -o "$made/diom" ./cmd/diom
  version=$(go version -m "$made/diom" | awk '$1 == "mod" { print $3 }')
  name=diom-$version-linux-$arch
  mkdir "$made/$name"
  mv "$made/diom" "$made/$name/"
  # Without a serial number and a time of its own the bill is the same for the same binary.
  "$gomod" bin -json -std -noserial -notimestamp -output "$out/$name.cdx.json" "$made/$name/diom" 2>"$made/log" || { cat "$made/log"; exit 1; }
  cp "$out/$name.cdx.json" "$made/$name/sbom.cdx.json"
  git archive --format=tar HEAD "${content[@]}" | tar -x -C "$made/$name"
  mkdir -p "$made/$name/console"
  cp -r frontend/dist/. "$made/$name/console/"
  rm -f "$made/$name/console/KEEP"
  tar --sort=name --mtime="@$time" --owner=0 --group=0 --numeric-owner --mode='u=rwX,go=rX' --format=ustar -C "$made" -c "$name" | gzip -9n > "$out/$name.tar.gz"
  rm -rf "$made"
  trap - EXIT
done

cd "$out"
sha256sum -- *.tar.gz *.cdx.json > SHA256SUMS
if [ -n "${RELEASE_KEY:-}" ]; then
  openssl pkeyutl -sign -rawin -inkey "$RELEASE_KEY" -in SHA256SUMS -out SHA256SUMS.sig
  openssl pkey -in "$RELEASE_KEY" -pubout -out diom-release.pub
else
  echo "release: not signed: RELEASE_KEY names no key (openssl genpkey -algorithm ed25519 -out release.pem)"
fi
ls -l
