import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { rewrite, wanted } from '../../scripts/form-editor-words'
import { fromEditor, toEditor } from '../../src/pages/design/form/editor'
import { words } from '../../src/pages/design/words/form'

const editor = 'node_modules/@bpmn-io/form-js-editor/dist/index.es.js'
const viewer = 'node_modules/@bpmn-io/form-js-editor/node_modules/@bpmn-io/form-js-viewer/dist/index.es.js'

// Another version of form-js has other literals: then its words are to be looked through.
test.each([
  [editor, 187],
  [viewer, 60],
])('the literals of %s are known, and each has a Chinese text', (path, count) => {
  expect(wanted.test(path)).toBe(true)
  const { code, literals } = rewrite(readFileSync(path, 'utf8'))
  expect(literals.filter((l) => !(l in words))).toEqual([])
  expect(literals).toHaveLength(count)
  expect(code.match(/globalThis\.__fjs\?\./g)).toHaveLength(count)
})

test('the viewer of the console is left alone: it has a service for translations', () => {
  expect(wanted.test('node_modules/@bpmn-io/form-js-viewer/dist/index.es.js')).toBe(false)
})

test('only texts are rewritten', () => {
  expect(rewrite(`const a = { label: 'Top', name: 'values', type: 'Text', children: "Add it", title: "Powered by bpmn.io" }`).literals).toEqual(['Top', 'Add it'])
  expect(rewrite("const a = { label: 'Top' }").code).toBe("const a = { label: (globalThis.__fjs?.('Top') ?? 'Top') }")
})

test('line items come out of the editor as they went in, also inside of a group', () => {
  const lines = { type: 'lineItems', id: 'l', key: 'lines', label: 'Lines', totals: [{ key: 'total', sum: 'amount' }], components: [{ type: 'money', id: 'm', key: 'amount' }] }
  const schema = { components: [lines, { type: 'group', id: 'g', components: [{ ...lines, id: 'k' }] }, { type: 'dynamiclist', id: 'd', path: 'legs', components: [] }] }
  const edited = toEditor(schema)
  expect(edited.components[0]).toMatchObject({ type: 'dynamiclist', path: 'lines', isRepeating: true })
  expect(JSON.parse(JSON.stringify(fromEditor(edited)))).toEqual({ components: [{ ...lines, defaultRepetitions: 1 }, { type: 'group', id: 'g', components: [{ ...lines, id: 'k', defaultRepetitions: 1 }] }, schema.components[2]] })
})
