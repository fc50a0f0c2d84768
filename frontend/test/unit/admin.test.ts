import { expect, test } from 'vitest'
import { ProblemError } from '../../src/api/problem'
import { holidays, weeks, works } from '../../src/pages/admin/calendars/holidays'
import { missing } from '../../src/pages/admin/roles/permissions'
import { freshPassword } from '../../src/pages/admin/users/users'
import { operations, type Openapi } from '../../src/pages/dev/api/openapi'
import { address, curl } from '../../src/pages/dev/api/request'
import { asTree, flat } from '../../src/ui/resource/departments'
import { everything } from '../../src/ui/resource/everything'
import { differences, placed, type Field } from '../../src/ui/resource/fields'

const fields: Field[] = [
  { key: 'name', label: 'Name', kind: 'text' },
  { key: 'roles', label: 'Roles', kind: 'roles' },
  { key: 'password', label: 'Password', kind: 'password' },
]

test('details of a problem find their fields by pointers', () => {
  const problem = new ProblemError(422, { errors: [{ pointer: '/name', code: 'a', detail: 'bad' }, { pointer: '#/roles/1', code: 'b' }, { pointer: '/other', code: 'c', detail: 'odd' }, { code: 'd' }] })
  expect(placed(problem, fields)).toEqual({ at: { name: 'bad', roles: 'b' }, elsewhere: ['/other  odd', 'd'] })
})

test('what others have changed stands beside what one has typed, and no password does', () => {
  const before = { name: 'a', roles: ['X'], password: '' }
  expect(differences(fields, before, { ...before, roles: ['X', 'Y'], password: 'p' }, { ...before, name: 'mine' })).toEqual([{ label: 'Roles', mine: 'X', theirs: 'X, Y' }])
})

test('departments become a tree; one whose parent is gone is a root', () => {
  const one = (id: string, parentId: string) => ({ id, parentId, code: id, name: id, head: null, version: 1, createdAt: '' })
  expect(flat(asTree([one('b', 'a'), one('a', ''), one('c', 'b'), one('x', 'gone')])).map((d) => [d.id, d.depth])).toEqual([['a', 0], ['b', 1], ['c', 2], ['x', 0]])
})

test('a list is read to its end', async () => {
  const pages: Record<string, { items: number[]; nextCursor?: string }> = { '': { items: [1, 2], nextCursor: 'n' }, n: { items: [3] } }
  expect(await everything(async ({ cursor }) => pages[cursor ?? '']!)).toEqual([1, 2, 3])
})

test('what goes with a permission is missed until it is there', () => {
  expect(missing(['WORKFLOW_DEPLOY', 'WORKFLOW_DESIGN'])).toEqual([{ code: 'WORKFLOW_DEFINITION', of: ['WORKFLOW_DEPLOY', 'WORKFLOW_DESIGN'] }])
  expect(missing(['WORKFLOW_DEPLOY', 'WORKFLOW_DEFINITION'])).toEqual([])
})

test('a made-up password is long, and never the same', () => {
  const all = new Set(Array.from({ length: 50 }, freshPassword))
  expect(all.size).toBe(50)
  for (const p of all) expect(p).toMatch(/^[a-zA-Z2-9]{4}-[a-zA-Z2-9]{5}-[a-zA-Z2-9]{5}$/)
})

test('a day is worked by its weekday, unless something is said of it', () => {
  const hours = { mon: ['09:00-18:00'], sat: [] }
  expect(['2026-11-30', '2026-11-28'].map((d) => works(d, hours, {}))).toEqual([true, false])
  expect(['2026-11-30', '2026-11-28'].map((d) => works(d, hours, { '2026-11-30': 'off', '2026-11-28': 'work' }))).toEqual([false, true])
  expect(holidays['2026']!['2026-10-07']).toBe('off')
  expect(weeks('2026-11')[0]).toEqual(['', '', '', '', '', '', '2026-11-01'])
  expect(weeks('2024-02').flat().filter(Boolean)).toHaveLength(29)
})

const document = {
  info: { title: '', description: '' },
  tags: [],
  components: { parameters: { limit: { name: 'limit', in: 'query' } } },
  paths: {
    '/api/v1/things/{id}': {
      put: {
        operationId: 'putThing',
        description: 'Needs the permission `SYS_X`.',
        parameters: [{ name: 'id', in: 'path', required: true }, { $ref: '#/components/parameters/limit' }, { name: 'If-Match', in: 'header' }],
        requestBody: { content: { 'application/json': { example: { a: 1 } } } },
        responses: { 200: { description: 'OK' } },
        security: [{ bearer: ['SYS_X'] }],
      },
    },
  },
} as unknown as Openapi

test('an operation is a request and a command', () => {
  const [o] = operations(document)
  expect([o!.permissions, o!.parameters.map((p) => p.name), o!.description, o!.open]).toEqual([['SYS_X'], ['id', 'limit', 'If-Match'], '', false])
  const filled = { values: { id: 'a/b', limit: '2', 'If-Match': '"3"' }, body: `{"it's": 1}` }
  expect(address(o!, filled, 'https://x')).toEqual({ url: 'https://x/api/v1/things/a%2Fb?limit=2', headers: { 'If-Match': '"3"', 'Content-Type': 'application/json' } })
  expect(curl(o!, filled, 'https://x')).toContain(`--data '{"it'\\''s": 1}'`)
  expect(curl(o!, filled, 'https://x')).toContain('$DIOM_TOKEN')
})
