// Holds the sizes (KiB) of what a first visit of each route loads against their budgets: `kib` as brotli, which browsers ask for,
// and `gzip` for what stands between that does not know it.
import { existsSync, readFileSync, statSync } from 'node:fs'

const manifest = JSON.parse(readFileSync('build/.vite/manifest.json', 'utf8'))
const budgets = JSON.parse(readFileSync('budgets.json', 'utf8'))

function weigh(keys) {
  const files = new Set()
  const walk = (key) => {
    const entry = manifest[key]
    if (!entry || files.has(entry.file)) return
    files.add(entry.file)
    entry.css?.forEach((css) => files.add(css))
    entry.imports?.forEach(walk)
  }
  keys.forEach(walk)
  const size = (ending) => [...files].reduce((sum, file) => sum + statSync(existsSync(`dist/${file}${ending}`) ? `dist/${file}${ending}` : `build/${file}`).size, 0) / 1024
  return [size('.br'), size('.gz')]
}

let failed = false
for (const [name, { kib, gzip, load }] of Object.entries(budgets)) {
  const missing = load.filter((key) => !manifest[key])
  const [brotli, zipped] = weigh(['index.html', ...load])
  const over = brotli > kib || zipped > gzip || missing.length > 0
  failed ||= over
  console.log(`${over ? 'OVER' : 'ok  '} ${name.padEnd(12)} ${brotli.toFixed(1).padStart(7)} KiB of ${kib}, gzip ${zipped.toFixed(1)} of ${gzip}${missing.length ? ` (not built: ${missing})` : ''}`)
}
process.exit(failed ? 1 : 0)
