// Runs the journeys of test/e2e/*.journey.mjs against the real product, which is started once. Arguments choose files.
//   npm run e2e -- work          runs the files whose name has "work" in it
//   DIOM_URL=http://… npm run e2e   uses a product that runs already
//   LANES=1 npm run e2e          one file after another; without it two at once
//   ONLY='lines add up' npm run e2e   runs the journeys whose name has the words in it
//   PATIENCE=5 npm run e2e       waits five times as long, on a machine that has much else to do
import { readdirSync } from 'node:fs'
import { launch } from './browser.mjs'
import { patience, start } from './product.mjs'

const wanted = process.argv.slice(2)
const files = readdirSync(new URL('.', import.meta.url))
  .filter((f) => f.endsWith('.journey.mjs') && (wanted.length === 0 || wanted.some((w) => f.includes(w))))
  .sort()
const began = Date.now()
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`
const product = await start()
const browser = await launch()
let failed = 0
let passed = 0

async function runFile(file) {
  const { prepare, journeys } = await import(`./${file}`)
  const name = file.replace('.journey.mjs', '')
  let shared
  try {
    shared = prepare ? await prepare(product.url) : undefined
  } catch (thrown) {
    failed++
    console.log(`FAIL ${name}: what its journeys need is not there\n${thrown.stack ?? thrown}`)
    return
  }
  for (const [what, journey] of Object.entries(journeys)) {
    if (process.env.ONLY && !what.includes(process.env.ONLY)) continue
    const begin = Date.now()
    try {
      await journey({ browser, url: product.url, book: product.book, provider: product.provider, shared })
      passed++
      console.log(`ok   ${name}: ${what} (${seconds(begin)})`)
    } catch (thrown) {
      failed++
      console.log(`FAIL ${name}: ${what}\n${thrown.stack ?? thrown}`)
      await shootAll(`failed-${name}-${failed}`)
    }
  }
}

/** What is open when something has failed, by either lane. */
async function shootAll(name) {
  const pages = browser.contexts().flatMap((context) => context.pages())
  for (const [n, page] of pages.entries()) {
    const path = `test-results/${name}-${n}.png`
    await page.screenshot({ path, timeout: 5000 * patience }).then(() => console.log(`     ${path}: ${page.url()}`), () => {})
  }
}

try {
  // The journeys of one file come one after another; files, which share nothing, beside each other.
  const lane = async () => {
    for (let file = files.shift(); file; file = files.shift()) await runFile(file)
  }
  await Promise.all(Array.from({ length: Number(process.env.LANES ?? 2) }, lane))
} finally {
  await browser.close()
  await product.stop()
}
console.log(`${passed} passed, ${failed} failed in ${seconds(began)}`)
process.exit(failed ? 1 : 0)
