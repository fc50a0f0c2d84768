import { expect, test } from 'vitest'
import { ref } from 'vue'
import { events } from '@/app/live'
import { forgetOpinion, useOpinion } from '@/pages/work/task/opinions'
import { fieldAt, schemaOfFields, withAccess, type Schema } from '@/ui/form/schema'
import { amountOf, capital, sumOf } from '@/ui/form/money'
import { initials } from '@/ui/pinyin'
import { absolute, duration, relative } from '@/ui/time'

test('times are said as people say them', () => {
  const now = Date.parse('2026-03-02T09:00:00Z')
  expect(relative('2026-03-02T08:55:00Z', 'en', now)).toBe('5 minutes ago')
  expect(relative('2026-03-03T09:00:00Z', 'zh', now)).toBe('明天')
  expect(absolute('2026-03-02T23:30:00Z', 'zh', 'Asia/Shanghai')).toBe('2026/03/03 07:30')
  expect(duration(3725, 'en')).toBe('1 hr 2 min')
})

test('a stream is split into its events, wherever it is cut', async () => {
  const text = 'retry: 2000\nid: 1\nevent: stream.ready\ndata: {}\n\n: heartbeat\n\nid: 2\nevent: task.created\ndata: {"taskId":"任务"}\n\n'
  const bytes = new TextEncoder().encode(text)
  const body = new ReadableStream<Uint8Array>({
    start(c) {
      for (let i = 0; i < bytes.length; i += 7) c.enqueue(bytes.slice(i, i + 7))
      c.close()
    },
  })
  const got = []
  for await (const e of events(body)) got.push(e)
  expect(got).toEqual([
    { id: '1', event: 'stream.ready', data: '{}' },
    { id: '2', event: 'task.created', data: '{"taskId":"任务"}' },
  ])
})

const schema: Schema = {
  components: [
    { type: 'textfield', id: 'a', key: 'name' },
    { type: 'group', id: 'g', path: 'trip', components: [{ type: 'textfield', id: 'b', key: 'note' }] },
    { type: 'dynamiclist', id: 'l', path: 'legs', components: [{ type: 'number', id: 'c', key: 'km' }] },
  ],
}

test('what is hidden is taken out of a form, what cannot be edited is readonly, what is demanded is required', () => {
  const out = withAccess(schema, [
    { name: 'name', visible: false, editable: false, required: false },
    { name: 'trip.note', visible: true, editable: false, required: true },
    { name: 'legs.km', visible: true, editable: true, required: true },
  ])
  expect(out.components.map((c) => c.id)).toEqual(['g', 'l'])
  expect(out.components[0]!.components![0]).toMatchObject({ readonly: true })
  expect(out.components[1]!.components![0]).toMatchObject({ validate: { required: true } })
  expect(schema.components).toHaveLength(3)
})

test('the pointer of a problem finds its field', () => {
  expect(fieldAt(schema, '/variables/legs/1/km')).toBe('c')
  expect(fieldAt(schema, '/variables/trip/note')).toBe('b')
  expect(fieldAt(schema, '/comment')).toBeUndefined()
})

test('fields of a model make a form', () => {
  const made = schemaOfFields([{ id: 'days', type: 'long', required: true }, { id: 'kind', type: 'enum', values: [{ id: 'x', name: '甲' }] }])
  expect(made.components.map((c) => [c.type, c.key])).toEqual([['number', 'days'], ['select', 'kind']])
  expect(made.components[1]!.values).toEqual([{ label: '甲', value: 'x' }])
})

test('amounts are said in capitals', () => {
  for (const [amount, words] of [
    ['0', '零元整'],
    ['10', '壹拾元整'],
    ['105.00', '壹佰零伍元整'],
    ['1280.5', '壹仟贰佰捌拾元伍角'],
    ['10001', '壹万零壹元整'],
    ['100000', '壹拾万元整'],
    ['1000000.01', '壹佰万元零壹分'],
    ['100010000', '壹亿零壹万元整'],
    ['0.05', '伍分'],
    ['-3', '负叁元整'],
    ['x', ''],
  ] as const)
    expect(capital(amount), amount).toBe(words)
  expect([amountOf('1,280.5'), amountOf('12', 0), amountOf('a')]).toEqual(['1280.50', '12', undefined])
})

test('the word that form-js does not translate is where the build looks for it', async () => {
  const { readFileSync } = await import('node:fs')
  const source = readFileSync('node_modules/@bpmn-io/form-js-viewer/dist/index.es.js', 'utf8')
  expect(source.split("valueLabel || 'Select'")).toHaveLength(2)
})

test('a sum of amounts is exact', () => {
  expect(sumOf(['0.1', '0.2', 3, null, 'x', '-1.005'])).toBe('2.295')
  expect(sumOf([])).toBe('0.00')
  expect(sumOf(['-0.5'])).toBe('-0.50')
  expect(sumOf(['12'], 0)).toBe('12')
})

test('names are found by their initials', () => {
  expect(['张伟', '欧阳娜娜', '周明', '鄂伦', 'Li 雷'].map(initials)).toEqual(['zw', 'oynn', 'zm', 'el', 'li l'])
})

test('an opinion stays with its task', () => {
  const task = ref('a')
  const opinion = useOpinion(task)
  opinion.value = 'half'
  task.value = 'b'
  expect(opinion.value).toBe('')
  task.value = 'a'
  expect(opinion.value).toBe('half')
  forgetOpinion('a')
  expect(opinion.value).toBe('')
})

test('line items are a list for form-js, and cannot grow where they cannot be written', () => {
  const schema = { components: [{ type: 'lineItems', key: 'lines', totals: [{ key: 'total', sum: 'amount' }], components: [{ type: 'money', key: 'amount' }] }] }
  const [list] = withAccess(schema, []).components
  expect(list).toMatchObject({ type: 'dynamiclist', path: 'lines', key: undefined, isRepeating: true, allowAddRemove: true })
  expect(withAccess(schema, [], true).components[0]!.allowAddRemove).toBe(false)
})
