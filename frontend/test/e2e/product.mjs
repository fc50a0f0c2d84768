// Starts the whole product once for all journeys, with the demo, on a free port and in a home of its own.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { addressBook } from './addressbook.mjs'
import { openidProvider } from './provider.mjs'

const free = () =>
  new Promise((done) => {
    const s = createServer().listen(0, '127.0.0.1', () => {
      const { port } = s.address()
      s.close(() => done(port))
    })
  })

/** Returns {url, book, provider, stop}: where it is, and the address book and the OpenID provider that it knows. DIOM_URL names one that runs already, which knows none. */
export async function start() {
  if (process.env.DIOM_URL) return { url: process.env.DIOM_URL, stop: async () => {} }
  const home = mkdtempSync(join(tmpdir(), 'diom-console-'))
  const port = await free()
  const [book, provider] = [await addressBook(), await openidProvider()]
  const url = `http://127.0.0.1:${port}`
  mkdirSync(join(home, 'secrets'), { mode: 0o700 })
  writeFileSync(join(home, 'secrets', 'diom-identity'), JSON.stringify({ ...book.identity, ...provider.identity }), { mode: 0o600 })
  const binary = resolve(process.env.DIOM ?? '../.diom/bin/diom')
  const env = { ...process.env, DIOM_HOME: home, DIOM_ADDR: `127.0.0.1:${port}`, DIOM_PUBLIC_URL: url, DIOM_DEMO: '1', DIOM_HTTP_ALLOW: '127.0.0.1' }
  // What the machine has set for other runs is not for this one, which has its own servers.
  for (const name of ['DIOM_MYSQL_DSN', 'DIOM_REDIS_URL', 'DIOM_SECRETS_DIR', 'DIOM_FUNCTION_URL', 'PORT']) delete env[name]
  const child = spawn(binary, ['dev'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  await new Promise((ready, fail) => {
    child.stdout.on('data', (chunk) => {
      said += chunk
      if (said.includes('ready: ')) ready()
    })
    child.on('exit', (code) => fail(new Error(`diom dev ended with ${code}:\n${said}`)))
  })
  const stop = async () => {
    await Promise.all([book.stop(), provider.stop()])
    await new Promise((done) => {
      child.removeAllListeners('exit')
      child.on('exit', () => {
        rmSync(home, { recursive: true, force: true })
        done()
      })
      child.kill('SIGTERM')
    })
  }
  return { url, book, provider, stop }
}

/** How many times as long everything may take: PATIENCE, for a machine that has much else to do. */
export const patience = Number(process.env.PATIENCE ?? 1)

/** Waits until something holds, and returns it: a decision is sent when it can no longer be undone. */
export async function until(check, what, seconds = 20) {
  for (const end = Date.now() + seconds * patience * 1000; Date.now() < end; ) {
    const found = await check()
    if (found) return found
    await new Promise((done) => setTimeout(done, 200))
  }
  throw new Error(`not within ${seconds} s: ${what}`)
}

/** A client of the API for a person of the demo: what a journey asserts is asked of the server. */
export class Caller {
  constructor(url, username) {
    this.url = url
    this.username = username
  }
  async call(method, path, body) {
    this.token ??= (await (await this.raw('POST', '/auth/login', { username: this.username, password: 'Diom-demo-1' })).json()).accessToken
    const response = await this.raw(method, '/api/v1' + path, body)
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path} as ${this.username}: ${response.status} ${text}`)
    return text ? JSON.parse(text) : null
  }
  raw(method, path, body) {
    const headers = { 'Content-Type': 'application/json', 'Accept-Language': 'zh-CN' }
    if (this.token) headers.Authorization = `Bearer ${this.token}`
    return fetch(this.url + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
  }
  get(path) {
    return this.call('GET', path)
  }
  post(path, body = {}) {
    return this.call('POST', path, body)
  }
  /** Deploys files: [name, content]. */
  async deploy(name, files) {
    await this.get('/people?limit=1')
    const form = new FormData()
    form.set('name', name)
    for (const [file, content] of files) form.append('file', new Blob([content]), file)
    const response = await fetch(this.url + '/api/v1/deployments', { method: 'POST', headers: { Authorization: `Bearer ${this.token}` }, body: form })
    if (!response.ok) throw new Error(`deploy ${name}: ${response.status} ${await response.text()}`)
    return response.json()
  }
}
