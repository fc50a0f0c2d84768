import createClient from 'openapi-fetch'
import type { components, paths } from './schema'
import { accessToken, refreshToken } from './token'
import { ProblemError, problemOf } from './problem'

export type Schemas = components['schemas']

/** A random UUID, also where the page came by plain http and the browser has no randomUUID. */
export function uuid(): string {
  const b = crypto.getRandomValues(new Uint8Array(16))
  b[6] = (b[6]! & 0x0f) | 0x40
  b[8] = (b[8]! & 0x3f) | 0x80
  const hex = [...b].map((x) => x.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

let language = 'zh-CN'
/** Sets the language in which the product answers. */
export function speak(tag: string) {
  language = tag
}

const patience = 3 // attempts
const pause = (seconds: number) => new Promise((done) => setTimeout(done, seconds * 1000))

/** Whether a request may be sent again: reading changes nothing, and an Idempotency-Key makes a repetition harmless. */
const repeatable = (request: Request) => request.method === 'GET' || request.headers.has('Idempotency-Key')

async function attempt(request: Request, n: number): Promise<Response> {
  const copy = request.clone()
  const token = accessToken()
  if (token) copy.headers.set('Authorization', `Bearer ${token}`)
  try {
    return await fetch(copy)
  } catch (thrown) {
    if (request.signal.aborted) throw thrown
    if (n < patience && repeatable(request)) {
      await pause(0.4 * n)
      return attempt(request, n + 1)
    }
    throw new ProblemError(0, { code: 'offline' })
  }
}

/** What a function answers, or the gateway for it, that is busy, or starts, or has been ended: it will soon be there. */
const passing = new Set([429, 502, 503, 504])

/** Sends a request: with the token, once again after a refresh when it has expired, and again when the product is busy. */
export async function send(request: Request): Promise<Response> {
  request.headers.set('Accept-Language', language)
  if (request.method === 'POST' && !request.headers.has('Idempotency-Key')) request.headers.set('Idempotency-Key', uuid())
  let response = await attempt(request, 1)
  if (response.status === 401 && accessToken() && (await refreshToken())) response = await attempt(request, 1)
  for (let n = 1; n < patience && repeatable(request) && passing.has(response.status); n++) {
    const wait = Number(response.headers.get('Retry-After')) || n
    if (wait > 5) break
    await pause(wait)
    response = await attempt(request, 1)
  }
  if (!response.ok && response.status !== 304) throw await problemOf(response)
  return response
}

/** The typed client of the API. Answers that are not ok are thrown as ProblemError. */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: send })

/** What a call answers with. */
export async function data<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T
}

/** The same with the ETag, for the If-Match of a change. */
export async function tagged<T>(call: Promise<{ data?: T; response: Response }>): Promise<{ data: T; etag: string }> {
  const { data, response } = await call
  return { data: data as T, etag: response.headers.get('ETag') ?? '' }
}

/** Fetches a file and gives it to the person under a name. */
export async function download(path: string, name: string, init: RequestInit = {}) {
  const response = await send(new Request(new URL(path, location.origin), init))
  const link = document.createElement('a')
  link.href = URL.createObjectURL(await response.blob())
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
