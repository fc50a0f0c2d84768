import { expect, test } from 'vitest'
import { explain, readDuration, single, writeDuration } from '../../src/pages/design/panel/iso'
import { identify, rename } from '../../src/pages/design/starters'
import { inputsOf, valueOf } from '../../src/pages/design/decision/inputs'
import { refused } from '../../src/pages/design/process/restrict'

test('durations are read and written', () => {
  expect(readDuration('P1DT4H')).toEqual({ day: 1, hour: 4 })
  expect(readDuration('P')).toBeUndefined()
  expect(readDuration('1 day')).toBeUndefined()
  expect(writeDuration(4, 'minute')).toBe('PT4M')
  expect(writeDuration(4, 'month')).toBe('P4M')
  expect(single('P1DT4H')).toBeUndefined()
  expect(single('P3W')).toEqual({ amount: 3, unit: 'week' })
})

test.each([
  ['timeDuration', 'PT15M', false],
  ['timeDuration', '15 minutes', true],
  ['timeDate', '2026-12-01T08:00:00', false],
  ['timeDate', 'tomorrow', true],
  ['timeCycle', 'R3/PT1H', false],
  ['timeCycle', '0 0 8 ? * MON-FRI', false],
  ['timeCycle', 'R3/often', true],
  ['timeCycle', '${cycle}', false],
] as const)('%s %s', (kind, text, wrong) => {
  expect(Boolean(explain(kind, text).wrong)).toBe(wrong)
})

test('a file tells its key and name, and can be given others', () => {
  const xml = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:di="http://d"><process id="other"/><process id="leave" name="请假" isExecutable="true"/><di:p bpmnElement="leave"/></definitions>'
  expect(identify('bpmn', xml)).toEqual({ key: 'leave', name: '请假' })
  const copy = rename('bpmn', xml, 'leave', 'leave2', 'L')
  expect(identify('bpmn', copy)).toEqual({ key: 'leave2', name: 'L' })
  expect(copy).toContain('bpmnElement="leave2"')
  expect(identify('form', '{"id":"f"}').key).toBe('f')
  expect(identify('form', '{').key).toBe('')
})

test('inputs of tables that are one name, and values that are typed', () => {
  expect(inputsOf('<d><inputExpression><text>amount</text></inputExpression><inputExpression><text>a + b</text></inputExpression><inputData name="city"/></d>')).toEqual(['amount', 'city'])
  expect([valueOf('12'), valueOf('true'), valueOf('"x"'), valueOf('张伟'), valueOf('')]).toEqual([12, true, 'x', '张伟', null])
})

test('what the engine refuses is not offered', () => {
  for (const id of ['replace-with-complex-gateway', 'replace-with-ad-hoc-subprocess', 'toggle-adhoc', 'create.data-store', 'create.data-object', 'replace-with-collapsed-ad-hoc-subprocess']) expect(id).toMatch(refused)
  for (const id of ['replace-with-user-task', 'replace-with-parallel-gateway', 'create.subprocess-expanded', 'toggle-loop', 'replace-with-event-subprocess']) expect(id).not.toMatch(refused)
})
