// A browser whose every error fails the journey: of the console, of assets, of the policy, of the server.
import axe from 'axe-core'
import { mkdirSync, writeFileSync } from 'node:fs'
import { chromium } from 'playwright-core'
import { patience } from './product.mjs'

const results = 'test-results'
mkdirSync(results, { recursive: true })

export const launch = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })

/** What a page is looked at for: zh light desktop, en dark desktop, zh phone. */
const looks = [
  { language: 'zh', theme: 'light', device: 'desktop' },
  { language: 'en', theme: 'dark', device: 'desktop' },
  { language: 'zh', theme: 'light', device: 'phone' },
]
const sizes = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } }

/** A context of a browser. Options: language zh|en, theme light|dark, device desktop|phone. */
async function contextOf(browser, url, { language = 'zh', theme = 'light', device = 'desktop' } = {}) {
  const context = await browser.newContext({
    baseURL: url,
    viewport: sizes[device],
    hasTouch: device === 'phone',
    isMobile: device === 'phone',
    locale: language === 'zh' ? 'zh-CN' : 'en',
    colorScheme: theme,
    timezoneId: 'Asia/Shanghai',
    reducedMotion: 'reduce',
  })
  await context.addInitScript(([l]) => localStorage.setItem('diom.language', JSON.stringify(l)), [language])
  return context
}

/** A page of a context, and what went wrong on it, but for what a journey provokes: `forgive` takes its regular expressions. */
async function watched(context) {
  const page = await context.newPage()
  page.setDefaultTimeout(30_000 * patience)
  const faults = []
  // Browsers log every answer that is 4xx as an error; without a log-in the first refresh is one.
  // Without live events, which a server that is busy may not have at the moment, pages ask from time to time.
  const forgiven = [/Failed to load resource: the server responded with a status of 401 .*\/auth\/refresh/, / 503 .*\/events\/stream/]
  const blame = (text) => {
    if (!forgiven.some((f) => f.test(text))) faults.push(text)
  }
  page.on('console', (m) => m.type() === 'error' && blame(`console: ${m.text()} ${m.location().url}`))
  page.on('pageerror', (e) => blame(`page: ${e.stack}`))
  page.on('requestfailed', (r) => !/ERR_ABORTED/.test(r.failure()?.errorText ?? '') && blame(`request: ${r.url()} ${r.failure()?.errorText}`))
  page.on('response', (r) => {
    if (r.status() >= 500 || (r.status() >= 400 && r.url().includes('/assets/'))) blame(`answer: ${r.status()} ${r.url()}`)
  })
  return { page, faults, forgive: (pattern) => forgiven.push(pattern) }
}

/** A page in a context of its own; `close` throws what went wrong on it. */
export async function open(browser, url, look) {
  const context = await contextOf(browser, url, look)
  const { page, faults, forgive } = await watched(context)
  return {
    page,
    context,
    forgive,
    async close() {
      await context.close()
      if (faults.length) throw new Error(faults.join('\n'))
    },
  }
}

const password = 'Diom-demo-1'

/** Logs the context of a page in, without the log-in page, and goes to a page. */
export async function login(page, username, to = '/home') {
  const answer = await page.context().request.post('/auth/login', { data: { username, password } })
  if (!answer.ok()) throw new Error(`log-in of ${username}: ${answer.status()} ${await answer.text()}`)
  await page.goto(to)
  await page.locator('.shell').waitFor()
}

/** Logs in on the log-in page. */
export async function loginByHand(page, username, to = '/home') {
  await page.goto(to)
  await page.locator('#username').fill(username)
  await page.locator('#password').fill(password)
  await page.locator('button[type=submit]').click()
  await page.locator('.shell').waitFor()
}

/**
 * Waits until nothing loads any more, and looks at the page with axe: WCAG 2.2 A and AA, no violation. `theirs` names
 * places that a library draws, by selectors, and the rules that it breaks there.
 */
export async function accessible(page, name, theirs = {}) {
  await settled(page)
  await page.evaluate(axe.source)
  const all = await page.evaluate(async (places) => {
    const { violations } = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
    const place = (node) => places.find((p) => document.querySelector(node.target.at(-1))?.closest(p))
    return violations.map((v) => ({ id: v.id, impact: v.impact, nodes: v.nodes.map((n) => ({ html: n.html, message: n.any[0]?.message ?? '', place: place(n) })) }))
  }, Object.keys(theirs))
  const found = all.map((v) => ({ ...v, nodes: v.nodes.filter((n) => !theirs[n.place]?.includes(v.id)) })).filter((v) => v.nodes.length > 0)
  if (found.length === 0) return
  const text = found.map((v) => `${v.id} (${v.impact}): ${v.nodes.map((n) => n.html.slice(0, 160) + ' ' + n.message).join('\n    ')}`).join('\n  ')
  writeFileSync(`${results}/axe-${name}.txt`, text)
  throw new Error(`axe on ${name}:\n  ${text}`)
}

export async function settled(page) {
  await page.waitForFunction(() => !document.querySelector('.el-skeleton, .el-loading-mask, [role=status].over'), null, { timeout: 15_000 * patience })
  await page.waitForTimeout(250)
}

export async function shoot(page, name) {
  await settled(page)
  await page.screenshot({ path: `${results}/${name}.png` })
}

// A context for each person and look is kept, with its log-in and what it has loaded. Its pages come one after another.
const kept = new Map()
function keptContext(browser, url, username, look) {
  const key = [username, ...Object.values(look)].join(' ')
  if (!kept.has(key)) {
    kept.set(key, { made: contextOf(browser, url, look), last: Promise.resolve(), loggedIn: false })
  }
  return kept.get(key)
}

/** Shoots a route in three looks; axe on each. */
export async function shootRoute(browser, url, username, path, name, { ready, forgive, theirs } = {}) {
  const shootLook = async (look) => {
    const place = keptContext(browser, url, username, look)
    const before = place.last
    let over
    place.last = new Promise((done) => (over = done))
    await before
    const tab = await watched(await place.made)
    try {
      if (forgive) tab.forgive(forgive)
      if (username && !place.loggedIn) await login(tab.page, username, path)
      else await tab.page.goto(path)
      place.loggedIn = true
      if (ready) await tab.page.locator(ready).first().waitFor()
      const label = `${name}-${look.language}-${look.theme}-${look.device}`
      await shoot(tab.page, label)
      await accessible(tab.page, label, theirs)
    } finally {
      await tab.page.close()
      over()
    }
    if (tab.faults.length) throw new Error(tab.faults.join('\n'))
  }
  await Promise.all(looks.map(shootLook)) // the journey waits for the network and for the server more than it works
}
