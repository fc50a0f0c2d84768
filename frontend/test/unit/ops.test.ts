import { expect, test } from 'vitest'
import { curl } from '@/pages/ops/curl'
import { picture } from '@/pages/ops/instance/picture'
import { parse, typeOf } from '@/pages/ops/instance/value'
import { valueOf } from '@/pages/ops/list/useInstanceFilter'
import { everything } from '@/pages/ops/queries'

const visit = (nodeId: string, token: number, leftAt: string | null, flowId?: string) => ({ nodeId, token, leftAt, flowId, enteredAt: '2030-01-01T00:00:00Z' })

test('a diagram shows where an instance was, is and has failed', () => {
  const incident = { id: 'i', nodeId: 'check', code: 'x', message: 'x', instanceId: 'y', jobId: null, processKey: 'p', raisedAt: '', resolvedAt: null }
  const { marks, badges } = picture([visit('start', 1, '2030-01-01T00:00:01Z'), visit('check', 1, null, 'toCheck'), visit('pay', 2, null), visit('pay', 3, null)], [incident], [], null)
  expect(marks).toEqual({ start: 'done', toCheck: 'done', check: 'failed', pay: 'active' })
  expect(badges).toEqual([{ node: 'check', text: '1 !', tone: 'bad' }, { node: 'pay', text: '2', tone: 'accent' }])
})

test('a diagram shows what a modification would do', () => {
  const { marks } = picture([visit('pay', 1, null)], [], [{ type: 'move', fromNodeId: 'pay', nodeId: 'check' }, { type: 'startBefore', nodeId: 'end' }], null)
  expect(marks).toEqual({ pay: 'removed', check: 'added', end: 'added' })
})

test('a value of a variable is read as it is written', () => {
  expect(['12', '-1.5', 'true', 'null', 'B-12', ' 7 '].map(valueOf)).toEqual([12, -1.5, true, null, 'B-12', 7])
  expect([[], {}, 1, 'a', true, null].map(typeOf)).toEqual(['list', 'object', 'number', 'text', 'flag', 'nothing'])
  expect(parse('{"a": 1}').value).toEqual({ a: 1 })
  expect(parse('{').wrong).toBeTruthy()
})

test('a request for a terminal is quoted', () => {
  expect(curl('POST', '/api/v1/x', { name: "it's" })).toContain(`-d '{"name":"it'\\''s"}'`)
  expect(curl('GET', '/api/v1/x')).not.toContain('-X')
})

test('pages are read until there are no more, or enough', async () => {
  const read = async (cursor?: string) => ({ items: [cursor ?? 'first'], nextCursor: cursor === 'c2' ? undefined : cursor ? 'c2' : 'c1' })
  expect(await everything(read)).toEqual(['first', 'c1', 'c2'])
  expect(await everything(read, 2)).toEqual(['first', 'c1'])
})
