import { accessToken, refreshToken, tokenLeft } from '@/api/token'
import { uuid } from '@/api/client'
import type { Operation } from './openapi'

/** What somebody has filled in to try an operation. */
export interface Filled {
  values: Record<string, string>
  body: string
}

/** The address and the headers of a request, without who sends it. */
export function address(o: Operation, filled: Filled, origin: string): { url: string; headers: Record<string, string> } {
  let path = o.path
  const query = new URLSearchParams()
  const headers: Record<string, string> = {}
  for (const p of o.parameters) {
    const value = filled.values[p.name] ?? ''
    if (p.in === 'path') path = path.replace(`{${p.name}}`, value ? encodeURIComponent(value) : `{${p.name}}`)
    else if (value && p.in === 'query') query.set(p.name, value)
    else if (value && p.in === 'header') headers[p.name] = value
  }
  if (o.body && filled.body) headers['Content-Type'] = o.body.type
  return { url: origin + path + (query.size ? `?${query}` : ''), headers }
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

/** The request as a command of curl, with a token of the environment in the place of one's own. */
export function curl(o: Operation, filled: Filled, origin: string): string {
  const { url, headers } = address(o, filled, origin)
  const lines = [`curl -X ${o.method.toUpperCase()} ${quote(url)}`]
  if (!o.open) lines.push('-H "Authorization: Bearer $DIOM_TOKEN"')
  for (const [name, value] of Object.entries(headers)) lines.push(`-H ${quote(`${name}: ${value}`)}`)
  if (o.body && filled.body) lines.push(`--data ${quote(filled.body)}`)
  return lines.join(' \\\n  ')
}

export interface Tried {
  status: number
  headers: string
  body: string
  milliseconds: number
}

/** Sends the request as who has logged in, and tells of the answer whatever it is. */
export async function tryOut(o: Operation, filled: Filled): Promise<Tried> {
  if (tokenLeft() < 5000) await refreshToken()
  const { url, headers } = address(o, filled, location.origin)
  headers.Authorization = `Bearer ${accessToken()}`
  if (o.method === 'post') headers['Idempotency-Key'] ??= uuid()
  const begin = performance.now()
  const response = await fetch(url, { method: o.method.toUpperCase(), headers, body: o.body && filled.body ? filled.body : undefined })
  const text = await response.text()
  const names = ['content-type', 'etag', 'location', 'retry-after', 'ratelimit', 'x-request-id', 'idempotency-replayed']
  return {
    status: response.status,
    headers: names.filter((n) => response.headers.has(n)).map((n) => `${n}: ${response.headers.get(n)}`).join('\n'),
    body: pretty(text),
    milliseconds: Math.round(performance.now() - begin),
  }
}

/** JSON with its lines broken; anything else as it is. */
export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
