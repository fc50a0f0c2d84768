#!/usr/bin/env bash
# Holds what a release promises: a second clone in another directory makes the same bytes; a byte that is changed is found by the
# checksums, and checksums that are changed by the signature; what is unpacked runs, says its version and needs no Go.
set -euo pipefail
cd "$(dirname "$0")/../.."
gomod=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export RELEASE_KEY=$work/key.pem ARCHES=${ARCHES:-amd64}
openssl genpkey -algorithm ed25519 -out "$RELEASE_KEY"
deploy/release/release.sh "$work/one" "$gomod" >/dev/null
git clone -q . "$work/elsewhere"
cp -r frontend/dist/. "$work/elsewhere/frontend/dist/" # the console is the one that was built
"$work/elsewhere/deploy/release/release.sh" "$work/two" "$gomod" >/dev/null
cmp "$work/one/SHA256SUMS" "$work/two/SHA256SUMS" || { echo "release: two clones made other bytes"; exit 1; }

verify() { openssl pkeyutl -verify -rawin -pubin -inkey diom-release.pub -sigfile SHA256SUMS.sig -in SHA256SUMS >/dev/null 2>&1 && sha256sum --quiet -c SHA256SUMS >/dev/null 2>&1; }
cd "$work/one"
verify || { echo "release: the signature or a checksum is wrong"; exit 1; }
tar -xzf ./*.tar.gz
cd diom-*/
version=$(env -i ./diom version)
[[ $PWD == */diom-$version-linux-* ]] || { echo "release: the archive is $PWD, its program says $version"; exit 1; }
grep -q '^reproducible *true$' <<<"$(env -i ./diom version --verbose)" || { echo "release: the program has paths of this machine"; exit 1; }
for path in README.md LICENSE CHANGELOG.md sbom.cdx.json docs/configuration.md deploy/systemd deploy/nginx knative/base migrations console/index.html; do
  [ -e "$path" ] || { echo "release: $path is missing"; exit 1; }
done
grep -q '"name": "github.com/go-sql-driver/mysql"' sbom.cdx.json || { echo "release: the bill of materials lacks what is built in"; exit 1; }
cd ..
cp SHA256SUMS good
printf x >> "$(ls -- *.tar.gz)"
verify && { echo "release: a changed archive is taken"; exit 1; }
sha256sum -- *.tar.gz *.cdx.json > SHA256SUMS
verify && { echo "release: changed checksums are taken"; exit 1; }
echo "release: the same bytes from two clones, signed, complete: diom $version"
