import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { send, uuid } from '@/api/client'
import { ProblemError } from '@/api/problem'
import { keepToken, onRefresh, type Login } from '@/api/token'

const login = { accessToken: 'one', expiresIn: 60, tokenType: 'Bearer', user: {} } as Login
const answers: (() => Response | Promise<Response>)[] = []
const seen: Request[] = []
const json = (status: number, body: unknown, headers: Record<string, string> = {}) => new Response(JSON.stringify(body), { status, headers })

beforeEach(() => {
  answers.length = seen.length = 0
  keepToken(login)
  vi.stubGlobal('fetch', async (input: Request | string, init?: RequestInit) => {
    seen.push(input instanceof Request ? input : new Request(new URL(input, 'http://localhost'), init))
    return answers.shift()!()
  })
})
afterEach(() => vi.unstubAllGlobals())
const ask = (method = 'GET') => send(new Request('http://localhost/api/v1/x', { method }))

test('a request carries the token, and a change a key that stays while it is repeated', async () => {
  answers.push(() => Promise.reject(new TypeError('cut')), () => json(200, {}))
  await ask('POST')
  expect(seen.map((r) => r.headers.get('Authorization'))).toEqual(['Bearer one', 'Bearer one'])
  const keys = seen.map((r) => r.headers.get('Idempotency-Key'))
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/)
  expect(keys[1]).toBe(keys[0])
  expect(uuid()).not.toBe(uuid())
})

test('while a function is away, what may be repeated is tried three times', async () => {
  vi.useFakeTimers()
  const away = () => json(503, { code: 'unavailable' }, { 'Retry-After': '1' })
  answers.push(away, away, () => json(200, {}), away, away, away)
  const well = ask('POST')
  await vi.runAllTimersAsync()
  expect((await well).status).toBe(200)
  expect(new Set(seen.map((r) => r.headers.get('Idempotency-Key'))).size).toBe(1)
  const badly = expect(ask()).rejects.toMatchObject({ status: 503 })
  await vi.runAllTimersAsync()
  await badly
  answers.push(away)
  await expect(ask('PUT')).rejects.toMatchObject({ status: 503 })
  expect(seen).toHaveLength(7)
  vi.useRealTimers()
})

test('requests that fail together share one refresh', async () => {
  const told = vi.fn()
  onRefresh(told)
  answers.push(() => json(401, {}), () => json(401, {}), () => json(200, { ...login, accessToken: 'two' }), () => json(200, {}), () => json(200, {}))
  await Promise.all([ask(), ask()])
  expect(seen.filter((r) => r.url.endsWith('/auth/refresh'))).toHaveLength(1)
  expect(told).toHaveBeenCalledTimes(1)
  expect(seen.at(-1)!.headers.get('Authorization')).toBe('Bearer two')
})

test('a problem is thrown with what it says', async () => {
  answers.push(() => json(422, { code: 'form_rejected', title: '表单', traceId: 'abc', errors: [{ pointer: '/variables/days', code: 'field_required' }] }))
  const problem = (await ask().catch((e: unknown) => e)) as ProblemError
  expect(problem).toBeInstanceOf(ProblemError)
  expect([problem.status, problem.code, problem.traceId, problem.errors[0]!.pointer]).toEqual([422, 'form_rejected', 'abc', '/variables/days'])
})

test('a refusal of the refresh ends the log-in', async () => {
  const told = vi.fn()
  onRefresh(told)
  answers.push(() => json(401, {}), () => json(401, {}))
  await expect(ask()).rejects.toMatchObject({ status: 401 })
  expect(told).toHaveBeenCalledWith(null)
})
