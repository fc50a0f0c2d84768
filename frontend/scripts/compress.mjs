// Puts what the product embeds into dist/: index.html, and each asset compressed twice, as brotli and as gzip.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const from = 'build'
const to = 'dist'
// Fonts that every browser of today takes come as woff2; the older forms of them are left out.
const old = /\.(eot|ttf|svg|woff)$/

rmSync(join(to, 'assets'), { recursive: true, force: true })
mkdirSync(join(to, 'assets'), { recursive: true })
for (const name of readdirSync(join(from, 'assets'))) {
  if (old.test(name)) continue
  const content = readFileSync(join(from, 'assets', name))
  if (name.endsWith('.woff2') || name.endsWith('.png')) {
    writeFileSync(join(to, 'assets', name), content)
    continue
  }
  const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }
  writeFileSync(join(to, 'assets', name + '.br'), brotliCompressSync(content, brotli))
  writeFileSync(join(to, 'assets', name + '.gz'), gzipSync(content, { level: 9 }))
}
writeFileSync(join(to, 'index.html'), readFileSync(join(from, 'index.html')))
