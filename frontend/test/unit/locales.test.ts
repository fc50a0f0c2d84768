import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

type Tree = { [key: string]: string | Tree }
const zh = import.meta.glob<{ default: Tree }>('../../src/locales/zh/*.ts', { eager: true })
const en = import.meta.glob<{ default: Tree }>('../../src/locales/en/*.ts', { eager: true })
const name = (path: string) => path.split('/').pop()!.replace('.ts', '')

function flat(tree: Tree, prefix: string): Map<string, string> {
  const out = new Map<string, string>()
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') out.set(`${prefix}.${key}`, value)
    else flat(value, `${prefix}.${key}`).forEach((v, k) => out.set(k, v))
  }
  return out
}
function all(files: Record<string, { default: Tree }>) {
  const out = new Map<string, string>()
  for (const [path, file] of Object.entries(files)) flat(file.default, name(path)).forEach((v, k) => out.set(k, v))
  return out
}
function sources(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((e) => {
    const path = join(dir, e.name)
    if (e.isDirectory()) return e.name === 'locales' ? [] : sources(path)
    return /\.(vue|ts)$/.test(e.name) && !e.name.endsWith('.d.ts') ? [path] : []
  })
}

test('both languages have the same texts, with the same places for values', () => {
  const [chinese, english] = [all(zh), all(en)]
  expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort())
  const places = (text: string) => [...new Set(text.match(/{\w+}/g) ?? [])].sort()
  for (const [key, text] of chinese) {
    expect(places(english.get(key)!), key).toEqual(places(text))
    expect(text.trim(), key).not.toBe('')
    expect(english.get(key), key).not.toMatch(key === 'app.otherLanguage' ? /^$/ : /\p{Script=Han}/u)
  }
})

test('every text that is asked for is there', () => {
  const known = all(zh)
  const groups = new Set([...known.keys()].flatMap((k) => k.split('.').map((_, i, parts) => parts.slice(0, i).join('.') + '.')))
  for (const path of sources('src')) {
    const text = readFileSync(path, 'utf8')
    for (const [, key] of text.matchAll(/\bt\(\s*'([a-z][\w.-]+)'/gi)) expect(known.has(key!), `${path}: ${key}`).toBe(true)
    for (const [, key] of text.matchAll(/\$?t\(\s*`([\w.]+\.)\$\{/g)) expect(groups.has(key!), `${path}: ${key}`).toBe(true)
    for (const [, key] of text.matchAll(/title: '([a-z]+\.[\w.]+)'/g)) expect(known.has(key!), `${path}: ${key}`).toBe(true)
  }
})

test('no text is written into a page', () => {
  for (const path of sources('src').filter((p) => p.endsWith('.vue'))) {
    const template = readFileSync(path, 'utf8').match(/<template>[\s\S]*<\/template>/)?.[0] ?? ''
    const bare = template.replace(/{{[\s\S]*?}}/g, '').replace(/<!--[\s\S]*?-->/g, '')
    expect(bare.replaceAll("'中'", ''), path).not.toMatch(/\p{Script=Han}/u)
  }
})

test('files are short', () => {
  for (const path of sources('src')) expect(readFileSync(path, 'utf8').split('\n').length, path).toBeLessThanOrEqual(400)
})
