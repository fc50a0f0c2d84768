import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createI18n } from 'vue-i18n'
import { iconParts } from '../../scripts/icons'
import { compiled } from '../../scripts/messages'

test('each icon is a module of its own', () => {
  const parts = iconParts(readFileSync('node_modules/@element-plus/icons-vue/dist/index.js', 'utf8'))
  expect(parts.size).toBeGreaterThan(290)
  for (const [name, code] of parts) {
    expect(code, name).toMatch(/^export default \w+_default$/m)
    expect(code.match(/(?<!_)name: "/g), name).toHaveLength(1)
  }
})

test('compiled texts say what those of the sources say', async () => {
  const tree = { plain: 'A text', values: '{n} of {all}', inside: { literal: "such as {'${n >= 2}'}" } }
  const { default: messages } = (await import(/* @vite-ignore */ 'data:text/javascript,' + encodeURIComponent(compiled(tree)))) as { default: typeof tree }
  const { t } = createI18n({ legacy: false, locale: 'en', messages: { en: messages } }).global
  expect([t('plain'), t('values', { n: 1, all: 2 }), t('inside.literal')]).toEqual(['A text', '1 of 2', 'such as ${n >= 2}'])
  expect(() => compiled({ wrong: 'such as ${n >= 2}' })).toThrow(/n >= 2/)
})
